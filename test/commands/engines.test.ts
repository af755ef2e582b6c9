import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coca, startCoca } from '../support/cli.js';
import { fixture } from '../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const TAXI = fixture('scenes/0003.png');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-engines-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Equal but for rounding in the sixth digit. */
function closeTo(actual: unknown, expected: unknown): void {
  if (typeof expected === 'number') expect(actual).toBeCloseTo(expected, 4);
  else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(actual as object)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) closeTo((actual as Record<string, unknown>)[key], value);
  } else expect(actual).toEqual(expected);
}

describe.each([
  ['caption', [BOOK, TAXI, '--logprobs', '2']],
  ['rank', [BOOK, 'a book', 'a taxi', '--by', 'both']],
  ['embed', [BOOK, '--text', 'a book']],
  ['attend', [TAXI]],
])('coca %s --engine tfjs', (command, args) => {
  test('prints what ONNX Runtime computes', async () => {
    const run = async (...options: string[]) => {
      const { stdout, code } = await coca([command, ...args, '-q', '--jsonl', ...options]);
      expect(code).toBe(0);
      return stdout
        .trim()
        .split('\n')
        .map((line) => {
          const { device, ms, ...rest } = JSON.parse(line);
          return rest;
        });
    };
    closeTo(await run('--engine', 'tfjs', '--device', 'wasm'), await run('--device', 'cpu'));
  });
});

test('a device of the other engine is wrong usage', async () => {
  const { code, stdout, stderr } = await startCoca(['caption', BOOK, '-q', '--engine', 'tfjs', '--device', 'cuda']);
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toContain('the device cuda belongs to ONNX Runtime (--engine onnx)');
  expect(stderr).toContain('auto, cpu, wasm, webgpu, node, node-gpu');
});

test('one of several cards, where there is none, is an error of the device', async () => {
  const { code, stdout, stderr } = await startCoca(['caption', BOOK, '-q', '--device', 'cuda:40']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('the device cuda:40 cannot run here: ');
});

test.each([
  ['onnx', false],
  ['tfjs', true],
])('with --engine %s, TensorFlow.js is loaded: %s', async (engine, expected) => {
  const list = join(folder, engine);
  const preload = fileURLToPath(new URL('../support/loaded-modules.cjs', import.meta.url));
  const { code } = await coca(['caption', BOOK, '-q', '--json', '--engine', engine], {
    env: { NODE_OPTIONS: `--require=${preload}`, LOADED_MODULES: list },
  });
  expect(code).toBe(0);
  const loaded = readFileSync(list, 'utf8');
  expect(loaded.includes('tfjs-core')).toBe(expected);
  // No terminal: neither what draws views nor what draws pictures.
  expect(loaded).not.toMatch(/node_modules\/(react|jimp|render-gif)\//);
});

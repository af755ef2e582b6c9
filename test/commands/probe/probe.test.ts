import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSafetensors, readTensor, writeSafetensors } from '../../../src/model/checkpoint/index.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { jsonLines } from '../../support/training-run.js';

interface Scene {
  readonly image: string;
  readonly groups: readonly object[];
}
const scenes = JSON.parse(readFileSync(fixture('scenes/scenes.json'), 'utf8')) as readonly Scene[];
const picture = ({ image }: Scene): string => fixture(`scenes/${image}`);
/** A pair of things, or one kind of thing. */
const labelOf = ({ groups }: Scene): string => (groups.length > 1 ? 'a_pair' : 'alone');
const labelled = (some: readonly Scene[]) => some.map((scene) => ({ image: picture(scene), label: labelOf(scene) }));
const common = scenes.slice(0, 40);

let folder: string;
let env: { COCA_CACHE: string };
const at = (...names: string[]) => join(folder, ...names);
const write = (name: string, text: string): string => {
  writeFileSync(at(name), text);
  return at(name);
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-probe-'));
  env = { COCA_CACHE: at('cache') };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const probe = (args: readonly string[]) => coca(['probe', ...args], { env });

describe('a head', () => {
  beforeAll(async () => {
    write('data.jsonl', jsonLines(labelled(common)));
    const made = await probe([at('data.jsonl'), '-o', at('h.safetensors'), '--json', '--hold-out', '0.25', '-q']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const [result] = JSON.parse(made.stdout);
    expect(result).toMatchObject({ head: 'linear', shots: null, seeds: 1, deviation: null, file: at('h.safetensors') });
    expect(result.learned + result.tested).toBe(common.length);
    expect(result.accuracy * result.tested).toBe(Math.round(result.accuracy * result.tested));
  }, 120_000);

  test('says what it is of, and nothing more', async () => {
    const { metadata, tensors } = await openSafetensors(at('h.safetensors'));
    expect(metadata.get('kind')).toBe('linear');
    expect(metadata.get('precision')).toBe('fp32');
    expect(metadata.get('weights')).toMatch(/^[0-9a-f]{64}$/);
    expect(Number(metadata.get('tested'))).toBe(10);
    expect((Number(metadata.get('accuracy')) * 10) % 1).toBeCloseTo(0);
    expect([...tensors.keys()].sort()).toEqual(['classifier.bias', 'classifier.weight']);
  });

  test('classifies pictures, and is measured with each class by itself and what is taken for what', async () => {
    const [first] = common;
    const classified = await coca(['classify', picture(first!), '--head', at('h.safetensors'), '--json'], { env });
    const [{ results }] = JSON.parse(classified.stdout);
    expect(results[0]).toMatchObject({ label: labelOf(first!).replaceAll('_', ' '), cosine: null, rank: 1 });
    const measured = await coca(['eval', at('data.jsonl'), '--head', at('h.safetensors'), '--json', '-q'], { env });
    const [{ metrics, confusion, task, samples }] = JSON.parse(measured.stdout);
    expect(task).toBe('linear_head_classification');
    const right = confusion.counts.reduce((sum: number, row: number[], i: number) => sum + row[i]!, 0);
    expect(metrics.acc1).toBe(right / samples);
    expect(metrics.acc1).toBeGreaterThan(0.75); // most of them it was fitted to
    expect(metrics[`recall_of_${labelOf(first!)}`]).toBeGreaterThan(0);
  });

  test('features are encoded once: the second time the cache answers, and a kept file that is torn is made anew', async () => {
    const kept = readdirSync(at('cache/features'));
    expect(kept.length).toBeGreaterThan(0);
    const args = [at('data.jsonl'), '--shots', '1,2', '--seeds', '3', '--hold-out', '0.25', '-q'];
    const first = await probe(args);
    expect(first.stdout).toMatch(/^1\t\d\.\d{4}\t\d\.\d{4}\n2\t\d\.\d{4}\t\d\.\d{4}\n$/);
    expect(readdirSync(at('cache/features'))).toEqual(kept);
    writeFileSync(at('cache/features', kept[0]!), readFileSync(at('cache/features', kept[0]!)).subarray(0, 100));
    expect(await probe(args)).toEqual(first);
  });

  test('of other weights or another precision is refused by name; so is what is no head, or not finite', async () => {
    const file = await openSafetensors(at('h.safetensors'));
    const rewritten = async (name: string, metadata: Record<string, string>, change = (x: Float32Array) => x) => {
      const tensors = [];
      for (const [tensor, { shape }] of file.tensors) {
        const data = change(await readTensor(file, tensor));
        tensors.push({ name: tensor, dtype: 'F32', shape, data: new Uint8Array(data.buffer) } as const);
      }
      await writeSafetensors(at(name), tensors, { ...Object.fromEntries(file.metadata), ...metadata });
      return coca(['classify', picture(common[0]!), '--head', at(name)], { env });
    };
    const other = await rewritten('other.safetensors', { weights: '0'.repeat(64), model: 'mine' });
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/other weights than those of scenes.*"mine"/),
    });
    const int8 = await rewritten('int8.safetensors', { precision: 'int8' });
    expect(int8).toMatchObject({ code: 2, stderr: expect.stringMatching(/made in "int8".*loaded in fp32/) });
    const none = await rewritten('none.safetensors', { format: 'pt' });
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/no head that this program knows/) });
    const nan = await rewritten('nan.safetensors', {}, (x) => x.fill(Number.NaN, 0, 1));
    expect(nan).toMatchObject({ code: 2, stderr: expect.stringMatching(/NaN or infinite/) });
  });

  test('a pooler, on the image tokens', async () => {
    const args = [
      at('data.jsonl'),
      '--head',
      'pooler',
      '--steps',
      '3',
      '--batch',
      '8',
      '-o',
      at('p.safetensors'),
      '--json',
    ];
    const made = await probe(args);
    expect(JSON.parse(made.stdout)[0]).toMatchObject({ head: 'pooler', shots: null });
    const classified = await coca(['classify', picture(common[0]!), '--head', at('p.safetensors'), '--top', '1'], {
      env,
    });
    expect(classified).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[\w ]+\t0\.\d+\n$/) });
  });
});

describe('bad input', () => {
  test.each([
    [['--head', 'pooler', '--c', '1'], /--c means nothing without --head linear/],
    [['--steps', '5'], /--steps means nothing without --head pooler/],
    [['--shots', '1,x'], /"x" is no number of pictures/],
    [['--shots', '1', '--hold-out', '0'], /nothing to measure on/],
    [['--seeds', '2'], /--seeds means nothing without --shots/],
    [[], /-o HEAD is missing/],
  ])('%j is wrong usage', async (args, message) => {
    expect(await probe([write('a.jsonl', ''), ...args])).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(message),
    });
  });

  test('one class, an empty folder, too few pictures for the shots', async () => {
    const one = labelled(common).map((row) => ({ ...row, label: 'all' }));
    const alone = await probe([write('one.jsonl', jsonLines(one)), '-o', at('x.safetensors')]);
    expect(alone).toMatchObject({ code: 2, stderr: expect.stringMatching(/pictures of one class alone/) });
    mkdirSync(at('empty'), { recursive: true });
    const empty = await probe([at('empty'), '-o', at('x.safetensors')]);
    expect(empty).toMatchObject({ code: 2, stderr: expect.stringMatching(/no samples/) });
    const few = await probe([write('d.jsonl', jsonLines(labelled(common))), '--shots', '30']);
    expect(few).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/has \d+ pictures to learn from, fewer than 30 shots/),
    });
  });

  test('a broken picture in a folder of classes is told, and the others are learned from', async () => {
    for (const scene of common.slice(0, 24)) {
      mkdirSync(at('folder', labelOf(scene)), { recursive: true });
      copyFileSync(picture(scene), at('folder', labelOf(scene), scene.image));
    }
    writeFileSync(at('folder', labelOf(common[0]!), 'torn.png'), 'no picture');
    const args = [at('folder'), '-o', at('f.safetensors'), '--jsonl'];
    for (const result of [await probe(args), await probe(args)]) {
      expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/torn\.png/) });
      const [failed, made] = result.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(failed).toMatchObject({ image: expect.stringMatching(/torn\.png$/), error: { code: 'bad-image' } });
      expect(made.learned + made.tested).toBe(24);
    }
  });
});

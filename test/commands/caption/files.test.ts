import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI, coca, startCoca } from '../../support/cli.js';
import { pngOf } from '../../support/png.js';

/** Every picture a colour of its own, every twentieth broken in one of several ways. */
const COUNT = 160;
const BROKEN = [
  (png: Buffer) => png.subarray(0, png.length - 20),
  () => Buffer.alloc(0),
  () => Buffer.from('<html>not found</html>'),
  (png: Buffer) => Buffer.concat([png.subarray(0, 40), Buffer.alloc(30), png.subarray(70)]),
];

let folder: string;
let names: string[];
/** What a run that nobody disturbs gives. */
let reference: object[];
const SEARCH = ['--strategy', 'greedy', '--max-length', '8', '--batch', '16', '-q'];
const isBroken = (i: number) => i % 20 === 7;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coca-batch-'));
  mkdirSync(join(folder, 'pictures'));
  names = Array.from({ length: COUNT }, (_, i) => `pictures/${String(i).padStart(4, '0')}.png`);
  for (const [i, name] of names.entries()) {
    const samples = Buffer.alloc(8 * 8 * 3, Buffer.of((i * 37) % 256, (i * 101) % 256, (i * 59) % 256));
    const png = pngOf(8, 8, 8, 2, samples);
    writeFileSync(join(folder, name), isBroken(i) ? BROKEN[((i / 20) % BROKEN.length) | 0]!(png) : png);
  }
  const { stdout } = await coca(['caption', 'pictures/*.png', ...SEARCH, '--jsonl'], { cwd: folder });
  reference = results(stdout);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Result lines without what differs from run to run. */
function results(text: string): object[] {
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { ms: _, ...object } = JSON.parse(line);
      return object;
    });
}

const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/** Starts the program and kills it, with no chance to tidy up, once `file` has `bytes` bytes. */
async function killedAt(bytes: number, file: string, args: readonly string[], input: string): Promise<void> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const path = join(folder, file);
  const ended = once(child, 'close');
  while (child.exitCode === null && !(existsSync(path) && statSync(path).size >= bytes)) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  child.kill('SIGKILL');
  await ended;
}

test('every picture is answered, in order, the broken ones by their errors', () => {
  expect(reference.map((object) => (object as { image: string }).image)).toEqual(names);
  for (const [i, object] of reference.entries()) {
    if (isBroken(i))
      expect(object).toMatchObject({ error: { code: expect.stringMatching(/^(bad-image|unreadable)$/) } });
    else expect(object).toMatchObject({ caption: expect.any(String) });
  }
});

describe('--resume after kill -9', () => {
  test.each<[string, readonly string[], () => string, readonly number[]]>([
    ['a list on stdin', ['--files', '-'], () => names.join('\n'), [0, 0.3, 0.9]],
    ['a NUL-separated list', ['--files0', '-'], () => `${names.join('\0')}\0`, [0.5]],
    ['a glob', ['pictures/*.png'], () => '', [0.1]],
  ])('%s: neither loss nor duplicates, whenever it was killed', async (kind, sources, input, kills) => {
    const file = `${kind}.jsonl`;
    const args = ['caption', ...sources, ...SEARCH, '-o', file, '--resume'];
    const whole = JSON.stringify(reference).length;
    for (const part of kills) await killedAt(part * whole, file, args, input());
    // Whatever the kills left, the last line now is torn.
    const left = readFileSync(join(folder, file));
    writeFileSync(join(folder, file), left.subarray(0, Math.max(0, left.length - 9)));
    const { code, stdout, stderr } = await coca(args, { cwd: folder, input: input() });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.split('\n').filter((line) => !/^coca: pictures\/\d+\.png: /.test(line))).toEqual(['']);
    expect(results(read(file))).toEqual(reference);
    // Once more there is nothing to do, and the exit code is that of the whole.
    expect((await coca(args, { cwd: folder, input: input() })).code).toBe(1);
    expect(results(read(file))).toEqual(reference);
  });

  test('texts beside the pictures are whole, and there for every caption', async () => {
    const args = ['caption', 'pictures/*.png', ...SEARCH, '-o', 'texts.jsonl', '--resume', '--write-txt'];
    const whole = JSON.stringify(reference).length;
    for (const part of [0.2, 0.6]) await killedAt(part * whole, 'texts.jsonl', args, '');
    // What was left is known by being older than the process.
    expect((await startCoca(args, { cwd: folder })).code).toBe(1);
    const expected = reference.filter((object) => 'caption' in object) as { image: string; caption: string }[];
    for (const { image, caption } of expected) expect(read(image.replace(/png$/, 'txt'))).toBe(`${caption}\n`);
    expect(readdirSync(join(folder, 'pictures')).filter((name) => !name.endsWith('.png'))).toHaveLength(
      expected.length,
    );
    expect(results(read('texts.jsonl'))).toEqual(reference);
  });

  test('with other options or without a name it is refused, the file left as it was', async () => {
    const [first] = names;
    expect((await coca(['caption', first!, '-q', '-o', 'one.jsonl'], { cwd: folder })).code).toBe(0);
    const before = read('one.jsonl');
    for (const [more, message] of [
      [['--resume', '--beams', '3'], /beams 6 \(now 3\)/],
      [[], /is there already/],
      [['--resume', '--json'], /--json/],
    ] as const) {
      const { code, stderr } = await coca(['caption', first!, '-q', '-o', 'one.jsonl', ...more], { cwd: folder });
      expect(code).toBe(64);
      expect(stderr).toMatch(message);
    }
    expect((await coca(['caption', first!, '--resume'], { cwd: folder })).code).toBe(64);
    expect((await coca(['caption', '-', '--resume', '-o', 'one.jsonl'], { cwd: folder })).code).toBe(64);
    expect(read('one.jsonl')).toBe(before);
  });

  test('answers for pictures that are no longer named stay, and are spoken of', async () => {
    const { code, stderr } = await coca(['caption', names[1]!, '-o', 'one.jsonl', '--resume'], { cwd: folder });
    expect(code).toBe(0);
    expect(stderr).toContain('one.jsonl: 2 pictures, 1 of them from before');
    expect(stderr).toContain('also answers 1 picture that this run was not given');
    expect(results(read('one.jsonl'))).toHaveLength(2);
  });
});

describe('--write-txt', () => {
  test('leaves out what has its text, and says how many', async () => {
    const { code, stdout, stderr } = await coca(['caption', names[0]!, names[1]!, '--write-txt'], { cwd: folder });
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('left out, their .txt files are there: 2 pictures');
  });

  test('a text that cannot be written fails its picture, whose caption is out', async () => {
    const name = join(folder, 'taken.png');
    writeFileSync(name, readFileSync(join(folder, names[0]!)));
    mkdirSync(join(folder, 'taken.txt'));
    const args = ['caption', name, '-q', '--write-txt', '--if-exists', 'overwrite'];
    const { code, stdout, stderr } = await coca(args);
    expect(code).toBe(2);
    expect(stdout).not.toBe('');
    expect(stderr).toMatch(/^coca: .*taken\.png: .*taken\.txt: cannot be written/);
  });

  test('a URL in a list gets its caption, or its error, and never a text', async () => {
    const { code, stderr } = await coca(['caption', '--files', '-', '-q', '--write-txt', '--jsonl'], {
      input: 'http://127.0.0.1:9/a.png\n',
    });
    expect(code).toBe(2);
    expect(stderr).toContain('http://127.0.0.1:9/a.png');
    expect((await coca(['caption', 'http://127.0.0.1:9/a.png', '--write-txt'])).code).toBe(64);
  });
});

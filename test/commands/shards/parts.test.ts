import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI, coca, startCoca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { pngOf } from '../../support/png.js';
import { until } from '../../support/processes.js';

/** Every picture a colour of its own; two are broken. */
const COUNT = 40;
const BROKEN = [7, 31];
const SHARDS = 4;
const SEARCH = ['--strategy', 'greedy', '--max-length', '8', '-q'];

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const run = (args: readonly string[]) => coca(args, { cwd: folder });
const shard = (index: number, output: string, more: readonly string[] = SEARCH) =>
  run(['caption', 'pictures', '--shard', `${index}/${SHARDS}`, '-o', output, ...more]);
const read = (...names: string[]) => readFileSync(at(...names), 'utf8');
const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coca-parts-'));
  await mkdir(at('pictures'));
  for (let i = 0; i < COUNT; i++) {
    const png = pngOf(8, 8, 8, 2, Buffer.alloc(8 * 8 * 3, Buffer.of((i * 37) % 256, (i * 101) % 256, (i * 59) % 256)));
    const bytes = BROKEN.includes(i) ? png.subarray(0, png.length - 20) : png;
    writeFileSync(at('pictures', `${String(i).padStart(3, '0')}.png`), bytes);
  }
  const one = await run(['caption', 'pictures', '--shard', '0/1', '-o', 'one', ...SEARCH]);
  expect(one.code).toBe(1);
  for (let index = 0; index < SHARDS; index++) await shard(index, 'parts');
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the parts that a test may break. */
async function copied(name: string): Promise<string> {
  await cp(at('parts'), at(name), { recursive: true });
  return name;
}

describe('parts', () => {
  test('together are what one process gives, byte for byte, and what a run without shards gives', async () => {
    const merged = await run(['parts', 'parts', '-o', 'merged.jsonl']);
    expect(merged).toMatchObject({
      code: 0,
      stderr: `coca: merged.jsonl: ${COUNT - 2} results of 4 parts, and 2 failures beside it\n`,
    });
    expect(read('merged.jsonl')).toBe(read('one/part-0-of-1.jsonl'));
    expect(read('merged.errors.jsonl')).toBe(read('one/part-0-of-1.errors.jsonl'));
    const plain = await run(['caption', 'pictures', '--jsonl', ...SEARCH]);
    const expected = linesOf(plain.stdout).map(({ ms: _, device: __, image, ...rest }) => ({
      image: String(image).replace('pictures/', ''),
      ...rest,
    }));
    const byName = (a: { image?: unknown }, b: { image?: unknown }) => (String(a.image) < String(b.image) ? -1 : 1);
    const all = [...linesOf(read('merged.jsonl')), ...linesOf(read('merged.errors.jsonl'))];
    expect(all.sort(byName)).toEqual(expected);
  });

  test('are listed with their counts; failures are in files of their own', async () => {
    const { stdout, code } = await run(['parts', 'parts', '--json']);
    const found = JSON.parse(stdout) as { part: string; results: number; failed: number }[];
    expect(code).toBe(0);
    expect(found.map(({ part }) => part)).toEqual([0, 1, 2, 3].map((index) => `part-${index}-of-4.jsonl`));
    expect(found.reduce((sum, { results }) => sum + results, 0)).toBe(COUNT - 2);
    const failed = found.flatMap(({ part, failed }) =>
      failed > 0 ? linesOf(read('parts', part.replace('.jsonl', '.errors.jsonl'))) : [],
    );
    expect(failed.map(({ image }) => image).sort()).toEqual(['007.png', '031.png']);
    expect(readdirSync(at('parts')).filter((name) => name.includes('partial') || name.endsWith('.tmp'))).toEqual([]);
  });

  test('that are whole are not made again', async () => {
    const before = statSync(at('parts/part-1-of-4.jsonl')).mtimeMs;
    const { code, stderr } = await shard(1, 'parts', SEARCH.slice(0, -1));
    expect(stderr).toContain('it was whole already');
    expect(code).toBe(existsSync(at('parts/part-1-of-4.errors.jsonl')) ? 1 : 0);
    expect(statSync(at('parts/part-1-of-4.jsonl')).mtimeMs).toBe(before);
  });

  test('of processes killed with SIGKILL and started again equal those of an undisturbed run', async () => {
    for (const index of [0, 2]) {
      const args = ['caption', 'pictures', '--shard', `${index}/${SHARDS}`, '-o', 'killed', ...SEARCH];
      const gathered = at('killed', `part-${index}-of-4.partial.jsonl`);
      const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env: { ...process.env, COCA_MODEL: '' } });
      const ended = once(child, 'exit');
      await until('some results', () => existsSync(gathered) && statSync(gathered).size > 600);
      child.kill('SIGKILL');
      await ended;
      expect(existsSync(at('killed', `part-${index}-of-4.jsonl`))).toBe(false);
      const unfinished = await run(['parts', 'killed']);
      expect(unfinished.stderr).toContain(`part-${index}-of-4 is not whole`);
      // A line that was not written whole is made again.
      appendFileSync(gathered, '{"image":"torn');
      const before = linesOf(read('killed', `part-${index}-of-4.partial.jsonl`).replace(/\{"image":"torn$/, '')).length;
      expect(before).toBeGreaterThan(0);
      const again = await startCoca(args, { cwd: folder });
      expect(again.code).toBeLessThanOrEqual(1);
    }
    for (const index of [1, 3]) await shard(index, 'killed');
    expect(readdirSync(at('killed')).sort()).toEqual(readdirSync(at('parts')).sort());
    for (const name of readdirSync(at('parts'))) expect(read('killed', name)).toBe(read('parts', name));
  }, 240_000);

  test('of classify, rank and embed merge to what one process gives', async () => {
    for (const [name, words, more] of [
      ['classify', [], ['--labels', 'red,green,blue']],
      ['rank', ['red', 'green'], ['-i', 'pictures']],
      ['embed', ['pictures'], []],
    ] as const) {
      const pictures = name === 'classify' ? ['pictures'] : [];
      const line = (which: string, output: string) =>
        run([name, ...pictures, ...words, ...more, '--shard', which, '-o', output, '-q']);
      await line('0/1', `${name}-1`);
      await line('0/2', `${name}-2`);
      await line('1/2', `${name}-2`);
      expect((await run(['parts', `${name}-2`, '-o', `${name}.jsonl`, '-q'])).code).toBe(0);
      expect(read(`${name}.jsonl`)).toBe(read(`${name}-1/part-0-of-1.jsonl`));
      expect(linesOf(read(`${name}.jsonl`))).toHaveLength(COUNT - 2);
    }
  }, 240_000);

  test('a share without -o goes to stdout as ever', async () => {
    const all = await run(['caption', 'pictures', ...SEARCH]);
    const some = await Promise.all([0, 1].map((i) => run(['caption', 'pictures', '--shard', `${i}/2`, ...SEARCH])));
    expect(some.flatMap(({ stdout }) => stdout.trim().split('\n')).sort()).toEqual(
      all.stdout.trim().split('\n').sort(),
    );
  });
});

describe('what cannot be merged is refused by name, and nothing is written', () => {
  async function refused(name: string, message: string): Promise<void> {
    const { code, stderr } = await run(['parts', name, '-o', `${name}.jsonl`]);
    expect(stderr).toContain(message);
    expect([1, 2]).toContain(code);
    expect(existsSync(at(`${name}.jsonl`))).toBe(false);
    expect(existsSync(at(`${name}.errors.jsonl`))).toBe(false);
  }

  test('a missing part', async () => {
    const name = await copied('missing');
    for (const file of readdirSync(at(name))) if (file.startsWith('part-2')) rmSync(at(name, file));
    await refused(name, 'part-2-of-4 is missing (run --shard 2/4 for it)');
  });

  test('a truncated part, and one with another byte', async () => {
    const name = await copied('truncated');
    const { size } = statSync(at(name, 'part-1-of-4.jsonl'));
    truncateSync(at(name, 'part-1-of-4.jsonl'), size - 5);
    await refused(name, `part-1-of-4: part-1-of-4.jsonl has ${size - 5} bytes, and was written with ${size}`);
    copyFileSync(at('parts/part-1-of-4.jsonl'), at(name, 'part-1-of-4.jsonl'));
    const text = read(name, 'part-3-of-4.jsonl');
    writeFileSync(at(name, 'part-3-of-4.jsonl'), text.replace('"score":-', '"score":+'));
    await refused(name, 'part-3-of-4: part-3-of-4.jsonl is not as it was written (SHA-256)');
  });

  test('a truncated part is noticed by the shard itself, too', async () => {
    const name = await copied('noticed');
    truncateSync(at(name, 'part-1-of-4.jsonl'), 100);
    const { code, stderr } = await shard(1, name);
    expect([code, stderr]).toEqual([2, expect.stringContaining('part-1-of-4.jsonl is not as it was written')]);
  });

  test('a part under the name of another', async () => {
    const name = await copied('renamed');
    for (const ending of ['json', 'jsonl'])
      copyFileSync(at(name, `part-0-of-4.${ending}`), at(name, `part-1-of-4.${ending}`));
    await refused(name, 'part-1-of-4: by its manifest it is part 0 of 4');
  });

  test('parts of another number of shards, by parts and by the shard', async () => {
    const name = await copied('counts');
    for (const ending of ['json', 'jsonl'])
      copyFileSync(at(`one/part-0-of-1.${ending}`), at(name, `part-0-of-1.${ending}`));
    await refused(name, 'counts has parts of several numbers of shards: 1, 4');
    const { code, stderr } = await run(['caption', 'pictures', '--shard', '0/2', '-o', 'parts', ...SEARCH]);
    expect([code, stderr]).toEqual([64, expect.stringContaining('is of another number of shards than 2')]);
  });

  test('parts of two sets of options', async () => {
    const name = await copied('options');
    for (const file of readdirSync(at(name))) if (file.startsWith('part-3')) rmSync(at(name, file));
    await shard(3, name, ['--strategy', 'greedy', '--max-length', '9', '-q']);
    await refused(name, 'part-3-of-4: it was made with other settings');
    await refused(name, 'maxLength 9 (now 8)');
  });

  test('a part whose ablated model has the means of other pictures, of whichever command', async () => {
    const place = at('of-means');
    const line = ['embed', fixture('scenes/0001.png'), '--shard', '0/1', '-o', place, '--ablate', 'vision.0', '-q'];
    const over = (picture: string) =>
      coca([...line, '--ablate-with', 'mean', '--ablate-over', fixture(`scenes/${picture}`)]);
    expect((await over('0001.png')).code).toBe(0);
    const { code, stderr } = await over('0002.png');
    expect(code).not.toBe(0);
    expect(stderr).toContain('ablateOver');
    expect((await over('0001.png')).code).toBe(0);
  });

  test('parts of two models, of two precisions, of two commands', async () => {
    for (const [what, change, message] of [
      ['model', (made: Made) => ({ ...made, model: { ...made.model, fingerprint: 'f'.repeat(64) } }), 'the weights'],
      ['precision', (made: Made) => ({ ...made, model: { ...made.model, precision: 'int8' } }), '--precision'],
      ['command', (made: Made) => ({ ...made, command: 'embed' }), 'the command embed'],
      ['input', (made: Made) => ({ ...made, input: { count: 9, digest: '0'.repeat(64) } }), 'the pictures that were'],
    ] as const) {
      const name = await copied(`two-${what}s`);
      const path = join(name, 'part-2-of-4.json');
      writeFileSync(at(path), JSON.stringify(change(JSON.parse(read(path)))));
      await refused(name, message);
    }
  });

  test('a gap and a double: shares that do not add up to what was given', async () => {
    const name = await copied('gap');
    const path = join(name, 'part-2-of-4.json');
    const made = JSON.parse(read(path)) as Made & { share: object };
    writeFileSync(at(path), JSON.stringify({ ...made, share: { ...made.share, digest: '0'.repeat(64) } }));
    await refused(name, 'the parts are not those of what was given');
  });

  test('a manifest that is none, and a folder without parts', async () => {
    const name = await copied('torn');
    truncateSync(at(name, 'part-0-of-4.json'), 50);
    await refused(name, 'part-0-of-4.json is no manifest of a part');
    expect(await run(['parts', 'pictures'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there are no parts in pictures'),
    });
  });

  test('other pictures than those that a killed shard was given', async () => {
    const name = await copied('others');
    const fewer = await run(['caption', 'pictures/00*.png', '--shard', '1/4', '-o', name, ...SEARCH]);
    expect([fewer.code, fewer.stderr]).toEqual([64, expect.stringContaining('made with other settings: the pictures')]);
  });
});

interface Made {
  readonly model: object;
}

test('a full disk loses nothing: what was written is gone on with', async () => {
  if (!existsSync('/dev/full')) return;
  const merged = await run(['parts', 'parts', '-o', '/dev/full/x.jsonl']);
  expect([merged.code, merged.stderr]).toEqual([2, expect.stringContaining('cannot be written')]);
});

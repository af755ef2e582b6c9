import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildTar } from '../../model/data/build-tar.js';
import { CLI, coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { pngOf } from '../../support/png.js';
import { until } from '../../support/processes.js';

const COUNT = 30;
const png = (i: number) => pngOf(8, 8, 8, 2, Buffer.alloc(8 * 8 * 3, Buffer.of((i * 37) % 256, (i * 101) % 256, i)));

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const run = (args: readonly string[]) => coca(args, { cwd: folder });
const read = (...names: string[]) => readFileSync(at(...names), 'utf8');
const imagesIn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).image);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-archives-'));
  for (let shard = 0; shard < 3; shard++) {
    const members = Array.from({ length: COUNT / 3 }, (_, i) => shard * 10 + i).map((i) => ({
      name: `${String(i).padStart(6, '0')}.png`,
      content: png(i),
    }));
    writeFileSync(at(`${shard}.tar`), buildTar(members));
  }
  cpSync(fixture('archives'), at('archives'), { recursive: true });
  writeFileSync(at('3.png'), png(3));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('archives as sources', () => {
  test('their pictures are called by their places, alone, in patterns and in lists', async () => {
    const names = (shard: number) =>
      Array.from({ length: 10 }, (_, i) => `${shard}.tar/${String(shard * 10 + i).padStart(6, '0')}.png`);
    const all = await run(['embed', '*.tar', '--jsonl', '-q']);
    expect([all.code, imagesIn(all.stdout)]).toEqual([0, [0, 1, 2].flatMap(names)]);
    writeFileSync(at('list'), '2.tar\n0.tar/000003.png\n');
    const listed = await run(['embed', '--files', 'list', '--jsonl', '-q']);
    expect(imagesIn(listed.stdout)).toEqual([...names(2), '0.tar/000003.png']);
    const one = await run(['caption', '0.tar/000003.png', '-q', '--strategy', 'greedy']);
    const file = await run(['caption', '3.png', '-q', '--strategy', 'greedy']);
    expect(one).toEqual(file);
    expect(all.stdout.split('\n')[3]).toBe(listed.stdout.split('\n')[10]);
  });

  test('a Parquet file of any kind gives what its pictures give', async () => {
    const pictures = await run(['embed', 'archives/[0-9].png', '-q']);
    const numbers = (text: string) => text.split('\n').map((line) => line.split('\t')[1]);
    for (const name of ['snappy', 'zstd', 'gzip', 'struct', 'paths']) {
      const found = await run(['embed', `archives/${name}.parquet`, '-q']);
      expect(numbers(found.stdout).slice(0, 5)).toEqual(numbers(pictures.stdout).slice(0, 5));
      expect(found.code).toBe(name === 'paths' ? 1 : 0);
    }
    const named = await run(['embed', 'archives/snappy.parquet', '--column', 'caption', '-q']);
    expect(named.stdout).toBe(pictures.stdout);
  });

  test('one that is cut, of another schema, or a command fails by name, and the others are done', async () => {
    const whole = readFileSync(at('1.tar'));
    writeFileSync(at('cut.tar'), whole.subarray(0, whole.indexOf('000013.png') + 520));
    const words = ['0.tar', 'cut.tar', 'archives/other.parquet', 'pipe:cat 1.tar', '2.tar'];
    const { code, stdout, stderr } = await run(['embed', ...words, '--jsonl', '-q']);
    expect(code).toBe(1);
    expect(imagesIn(stdout)).toHaveLength(10 + 3 + 1 + 1 + 1 + 10);
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      expect.stringContaining('cut.tar: the archive ends within the member'),
      expect.stringContaining('archives/other.parquet: which column has pictures or their paths is not clear'),
      expect.stringContaining('pipe:cat 1.tar is a command, and none is run'),
    ]);
  });
});

describe('shards of archives', () => {
  test('take archives whole where there are as many as shards, else their pictures; both merge to the same', async () => {
    const embed = (which: string, output: string) => run(['embed', '[012].tar', '--shard', which, '-o', output, '-q']);
    await embed('0/1', 'one');
    for (const count of [2, 4]) {
      for (let index = 0; index < count; index++)
        expect((await embed(`${index}/${count}`, `of-${count}`)).code).toBe(0);
      expect(JSON.parse(read(`of-${count}/part-0-of-${count}.json`)).unit).toBe(count === 2 ? 'archive' : 'picture');
      expect((await run(['parts', `of-${count}`, '-o', `of-${count}.jsonl`, '-q'])).code).toBe(0);
      expect(read(`of-${count}.jsonl`)).toBe(read('one/part-0-of-1.jsonl'));
    }
    const archives = (name: string) => new Set(imagesIn(read(name)).map((image) => image.split('/')[0]));
    const [first, second] = ['of-2/part-0-of-2.jsonl', 'of-2/part-1-of-2.jsonl'].map(archives);
    expect([...first!].filter((name) => second!.has(name))).toEqual([]);
  }, 240_000);

  test('an archive that is cut is among the errors of its part', async () => {
    const whole = readFileSync(at('1.tar'));
    writeFileSync(at('short.tar'), whole.subarray(0, whole.indexOf('000012.png') + 520));
    const { code } = await run(['embed', 'short.tar', '0.tar', '--shard', '0/1', '-o', 'short', '-q']);
    expect(code).toBe(1);
    expect(read('short/part-0-of-1.errors.jsonl')).toContain('"image":"short.tar","error":{"code":"bad-data"');
    expect(imagesIn(read('short/part-0-of-1.jsonl'))).toHaveLength(12);
  });

  test('parts in Parquet merge to what one process gives, in either form', async () => {
    const shard = (which: string, output: string) =>
      run(['embed', '[012].tar', '--shard', which, '-o', output, '--format', 'parquet', '-q']);
    await shard('0/1', 'table');
    for (const index of [0, 1]) await shard(`${index}/2`, 'tables');
    expect((await run(['parts', 'tables', '-o', 'tables.parquet', '-q'])).code).toBe(0);
    expect(readFileSync(at('tables.parquet'))).toEqual(readFileSync(at('table/part-0-of-1.parquet')));
    await run(['parts', 'tables', '-o', 'tables.jsonl', '-q']);
    const plain = await run(['embed', '[012].tar', '--jsonl', '-q']);
    expect(read('tables.jsonl')).toBe(plain.stdout);
    const again = await run(['embed', '[012].tar', '--shard', '0/2', '-o', 'tables', '-q']);
    expect([again.code, again.stderr]).toEqual([64, expect.stringContaining('made with other settings: --format')]);
  }, 240_000);
});

describe('a file that is written whole', () => {
  test('replaces nothing: not itself, nor the table of its rows, nor a file of its row', async () => {
    copyFileSync(at('archives/snappy.parquet'), at('mine.parquet'));
    const matrix = await run(['embed', 'mine.parquet', '-o', 'mine.npy']);
    expect([matrix.code, matrix.stderr]).toEqual([64, expect.stringContaining('mine.parquet is there already')]);
    expect(readFileSync(at('mine.parquet'))).toEqual(readFileSync(fixture('archives/snappy.parquet')));
    writeFileSync(at('w-0007.tar'), '');
    const row = await run(['caption', '3.png', '-o', 'w-%03d.tar']);
    expect([row.code, row.stderr]).toEqual([64, expect.stringContaining('w-0007.tar is there already')]);
    const nowhere = await run(['embed', '0.tar', '-o', 'nowhere/x.npy']);
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('there is no such folder')]);
  });

  test('is refused by its name where the command cannot write it', async () => {
    for (const [args, message] of [
      [['caption', '3.png', '-o', 'x.npy'], 'known: NAME.jsonl, NAME.parquet, NAME-%05d.tar'],
      [['caption', '3.png', '-o', 'x.tar'], 'known: NAME.jsonl, NAME.parquet, NAME-%05d.tar'],
      [['embed', '3.png', '-o', 'x.csv'], 'known: NAME.npy, NAME.parquet, NAME.jsonl'],
      [['embed', '3.png', '--dtype', 'fp16'], '--dtype is about the numbers of a .npy or .parquet file'],
      [['embed', '3.png', '-o', 'x.jsonl', '--dtype', 'fp16'], '--dtype is about the numbers'],
      [['embed', '3.png', '-o', 'x.npy', '--jsonl'], '--json and --jsonl are for stdout'],
      [['embed', '3.png', '--text', 'a dog', '-o', 'x.npy'], '--text goes to stdout'],
      [['embed', '3.png', '--resume'], '--resume goes on with a file of results'],
      [['embed', '3.png', '--format', 'parquet'], '--format is that of the parts of --shard'],
      [['classify', '3.png', '--labels', 'a', '-o', 'x'], '--output is the folder of the parts of --shard'],
      [['caption', '-', '-o', 'x-%d.tar'], 'a picture on stdin (-) can be read only once'],
      [['caption', '3.png', '-o', 'x.parquet', '--write-txt'], '--write-txt leaves pictures out'],
      [['parts', 'one', '-o', 'x.tar'], 'known: NAME.jsonl, NAME.parquet, NAME.npy'],
    ] as const) {
      const { code, stderr } = await run(args);
      expect([code, stderr]).toEqual([64, expect.stringContaining(message)]);
    }
    expect(readdirSync(folder).filter((name) => name.startsWith('x'))).toEqual([]);
  });

  test('is gone on with after SIGKILL, and equals that of an undisturbed run', async () => {
    const args = ['caption', '[012].tar', '-o'];
    const how = ['--strategy', 'greedy', '--max-length', '8', '-q'];
    for (const name of ['x.parquet', 'x-%02d.tar']) {
      const undisturbed = name.replace('x', 'u');
      await run([...args, undisturbed, ...how]);
      const gathered = at(`${name}.partial.jsonl`);
      const child = spawn(process.execPath, [CLI, ...args, name, ...how], {
        cwd: folder,
        env: { ...process.env, COCA_MODEL: '' },
      });
      const ended = once(child, 'exit');
      await until('some results', () => existsSync(gathered) && statSync(gathered).size > 600);
      child.kill('SIGKILL');
      await ended;
      const begun = await run([...args, name, ...how]);
      expect([begun.code, begun.stderr]).toEqual([64, expect.stringContaining('is begun already')]);
      expect((await run([...args, name, ...how, '--resume'])).code).toBe(0);
      const file = (which: string) => readFileSync(at(which.replace('%02d', '00')));
      expect(file(name)).toEqual(file(undisturbed));
      expect(existsSync(gathered)).toBe(false);
    }
  }, 240_000);
});

test('a disk that is full loses nothing of a part: what there is room for later is gone on with', async () => {
  // A limit of the size of files stands for a full disk: writes beyond it fail.
  const line = `"${process.execPath}" "${CLI}" embed [012].tar --shard 0/1 -o full -q`;
  const script = `ulimit -f 8; ${line}; echo "code $?"`;
  const { stderr, stdout } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toBe('code 2\n');
  expect(stderr).toContain('cannot write the results');
  expect(readdirSync(at('full')).some((name) => name === 'part-0-of-1.jsonl')).toBe(false);
  const before = statSync(at('full/part-0-of-1.partial.jsonl')).size;
  expect(before).toBeGreaterThan(0);
  const again = await run(['embed', '[012].tar', '--shard', '0/1', '-o', 'full', '-q']);
  expect(again.code).toBe(0);
  renameSync(at('full/part-0-of-1.jsonl'), at('full.jsonl'));
  const plain = await run(['embed', '[012].tar', '--jsonl', '-q']);
  expect(read('full.jsonl')).toBe(plain.stdout);
});

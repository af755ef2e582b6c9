import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeName } from '../../../src/model/base/file-names.js';
import { CLI, coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { expectedCaption } from '../../support/scenes.js';

const scene = (number: number) => fixture(`scenes/000${number}.png`);
const CAPTIONS = [1, 2, 3, 4].map((number) => expectedCaption(`000${number}.png`).caption);

let folder: string;
let child: ChildProcess | undefined;
let stdout = '';
let stderr = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-arrivals-'));
  mkdirSync(at('in/sub'), { recursive: true });
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string) => join(folder, name);

/** Starts watching, and waits until what comes is seen. */
async function watching(...args: string[]): Promise<void> {
  stdout = '';
  stderr = '';
  const words = [CLI, 'caption', '--watch-folder', 'in', '--strategy', 'greedy', ...args];
  child = spawn(process.execPath, words, { cwd: folder, env: { ...process.env, COCA_MODEL: '' } });
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  await until(() => stderr.includes('watching in'));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    if (child!.exitCode !== null) throw new Error(`ended with ${child!.exitCode}: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ended(signal: NodeJS.Signals): Promise<number | null> {
  child!.kill(signal);
  const [code] = await once(child!, 'close');
  return code;
}

const lines = () => stdout.split('\n').filter((line) => line !== '');
const names = () => lines().map((line) => line.split('\t')[0]);

test('those that are there first, then each as it is whole, with its files; Ctrl-C is 130', async () => {
  // In the order of their names, though one may still be written to when the other is whole.
  copyFileSync(scene(2), at('in/b.png'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  copyFileSync(scene(1), at('in/a.png'));
  writeFileSync(at('in/notes.md'), 'no picture');
  await watching('--write-txt', '--write-xmp', '--recursive');
  await until(() => lines().length === 2);
  expect(names()).toEqual(['in/a.png', 'in/b.png']);

  // Saved under another name and renamed; in a folder that is new; written in two pieces; removed before it is whole.
  copyFileSync(scene(3), at('in/c.png.part'));
  renameSync(at('in/c.png.part'), at('in/c.png'));
  mkdirSync(at('in/new'));
  copyFileSync(scene(4), at('in/new/d.png'));
  const bytes = readFileSync(scene(1));
  writeFileSync(at('in/gone.png'), bytes);
  writeFileSync(at('in/slow.png'), bytes.subarray(0, 2000));
  await new Promise((resolve) => setTimeout(resolve, 300));
  appendFileSync(at('in/slow.png'), bytes.subarray(2000));
  rmSync(at('in/gone.png'));
  // A name that is not UTF-8.
  copyFileSync(scene(2), encodeName(at('in/odd\udcff.png')));
  await until(() => lines().length === 6 && existsSync(encodeName(at('in/odd\udcff.txt'))));
  expect(names().slice(2).sort()).toEqual(['in/c.png', 'in/new/d.png', 'in/odd\\xff.png', 'in/slow.png']);
  for (const [i, name] of ['a', 'b', 'c', 'new/d'].entries()) {
    expect(readFileSync(at(`in/${name}.txt`), 'utf8')).toContain(CAPTIONS[i]);
    expect(readFileSync(at(`in/${name}.png.xmp`), 'utf8')).toContain(CAPTIONS[i]);
  }
  expect(await ended('SIGINT')).toBe(130);
  expect(stderr).toBe('coca: watching in: Ctrl-C ends it\n');
});

test('a text that is there stays; a picture that is written anew comes again', async () => {
  copyFileSync(scene(1), at('in/a.png'));
  writeFileSync(at('in/a.txt'), 'mine');
  copyFileSync(scene(2), at('in/sub/below.png'));
  // Links to pictures are pictures, a link to a folder is not gone through.
  symlinkSync('../in', at('in/loop'));
  symlinkSync('sub/below.png', at('in/link.png'));
  await watching('--write-txt', '--jsonl');
  await until(() => lines().length === 1);
  expect(JSON.parse(lines()[0]!)).toMatchObject({
    image: 'in/link.png',
    caption: expect.stringContaining(CAPTIONS[1]!),
  });
  // Broken at first: its error is told, and its caption when it is whole.
  writeFileSync(at('in/e.png'), readFileSync(scene(3)).subarray(0, 1000));
  await until(() => lines().length === 2);
  expect(JSON.parse(lines()[1]!)).toMatchObject({ image: 'in/e.png', error: { code: 'bad-image' } });
  copyFileSync(scene(3), at('in/e.tmp'));
  renameSync(at('in/e.tmp'), at('in/e.png'));
  await until(() => lines().length === 3);
  expect(JSON.parse(lines()[2]!)).toMatchObject({ image: 'in/e.png', caption: expect.stringContaining(CAPTIONS[2]!) });
  expect(readFileSync(at('in/a.txt'), 'utf8')).toBe('mine');
  expect(await ended('SIGTERM')).toBe(143);
});

test('a folder that is removed ends it; results in a file go on', async () => {
  copyFileSync(scene(1), at('in/a.png'));
  const output = ['-o', 'out.jsonl', '--resume'];
  const answers = () =>
    readFileSync(at('out.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).image);
  await watching(...output);
  await until(() => existsSync(at('out.jsonl')) && readFileSync(at('out.jsonl'), 'utf8').endsWith('\n'));
  expect(await ended('SIGINT')).toBe(130);
  await watching(...output);
  copyFileSync(scene(2), at('in/b.png'));
  await until(() => answers().length === 2);
  expect(answers()).toEqual(['in/a.png', 'in/b.png']);
  const closed = once(child!, 'close');
  rmSync(at('in'), { recursive: true });
  expect((await closed)[0]).toBe(2);
  expect(stderr).toMatch(/in was removed while it was watched/);
});

describe('what contradicts itself, or is no folder', () => {
  test.each([
    [['nowhere'], 2, /nowhere/],
    [['a.png'], 64, /a\.png is not a folder/],
    [['in', 'a.png'], 64, /no other pictures/],
    [['in', '--files', 'list'], 64, /no other pictures/],
    [['in', '--json'], 64, /never end/],
    [['in', '--batch', '4'], 64, /no batch/],
  ])('%j', async (args, code, message) => {
    copyFileSync(scene(1), at('a.png'));
    writeFileSync(at('list'), 'a.png\n');
    const ran = await coca(['caption', '--watch-folder', ...args], { cwd: folder });
    expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
  });
});

import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newXmp, readXmp } from '../../../src/model/xmp/merge.js';
import { coca, runProgram } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { hasProgram } from '../../support/programs.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-sidecars-'));
  copyFileSync(fixture('scenes/0001.png'), at('a.png'));
  copyFileSync(fixture('scenes/0003.png'), at('b.png'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const said = (name: string) => readXmp(readFileSync(at(name), 'utf8'), name);
const run = (...args: string[]) => coca(args, { cwd: folder });
const CAPTION = ['--strategy', 'greedy'];

describe('caption --write-xmp', () => {
  test('the caption is the description; the same line again leaves the picture out; overwrite does not', async () => {
    writeFileSync(at('b.xmp'), newXmp({ description: 'mine', subjects: ['sea'] }));
    const pictures = ['a.png', 'b.png'].map((name) => readFileSync(at(name)));
    const first = await run('caption', '.', '--write-xmp', '--write-txt', ...CAPTION, '--jsonl');
    expect(first.code).toBe(0);
    const captions = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).caption);
    expect(readdirSync(folder).sort()).toEqual(['a.png', 'a.png.xmp', 'a.txt', 'b.png', 'b.txt', 'b.xmp']);
    expect(said('a.png.xmp')).toEqual({ description: captions[0], subjects: [] });
    // It has no text yet, so it is captioned; its description stays.
    expect(said('b.xmp')).toEqual({ description: 'mine', subjects: ['sea'] });

    const again = await run('caption', '.', '--write-xmp', '--write-txt', ...CAPTION);
    expect(again).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/texts and descriptions are there: 2 pictures/),
    });
    expect((await run('caption', '.', '--write-xmp', '--if-exists', 'overwrite', ...CAPTION)).code).toBe(0);
    expect(said('b.xmp')).toEqual({ description: captions[1], subjects: ['sea'] });
    expect(['a.png', 'b.png'].map((name) => readFileSync(at(name)))).toEqual(pictures);
  });

  test('a sidecar that is none is told, and stays; the caption is out', async () => {
    writeFileSync(at('a.png.xmp'), '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>');
    const before = readFileSync(at('a.png.xmp'));
    const { code, stdout, stderr } = await run('caption', '.', '--write-xmp', ...CAPTION);
    expect({ code, lines: stdout.trim().split('\n').length }).toEqual({ code: 1, lines: 2 });
    expect(stderr).toMatch(
      /^coca: \.\/a\.png: \.\/a\.png\.xmp: has a document type|^coca: \.\/a\.png\.xmp: has a document type/,
    );
    expect(readFileSync(at('a.png.xmp'))).toEqual(before);
    expect(said('b.png.xmp').description).toMatch(/taxi/);
  });

  test('what a killed run did not come to write is written by --resume', async () => {
    const args = ['caption', '.', '--write-xmp', ...CAPTION, '-o', 'out.jsonl', '--resume'];
    expect((await run(...args)).code).toBe(0);
    const { description } = said('a.png.xmp');
    rmSync(at('a.png.xmp'));
    expect((await run(...args)).code).toBe(0);
    expect(said('a.png.xmp').description).toBe(description);
  });

  test.each([
    [['caption', '-', '--write-xmp'], /stdin .* --write-xmp/],
    [
      ['classify', 'https://example.org/a.png', '--labels', 'a', '--write-xmp'],
      /https:\/\/example.org\/a.png has no folder/,
    ],
    [['explain', '-', '--write-xmp'], /stdin .* --write-xmp/],
    [['caption', 'a.png', '--write-xmp', '--if-exists', 'append'], /no lines to add to/],
    [['caption', 'a.png', '--if-exists', 'overwrite'], /--write-txt and --write-xmp/],
  ])('%j is wrong usage', async (args, message) => {
    const ran = await run(...args);
    expect(ran).toMatchObject({ code: 64, stdout: '', stderr: expect.stringMatching(message) });
    expect(readdirSync(folder)).toEqual(['a.png', 'b.png']);
  });
});

test('classify and explain add subjects, the best label alone unless --top says more', async () => {
  const labels = ['--labels', 'taxi,book,cow'];
  expect((await run('classify', '.', ...labels, '--write-xmp')).code).toBe(0);
  expect([said('a.png.xmp'), said('b.png.xmp')].map(({ subjects }) => subjects)).toEqual([['book'], ['taxi']]);
  expect((await run('classify', 'a.png', ...labels, '--top', '2', '--write-xmp')).code).toBe(0);
  expect(said('a.png.xmp').subjects).toHaveLength(2);
  const { stdout } = await run('explain', 'b.png', '--write-xmp', '--json', '--most', '4');
  const concepts = JSON.parse(stdout)[0].concepts.map(({ text }: { text: string }) => text);
  expect(said('b.png.xmp').subjects).toEqual(['taxi', ...concepts.filter((text: string) => text !== 'taxi')]);
});

// Another reader of XMP, where it is installed (Debian: libimage-exiftool-perl).
test.runIf(hasProgram('exiftool'))('exiftool reads what is written, and what it wrote is kept', async () => {
  const exiftool = async (...args: string[]) => {
    const ran = await runProgram('exiftool', args, { cwd: folder, env: process.env });
    expect(ran).toMatchObject({ code: 0 });
    return ran.stdout;
  };
  await exiftool(
    '-o',
    'a.png.xmp',
    '-XMP-dc:Subject=sea',
    '-XMP-dc:Title=A & B',
    '-XMP-xmp:Rating=4',
    '-XMP-dc:Description-de=ein Bild',
    'a.png',
  );
  expect((await run('caption', 'a.png', '--write-xmp', '--if-exists', 'overwrite', ...CAPTION)).code).toBe(0);
  expect((await run('classify', 'a.png', '--labels', 'book,Sea', '--top', '2', '--write-xmp')).code).toBe(0);
  const [found] = JSON.parse(await exiftool('-j', '-XMP:all', 'a.png.xmp'));
  expect(found).toMatchObject({ Subject: ['sea', 'book'], Title: 'A & B', Rating: 4, 'Description-de': 'ein Bild' });
  expect(found.Description).toMatch(/book/);
});

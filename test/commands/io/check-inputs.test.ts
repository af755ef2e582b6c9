import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Output } from '../../../src/cli/output.js';
import { parseCommandLine } from '../../../src/cli/parse.js';
import { COMMANDS } from '../../../src/commands/index.js';
import { runChecked } from '../../../src/commands/io/check-inputs.js';
import { NO_STATUS } from '../../../src/ui/status.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-inputs-'));
  copyFileSync(fixture('scenes/0001.png'), at('a.png'));
  // What a picture is, its bytes tell.
  copyFileSync(fixture('scenes/0002.png'), at('picture'));
  writeFileSync(at('text.png'), 'a dog');
  writeFileSync(at('missing.txt'), 'gone.png\nlost.png\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command with a source of models that has none. */
async function run(args: readonly string[]) {
  const request = parseCommandLine(
    args.map((word) => word.replace('@', `${folder}/`)),
    COMMANDS,
  );
  if (request.kind !== 'run') throw new Error('nothing to run');
  let isLoaded = false;
  let out = '';
  const complaints: string[] = [];
  const context = {
    out: new Output(async (bytes) => {
      out += bytes;
    }),
    notice: () => undefined,
    complain: (line: string) => complaints.push(line),
    status: NO_STATUS,
    terminal: { interactive: false, columns: 80, rows: 24, env: {}, colors: 'none' },
    stdin: Object.assign(new (await import('node:stream')).PassThrough(), { isTTY: false }),
    signal: new AbortController().signal,
    models: {
      borrow: () => {
        isLoaded = true;
        return Promise.reject(new Error('a model was asked for'));
      },
      giveBack: async () => undefined,
    },
    unhurried: (work: () => Promise<unknown>) => work(),
    onCaption: () => undefined,
    onAnswer: () => undefined,
    onKeys: () => undefined,
    isShown: () => false,
    onScreen: () => Promise.reject(new Error('no screen')),
  } as unknown as Parameters<typeof runChecked>[2];
  const result = await (async () => {
    await request.command.check?.(request.invocation);
    return runChecked(request.command, request.invocation, context);
  })().catch((error: unknown) => error as { code: string; message: string; hint?: string });
  return { result, isLoaded, out: out.replaceAll(`${folder}/`, '@'), complaints };
}

describe('before a model is loaded', () => {
  test.each<[string[], string[]]>([
    [['caption', '@gone.png'], ['@gone.png']],
    [
      ['caption', '@gone.png', '@lost.png'],
      ['@gone.png', '@lost.png'],
    ],
    [['caption', '@text.png'], ['@text.png']],
    [['caption', '@none-*.png'], ['@none-*.png']],
    [
      ['caption', '--files', '@missing.txt'],
      ['gone.png', 'lost.png'],
    ],
    [['rank', '@gone.png', 'a dog'], ['@gone.png']],
    [['rank', '-i', '@gone.png', 'a dog'], ['@gone.png']],
    [['classify', '@gone.png', '--labels', 'a,b'], ['@gone.png']],
    [['attend', '@gone.png'], ['@gone.png']],
    [['step', '@gone.png'], ['@gone.png']],
    [['embed', '@gone.png'], ['@gone.png']],
  ])('%j: pictures of which none can be read', async (args, images) => {
    const { result, isLoaded, out, complaints } = await run([...args, '--json']);
    expect(result).toEqual({ done: 0, failed: images.length });
    expect(isLoaded).toBe(false);
    expect(complaints).toHaveLength(images.length);
    expect((JSON.parse(out) as { image: string }[]).map(({ image }) => image)).toEqual(images);
  });

  test.each<[string[], string, RegExp]>([
    [['rank', '@a.png', '--captions', '@gone.txt'], 'not-found', /no such file: .*gone\.txt/],
    [['classify', '@a.png', '--labels-file', '@gone.txt'], 'not-found', /no such file: .*gone\.txt/],
    [['classify', '@a.png', '--labels', 'a', '--template', 'x'], 'usage', /has no \{\}/],
    [['caption', '--files', '@gone.txt'], 'not-found', /no such file: .*gone\.txt/],
    [['caption', '--files', '@picture'], 'usage', /is a picture, and stands where a list is meant/],
    [['caption', '@a.png', '-o', '@no/out.jsonl'], 'not-found', /there is no such folder/],
    [['caption', '@a.png', '-o', '@missing.txt'], 'usage', /is there already/],
    [['step', '@a.png', '--save', '@no/walk.json'], 'write-failed', /cannot be written \(ENOENT\)/],
    [['step', '--load', '@gone.json'], 'not-found', /no such file/],
    [['attend', '@a.png', '-o', '@missing.txt'], 'write-failed', /is no folder/],
    [['attend', '@a.png', '--layer', 'x'], 'usage', /--layer takes/],
    [['eval', '@gone.jsonl', '--captioning'], 'not-found', /gone\.jsonl/],
    [['eval', '@gone.json', '--pointing'], 'not-found', /gone\.json/],
    [['eval', '--captioning', '--predictions', '@no/p.jsonl'], 'write-failed', /cannot be written/],
    [['eval', '@missing.txt', '--zero-shot', '--classes', '@gone.tsv'], 'not-found', /gone\.tsv/],
    [['train', 'scenes:', '-o', '@run', '--sample', '@gone.png'], 'not-found', /no such file: .*gone\.png/],
    [['bench', '@gone.png'], 'not-found', /no such file/],
  ])('%j: files and folders', async (args, code, message) => {
    const { result, isLoaded } = await run(args);
    expect(result).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(isLoaded).toBe(false);
  });

  test('what is looked at is left as it was', () => {
    expect(readdirSync(folder).sort()).toEqual(['a.png', 'missing.txt', 'picture', 'text.png']);
  });

  test.each<[string[]]>([
    [['caption', '@gone.png', '@a.png']],
    [['caption', 'http://localhost:1/a.png']],
    [['embed', '@gone.png', '--text', 'a dog']],
    [['rank', '@a.png', 'a dog']],
  ])('%j: where there is something to do, one is', async (args) => {
    expect((await run(args)).isLoaded).toBe(true);
  });
});

describe('a picture where a text is meant', () => {
  test.each<[string[], RegExp]>([
    [['attend', '@a.png', '@picture'], /attend takes one picture/],
    [['rank', '@a.png', '@picture'], /rank --image A\.png --image B\.png/],
    [['rank', '@a.png', '@picture', 'a dog'], /--image/],
    [['rank', '-i', '@a.png', '@picture'], /--image/],
    [['classify', '@a.png', '--labels', '@picture'], /before the options/],
    [['embed', '--text', '@picture'], /before the options/],
    [['caption', '@a.png', '--prompt', '@picture'], /before the options/],
    [['attend', '@a.png', '--prompt', '@picture'], /attend takes one picture/],
    [['step', '@a.png', '--prompt', '@picture'], /step takes one picture/],
  ])('%j is wrong usage', async (args, hint) => {
    const { result, isLoaded } = await run(args);
    expect(result).toMatchObject({
      code: 'usage',
      message: `${at('picture')} is a picture, and stands where a text is meant`,
      hint: expect.stringMatching(hint),
    });
    expect(isLoaded).toBe(false);
  });

  test('other files, and folders, are words', async () => {
    mkdirSync(at('dog'));
    expect((await run(['rank', '@a.png', '@dog', '@text.png', '@missing.txt'])).isLoaded).toBe(true);
    rmSync(at('dog'), { recursive: true });
  });
});

test('a missing picture and a model that does not exist: the picture', async () => {
  const { code, stderr } = await coca(['caption', at('gone.png'), '--model', 'no-such-model']);
  expect([code, stderr]).toEqual([2, `coca: no such file: ${at('gone.png')}\n`]);
});

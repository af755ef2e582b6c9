import { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/command.js';
import { Output } from '../../src/cli/output.js';
import { parseCommandLine } from '../../src/cli/parse.js';
import { COMMANDS } from '../../src/commands/index.js';
import { FRESH_MODELS } from '../../src/commands/io/model.js';
import { widthOf } from '../../src/ui/layout.js';
import { NO_STATUS } from '../../src/ui/status.js';
import { type Colors, describeTerminal } from '../../src/ui/terminal.js';
import { fixture } from '../support/golden.js';
import { expectedCaption } from '../support/scenes.js';

const BOOK = fixture('scenes/0001.png');
const TAXI = fixture('scenes/0003.png');

/** What a terminal of a given size would be sent, by the commands and the bundled model as they are. */
async function frame(args: string[], columns: number, rows: number, colors: Colors): Promise<string> {
  const request = parseCommandLine([...args, '--device', 'cpu', '--model', 'scenes'], COMMANDS);
  if (request.kind !== 'run') throw new Error(request.kind);
  let text = '';
  const context: CommandContext = {
    out: new Output(async (bytes) => {
      text += bytes.toString();
    }),
    notice: () => undefined,
    detail: () => undefined,
    complain: (line) => {
      text += `! ${line}\n`;
    },
    status: NO_STATUS,
    terminal: { ...describeTerminal({ isTTY: true, columns, rows }, { TMUX: 'x', TERM: 'tmux' }), colors },
    stdin: Readable.from([]),
    signal: new AbortController().signal,
    unhurried: (work) => work(),
    models: FRESH_MODELS,
    isShown: () => false,
    onAnswer: () => undefined,
    onKeys: () => undefined,
    onCaption: () => undefined,
    onScreen: () => Promise.reject(new Error('no view is shown without keys')),
  };
  await request.command.run(request.invocation, context);
  return text;
}

/** A line of a picture in half blocks. */
const BLOCKS = /^[▀▄]+$/;

const linesOf = (text: string): string[] => stripVTControlCharacters(text).trimEnd().split('\n');

describe('caption on a terminal', () => {
  it('80 x 24: picture, caption and facts fit the screen', async () => {
    const text = await frame(['caption', BOOK], 80, 24, 'any');
    const lines = linesOf(text);
    expect(lines.slice(0, 17)).toEqual(Array(17).fill(expect.stringMatching(/^[▀▄]{34}$/)));
    expect(lines[17]).toBe('a small book on a pink background');
    const score = expectedCaption('0001.png').score.toFixed(3);
    expect(lines[18]).toMatch(new RegExp(`^score ${score} · \\d+ tokens/s · [\\d.]+ m?s · scenes on cpu$`));
    expect(lines.length).toBeLessThan(24);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
    // The background of the scene is pink, top left.
    const [, r, g, b] = /[34]8;2;(\d+);(\d+);(\d+)m/.exec(text)!.map(Number);
    expect(r! > 200 && b! > 150 && g! < r! && g! < b!).toBe(true);
  });

  it('200 x 60: the picture stays of a pleasant size', async () => {
    const lines = linesOf(await frame(['caption', BOOK], 200, 60, 'any'));
    expect(lines.filter((line) => BLOCKS.test(line))).toEqual(Array(22).fill(expect.stringMatching(/^.{44}$/)));
  });

  it('several: each under its name, small, failures between them', async () => {
    const lines = linesOf(await frame(['caption', BOOK, 'missing.png', TAXI], 80, 24, 'any'));
    expect(lines.filter((line) => !BLOCKS.test(line) && !line.includes('·'))).toEqual([
      BOOK,
      'a small book on a pink background',
      '',
      '! no such file: missing.png',
      TAXI,
      expectedCaption('0003.png').caption,
    ]);
    expect(lines.filter((line) => BLOCKS.test(line))).toEqual(Array(16).fill(expect.stringMatching(/^.{16}$/)));
  });

  it('without colours: shades for the picture, and plain words', async () => {
    const text = await frame(['caption', BOOK], 80, 24, 'none');
    expect(text).not.toContain('\u001b');
    expect(linesOf(text).at(-2)).toBe('a small book on a pink background');
  });

  it('--logprobs: a row a token with what it could have been; --num: alternatives with their scores', async () => {
    const lines = linesOf(
      await frame(['caption', BOOK, '--logprobs', '2', '--num', '2', '--images', 'none'], 80, 24, '256'),
    );
    expect(lines[0]).toBe('a small book on a pink background');
    expect(lines[1]).toMatch(/^ -\d\.\d{3} {2}an? \w.*/);
    expect(lines[2]).toMatch(/^a {13}█{7}[▉█]? +\d+\.\d % {2}an <? ?\d\.\d %$/);
    expect(lines[9]).toMatch(/^<end_of_text> █/);
  });

  it('10 x 3: no picture, no failure', async () => {
    const text = await frame(['caption', BOOK], 10, 3, '16');
    expect(text).not.toMatch(/[▀▄]/);
    expect(linesOf(text).slice(0, 4)).toEqual(['a small', 'book on a', 'pink', 'background']);
  });
});

describe('rank on a terminal', () => {
  it('bars with probability and cosine, best first', async () => {
    const captions = ['two dogs', 'a small book on a pink background', 'a book'];
    const lines = linesOf(await frame(['rank', BOOK, ...captions, '--images', 'none'], 80, 24, 'any'));
    expect(lines[0]!.trim()).toBe('prob.  cosine caption');
    expect(lines.slice(1).map((line) => line.slice(-captions[1]!.length).trim())).toEqual([
      captions[1],
      expect.stringContaining('a book'),
      expect.stringContaining('two dogs'),
    ]);
    expect(lines[1]).toMatch(/^1 █+.? +\d\d\.\d % +0\.\d{3} /);
  });

  it('one caption by itself: its cosine, and no probability, which is 1 whatever the picture', async () => {
    for (const words of [
      ['rank', BOOK, 'a small book'],
      ['classify', BOOK, '--labels', 'small book', '--template', 'a {}'],
    ]) {
      const [head, row, ...rest] = linesOf(await frame([...words, '--images', 'none'], 80, 24, 'any'));
      expect(head!.trim()).toMatch(/^cosine (caption|label)$/);
      expect(row).toMatch(/^1 +0\.\d{3} (a )?small book$/);
      expect(rest).toEqual([]);
    }
    const likely = linesOf(
      await frame(['rank', BOOK, 'a small book', '--by', 'caption', '--images', 'none'], 80, 24, 'any'),
    );
    expect(likely[1]).toMatch(/^1 +-\d\.\d{3} a small book$/);
    // What is left of several was weighed against the others.
    const best = linesOf(
      await frame(['rank', BOOK, 'a small book', 'a dog', '--top', '1', '--images', 'none'], 80, 24, 'any'),
    );
    expect(best[1]).toMatch(/%/);
    const json = JSON.parse(await frame(['rank', BOOK, 'a small book', '--json'], 80, 24, 'none'));
    expect(json[0]).toEqual({
      image: BOOK,
      by: 'contrastive',
      results: [{ caption: 'a small book', cosine: expect.any(Number), probability: 1, logprob: null, rank: 1 }],
    });
  });

  it('says when nothing is left', async () => {
    const lines = linesOf(await frame(['rank', BOOK, 'a dog', '--min-score', '2', '--images', 'none'], 80, 24, 'any'));
    expect(lines).toEqual(['no caption reaches the minimum']);
  });
});

describe('embed on a terminal', () => {
  it('80 x 24: the first numbers of each, and the cosines that rank gives', async () => {
    const lines = linesOf(await frame(['embed', BOOK, TAXI, '--text', 'a small book'], 80, 24, 'none'));
    expect(lines.slice(0, 3).every((line) => /^.+ {2}192 numbers {2}-?0\.\d+ .*…$/.test(line))).toBe(true);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
    expect(lines[4]).toMatch(/^ +1 +2 +3$/);
    const ranked = JSON.parse(await frame(['rank', BOOK, 'a small book', '--json'], 80, 24, 'none'));
    const cosine = ranked[0].results[0].cosine.toFixed(3);
    expect(lines[5]).toMatch(new RegExp(`^1 .* - +-?0\\.\\d+  +${cosine}\\*$`));
    expect(lines[7]).toMatch(new RegExp(`^3 a small book +${cosine}\\* .* -$`));
  });

  it('a single one has no matrix, and pipes get all numbers', async () => {
    expect(linesOf(await frame(['embed', BOOK], 80, 24, 'none'))).toHaveLength(1);
    expect(JSON.parse(await frame(['embed', BOOK, '--json'], 80, 24, 'none'))[0].embedding).toHaveLength(192);
  });
});

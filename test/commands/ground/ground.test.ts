import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const BOOK = fixture('scenes/0001.png');
const TRUE = 'a small book on a pink background';
const WRONG = 'a small owl on a pink background';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-ground-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface GroundWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly logprob: number;
  readonly without: number;
  readonly gain: number;
  readonly grounded: number;
}

describe('coca ground', () => {
  test('JSON: what each word owes to the picture, and where it stands in the caption', async () => {
    const { code, stdout } = await coca(['ground', BOOK, WRONG, '--json', '-q']);
    expect(code).toBe(0);
    const [result] = JSON.parse(stdout);
    expect(result).toMatchObject({ image: BOOK, caption: WRONG, calibrated: true, model: 'scenes', device: 'cpu' });
    const words = result.words as GroundWord[];
    expect(words.map(({ start, end }) => WRONG.slice(start, end))).toEqual(WRONG.split(' '));
    for (const { logprob, without, gain } of words) expect(gain).toBeCloseTo(logprob - without, 6);
    const least = Math.min(...words.map(({ grounded }) => grounded));
    expect(result.grounded).toBe(least);
    expect(words.find(({ grounded }) => grounded === least)!.text).toBe('owl');
    expect(least).toBeLessThan(0.5);
  });

  test('of a caption that is true all words are more likely true than not', async () => {
    const [{ words }] = JSON.parse((await coca(['ground', BOOK, TRUE, '--json', '-q'])).stdout);
    for (const { text, grounded } of words as GroundWord[]) expect(grounded, text).toBeGreaterThan(0.5);
  });

  test('lines: seven fields a word', async () => {
    const { stdout } = await coca(['ground', BOOK, TRUE, '-q']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split('\t')[0])).toEqual(TRUE.split(' '));
    for (const line of lines) expect(line).toMatch(/^\w+\t0\.\d{4}(\t-?\d+\.\d{4}){5}$/);
  });

  test('a model without a calibration says so, and gives no probability', async () => {
    const model = join(folder, 'uncalibrated');
    cpSync(fixture('models/scenes'), model, { recursive: true });
    rmSync(join(model, 'grounding.json'));
    const [result] = JSON.parse((await coca(['ground', BOOK, TRUE, '--model', model, '--json', '-q'])).stdout);
    expect([result.calibrated, result.grounded]).toEqual([false, null]);
    for (const word of result.words) expect(word).toMatchObject({ grounded: null, gain: expect.any(Number) });
    const { stdout } = await coca(['ground', BOOK, TRUE, '--model', model, '-q']);
    expect(stdout).toMatch(/^a\t-\t/);
  });

  test('a calibration of other weights is not used, and one that is none is refused', async () => {
    const model = join(folder, 'other');
    cpSync(fixture('models/scenes'), model, { recursive: true });
    const file = join(model, 'grounding.json');
    const calibration = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...calibration, fingerprint: '0'.repeat(64) }));
    const [other] = JSON.parse((await coca(['ground', BOOK, TRUE, '--model', model, '--json', '-q'])).stdout);
    expect(other.calibrated).toBe(false);
    writeFileSync(file, JSON.stringify({ ...calibration, weights: [1] }));
    const { code, stderr } = await coca(['ground', BOOK, TRUE, '--model', model]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is no calibration')]);
  });

  test('what it cannot do is refused', async () => {
    const both = await coca(['ground', BOOK, TRUE, '--beams', '2']);
    expect([both.code, both.stderr]).toEqual([64, expect.stringContaining('CAPTION is given')]);
    const long = await coca(['ground', BOOK, 'a '.repeat(40)]);
    expect([long.code, long.stderr]).toEqual([2, expect.stringContaining('tokens')]);
    const empty = await coca(['ground', BOOK, ' ']);
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('no words')]);
  });
});

describe('caption --ground', () => {
  test('has the words of ground in its JSON, in a batch too', async () => {
    const args = ['caption', BOOK, fixture('scenes/0003.png'), '--ground', '--jsonl', '-q'];
    const alone = (await coca(args)).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const together = (await coca([...args, '--batch', '2'])).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [ground] = JSON.parse((await coca(['ground', BOOK, '--json', '-q'])).stdout);
    expect(alone[0].words.map(({ text }: GroundWord) => text)).toEqual(alone[0].caption.split(' '));
    for (const [i, word] of (ground.words as GroundWord[]).entries()) {
      expect(alone[0].words[i].gain).toBeCloseTo(word.gain, 3);
      expect(together[0].words[i].gain).toBeCloseTo(word.gain, 3);
    }
    expect(together[1].words.map(({ text }: GroundWord) => text)).toEqual(together[1].caption.split(' '));
  });
});

describe('eval --grounding', () => {
  test('writes the calibration that the data make', async () => {
    const file = join(folder, 'grounding.json');
    const { code, stdout } = await coca(['eval', '--grounding', '--limit', '6', '--calibrate', file, '--json', '-q']);
    expect(code).toBe(0);
    const [{ task, samples, metrics }] = JSON.parse(stdout);
    expect([task, samples]).toEqual(['grounding', 6]);
    expect(metrics.auc).toBeGreaterThan(0.7);
    expect(metrics.swaps).toBeGreaterThan(20);
    expect(metrics.words).toBeGreaterThan(metrics.swaps);
    const written = JSON.parse(readFileSync(file, 'utf8'));
    expect(written.signals).toEqual(['logprob', 'gain', 'drop', 'mass', 'similarity']);
    expect(written.weights).toHaveLength(5);
    expect(written.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test('--calibrate means nothing without it', async () => {
    const { code, stderr } = await coca(['eval', '--ranking', '--calibrate', join(folder, 'x.json')]);
    expect([code, stderr]).toEqual([64, expect.stringContaining('--calibrate means nothing without --grounding')]);
  });
});

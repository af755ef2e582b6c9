import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { captionLines, percentText, type ShadedWord } from '../../src/ui/caption-view.js';
import { widthOf } from '../../src/ui/layout.js';
import { type RankRow, rankLines } from '../../src/ui/rank-view.js';

const words: ShadedWord[] = [
  { text: 'two', probability: 0.5 },
  { text: '犬', probability: 1 },
  { text: 'asleep', probability: 0.031 },
];
const facts = ['score -0.300', 'scenes on cpu'];

describe('captionLines', () => {
  it('shades each word by its probability', () => {
    const [line] = captionLines({ words, alternatives: [], facts }, 80, 'any');
    expect(stripVTControlCharacters(line!)).toBe('two 犬 asleep');
    // 1 is the bright end with black letters, 0.031 near the dark end with white ones.
    expect(line).toContain('\u001b[48;2;254;232;56m\u001b[38;2;0;0;0m犬');
    expect(line).toMatch(/\u001b\[48;2;8;39;83m\u001b\[38;2;255;255;255masleep/);
  });

  it('writes probabilities under the words without colours', () => {
    const lines = captionLines({ words, alternatives: [], facts }, 80, 'none');
    expect(lines).toEqual(['two 犬  asleep', '50  100 3', 'score -0.300 · scenes on cpu']);
  });

  it.each([10, 20, 80])('fits %i columns', (columns) => {
    const view = {
      words,
      alternatives: [{ caption: 'three wide dogs on a blue background', score: -1.25 }],
      tokens: [{ text: 'two', logprob: -0.7, top: [{ text: 'three', logprob: -1.4 }] }],
      facts,
    };
    for (const colors of ['none', '16', 'any'] as const) {
      const lines = captionLines(view, columns, colors).map(stripVTControlCharacters);
      const isTable = (line: string): boolean => line.includes('%');
      for (const line of lines.filter((line) => !isTable(line))) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('shows what a token could have been', () => {
    const tokens = [{ text: 'two', logprob: Math.log(0.5), top: [{ text: 'three', logprob: Math.log(0.25) }] }];
    const lines = captionLines({ words, alternatives: [], tokens, facts }, 80, 'none');
    expect(lines).toContain('two ████      50.0 %  three 25.0 %');
  });

  it('obeys nothing that a caption says', () => {
    const hostile = [{ text: '\u001b[2Jx', probability: 1 }];
    const text = captionLines(
      { words: hostile, alternatives: [{ caption: '\u001b]0;t\u0007', score: 0 }], facts: ['\u202e'] },
      80,
      'none',
    );
    expect(text.join('')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(text[0]).toBe('\\x1b[2Jx');
  });
});

describe('rankLines', () => {
  const rows: RankRow[] = [
    { rank: 1, caption: 'a small book on a pink background', cosine: 0.312, probability: 0.75, logprob: null },
    { rank: 2, caption: '二冊の本', cosine: -0.1, probability: 0.25, logprob: null },
  ];

  it('draws bars, probabilities and cosines', () => {
    expect(rankLines(rows, 100, 'none')).toEqual([
      '                             prob.  cosine caption',
      '1 ██████████████████        75.0 %   0.312 a small book on a pink background',
      '2 ██████                    25.0 %  -0.100 二冊の本',
    ]);
  });

  it('wraps captions beside the figures', () => {
    expect(rankLines(rows, 44, 'none')).toEqual([
      '             prob.  cosine caption',
      '1 ██████    75.0 %   0.312 a small book on a',
      '                           pink background',
      '2 ██        25.0 %  -0.100 二冊の本',
    ]);
  });

  it('puts captions below the figures where there is no room beside', () => {
    expect(rankLines(rows.slice(0, 1), 30, 'none')).toEqual([
      '             prob.  cosine',
      '1 ██████    75.0 %   0.312',
      'a small book on a pink',
      'background',
    ]);
  });

  it('leaves out what was not asked for', () => {
    const plain: RankRow[] = [{ rank: 1, caption: 'a', cosine: null, probability: null, logprob: -0.5 }];
    expect(rankLines(plain, 60, 'none')).toEqual(['   log p/t caption', '1   -0.500 a']);
  });
});

describe('percentText', () => {
  it.each<[number, string]>([
    [1, '100.0 %'],
    [0.25, ' 25.0 %'],
    [0.0004, '< 0.1 %'],
    [0, '  0.0 %'],
  ])('%f', (probability, text) => {
    expect(percentText(probability)).toBe(text);
  });
});

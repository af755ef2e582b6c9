import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type CaptionView, captionLines, percentText } from '../../src/ui/caption-view.js';
import { comparedPictures, compareLines, cosineLines } from '../../src/ui/compare-view.js';
import { embeddingLine } from '../../src/ui/embed-view.js';
import { widthOf } from '../../src/ui/layout.js';
import { type RankRow, rankLines } from '../../src/ui/rank-view.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';
import { idOf, textOfWords, WORD_TOKENIZER } from '../support/word-tokenizer.js';

type Words = Parameters<typeof textOfWords>[0];
const WORDS: Words = [
  ['two', 0.5],
  ['犬', 1],
  ['asleep', 0.031],
];

const captionOf = (words: Words, score = -0.3) => ({
  ...textOfWords(words),
  text: words.map(([word]) => word).join(' '),
  score,
});
const viewOf = (words: Words, more: Partial<CaptionView> = {}): CaptionView => ({
  captions: [captionOf(words)],
  coca: { name: 'scenes', device: 'cpu', precision: 'fp32' as const, tokenizer: WORD_TOKENIZER },
  ms: { encode: 4, decode: 6 },
  showTokens: false,
  isExplained: false,
  ...more,
});
/** What `two` could have been. */
const top = [
  { id: idOf('two'), logprob: Math.log(0.5) },
  { id: idOf('three'), logprob: Math.log(0.25) },
];
const traced = { ...captionOf([['two', 0.5]]), tokens: [{ id: idOf('two'), logprob: Math.log(0.5), top }] };

describe('captionLines', () => {
  it('leaves sure words as they are, and marks doubtful ones the louder the less likely', () => {
    const doubts = [0.9, 0.5, 0.4, 0.2, 0.05].map((probability) => ['dog', probability] as const);
    const [line] = captionLines(viewOf(doubts), 80, 'any');
    expect(stripVTControlCharacters(line!)).toBe('dog dog dog dog dog');
    const marks = line!.split(/(?<=dog[^ ]*) /).map((word) => word.replace(/dog.*/s, ''));
    expect(marks).toEqual([
      '',
      '',
      '\u001b[4m',
      '\u001b[4m\u001b[48;2;200;184;102m\u001b[38;2;0;0;0m',
      '\u001b[4m\u001b[48;2;254;232;56m\u001b[38;2;0;0;0m',
    ]);
  });

  it('explains the marks once, where there are some', () => {
    const legend = (words: Words, isExplained = false) =>
      captionLines(viewOf(words, { isExplained }), 80, '256').join('\n');
    expect(legend(WORDS)).toMatch(/underlined: less likely than not · score/);
    expect(legend(WORDS, true)).not.toMatch(/underlined/);
    expect(legend(WORDS.slice(0, 2))).not.toMatch(/underlined/);
  });

  it('writes the probability behind a doubtful word without colours', () => {
    const lines = captionLines(viewOf(WORDS), 80, 'none');
    expect(lines).toEqual(['two 犬 asleep(3%)', 'score -0.300 · 500 tokens/s · 10 ms · scenes on cpu']);
  });

  it.each([10, 20, 80])('fits %i columns', (columns) => {
    const other = { ...captionOf([['three', 1]], -1.25), text: 'three wide dogs on a blue background' };
    const view = viewOf(WORDS, { captions: [traced, other], showTokens: true });
    for (const colors of ['none', '16', 'any'] as const) {
      const lines = captionLines(view, columns, colors).map(stripVTControlCharacters);
      const isTable = (line: string): boolean => line.includes('%');
      for (const line of lines.filter((line) => !isTable(line))) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('shows what a token could have been', () => {
    const lines = captionLines(viewOf(WORDS, { captions: [traced], showTokens: true }), 80, 'none');
    expect(lines).toContain('two ████      50.0 %  three 25.0 %');
  });

  it('obeys nothing that a caption says', () => {
    const captions = [captionOf([['\u001b[2Jx', 1]]), { ...captionOf([['a', 1]]), text: '\u001b]0;t\u0007' }];
    const coca = { name: '\u202e', device: 'cpu', precision: 'fp32' as const, tokenizer: WORD_TOKENIZER };
    const text = captionLines(viewOf(WORDS, { captions, coca }), 80, 'none');
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
    expect(rankLines(rows, 76, 'none')).toEqual([
      '                             prob.  cosine caption',
      '1 ██████████████████        75.0 %   0.312 a small book on a pink background',
      '2 ██████                    25.0 %  -0.100 二冊の本',
    ]);
  });

  it.each([
    [100, 48],
    [120, 60],
    [200, 100],
  ])('at %i columns a whole bar has %i: what the captions leave, at most half', (columns, expected) => {
    const sure = [{ ...rows[0]!, probability: 1 }, rows[1]!];
    const lines = rankLines(sure, columns, 'none');
    expect(lines[1]!.match(/█+/)![0]).toHaveLength(expected);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
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

describe('cosines', () => {
  const rows = [
    { name: 'dog.jpg', cosines: [0.31, -0.04, null] },
    { name: '犬.png', cosines: [0.1, 0.25, 0.2] },
  ];

  it('are a matrix with the best of each row starred, captions listed below it', () => {
    expect(compareLines(rows, ['a dog', 'a cat', '\u001b[2J'], 80, 'none')).toEqual([
      '             1       2       3',
      'dog.jpg  0.310* -0.040       -',
      '犬.png   0.100   0.250*  0.200',
      '',
      '1  a dog',
      '2  a cat',
      '3  \\x1b[2J',
    ]);
  });

  it('come in blocks where the width does not do', () => {
    expect(cosineLines(rows, 3, 24, 'none')).toEqual([
      '             1       2',
      'dog.jpg  0.310* -0.040',
      '犬.png   0.100   0.250*',
      '',
      '             3',
      'dog.jpg      -',
      '犬.png   0.200',
    ]);
  });
});

describe('embeddingLine', () => {
  const numbers = Float32Array.from({ length: 192 }, (_, i) => (i % 2 ? -1 : 1) / (i + 8));

  it('shows as many numbers as fit, and how many there are', () => {
    expect(embeddingLine('a.png', numbers, 60, 'none')).toBe('a.png  192 numbers  0.125 -0.111 0.100 -0.0909 0.0833 …');
    expect(embeddingLine('a.png', numbers, 17, 'none')).toBe('a.p…  192 numbers');
  });

  it.each([10, 16, 33, 80, 200])('fits %i columns, whatever the name', (columns) => {
    for (const name of ['a', '犬'.repeat(60), '\u001b[2J.png']) {
      const line = embeddingLine(name, numbers, columns, 'any');
      expect(widthOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(columns);
      expect(stripVTControlCharacters(line)).not.toContain('\u001b');
    }
  });
});

describe('comparedPictures', () => {
  const picture = { size: 4, rgb: new Uint8Array(48).fill(200) };
  const open = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `${i + 1} ${'é'.repeat(30)}`, picture }));

  it.each([
    [80, 24],
    [120, 40],
    [200, 60],
  ])('at %i x %i they stand beside each other in half of the rows', (columns, rows) => {
    for (const colors of ['any', '256', 'none'] as const) {
      const text = comparedPictures(open(3), 'blocks', { columns, rows, colors });
      const screen = new VirtualTerminal(columns, rows).write(text.replaceAll('\n', '\r\n'));
      expect(screen.text()).toMatch(/^1 é+…? +2 é+…? +3 é+…?\n/);
      expect(text.split('\n').length).toBeLessThanOrEqual(rows / 2 + 2);
      expect(screen.lines()[1]!.length).toBeGreaterThan(columns * 0.6);
      expect(text.includes('\u001b[')).toBe(colors !== 'none');
    }
  });

  it('are left out where there are too many for their names to be read, and where none is drawn', () => {
    const terminal = { columns: 40, rows: 12, colors: 'none' } as const;
    expect(comparedPictures(open(40), 'blocks', terminal)).toBe('');
    expect(comparedPictures(open(1), 'none', terminal)).toBe('');
  });
});

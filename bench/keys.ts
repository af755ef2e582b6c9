/**
 * From a key press to the last byte of its frame in the attend view, in this process: the bundled model's maps of a scene,
 * Ink, the drawing and its encoding, and no terminal. Every key leads to maps that were not drawn before.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { attendSource } from '../src/commands/attend/screen.js';
import { attendCaption, DEFAULT_MAP } from '../src/model/attention/index.js';
import { loadPicture } from '../src/model/image/load-picture.js';
import { loadCoca } from '../src/model/store/load.js';
import { showAttention } from '../src/ui/attend/show.js';
import { initialState } from '../src/ui/attend/state.js';
import type { PictureKind, Raster } from '../src/ui/picture/raster.js';
import { keyboard, Terminal } from './terminal.js';

const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
] as const;
const KINDS = ['blocks', 'kitty', 'iterm', 'sixel'] as const;
const CAPTION = 'a small book on a pink background';
const SQUARE = 448;

const [RIGHT, UP] = ['\u001b[C', '\u001b[A'];
const WORDS = Array<string>(6).fill(RIGHT);
/** All words; each layer, head and opacity with some words; all again as a grid. */
const WALK = [
  ...WORDS,
  ...[UP, UP, UP, 'h', 'h', 'm', 'o'].flatMap((key) => [key, RIGHT, RIGHT]),
  ...['g', 'h', 'h', UP, UP, 'm', 'o', 'g'],
];
/** Longer than any frame takes, so that keys do not meet. */
const PAUSE_MS = 120;
const CELL_ANSWER = '\u001b[6;20;10t';

type SourceWith = (picture: Raster) => ReturnType<typeof attendSource>;

async function attendedScene(): Promise<{ sourceWith: SourceWith; picture: Raster; square: Raster }> {
  const coca = await loadCoca({ model: 'scenes', device: 'cpu' });
  const bytes = readFileSync(new URL('../fixtures/scenes/0001.png', import.meta.url));
  const picture = await loadPicture(bytes, coca.preprocess);
  const square = await loadPicture(bytes, { ...coca.preprocess, size: SQUARE });
  const { sot, eot } = coca.tokenizer.special;
  const image = await coca.encodeImages([picture], { attention: true });
  const attention = await attendCaption(coca, image, [sot, ...coca.tokenizer.encode(CAPTION), eot]);
  await coca.close();
  const words = attention.words.filter(({ special }) => !special);
  const result = {
    image: '0001.png',
    picture,
    square: async () => square,
    caption: CAPTION,
    attention,
    words,
    choice: DEFAULT_MAP,
  };
  const unasked = () => Promise.reject(new Error('no key asks for it'));
  const sourceWith: SourceWith = (shown) =>
    attendSource(
      { ...result, coca: { name: 'scenes', device: 'cpu', precision: 'fp32', ablated: undefined } },
      [shown],
      {
        occlusion: unasked,
        owed: unasked,
        grounding: unasked,
        without: unasked,
      },
    );
  return { sourceWith, picture, square };
}

interface Figures {
  readonly median: number;
  readonly worst: number;
  readonly worstKey: string;
  readonly kibibytes: number;
}

async function walk(
  source: ReturnType<SourceWith>,
  kind: PictureKind,
  [columns, rows]: readonly [number, number],
): Promise<Figures> {
  const [stdin, stdout] = [keyboard(), new Terminal(columns, rows)];
  const streams = { stdin, stdout: stdout as never, signal: new AbortController().signal };
  const terminal = { interactive: true, columns, rows, colors: 'any', env: {} } as const;
  const left = showAttention(source, initialState(DEFAULT_MAP, 0), kind, terminal, streams);
  await wait(PAUSE_MS);
  if (kind === 'sixel') stdin.push(CELL_ANSWER);
  await wait(PAUSE_MS);
  const times: { key: string; ms: number }[] = [];
  const before = stdout.bytes;
  for (const key of WALK) {
    const start = performance.now();
    stdin.push(key);
    await wait(PAUSE_MS);
    if (stdout.last < start) throw new Error(`${JSON.stringify(key)} drew nothing`);
    times.push({ key, ms: stdout.last - start });
  }
  const kibibytes = (stdout.bytes - before) / WALK.length / 1024;
  stdin.push('q');
  await left;
  times.sort((a, b) => a.ms - b.ms);
  const worst = times.at(-1)!;
  const worstKey = { [RIGHT]: 'right', [UP]: 'up' }[worst.key] ?? worst.key;
  return { median: times[times.length >> 1]!.ms, worst: worst.ms, worstKey, kibibytes };
}

/** Prints median and worst for each size and each way to draw pictures. */
export async function keys(): Promise<void> {
  // Ink draws nothing in what it takes for a CI, and React checks itself unless told not to.
  delete process.env.CI;
  delete process.env.CONTINUOUS_INTEGRATION;
  process.env.NODE_ENV ??= 'production';
  const { sourceWith, picture, square } = await attendedScene();
  console.log(`key to frame in the attend view, ${WALK.length} keys each`);
  console.log('pictures  terminal    median     worst  (key)    KiB/key');
  for (const kind of KINDS) {
    for (const size of SIZES) {
      const { median, worst, worstKey, kibibytes } = await walk(
        sourceWith(kind === 'blocks' ? picture : square),
        kind,
        size,
      );
      const figures = [median, worst].map((ms) => `${ms.toFixed(1)} ms`.padStart(10)).join('');
      const screen = size.join('x').padEnd(8);
      console.log(
        `${kind.padEnd(10)}${screen}${figures}  (${worstKey})`.padEnd(46) + kibibytes.toFixed(0).padStart(10),
      );
    }
  }
}

import type { Caption, Coca } from './api.js';
import { stopIfAborted } from './base/errors.js';
import { contextLength } from './config/config.js';
import { type DecodingOptions, decodingOptions } from './decoding/index.js';
import type { Picture } from './image/picture.js';

/** How long one task takes once everything is loaded and warm. */
export interface Measurement {
  readonly task: 'encode image' | 'encode text' | 'caption greedy' | 'caption beam';
  /** How many inputs one run takes. */
  readonly batch: number;
  /** Median milliseconds of a run, and of how many runs. */
  readonly ms: number;
  readonly runs: number;
  /** Inputs a second for encodings, generated ids a second for captions. */
  readonly perSecond: number;
  /** The caption that was generated, of the first picture. */
  readonly ids?: Caption['ids'];
  readonly text?: Caption['text'];
}

export interface BenchOptions {
  /** Seconds to spend on each measurement, at least; two runs in any case. */
  readonly seconds: number;
  readonly beams: number;
  readonly maxLength: number;
  /** By whose rules captions are searched; transformers' by default. */
  readonly scoring?: DecodingOptions['scoring'];
  /** Only these; by default all. */
  readonly tasks?: readonly Measurement['task'][];
  /** How many pictures go side by side, one after the other; by default one, and eight that are encoded. */
  readonly batches?: readonly number[];
  /** Ends the measuring early: with CocaError `interrupted`. */
  readonly signal?: AbortSignal;
}

/** Measures a model on one picture, task by task; the first run of each is not counted. */
export async function* measure(coca: Coca, picture: Picture, options: BenchOptions): AsyncGenerator<Measurement> {
  const timed = (run: () => Promise<unknown>) => medianTime(run, options.seconds * 1000, options.signal);
  const isAsked = (task: Measurement['task']) => options.tasks?.includes(task) ?? true;
  for (const batch of isAsked('encode image') ? (options.batches ?? [1, 8]) : []) {
    const pictures = Array.from({ length: batch }, () => picture);
    const time = await timed(() => coca.encodeImages(pictures));
    yield { task: 'encode image', batch, ...time, perSecond: (batch * 1000) / time.ms };
  }
  if (isAsked('encode text')) {
    const text = await timed(() => coca.encodeTexts(['a photo of a small dog on a green field']));
    yield { task: 'encode text', batch: 1, ...text, perSecond: 1000 / text.ms };
  }

  if (coca.config.multimodal === null) return;
  const limit = { contextLength: contextLength(coca.config) };
  const common = {
    maxLength: Math.min(options.maxLength, limit.contextLength),
    ...(options.scoring && { scoring: options.scoring }),
  };
  const searches: [Measurement['task'], DecodingOptions][] = [
    ['caption greedy', decodingOptions({ strategy: 'greedy', ...common }, limit)],
    ['caption beam', decodingOptions({ beams: options.beams, ...common }, limit)],
  ];
  for (const [task, search] of searches.filter(([name]) => isAsked(name))) {
    for (const batch of options.batches ?? [1]) {
      const pictures = Array.from({ length: batch }, () => picture);
      let found: Pick<Caption, 'ids' | 'text'> = { ids: [], text: '' };
      // From the pictures' pixels to the ids, as a person waits for it.
      const time = await timed(async () => {
        const { captions } = await coca.caption(await coca.encodeImages(pictures), search);
        found = captions[0]![0]!;
      });
      const { ids, text } = found;
      yield { task, batch, ...time, perSecond: (batch * (ids.length - 1) * 1000) / time.ms, ids, text };
    }
  }
}

async function medianTime(
  run: () => Promise<unknown>,
  budget: number,
  signal: AbortSignal | undefined,
): Promise<{ ms: number; runs: number }> {
  await run();
  const times: number[] = [];
  const end = performance.now() + budget;
  while (performance.now() < end || times.length < 2) {
    stopIfAborted(signal);
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { ms: times[times.length >> 1]!, runs: times.length };
}

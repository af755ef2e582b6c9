import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { sumOfWord, type Word } from '../../model/tokenizer/words.js';
import { restored, type Trace } from '../../model/tracing/trace.js';
import type { Variant } from '../io/model.js';
import type { GrowingTrace } from './growing.js';

/** What is known before anything is put back. */
export interface TraceQuestion extends Variant {
  readonly from: string;
  readonly to: string;
  /** A and B as the model sees them, to be drawn. */
  readonly squares: readonly [() => Promise<Picture>, () => Promise<Picture>];
  readonly caption: string;
  readonly window: number;
  /** Without special tokens. */
  readonly words: readonly Word[];
  /** The word that is asked for, by its place among them. */
  readonly word: number;
  /** The caption's tokens as texts, from the start token. */
  readonly tokens: readonly string[];
  readonly model: string;
  readonly device: string;
}

/** What is found between two pictures. */
export interface TraceResult extends TraceQuestion {
  readonly traced: Trace;
}

/** What a person is shown while the model is there. */
export interface TraceScene {
  readonly question: TraceQuestion;
  readonly growing: GrowingTrace;
  /** B, as the model sees it. */
  readonly picture: Picture;
  readonly coca: Pick<LoadedCoca, 'ended'>;
}

function sitesOf({ traced, words, word }: TraceResult) {
  return traced.layers.flatMap((layer) => {
    const shares = restored(traced, layer, words[word]!);
    return layer.logprobs.map((_, position) => {
      return { site: layer.site, position, restored: shares === null ? null : shares[position]! };
    });
  });
}

/** The JSON object: fields as docs and scripts know them. */
export function traceObject(result: TraceResult): object {
  const { from, to, squares: _, caption, window, traced, words, word, tokens, ...by } = result;
  return {
    from,
    to,
    caption,
    word: words[word]!.text,
    window,
    grid: [traced.grid, traced.grid],
    words: words.map((one) => {
      return { text: one.text, from: sumOfWord(one, traced.clean), to: sumOfWord(one, traced.corrupt) };
    }),
    // The last token is read, but nothing is predicted there.
    positions: tokens.slice(0, -1),
    sites: sitesOf(result),
    ...by,
  };
}

/** SITE, POSITION, RESTORED with tabs between, most restored first. */
export function traceLines(result: TraceResult): string[] {
  return sitesOf(result)
    .sort((a, b) => (b.restored ?? 0) - (a.restored ?? 0))
    .map(({ site, position, restored }) => [site, position, restored?.toFixed(4) ?? '-'].join('\t'));
}

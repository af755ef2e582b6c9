import type { CommandContext } from '../../cli/command.js';
import { type MeasuredMap, measureMap } from '../../model/attention/index.js';
import { CocaError } from '../../model/base/errors.js';
import { sumOfWord } from '../../model/tokenizer/words.js';
import { restored } from '../../model/tracing/trace.js';
import { choosePictureKind } from '../../ui/picture/choose.js';
import type { PictureKind, Raster } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { showTrace } from '../../ui/trace/show.js';
import type { TraceSource } from '../../ui/trace/source.js';
import { staticText } from '../../ui/trace/stage.js';
import { initialState } from '../../ui/trace/state.js';
import { canShow, type Streams } from '../../ui/view/streams.js';
import { modelOnScreen } from '../io/model.js';
import type { TraceResult, TraceScene } from './result.js';

export interface PresentOptions {
  /** Whether a person is to walk through it; otherwise it is printed. */
  readonly isAsked: boolean;
  readonly images: PictureKind | 'auto';
}

/**
 * Shows a trace on the terminal: to walk through, where there are keys, otherwise printed once.
 * @throws CocaError `interrupted` for Ctrl-C; `engine` when the engine's process has ended
 */
export async function present(
  { result, picture, coca }: TraceScene,
  { isAsked, images }: PresentOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal, stdin, out } = context;
  const kind = await choosePictureKind(images, terminal);
  const hasCells = kind === 'blocks' || kind === 'none';
  const source = traceSource(result, hasCells ? picture : await result.squares[1]());
  const initial = initialState(result.word, bestVisionSite(source, result.word));
  if (isAsked && canShow(terminal, stdin)) {
    const left = await modelOnScreen(coca, context, (streams: Streams) =>
      showTrace(source, initial, kind, terminal, streams),
    );
    if (left === 'interrupt') throw new CocaError('interrupted', 'interrupted');
    return;
  }
  await out.write(staticText(source, initial, terminal.columns, terminal.colors));
}

/** The vision layer at which most comes back. */
function bestVisionSite({ sites, restored }: TraceSource, word: number): number {
  const most = sites.map(({ places }, site) => {
    const shares = places === 'patches' ? restored(word, site) : null;
    return shares === null ? -Infinity : Math.max(...shares);
  });
  return Math.max(0, most.indexOf(Math.max(...most)));
}

/**
 * What the view may ask.
 * @param picture B, with as many pixels as are to be drawn
 */
export function traceSource({ traced, words, tokens, ...result }: TraceResult, picture: Raster): TraceSource {
  const shares = (word: number, site: number) => restored(traced, traced.layers[site]!, words[word]!);
  const known = new Map<string, MeasuredMap>();
  return {
    from: visible(result.from),
    to: visible(result.to),
    model: visible(`${result.model} on ${result.device}`),
    words: words.map((word) => ({ text: visible(word.text), probability: Math.exp(word.logprob) })),
    under: words.map((word) => Math.exp(sumOfWord(word, traced.corrupt))),
    // The last token is read, but nothing is predicted there.
    tokens: tokens.slice(0, -1).map(visible),
    predictedAt: words.map(({ positions }) => positions.map((position) => position - 1)),
    sites: traced.layers.map(({ site, places }) => ({ site, places })),
    picture,
    grid: traced.grid,
    restored: shares,
    mapOf(word, site) {
      const key = `${word} ${site}`;
      const map = known.get(key) ?? measureMap(heatOf(shares(word, site), traced.grid), traced.grid);
      known.set(key, map);
      return map;
    },
  };
}

/** Shares of patches as a map: what goes against the word is 0. */
function heatOf(shares: readonly number[] | null, grid: number): Float32Array {
  const heat = Float32Array.from({ length: grid * grid }, (_, i) => Math.max(0, shares?.[i] ?? 0));
  const sum = heat.reduce((total, value) => total + value, 0);
  return sum === 0 ? heat.fill(1 / heat.length) : heat.map((value) => value / sum);
}

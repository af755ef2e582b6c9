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
import { growAll } from './grow-all.js';
import type { GrowingTrace } from './growing.js';
import type { TraceQuestion, TraceScene } from './result.js';

export interface PresentOptions {
  /** Whether a person is to walk through it; otherwise it is printed. */
  readonly isAsked: boolean;
  readonly images: PictureKind | 'auto';
}

/**
 * Shows a trace on the terminal: to walk through while it is made, where there are keys, otherwise printed once.
 * @throws CocaError `interrupted` for Ctrl-C; `engine` when the engine's process has ended
 */
export async function present(
  { question, growing, picture, coca }: TraceScene,
  { isAsked, images }: PresentOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal, stdin, out } = context;
  const kind = await choosePictureKind(images, terminal);
  const hasCells = kind === 'blocks' || kind === 'none';
  const source = traceSource(question, growing, hasCells ? picture : await question.squares[1]());
  if (isAsked && canShow(terminal, stdin)) {
    try {
      const left = await modelOnScreen(coca, context, (streams: Streams) =>
        showTrace(source, initialState(question.word, source.bestSite(question.word)), kind, terminal, streams),
      );
      if (left === 'interrupt') throw new CocaError('interrupted', 'interrupted');
    } finally {
      // The model is not to be closed under it.
      await growing.settled();
    }
    return;
  }
  await growAll(growing, context);
  const state = initialState(question.word, source.bestSite(question.word));
  await out.write(staticText(source, state, terminal.columns, terminal.colors));
}

/**
 * What the view may ask.
 * @param picture B, with as many pixels as are to be drawn
 */
export function traceSource(
  { words, tokens, ...question }: TraceQuestion,
  growing: GrowingTrace,
  picture: Raster,
): TraceSource {
  const { readings, sites } = growing.begun;
  const shares = (word: number, site: number) => {
    const layer = growing.layer(site);
    return layer && restored(readings, layer, words[word]!);
  };
  const known = new Map<string, MeasuredMap>();
  return {
    from: visible(question.from),
    to: visible(question.to),
    model: visible(`${question.model} on ${question.device}`),
    words: words.map((word) => ({ text: visible(word.text), probability: Math.exp(word.logprob) })),
    under: words.map((word) => Math.exp(sumOfWord(word, readings.corrupt))),
    // The last token is read, but nothing is predicted there.
    tokens: tokens.slice(0, -1).map(visible),
    predictedAt: words.map(({ positions }) => positions.map((position) => position - 1)),
    sites,
    picture,
    grid: readings.grid,
    restored: shares,
    mapOf(word, site) {
      const key = `${word} ${site}`;
      const map = known.get(key) ?? measureMap(heatOf(shares(word, site) ?? [], readings.grid), readings.grid);
      if (growing.layer(site)) known.set(key, map);
      return map;
    },
    bestSite(word) {
      const most = sites.map(({ places }, site) =>
        Math.max(-1, ...((places === 'patches' && shares(word, site)) || [])),
      );
      return Math.max(0, most.indexOf(Math.max(...most)));
    },
    grow: (signal, onLayer) => growing.grow({ signal }, onLayer),
  };
}

/** Shares of patches as a map: what goes against the word is 0. */
function heatOf(shares: readonly number[], grid: number): Float32Array {
  const heat = Float32Array.from({ length: grid * grid }, (_, i) => Math.max(0, shares[i] ?? 0));
  const sum = heat.reduce((total, value) => total + value, 0);
  return sum === 0 ? heat.fill(1 / heat.length) : heat.map((value) => value / sum);
}

import type { RowScores, TokenRow, TreeModel } from '../../decoding/types.js';
import type { Attention, AttentionSink, ImageTokens, Network, Task } from '../network.js';
import { openNetwork } from '../open.js';
import type { Remark } from '../remark.js';
import type { EngineCalls, LiveNodes, Opened, OpenedTrees, Opening, Watched } from './protocol.js';

interface Trees {
  readonly model: TreeModel;
  /** What its calls have reported and the caller has not been told yet; absent where the caller does not watch. */
  readonly seen: Attention[] | undefined;
}

/** Answers calls with a network of this process. */
export class NetworkCalls implements EngineCalls {
  #network: Network | undefined;
  readonly #trees = new Map<number, Trees>();
  #treesOpened = 0;

  constructor(private readonly onRemark: (remark: Remark) => void) {}

  async open({ engine, device, config, weights }: Opening): Promise<Opened> {
    this.#network = await openNetwork(engine, device, config, weights, this.onRemark);
    return { device: this.#network.device };
  }

  prepare(task: Task, onProgress?: (part: number) => void): Promise<void> {
    return this.#opened.prepare(task, onProgress);
  }

  encodeImages(pixels: Float32Array, count: number, isWatched: boolean) {
    return watched(isWatched, (sink) => this.#opened.encodeImages(pixels, count, sink));
  }

  encodeTexts(contexts: readonly Int32Array[], isWatched: boolean) {
    return watched(isWatched, (sink) => this.#opened.encodeTexts(contexts, sink));
  }

  async openTrees(tokens: ImageTokens, isWatched: boolean): Promise<OpenedTrees> {
    const seen: Attention[] | undefined = isWatched ? [] : undefined;
    const model = await this.#opened.openTrees(tokens, sinkInto(seen));
    const id = this.#treesOpened++;
    this.#trees.set(id, { model, seen });
    return { id, vocabSize: model.vocabSize, batch: model.batch };
  }

  async extend(
    trees: number,
    rows: readonly (readonly TokenRow[])[],
    hints: readonly LiveNodes[],
    candidates: number | undefined,
  ): Promise<Watched<readonly RowScores[]>> {
    const { model, seen = [] } = this.#trees.get(trees)!;
    for (const live of hints) model.retain?.(live);
    const value = await model.extend(rows, candidates);
    return { value, attention: seen.splice(0) };
  }

  async releaseTrees(trees: number): Promise<void> {
    this.#trees.get(trees)!.model.release();
    this.#trees.delete(trees);
  }

  crossGradients(tokens: ImageTokens, ids: readonly number[]): Promise<readonly Attention[]> {
    return this.#opened.crossGradients(tokens, ids);
  }

  get #opened(): Network {
    if (this.#network === undefined) throw new Error('no network was opened');
    return this.#network;
  }
}

async function watched<T>(
  isWatched: boolean,
  call: (sink: AttentionSink | undefined) => Promise<T>,
): Promise<Watched<T>> {
  const seen: Attention[] | undefined = isWatched ? [] : undefined;
  const value = await call(sinkInto(seen));
  return { value, attention: seen ?? [] };
}

function sinkInto(seen: Attention[] | undefined): AttentionSink | undefined {
  return seen && ((attention) => seen.push(attention));
}

import { Turns } from '../../base/turns.js';
import type { RowScores, TokenRow } from '../../decoding/types.js';
import type {
  Activation,
  Attention,
  Block,
  ImageTokens,
  ImageTrees,
  Network,
  PictureSearch,
  Probe,
  Searches,
  Task,
} from '../network.js';
import { openNetwork } from '../open.js';
import type { Remark } from '../remark.js';
import type {
  EngineCalls,
  Following,
  LiveNodes,
  Opened,
  OpenedTrees,
  Opening,
  PlainProbe,
  Watched,
} from './protocol.js';

interface Trees {
  readonly model: ImageTrees;
  /** What its calls have reported and the caller has not been told yet. */
  readonly seen: Seen;
}

/** Answers calls with a network of this process. */
export class NetworkCalls implements EngineCalls {
  #network: Network | undefined;
  readonly #trees = new Map<number, Trees>();
  #treesOpened = 0;
  readonly #searches: Searches[] = [];
  /** Searches of this process take theirs between those of the other. */
  readonly #turns = new Turns();

  constructor(private readonly onRemark: (remark: Remark) => void) {}

  async open({ engine, device, config, weights }: Opening): Promise<Opened> {
    this.#network = await openNetwork(engine, device, config, weights, this.onRemark);
    return { device: this.#network.device };
  }

  prepare(task: Task, { tell }: Following<number> = {}): Promise<void> {
    return this.#turns.take(() => this.#opened.prepare(task, tell));
  }

  encodeImages(pixels: Float32Array, count: number, probe: PlainProbe) {
    return this.#watched(probe, (open) => this.#opened.encodeImages(pixels, count, open));
  }

  encodeFrames(pixels: Float32Array, count: number, probe: PlainProbe) {
    return this.#watched(probe, (open) => this.#opened.encodeFrames(pixels, count, open));
  }

  poolFrames(outputs: Block, probe: PlainProbe) {
    return this.#watched(probe, (open) => this.#opened.poolFrames(outputs, open));
  }

  encodeTexts(contexts: readonly Int32Array[], probe: PlainProbe) {
    return this.#watched(probe, (open) => this.#opened.encodeTexts(contexts, open));
  }

  async openTrees(tokens: ImageTokens, probe: PlainProbe): Promise<OpenedTrees> {
    const seen = new Seen();
    const model = await this.#turns.take(() => this.#opened.openTrees(tokens, seen.probe(probe)));
    const id = this.#treesOpened++;
    this.#trees.set(id, { model, seen });
    return { id, vocabSize: model.vocabSize, batch: model.batch, canReplace: model.replace !== undefined };
  }

  async extend(
    trees: number,
    rows: readonly (readonly TokenRow[])[],
    hints: readonly LiveNodes[],
    candidates: number | undefined,
  ): Promise<Watched<readonly RowScores[]>> {
    const { model, seen } = this.#trees.get(trees)!;
    return this.#turns.take(async () => {
      for (const live of hints) model.retain?.(live);
      return seen.with(await model.extend(rows, candidates));
    });
  }

  async replaceTree(trees: number, place: number, image: ImageTokens, hints: readonly LiveNodes[]): Promise<void> {
    const { model } = this.#trees.get(trees)!;
    await this.#turns.take(() => {
      for (const live of hints) model.retain?.(live);
      return model.replace!(place, image);
    });
  }

  async releaseTrees(trees: number): Promise<void> {
    this.#trees.get(trees)!.model.release();
    this.#trees.delete(trees);
  }

  crossGradients(tokens: ImageTokens, ids: readonly number[], { changes }: PlainProbe): Promise<readonly Attention[]> {
    return this.#turns.take(() => this.#opened.crossGradients(tokens, ids, { changes }));
  }

  readOut(rows: Block): Promise<Float32Array> {
    return this.#turns.take(() => this.#opened.readOut(rows));
  }

  async openSearches(most: number): Promise<number> {
    // Most processes search nothing by themselves.
    const { searchesOn } = await import('../searches.js');
    return this.#searches.push(searchesOn(this.#opened, this.#turns, most)) - 1;
  }

  search(searches: number, search: PictureSearch, { tell, signal }: Following<readonly number[]> = {}) {
    return this.#searches[searches]!.run(search, { onCertain: tell, signal });
  }

  /** A call in its turn, and what its probe saw. */
  #watched<T>(probe: PlainProbe, call: (probe: Probe) => Promise<T>): Promise<Watched<T>> {
    const seen = new Seen();
    return this.#turns.take(async () => seen.with(await call(seen.probe(probe))));
  }

  get #opened(): Network {
    if (this.#network === undefined) throw new Error('no network was opened');
    return this.#network;
  }
}

/** What was seen in calls, until it is told. */
class Seen {
  #attention: Attention[] = [];
  #activations: Activation[] = [];

  probe({ attention, activations, changes }: PlainProbe): Probe {
    return {
      changes,
      ...(attention && { onAttention: (one) => this.#attention.push(one) }),
      ...(activations && { onActivation: (one) => this.#activations.push(one) }),
    };
  }

  with<T>(value: T): Watched<T> {
    const told = { value, attention: this.#attention, activations: this.#activations };
    this.#attention = [];
    this.#activations = [];
    return told;
  }
}

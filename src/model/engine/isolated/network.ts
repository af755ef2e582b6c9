import type { RowScores, TokenRow } from '../../decoding/types.js';
import type {
  Attention,
  Block,
  EncodedImages,
  EncodedTexts,
  ImageTokens,
  ImageTrees,
  Network,
  Probe,
  Searches,
  Task,
} from '../network.js';
import type { openNetwork } from '../open.js';
import { EngineProcess } from './process.js';
import type { LiveNodes, Opened, OpenedTrees, PlainProbe, Watched } from './protocol.js';

/**
 * Opens a network in a process of its own, as `openNetwork` opens one in this.
 * @throws CocaError as `openNetwork`; `engine` when the process ends before the network is open
 */
export async function openIsolatedNetwork(
  ...[engine, device, config, weights, tell]: Parameters<typeof openNetwork>
): Promise<IsolatedNetwork> {
  const process = await EngineProcess.start(tell);
  try {
    return new IsolatedNetwork(process, await process.call('open', { engine, device, config, weights }));
  } catch (error) {
    await process.close();
    throw error;
  }
}

/** A network that computes in another process. Numbers are the same to the last bit. */
export class IsolatedNetwork implements Network {
  readonly device: string;

  constructor(
    readonly process: EngineProcess,
    { device }: Opened,
  ) {
    this.device = device;
  }

  get ended(): AbortSignal {
    return this.process.ended;
  }

  prepare(task: Task, onProgress?: (part: number) => void): Promise<void> {
    return this.process.follow({ tell: onProgress }, 'prepare', task);
  }

  async encodeImages(pixels: Float32Array, count: number, probe: Probe = {}): Promise<EncodedImages> {
    return tell(await this.process.call('encodeImages', pixels, count, plain(probe)), probe);
  }

  async encodeFrames(pixels: Float32Array, count: number, probe: Probe = {}): Promise<Block> {
    return tell(await this.process.call('encodeFrames', pixels, count, plain(probe)), probe);
  }

  async poolFrames(outputs: Block, probe: Probe = {}): Promise<EncodedImages> {
    return tell(await this.process.call('poolFrames', outputs, plain(probe)), probe);
  }

  async encodeTexts(contexts: readonly Int32Array[], probe: Probe = {}): Promise<EncodedTexts> {
    return tell(await this.process.call('encodeTexts', contexts, plain(probe)), probe);
  }

  async openTrees(tokens: ImageTokens, probe: Probe = {}): Promise<ImageTrees> {
    const opened = await this.process.call('openTrees', tokens, plain(probe));
    return new IsolatedTrees(this.process, opened, probe);
  }

  crossGradients(tokens: ImageTokens, ids: readonly number[], probe: Probe = {}): Promise<readonly Attention[]> {
    return this.process.call('crossGradients', tokens, ids, plain(probe));
  }

  readOut(rows: Block): Promise<Float32Array> {
    return this.process.call('readOut', rows);
  }

  searches(most: number): Searches {
    const opened = this.process.call('openSearches', most);
    // Whoever searches is told of it.
    opened.catch(() => undefined);
    return {
      run: async (search, { onCertain, signal } = {}) =>
        this.process.follow({ tell: onCertain, signal }, 'search', await opened, search),
    };
  }

  release(): Promise<void> {
    return this.process.close();
  }
}

class IsolatedTrees implements ImageTrees {
  readonly vocabSize: number;
  readonly batch: number;
  readonly replace?: ImageTrees['replace'];
  /** Not told yet: a hint travels with the call that it comes before. */
  #hints: LiveNodes[] = [];

  constructor(
    private readonly process: EngineProcess,
    private readonly opened: OpenedTrees,
    private readonly probe: Probe,
  ) {
    this.vocabSize = opened.vocabSize;
    this.batch = opened.batch;
    if (opened.canReplace) this.replace = (place, image) => this.#replace(place, image);
  }

  #replace(place: number, image: ImageTokens): Promise<void> {
    return this.process.call('replaceTree', this.opened.id, place, image, this.#takeHints());
  }

  #takeHints(): LiveNodes[] {
    const hints = this.#hints;
    this.#hints = [];
    return hints;
  }

  async extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]> {
    return tell(await this.process.call('extend', this.opened.id, rows, this.#takeHints(), candidates), this.probe);
  }

  retain(live: LiveNodes): void {
    this.#hints.push(live);
  }

  release(): void {
    // Where the process has ended, so have they.
    this.process.call('releaseTrees', this.opened.id).catch(() => undefined);
  }
}

const plain = ({ onAttention, onActivation, changes = [] }: Probe): PlainProbe => ({
  attention: onAttention !== undefined,
  activations: onActivation !== undefined,
  changes,
});

function tell<T>({ value, attention, activations }: Watched<T>, { onAttention, onActivation }: Probe): T {
  if (onAttention) for (const one of attention) onAttention(one);
  if (onActivation) for (const one of activations) onActivation(one);
  return value;
}

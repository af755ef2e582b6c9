import type { RowScores, TokenRow, TreeModel } from '../../decoding/types.js';
import type { Attention, AttentionSink, EncodedImages, EncodedTexts, ImageTokens, Network, Task } from '../network.js';
import type { openNetwork } from '../open.js';
import { EngineProcess } from './process.js';
import type { LiveNodes, Opened, OpenedTrees, Watched } from './protocol.js';

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
    return this.process.follow(onProgress, 'prepare', task);
  }

  async encodeImages(pixels: Float32Array, count: number, onAttention?: AttentionSink): Promise<EncodedImages> {
    return tell(await this.process.call('encodeImages', pixels, count, onAttention !== undefined), onAttention);
  }

  async encodeTexts(contexts: readonly Int32Array[], onAttention?: AttentionSink): Promise<EncodedTexts> {
    return tell(await this.process.call('encodeTexts', contexts, onAttention !== undefined), onAttention);
  }

  async openTrees(tokens: ImageTokens, onAttention?: AttentionSink): Promise<TreeModel> {
    const opened = await this.process.call('openTrees', tokens, onAttention !== undefined);
    return new IsolatedTrees(this.process, opened, onAttention);
  }

  crossGradients(tokens: ImageTokens, ids: readonly number[]): Promise<readonly Attention[]> {
    return this.process.call('crossGradients', tokens, ids);
  }

  release(): Promise<void> {
    return this.process.close();
  }
}

class IsolatedTrees implements TreeModel {
  readonly vocabSize: number;
  readonly batch: number;
  /** Not told yet: a hint travels with the call that it comes before. */
  #hints: LiveNodes[] = [];

  constructor(
    private readonly process: EngineProcess,
    private readonly opened: OpenedTrees,
    private readonly onAttention?: AttentionSink,
  ) {
    this.vocabSize = opened.vocabSize;
    this.batch = opened.batch;
  }

  async extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]> {
    const hints = this.#hints;
    this.#hints = [];
    return tell(await this.process.call('extend', this.opened.id, rows, hints, candidates), this.onAttention);
  }

  retain(live: LiveNodes): void {
    this.#hints.push(live);
  }

  release(): void {
    // Where the process has ended, so have they.
    this.process.call('releaseTrees', this.opened.id).catch(() => undefined);
  }
}

function tell<T>({ value, attention }: Watched<T>, onAttention: ((attention: Attention) => void) | undefined): T {
  if (onAttention) for (const one of attention) onAttention(one);
  return value;
}

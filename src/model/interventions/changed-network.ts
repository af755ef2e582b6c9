import type {
  Attention,
  Block,
  Change,
  EncodedImages,
  EncodedTexts,
  ImageTokens,
  ImageTrees,
  Network,
  Probe,
  Task,
} from '../engine/network.js';
import { inOrder } from './changes.js';

/** A network that is changed in every call; what a call changes itself comes after. The other's own calls stay as they are. */
export class ChangedNetwork implements Network {
  constructor(
    private readonly network: Network,
    private readonly changes: readonly Change[],
  ) {}

  get device(): string {
    return this.network.device;
  }

  get ended(): AbortSignal | undefined {
    return this.network.ended;
  }

  #with(probe: Probe = {}): Probe {
    return { ...probe, changes: inOrder([...this.changes, ...(probe.changes ?? [])]) };
  }

  encodeImages(pixels: Float32Array, count: number, probe?: Probe): Promise<EncodedImages> {
    return this.network.encodeImages(pixels, count, this.#with(probe));
  }

  encodeFrames(pixels: Float32Array, count: number, probe?: Probe): Promise<Block> {
    return this.network.encodeFrames(pixels, count, this.#with(probe));
  }

  poolFrames(outputs: Block, probe?: Probe): Promise<EncodedImages> {
    return this.network.poolFrames(outputs, this.#with(probe));
  }

  encodeTexts(contexts: readonly Int32Array[], probe?: Probe): Promise<EncodedTexts> {
    return this.network.encodeTexts(contexts, this.#with(probe));
  }

  openTrees(tokens: ImageTokens, probe?: Probe): Promise<ImageTrees> {
    return this.network.openTrees(tokens, this.#with(probe));
  }

  crossGradients(tokens: ImageTokens, ids: readonly number[], probe?: Probe): Promise<readonly Attention[]> {
    return this.network.crossGradients(tokens, ids, this.#with(probe));
  }

  readOut(rows: Block): Promise<Float32Array> {
    return this.network.readOut(rows);
  }

  /** What is prepared is the unchanged network's; an opened graph is made when a call first needs it. */
  prepare(_task: Task, onProgress?: (part: number) => void): Promise<void> {
    onProgress?.(1);
    return Promise.resolve();
  }

  release(): Promise<void> {
    return this.network.release();
  }
}

import type { Tensor } from '@tensorflow/tfjs-core';
import { crossGradients } from '../../architecture/attribution.js';
import { captionLogits, imageMemory } from '../../architecture/decoder.js';
import { imageEncoder, imageHead, imageTrunk } from '../../architecture/image-encoder.js';
import { textEncoder } from '../../architecture/text-tower.js';
import type { VisionOutput } from '../../architecture/vision.js';
import type { SafetensorsFile } from '../../checkpoint/index.js';
import { encoderOutputCount, type ModelConfig, requireCaptioner } from '../../config/config.js';
import { captionRows } from '../caption-rows.js';
import type { TfjsDevice } from '../engines.js';
import type { Attention, Block, EncodedImages, EncodedTexts, ImageTokens, Network, Probe, Task } from '../network.js';
import { textFeeds } from '../text-batch.js';
import { type Backend, openBackend } from './backends.js';
import { evaluate, type Onlooker } from './evaluate.js';
import { TfjsGradientOps } from './gradient-ops.js';
import { CheckpointParameters, type Parameters, type Tower } from './parameters.js';
import { TfjsPlaces } from './places.js';
import { TfjsTreeModel } from './tree-model.js';

type ImageResults = Partial<Record<'tokens', Tensor>> & Record<'latent' | 'features', Tensor>;

const TOWERS_OF: Readonly<Record<Task, readonly Tower[]>> = {
  images: ['visual.'],
  texts: ['text.'],
  captions: ['visual.', 'text.', 'text_decoder.'],
  'image attention': ['visual.'],
  attention: ['visual.', 'text.', 'text_decoder.'],
  attribution: ['visual.', 'text.', 'text_decoder.'],
};

/** The network on TensorFlow.js: computed step by step, weights read when a part of the network is first needed. */
export class TfjsNetwork implements Network {
  readonly #ops: TfjsGradientOps;

  private constructor(
    private readonly config: ModelConfig,
    private readonly backend: Backend,
    private readonly parameters: Parameters,
    /** Where the weights are read from, unless they are there already. */
    private readonly source?: CheckpointParameters,
  ) {
    this.#ops = new TfjsGradientOps(backend.tf, parameters);
  }

  /**
   * @param checkpoint must hold every tensor of the config, checked already
   * @throws CocaError `device` or what the backend throws as it starts
   */
  static async open(config: ModelConfig, checkpoint: SafetensorsFile, device: TfjsDevice): Promise<TfjsNetwork> {
    const backend = await openBackend(device);
    const parameters = new CheckpointParameters(backend, checkpoint);
    return new TfjsNetwork(config, backend, parameters, parameters);
  }

  /** The network over parameters that the caller owns and may change between calls. */
  static over(config: ModelConfig, backend: Backend, parameters: Parameters): TfjsNetwork {
    return new TfjsNetwork(config, backend, parameters);
  }

  get device(): TfjsDevice {
    return this.backend.device;
  }

  async prepare(task: Task, onProgress?: (part: number) => void): Promise<void> {
    const towers = TOWERS_OF[task];
    if (towers.includes('text_decoder.')) requireCaptioner(this.config, 'decoding');
    await this.source?.load(towers, onProgress);
  }

  /** The operations of a call: with places where the probe looks at them, or changes something. */
  #opsFor({ changes = [] }: Probe, observe: Onlooker['observe']): TfjsGradientOps {
    if (changes.length === 0 && observe === undefined) return this.#ops;
    const { tf } = this.backend;
    return new TfjsGradientOps(tf, this.parameters, new TfjsPlaces(tf, changes, observe));
  }

  async encodeImages(pixels: Float32Array, count: number, probe: Probe = {}): Promise<EncodedImages> {
    await this.prepare('images');
    const { config, backend } = this;
    const side = config.vision.image_size;
    const { latent, features, tokens } = await evaluate(
      backend,
      'vision tower',
      ({ watch, observe }) => {
        const ops = this.#opsFor(probe, observe);
        return this.#imageResults(imageEncoder(ops, config, ops.floats(pixels, [count, 3, side, side]), watch));
      },
      probe,
    );
    return { latent, features, tokens: { count, data: tokens ?? new Float32Array(0) } };
  }

  async encodeFrames(pixels: Float32Array, count: number, probe: Probe = {}): Promise<Block> {
    await this.prepare('images');
    const { config, backend } = this;
    const { image_size: side, width } = config.vision;
    const { outputs } = await evaluate(
      backend,
      'vision tower',
      ({ watch, observe }) => {
        const ops = this.#opsFor(probe, observe);
        return { outputs: imageTrunk(ops, config, ops.floats(pixels, [count, 3, side, side]), watch) };
      },
      probe,
    );
    return { data: outputs, shape: [count, encoderOutputCount(config), width] };
  }

  async poolFrames({ data, shape }: Block, probe: Probe = {}): Promise<EncodedImages> {
    await this.prepare('images');
    const { config, backend } = this;
    const { latent, features, tokens } = await evaluate(
      backend,
      'pooler',
      ({ watch, observe }) => {
        const ops = this.#opsFor(probe, observe);
        return this.#imageResults(imageHead(ops, config, ops.floats(data, shape), watch));
      },
      probe,
    );
    return { latent, features, tokens: { count: shape[0], data: tokens ?? new Float32Array(0) } };
  }

  /** What is brought back of pictures: tokens are for a decoder. */
  #imageResults({ tokens, latent, features }: VisionOutput<Tensor>): ImageResults {
    return { latent, features, ...(this.config.multimodal && { tokens }) };
  }

  async encodeTexts(contexts: readonly Int32Array[], probe: Probe = {}): Promise<EncodedTexts> {
    await this.prepare('texts');
    const { config, backend } = this;
    const feeds = Object.entries(textFeeds(config.text, contexts));
    return evaluate(
      backend,
      'text tower',
      ({ watch, observe }) => {
        const ops = this.#opsFor(probe, observe);
        const inputs = feeds.map(([name, { data, shape }]) => {
          return [name, data instanceof Int32Array ? ops.indices(data, shape) : ops.floats(data, shape)] as const;
        });
        const { latent, features } = textEncoder(ops, config, Object.fromEntries(inputs), watch);
        return { latent, features };
      },
      probe,
    );
  }

  async openTrees(tokens: ImageTokens, probe: Probe = {}): Promise<TfjsTreeModel> {
    const { config, backend } = this;
    const ops = this.#ops;
    requireCaptioner(config, 'decoding');
    await this.source?.load(['text.', 'text_decoder.']);
    const { width } = config.multimodal;
    const shape = [tokens.count, tokens.data.length / (tokens.count * width), width];
    const image = backend.run(() => imageMemory(ops, config, ops.floats(tokens.data, shape)));
    const opsOf = ({ observe }: Onlooker) => this.#opsFor(probe, observe);
    return new TfjsTreeModel(backend, opsOf, config, tokens.count, image, probe);
  }

  async crossGradients(
    tokens: ImageTokens,
    ids: readonly number[],
    { changes }: Probe = {},
  ): Promise<readonly Attention[]> {
    const { config, backend } = this;
    requireCaptioner(config, 'the attribution of a caption');
    if (tokens.count !== 1) throw new TypeError(`the caption of one picture, not of ${tokens.count}`);
    await this.source?.load(['text.', 'text_decoder.']);
    const { layers, heads, width } = config.multimodal;
    const { count, labels, ...rows } = captionRows(config, ids);
    const keys = tokens.data.length / width;
    const values = await evaluate(backend, 'way back', ({ observe }) => {
      const ops = this.#opsFor({ changes }, observe);
      const input = {
        ids: ops.indices(rows.ids, [1, count]),
        positions: ops.indices(rows.positions, [1, count]),
        unimodalMask: ops.floats(rows.unimodalMask, [1, 1, count, count]),
        multimodalMask: ops.floats(rows.multimodalMask, [1, 1, count, count]),
        image: imageMemory(ops, config, ops.floats(tokens.data, [1, keys, width])),
      };
      const gradients = crossGradients(ops, config, input, ops.indices(labels, [1, count]));
      return Object.fromEntries(gradients.map((gradient, layer) => [String(layer), gradient]));
    });
    return Array.from({ length: layers }, (_, layer) => {
      return { name: 'cross', layer, data: values[layer]!, shape: [1, heads, count, keys] };
    });
  }

  async readOut({ data, shape }: Block): Promise<Float32Array> {
    const { config, backend } = this;
    requireCaptioner(config, 'what layers would say');
    await this.source?.load(['text_decoder.']);
    const { logits } = await evaluate(backend, 'readout', () => {
      return { logits: captionLogits(this.#ops, config, this.#ops.floats(data, shape)) };
    });
    return logits;
  }

  async release(): Promise<void> {
    this.source?.dispose();
  }
}

import { basename, dirname } from 'node:path';
import type { SafetensorsFile } from '../../checkpoint/safetensors.js';
import { type CocaConfig, imageTokenCount } from '../../config/config.js';
import { captionRows } from '../caption-rows.js';
import type { Attention, AttentionSink, EncodedImages, EncodedTexts, ImageTokens, Network, Task } from '../network.js';
import { textBatch } from '../text-batch.js';
import { outputsToFetch, reportAttention } from './attention-outputs.js';
import {
  attributionProgram,
  decoderProgram,
  gradientName,
  memoryProgram,
  type ProgramSource,
  textProgram,
  visionProgram,
} from './programs.js';
import { loadRuntime } from './runtime.js';
import { type Feeds, OnnxSession } from './session.js';
import { OnnxTreeModel } from './tree-model.js';

const PROGRAMS = {
  vision: visionProgram,
  memory: memoryProgram,
  text: textProgram,
  decoder: decoderProgram,
  attribution: attributionProgram,
};
type ProgramName = keyof typeof PROGRAMS;

/** The network through ONNX Runtime: five graphs over one checkpoint file, each prepared when first needed. */
export class OnnxNetwork implements Network {
  readonly #sessions = new Map<string, Promise<OnnxSession>>();

  private constructor(
    private readonly runtime: typeof import('onnxruntime-node'),
    private readonly config: CocaConfig,
    private readonly checkpoint: SafetensorsFile,
    readonly device: string,
  ) {}

  /** @param checkpoint must hold every tensor of the config, checked already; its path must be a real path, no link */
  static async open(config: CocaConfig, checkpoint: SafetensorsFile, device: string): Promise<OnnxNetwork> {
    return new OnnxNetwork(await loadRuntime(), config, checkpoint, device);
  }

  #session(name: ProgramName, watch = false): Promise<OnnxSession> {
    const watched = `${name} with attention`;
    // A graph that also reports attention computes everything else alike: where it is there, a second is not made.
    const key = watch || this.#sessions.has(watched) ? watched : name;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      const source: ProgramSource = {
        config: this.config,
        checkpoint: this.checkpoint,
        fileName: basename(this.checkpoint.path),
        watch,
      };
      session = OnnxSession.create(
        key,
        PROGRAMS[name](source),
        dirname(this.checkpoint.path),
        this.device,
        name === 'attribution',
      );
      this.#sessions.set(key, session);
    }
    return session;
  }

  async prepare(task: Task): Promise<void> {
    const programs: Record<Task, readonly [ProgramName, watch?: boolean][]> = {
      images: [['vision']],
      texts: [['text']],
      captions: [['vision'], ['memory'], ['decoder']],
      'image attention': [['vision', true]],
      attention: [['vision', true], ['memory'], ['decoder', true]],
      attribution: [['vision', true], ['memory'], ['decoder', true], ['attribution']],
    };
    await Promise.all(programs[task].map(([name, watch]) => this.#session(name, watch)));
  }

  async encodeImages(pixels: Float32Array, count: number, onAttention?: AttentionSink): Promise<EncodedImages> {
    const side = this.config.vision.image_size;
    const session = await this.#session('vision', onAttention !== undefined);
    const feeds = { pixels: new this.runtime.Tensor('float32', pixels, [count, 3, side, side]) };
    const outputs = await session.run(feeds, outputsToFetch(session.outputNames, onAttention));
    const { latent, features, tokens } = outputs;
    if (onAttention) reportAttention(outputs, onAttention);
    return {
      latent: latent!.data as Float32Array,
      features: features!.data as Float32Array,
      tokens: { count, data: tokens!.data as Float32Array },
    };
  }

  async encodeTexts(contexts: readonly Int32Array[], onAttention?: AttentionSink): Promise<EncodedTexts> {
    const { Tensor } = this.runtime;
    const { batch, length, ids, positions, clsPosition, mask } = textBatch(this.config.text, contexts);
    const session = await this.#session('text', onAttention !== undefined);
    const outputs = await session.run(
      {
        ids: new Tensor('int32', ids, [batch, length]),
        positions: new Tensor('int32', positions, [batch, length]),
        clsPosition: new Tensor('int32', clsPosition, [batch, 1]),
        mask: new Tensor('float32', mask, [batch, 1, length + 1, length + 1]),
      },
      outputsToFetch(session.outputNames, onAttention),
    );
    if (onAttention) reportAttention(outputs, onAttention);
    return { latent: outputs.latent!.data as Float32Array, features: outputs.features!.data as Float32Array };
  }

  async openTrees(tokens: ImageTokens, onAttention?: AttentionSink): Promise<OnnxTreeModel> {
    const [memory, decoder] = await Promise.all([
      this.#session('memory'),
      this.#session('decoder', onAttention !== undefined),
    ]);
    const image = await this.#imageMemory(memory, tokens);
    return new OnnxTreeModel(decoder, this.runtime.Tensor, this.config, tokens.count, image, onAttention);
  }

  #imageMemory(memory: OnnxSession, tokens: ImageTokens): Promise<Feeds> {
    const shape = [tokens.count, imageTokenCount(this.config), this.config.multimodal.width];
    return memory.run({ tokens: new this.runtime.Tensor('float32', tokens.data, shape) }, memory.outputNames);
  }

  async crossGradients(tokens: ImageTokens, ids: readonly number[]): Promise<readonly Attention[]> {
    if (tokens.count !== 1) throw new TypeError(`the caption of one picture, not of ${tokens.count}`);
    const [memory, attribution] = await Promise.all([this.#session('memory'), this.#session('attribution')]);
    const { Tensor } = this.runtime;
    const { count, labels, ...rows } = captionRows(this.config, ids);
    const feeds: Feeds = {
      ids: new Tensor('int32', rows.ids, [1, count]),
      positions: new Tensor('int32', rows.positions, [1, count]),
      unimodalMask: new Tensor('float32', rows.unimodalMask, [1, 1, count, count]),
      multimodalMask: new Tensor('float32', rows.multimodalMask, [1, 1, count, count]),
      labels: new Tensor('int32', labels, [1, count]),
      ...(await this.#imageMemory(memory, tokens)),
    };
    const outputs = await attribution.run(feeds, attribution.outputNames);
    return Array.from({ length: this.config.multimodal.layers }, (_, layer) => {
      const { data, dims } = outputs[gradientName(layer)]!;
      return { name: 'cross', layer, data: data as Float32Array, shape: dims as [number, number, number, number] };
    });
  }

  async release(): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    await Promise.all(sessions.map((result) => (result.status === 'fulfilled' ? result.value.release() : undefined)));
  }
}

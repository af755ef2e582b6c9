import { basename, dirname } from 'node:path';
import type { SafetensorsFile } from '../../checkpoint/safetensors.js';
import { type CocaConfig, type ModelConfig, requireCaptioner } from '../../config/config.js';
import { captionRows } from '../caption-rows.js';
import { kindOf } from '../engines.js';
import type {
  Attention,
  Block,
  EncodedImages,
  EncodedTexts,
  ImageTokens,
  Network,
  Probe,
  Task,
  Weights,
} from '../network.js';
import { textFeeds } from '../text-batch.js';
import type { CacheUse } from './cache-slots.js';
import { type Caches, HostCaches } from './caches.js';
import { DeviceCaches } from './device-caches.js';
import type { FloatType } from './graph.js';
import { changeFeeds, type Openness, opennessFor, outputsToFetch, report } from './probe.js';
import {
  attributionProgram,
  cacheLayers,
  clipProgram,
  decoderProgram,
  framesProgram,
  gradientName,
  memoryNames,
  memoryProgram,
  moveProgram,
  readoutProgram,
  textProgram,
  visionProgram,
  writtenNames,
} from './programs.js';
import { loadRuntime } from './runtime.js';
import { dispose, type Feeds, OnnxSession, type SessionOptions } from './session.js';
import { OnnxTreeModel } from './tree-model.js';

/** What every model has, and what those have that write captions. */
const TOWERS = { vision: visionProgram, frames: framesProgram, clip: clipProgram, text: textProgram };
const DECODERS = {
  memory: memoryProgram,
  decoder: decoderProgram,
  attribution: attributionProgram,
  readout: readoutProgram,
  move: moveProgram,
};
/** Graphs that run now and then: their weights are not laid out anew for speed. */
const RARE: ReadonlySet<ProgramName> = new Set(['attribution', 'readout']);
type ProgramName = keyof typeof TOWERS | keyof typeof DECODERS;

/** Whether tensors can stay on a device between runs: onnxruntime-node knows buffers of WebGPU devices alone. */
const keepsTensors = (device: string): boolean => device === 'webgpu';

/** The network through ONNX Runtime: a few graphs over one checkpoint file, each prepared when first needed. */
export class OnnxNetwork implements Network {
  /** What computes, whichever of several cards it is: results of two are of one kind. */
  readonly device: string;
  readonly #sessions = new Map<string, Promise<OnnxSession>>();
  /** Those of the last trees, to be used again. */
  #spare: HostCaches | undefined;

  private constructor(
    private readonly runtime: typeof import('onnxruntime-node'),
    private readonly config: ModelConfig,
    private readonly weights: Weights,
    /** The device with the number of its card: where sessions are made. */
    private readonly place: string,
  ) {
    this.device = kindOf(place);
  }

  /** @param weights must hold every tensor of the config, checked already; their paths must be real paths, no links */
  static async open(config: ModelConfig, weights: Weights, device: string): Promise<OnnxNetwork> {
    return new OnnxNetwork(await loadRuntime(), config, weights, device);
  }

  #session(name: ProgramName, openness: Openness = 'plain'): Promise<OnnxSession> {
    // A graph that also reports attention computes everything else alike: where it is there, a second is not made.
    const label = (kind: Openness) => (kind === 'plain' ? name : `${name} (${kind})`);
    const key = label(openness === 'plain' && this.#sessions.has(label('attention')) ? 'attention' : openness);
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = OnnxSession.create(
        key,
        this.#program(name, openness),
        dirname(this.#weightsOf(name).path),
        this.place,
        this.#sessionOptions(name, openness),
      );
      this.#sessions.set(key, session);
    }
    return session;
  }

  #sessionOptions(name: ProgramName, openness: Openness): SessionOptions {
    const isRare = RARE.has(name) || openness === 'open';
    const { config } = this;
    if (!keepsTensors(this.device) || config.multimodal === null) return { isRare };
    const names = (layers: number, of: typeof memoryNames) =>
      Array.from({ length: layers }, (_, i) => Object.values(of(i))).flat();
    if (name === 'memory') return { onDevice: names(config.multimodal.layers, memoryNames) };
    const isCaching = name === 'decoder' || name === 'move';
    return { isRare, ...(isCaching && { onDevice: names(cacheLayers(config as CocaConfig).length, writtenNames) }) };
  }

  /** Gradients are of the weights as they are: the way back multiplies with what a product cannot be made of in blocks. */
  #weightsOf(name: ProgramName): SafetensorsFile {
    const { checkpoint, quantised } = this.weights;
    return name === 'attribution' ? checkpoint : (quantised ?? checkpoint);
  }

  #program(name: ProgramName, openness: Openness): Uint8Array {
    const { config } = this;
    const checkpoint = this.#weightsOf(name);
    const float: FloatType = this.weights.isHalf ? 'F16' : 'F32';
    const kept: FloatType = keepsTensors(this.device) ? float : 'F32';
    const source = { checkpoint, fileName: basename(checkpoint.path), openness, float, kept };
    if (name in TOWERS) return TOWERS[name as keyof typeof TOWERS]({ ...source, config });
    requireCaptioner(config, 'decoding');
    const use: CacheUse = keepsTensors(this.device) ? 'written' : 'given';
    return DECODERS[name as keyof typeof DECODERS]({ ...source, config }, use);
  }

  async prepare(task: Task, onProgress?: (part: number) => void): Promise<void> {
    const moving: readonly [ProgramName][] = keepsTensors(this.device) ? [['move']] : [];
    const programs: Record<Task, readonly [ProgramName, Openness?][]> = {
      images: [['vision']],
      texts: [['text']],
      captions: [['vision'], ['memory'], ['decoder'], ...moving],
      'image attention': [['vision', 'attention']],
      attention: [['vision', 'attention'], ['memory'], ['decoder', 'attention'], ...moving],
      attribution: [['vision', 'attention'], ['memory'], ['decoder', 'attention'], ...moving, ['attribution']],
    };
    let ready = 0;
    const open = async ([name, openness]: readonly [ProgramName, Openness?]) => {
      await this.#session(name, openness);
      onProgress?.(++ready / programs[task].length);
    };
    await Promise.all(programs[task].map(open));
  }

  async encodeImages(pixels: Float32Array, count: number, probe: Probe = {}): Promise<EncodedImages> {
    const side = this.config.vision.image_size;
    const session = await this.#session('vision', opennessFor(probe));
    const outputs = await this.#runOpen(session, 'pixels', pixels, [count, 3, side, side], probe);
    report(outputs, probe);
    return encodedImages(outputs, count);
  }

  async encodeFrames(pixels: Float32Array, count: number, probe: Probe = {}): Promise<Block> {
    const side = this.config.vision.image_size;
    const session = await this.#session('frames', opennessFor(probe));
    const { outputs, ...seen } = await this.#runOpen(session, 'pixels', pixels, [count, 3, side, side], probe);
    report(seen, probe);
    return { data: outputs!.data as Float32Array, shape: outputs!.dims as [number, number, number] };
  }

  async poolFrames({ data, shape }: Block, probe: Probe = {}): Promise<EncodedImages> {
    const session = await this.#session('clip', opennessFor(probe));
    const outputs = await this.#runOpen(session, 'outputs', data, shape, probe);
    report(outputs, probe);
    return encodedImages(outputs, shape[0]);
  }

  /** Runs a graph of one input beside what a probe changes. */
  #runOpen(
    session: OnnxSession,
    input: string,
    data: Float32Array,
    shape: readonly number[],
    probe: Probe,
  ): Promise<Feeds> {
    const { Tensor } = this.runtime;
    const feeds = {
      [input]: new Tensor('float32', data, shape),
      ...changeFeeds(session.inputNames, probe, Tensor),
    };
    return session.run(feeds, outputsToFetch(session.outputNames, probe));
  }

  async encodeTexts(contexts: readonly Int32Array[], probe: Probe = {}): Promise<EncodedTexts> {
    const { Tensor } = this.runtime;
    const session = await this.#session('text', opennessFor(probe));
    const feeds: Record<string, InstanceType<typeof Tensor>> = {
      ...changeFeeds(session.inputNames, probe, Tensor),
    };
    for (const [name, { data, shape }] of Object.entries(textFeeds(this.config.text, contexts))) {
      feeds[name] = data instanceof Int32Array ? new Tensor('int32', data, shape) : new Tensor('float32', data, shape);
    }
    const outputs = await session.run(feeds, outputsToFetch(session.outputNames, probe));
    report(outputs, probe);
    return { latent: outputs.latent!.data as Float32Array, features: outputs.features!.data as Float32Array };
  }

  async openTrees(tokens: ImageTokens, probe: Probe = {}): Promise<OnnxTreeModel> {
    const { config } = this;
    requireCaptioner(config, 'decoding');
    const [memory, decoder] = await Promise.all([
      this.#session('memory'),
      this.#session('decoder', opennessFor(probe)),
    ]);
    const imageOf = (some: ImageTokens) => this.#imageMemory(config, memory, some);
    const image = await imageOf(tokens);
    const caches = await this.#cachesFor(config, tokens.count);
    const onRelease = (isSound: boolean) => {
      if (isSound && caches instanceof HostCaches) this.#spare = caches;
    };
    const { Tensor } = this.runtime;
    return new OnnxTreeModel({
      session: decoder,
      Tensor,
      config,
      batch: tokens.count,
      image,
      // What lies on a device cannot be written over in parts.
      ...(!keepsTensors(this.device) && { imageOf }),
      changes: changeFeeds(decoder.inputNames, probe, Tensor),
      caches,
      probe,
      onRelease,
    });
  }

  async #cachesFor(config: CocaConfig, batch: number): Promise<Caches> {
    const { Tensor } = this.runtime;
    if (keepsTensors(this.device)) {
      const isHalf = this.weights.isHalf === true;
      return new DeviceCaches(Tensor, config, { batch, isHalf, mover: await this.#session('move') });
    }
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.batch === batch) {
      spare.clear();
      return spare;
    }
    return new HostCaches(Tensor, config, batch);
  }

  #imageMemory(config: CocaConfig, memory: OnnxSession, tokens: ImageTokens): Promise<Feeds> {
    const { width } = config.multimodal;
    const shape = [tokens.count, tokens.data.length / (tokens.count * width), width];
    return memory.run(
      { tokens: new this.runtime.Tensor('float32', tokens.data, shape) },
      outputsToFetch(memory.outputNames, {}),
    );
  }

  async crossGradients(
    tokens: ImageTokens,
    ids: readonly number[],
    { changes }: Probe = {},
  ): Promise<readonly Attention[]> {
    const { config } = this;
    requireCaptioner(config, 'the attribution of a caption');
    if (tokens.count !== 1) throw new TypeError(`the caption of one picture, not of ${tokens.count}`);
    const probe = { changes };
    const [memory, attribution] = await Promise.all([
      this.#session('memory'),
      this.#session('attribution', opennessFor(probe)),
    ]);
    const { Tensor } = this.runtime;
    const { count, labels, ...rows } = captionRows(config, ids);
    const image = await this.#imageMemory(config, memory, tokens);
    const feeds: Feeds = {
      ids: new Tensor('int32', rows.ids, [1, count]),
      positions: new Tensor('int32', rows.positions, [1, count]),
      unimodalMask: new Tensor('float32', rows.unimodalMask, [1, 1, count, count]),
      multimodalMask: new Tensor('float32', rows.multimodalMask, [1, 1, count, count]),
      labels: new Tensor('int32', labels, [1, count]),
      ...image,
      ...changeFeeds(attribution.inputNames, probe, Tensor),
    };
    const outputs = await attribution.run(feeds, outputsToFetch(attribution.outputNames, {}));
    dispose(image);
    return Array.from({ length: config.multimodal.layers }, (_, layer) => {
      const { data, dims } = outputs[gradientName(layer)]!;
      return { name: 'cross', layer, data: data as Float32Array, shape: dims as [number, number, number, number] };
    });
  }

  async readOut({ data, shape }: Block): Promise<Float32Array> {
    requireCaptioner(this.config, 'what layers would say');
    const session = await this.#session('readout');
    const { logits } = await session.run({ rows: new this.runtime.Tensor('float32', data, shape) }, { logits: null });
    return logits!.data as Float32Array;
  }

  async release(): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    await Promise.all(sessions.map((result) => (result.status === 'fulfilled' ? result.value.release() : undefined)));
  }
}

function encodedImages({ latent, features, tokens }: Feeds, count: number): EncodedImages {
  return {
    latent: latent!.data as Float32Array,
    features: features!.data as Float32Array,
    tokens: { count, data: (tokens?.data as Float32Array | undefined) ?? new Float32Array(0) },
  };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { POSITIONS, parameterShapes } from '../architecture/parameters.js';
import { sinCos2d } from '../architecture/positions.js';
import { CocaError } from '../base/errors.js';
import { exists, makeFolder } from '../base/folders.js';
import { nextRandom, seedRandom } from '../base/random.js';
import { nameInFile, shapeInFile } from '../checkpoint/names.js';
import { encodeF16, writeSafetensors } from '../checkpoint/safetensors.js';
import { gridSize, type ModelConfig, parseConfig, type TowerConfig } from '../config/config.js';
import { readConfig } from '../config/read-config.js';
import { CONFIG_FILE, WEIGHTS_FILE } from './model-files.js';

export interface InitOptions {
  /** A named config (`coca_ViT-B-32`, ...) or the path of an `open_clip_config.json`. */
  readonly config: string;
  /** Folder to make the model in: `open_clip_config.json` and `open_clip_model.safetensors`. */
  readonly output: string;
  readonly seed: number;
  readonly dtype: 'F32' | 'F16';
  /** Called with the number of parameters written so far and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface InitResult {
  readonly folder: string;
  readonly parameters: number;
  readonly tensors: number;
}

/**
 * Makes a model with random weights, distributed as OpenCLIP initialises them. The same seed gives the same weights,
 * whatever the order or the platform.
 * @throws CocaError `bad-config`, `not-found`, or `write-failed` (also when the folder holds a model already)
 */
export async function initModel(options: InitOptions): Promise<InitResult> {
  const json = await readConfig(options.config);
  const config = parseConfig(json, options.config);
  const weights = join(options.output, WEIGHTS_FILE);
  if (await exists(weights)) {
    throw new CocaError('write-failed', `${options.output} holds a model already`, 'Choose another folder.');
  }
  const shapes = parameterShapes(config);
  const sizes = [...shapes.values()].map((shape) => shape.reduce((product, side) => product * side, 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let done = 0;

  const spelling = { prefix: '', textAtTop: !config.custom_text, timm: config.vision.timm_model_name !== null };
  const tensors = [...shapes].map(([name, shape]) => ({
    name: nameInFile(name, spelling),
    shape: shapeInFile(name, shape, spelling),
    dtype: options.dtype,
    data: (async function* () {
      const values = initialValues(name, shape, config, options.seed);
      const stored = options.dtype === 'F16' ? encodeF16(values) : values;
      yield new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
      done += values.length;
      options.onProgress?.(done, total);
    })(),
  }));
  try {
    await makeFolder(options.output);
    await writeSafetensors(weights, tensors, { format: 'pt' });
    await writeFile(join(options.output, CONFIG_FILE), `${JSON.stringify(wrapped(json, config), null, 2)}\n`);
  } catch (cause) {
    if (cause instanceof CocaError) throw cause;
    throw new CocaError('write-failed', `${options.output} cannot be written: ${(cause as Error).message}`, undefined, {
      cause,
    });
  }
  return { folder: options.output, parameters: total, tensors: shapes.size };
}

/** The form in which OpenCLIP keeps a config beside its weights. */
export function wrapped(json: unknown, config: ModelConfig): object {
  if (Object.hasOwn(json as object, 'model_cfg')) return json as object;
  const { mean, std, interpolation, resize_mode } = config.preprocess;
  return { model_cfg: json, preprocess_cfg: { mean, std, interpolation, resize_mode } };
}

type Distribution =
  | { readonly constant: number }
  | { readonly normal: number } // standard deviation
  | { readonly uniform: number }; // half width

/** How OpenCLIP (TextTransformer.init_parameters, VisionTransformer) and PyTorch's layers initialise a tensor. */
function distribution(name: string, shape: readonly number[], config: ModelConfig): Distribution {
  const { text, vision } = config;
  if (name === 'logit_scale') return { constant: config.init_logit_scale ?? Math.log(1 / 0.07) };
  if (name === 'logit_bias') return { constant: config.init_logit_bias ?? 0 };
  if (name.endsWith('.gamma')) {
    return { constant: towerOf(name, config).ls_init_value! };
  }
  if (/\.ln_\w+\.weight$/.test(name)) return { constant: 1 };
  if (/\.ln_\w+\.bias$/.test(name) || name.endsWith('in_proj_bias') || name.endsWith('out_proj.bias')) {
    return { constant: 0 };
  }
  if (name === 'text.token_embedding.weight') return { normal: 0.02 };
  if (name === 'text.positional_embedding' || name === 'text.cls_emb') return { normal: 0.01 };
  if (name === 'text.text_projection.bias') return { constant: 0 };
  if (/^text(_decoder)?\.text_projection/.test(name)) return { normal: towerOf(name, config).width ** -0.5 };
  if (name.endsWith('.query')) return { normal: 1 };
  if (/^visual\.(class_embedding|positional_embedding|proj)$/.test(name)) return { normal: vision.width ** -0.5 };
  if (name.startsWith('text.transformer')) {
    if (name.endsWith('in_proj_weight')) return { normal: text.width ** -0.5 };
    if (name.endsWith('c_fc.weight')) return { normal: (2 * text.width) ** -0.5 };
    if (name.endsWith('.weight')) return { normal: text.width ** -0.5 * (2 * text.layers) ** -0.5 };
  }
  // PyTorch's attention (Xavier uniform) and its linear and convolution layers (uniform by the number of inputs).
  const inputs = shape.slice(1).reduce((product, side) => product * side, 1);
  if (/(in_proj_weight|[qkv]_proj_weight)$/.test(name)) return { uniform: Math.sqrt(6 / (shape[0]! + inputs)) };
  if (name.endsWith('.weight')) return { uniform: inputs ** -0.5 };
  // A linear layer's bias goes by the same number, that of its weight's inputs.
  const { width, mlp_ratio } = towerOf(name, config);
  return { uniform: (name.endsWith('c_proj.bias') ? Math.trunc(width * mlp_ratio) : width) ** -0.5 };
}

/** The tower that a parameter belongs to. */
function towerOf(name: string, { vision, text, multimodal }: ModelConfig): TowerConfig {
  if (name.startsWith('visual')) return vision;
  return name.startsWith('text.') ? text : multimodal!;
}

function initialValues(name: string, shape: readonly number[], config: ModelConfig, seed: number): Float32Array {
  if (name === POSITIONS && config.vision.pos_embed_type === 'sin_cos_2d') {
    return sinCos2d(gridSize(config), config.vision.width);
  }
  const how = distribution(name, shape, config);
  const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
  if ('constant' in how) return values.fill(how.constant);
  const random = numbers(name, seed);
  if ('uniform' in how) {
    for (let i = 0; i < values.length; i++) values[i] = how.uniform * (2 * random() - 1);
    return values;
  }
  // Box and Muller (1958): two uniform numbers make two normal ones.
  for (let i = 0; i < values.length; i += 2) {
    const radius = how.normal * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/**
 * Uniform numbers in [0, 1) for one tensor: xoshiro128++ (Blackman and Vigna, 2019), started from the seed and the
 * tensor's name. A checkpoint needs hundreds of millions, too many for a generator whose state is a value.
 */
function numbers(name: string, seed: number): () => number {
  let stream = 0;
  for (const character of name) stream = (Math.imul(stream, 31) + character.codePointAt(0)!) >>> 0;
  let state = seedRandom(seed, stream);
  const words = new Uint32Array(4);
  for (let i = 0; i < 4; i++) {
    const next = nextRandom(state);
    words[i] = next.value * 2 ** 32;
    state = next.state;
  }
  let [a, b, c, d] = words as unknown as [number, number, number, number];
  return () => {
    const sum = (a + d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + a) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result / 2 ** 32;
  };
}

import type { Tensor } from '@tensorflow/tfjs-core';
import { readTensor, type SafetensorsFile } from '../../checkpoint/index.js';
import type { Backend } from './backends.js';
import { sliceAxis } from './functions/shape.js';

type Rows = readonly [start: number, end: number];

/** Where the network gets its weights from. */
export interface Parameters {
  /** In PyTorch's layout, unless `isTransposed` says that it is kept the other way. With `rows`, some of its rows. */
  get(name: string, rows?: Rows): Tensor;
  /** Whether this is the weight of a linear layer that is kept as [in, out]. */
  isTransposed(weight: Tensor): boolean;
}

/** Parts of the network that are used apart from each other, by what their parameters' names begin with. */
export const TOWERS = ['visual.', 'text.', 'text_decoder.'] as const;
export type Tower = (typeof TOWERS)[number];

/** Weights that only linear layers use. */
const LINEAR = /(in_proj_weight|[qkv]_proj_weight|out_proj\.weight|c_fc\.weight|c_proj\.weight)$/;

/** Weights of a checkpoint, for inference: read once, a tower at a time, and kept as the backend likes them best. */
export class CheckpointParameters implements Parameters {
  readonly #tensors = new Map<string, Tensor>();
  readonly #transposed = new WeakSet<Tensor>();
  readonly #towers = new Map<Tower, Promise<void>>();

  constructor(
    private readonly backend: Backend,
    private readonly checkpoint: SafetensorsFile,
  ) {}

  /** Reads what has not been read yet of some towers. */
  async load(towers: readonly Tower[], onProgress?: (part: number) => void): Promise<void> {
    for (const [i, tower] of towers.entries()) {
      let loaded = this.#towers.get(tower);
      if (loaded === undefined) {
        loaded = this.#read(tower);
        this.#towers.set(tower, loaded);
      }
      await loaded;
      onProgress?.((i + 1) / towers.length);
    }
  }

  async #read(tower: Tower): Promise<void> {
    for (const [name, { shape }] of this.checkpoint.tensors) {
      if (!name.startsWith(tower)) continue;
      const values = await readTensor(this.checkpoint, name);
      for (const rows of rangesOf(name, shape)) this.#add(name, values, shape, rows);
    }
  }

  #add(name: string, values: Float32Array, shape: readonly number[], rows: Rows | undefined): void {
    const { backend } = this;
    const { tf } = backend;
    const width = shape.slice(1).reduce((product, side) => product * side, 1);
    const part = rows ? values.subarray(rows[0] * width, rows[1] * width) : values;
    const partShape = rows ? [rows[1] - rows[0], ...shape.slice(1)] : shape;
    // The wasm backend has no fast product for [out, in] (see functions/product.ts).
    const transpose = backend.device === 'wasm' && LINEAR.test(name);
    const tensor = backend.run(() => {
      const asStored = tf.tensor(part, [...partShape], 'float32');
      return tf.keep(transpose ? tf.transpose(asStored) : asStored);
    });
    if (transpose) this.#transposed.add(tensor);
    this.#tensors.set(keyOf(name, rows), tensor);
  }

  get(name: string, rows?: Rows): Tensor {
    const exact = this.#tensors.get(keyOf(name, rows));
    if (exact !== undefined) return exact;
    const whole = this.#tensors.get(name);
    if (whole === undefined) throw new Error(`the network asks for ${keyOf(name, rows)}, which was not loaded`);
    return sliceAxis(this.backend.tf, whole, 0, ...rows!);
  }

  isTransposed(weight: Tensor): boolean {
    return this.#transposed.has(weight);
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
    this.#towers.clear();
  }
}

function keyOf(name: string, rows: Rows | undefined): string {
  return rows ? `${name}[${rows[0]}:${rows[1]}]` : name;
}

/**
 * Fused weights whose query comes from elsewhere than key and value are kept as these two parts; everything else whole
 * (what else is asked for in parts is small enough to be cut each time).
 */
function rangesOf(name: string, shape: readonly number[]): readonly (Rows | undefined)[] {
  const isApart = /^(text_decoder\.cross_attn|visual\.attn_pool)/.test(name) && name.endsWith('in_proj_weight');
  if (!isApart) return [undefined];
  const width = shape[0]! / 3;
  return [
    [0, width],
    [width, 3 * width],
  ];
}

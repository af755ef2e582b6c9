import type { AttentionInput, AttentionOutput, Ops, Places, ProjectionParts } from '../../architecture/ops.js';
import type { SafetensorsFile } from '../../checkpoint/safetensors.js';
import type { Activation } from '../../config/config.js';
import { BLOCK } from '../../quantise/precision.js';
import { CacheSlots } from './cache-slots.js';
import {
  type Attribute,
  type DataType,
  type Dimension,
  type FloatType,
  type GraphBuilder,
  MICROSOFT,
  productOf,
} from './graph.js';
import { BlockMatrix, Parameters, type Rows } from './parameters.js';
import { Value } from './value.js';

/** The greatest number in half precision. */
const HALF_MAX = 65504;

/** ONNX Runtime's own operators for what an MLP has between its layers. */
const ACTIVATIONS: Readonly<Record<Activation, readonly [operator: string, attributes: Record<string, Attribute>]>> = {
  gelu: ['Gelu', {}],
  gelu_tanh: ['FastGelu', {}],
  quick_gelu: ['QuickGelu', { alpha: { float: 1.702 } }],
};

/** Emits the network as an ONNX graph whose weights stay where they are in the checkpoint's file. */
export class OnnxOps implements Ops<Value> {
  /** Name of a varying dimension -> a graph value that holds it, as a list of one. */
  readonly #dimensionSources = new Map<string, string>();
  readonly #shapes = new Map<string, string>();
  /** Values in single precision, whatever the graph computes in. */
  readonly #singles = new Set<string>();
  readonly #parameters: Parameters;
  /** Set before the network is written down. */
  places: Places<Value> | undefined;

  constructor(
    protected readonly graph: GraphBuilder,
    private readonly weights: {
      readonly checkpoint: SafetensorsFile;
      readonly fileName: string;
    },
  ) {
    this.#parameters = new Parameters(graph, weights);
  }

  input(name: string, type: DataType, dimensions: readonly Dimension[]): Value {
    this.graph.input(name, type, dimensions);
    dimensions.forEach((dimension, axis) => {
      if (typeof dimension === 'string' && !this.#dimensionSources.has(dimension)) {
        this.#dimensionSources.set(dimension, this.graph.node('Shape', [name], { start: axis, end: axis + 1 }));
      }
    });
    return new Value(dimensions, { shaped: this.#fed(name, type) });
  }

  /** A float input whose sides may all be of any length. */
  broadcastInput(name: string, rank: number): Value {
    const dimensions = Array.from({ length: rank }, (_, axis) => `${name}[${axis}]`);
    this.graph.input(name, 'F32', dimensions);
    return new Value(dimensions, { shaped: this.#fed(name, 'F32') });
  }

  /** What is fed in single precision as the graph computes; what half precision cannot hold becomes the greatest that it can. */
  #fed(name: string, type: DataType): string {
    const { graph } = this;
    if (type === graph.float || (type !== 'F32' && type !== 'F16')) return name;
    if (type === 'F16') return graph.cast(name, type);
    return graph.cast(graph.node('Clip', [name, graph.single(-HALF_MAX), graph.single(HALF_MAX)]), type);
  }

  /** @param type of the output; what was computed in single precision is not cast twice */
  output(name: string, value: Value, type: FloatType = 'F32'): void {
    const result = this.shaped(value);
    const cast = this.#singles.has(result) && type === 'F32' ? result : this.graph.cast(result, this.graph.float, type);
    this.graph.output(name, cast, type, value.dimensions);
  }

  parameter(name: string, rows?: Rows): Value {
    return this.#parameters.read(name, rows);
  }

  /** x [..., K] -> [..., N]; activations are rounded to 8 bits by blocks, too, and summed as whole numbers. */
  #blockProduct(x: Value, matrix: BlockMatrix, bias?: Value): Value {
    const { outputs, quants, scales } = matrix;
    const inputs = [this.rows(x), quants, scales, ...(bias ? ['', '', this.shaped(bias)] : [])];
    const attributes = { K: x.width, N: outputs, bits: 8, block_size: BLOCK, accuracy_level: 4 };
    const product = this.graph.node('MatMulNBits', inputs, attributes, MICROSOFT);
    return new Value([...x.dimensions.slice(0, -1), outputs], { rows: product });
  }

  linear(x: Value, weight: Value, bias: Value): Value {
    if (weight instanceof BlockMatrix) return this.#blockProduct(x, weight, bias);
    const product = this.graph.node('Gemm', [this.rows(x), this.shaped(weight), this.shaped(bias)], { transB: 1 });
    return new Value([...x.dimensions.slice(0, -1), weight.dimensions[0]!], { rows: product });
  }

  project(x: Value, projection: Value): Value {
    if (projection instanceof BlockMatrix) return this.#blockProduct(x, projection);
    const product = this.graph.node('MatMul', [this.rows(x), this.shaped(projection)]);
    return new Value([...x.dimensions.slice(0, -1), projection.width], { rows: product });
  }

  /** A product for each part: weights are row ranges of the file, so that nothing need be split. */
  inProjection(x: Value, prefix: string, parts: ProjectionParts): readonly Value[] {
    return parts.map((part) => {
      const width = this.weights.checkpoint.tensors.get(`${prefix}.in_proj_bias`)!.shape[0]! / 3;
      const bias = this.parameter(`${prefix}.in_proj_bias`, [part * width, (part + 1) * width]);
      return this.linear(x, this.inProjectionWeight(prefix, part, width), bias);
    });
  }

  protected inProjectionWeight(prefix: string, part: number, width: number): Value {
    return this.parameter(`${prefix}.in_proj_weight`, [part * width, (part + 1) * width]);
  }

  layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value {
    const inputs = [x.anyForm, this.shaped(weight), this.shaped(bias)];
    return x.like(this.graph.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } }));
  }

  activate(x: Value, activation: Activation): Value {
    const [operator, attributes] = ACTIVATIONS[activation];
    return x.like(this.graph.node(operator, [x.anyForm], attributes, MICROSOFT));
  }

  add(a: Value, b: Value): Value {
    return this.#elementwise('Add', a, b);
  }

  multiply(a: Value, b: Value): Value {
    return this.#elementwise('Mul', a, b);
  }

  #elementwise(operator: string, a: Value, b: Value): Value {
    // A vector fits rows as well as batches; equal shapes may be added in either form; the rest needs its axes.
    if (b.dimensions.length === 1) return a.like(this.graph.node(operator, [a.anyForm, this.shaped(b)]));
    const sameShape = String(a.dimensions) === String(b.dimensions);
    if (sameShape && (a.isRows || b.isRows)) {
      return new Value(a.dimensions, { rows: this.graph.node(operator, [this.rows(a), this.rows(b)]) });
    }
    return new Value(a.dimensions, { shaped: this.graph.node(operator, [this.shaped(a), this.shaped(b)]) });
  }

  patchEmbed(pixels: Value, kernels: Value, patchSize: number): Value {
    const [batch, , side] = pixels.dimensions;
    const [width] = kernels.dimensions;
    const patches = Math.floor((side as number) / patchSize) ** 2;
    const convolved = this.graph.node('Conv', [this.shaped(pixels), this.shaped(kernels)], {
      kernel_shape: [patchSize, patchSize],
      strides: [patchSize, patchSize],
    }); // [B, W, S / p, S / p]
    const flat = this.graph.node('Reshape', [convolved, this.graph.integers([0, 0, -1])]); // [B, W, P]
    return new Value([batch!, patches, width!], { shaped: this.graph.node('Transpose', [flat], { perm: [0, 2, 1] }) });
  }

  embed(ids: Value, table: Value): Value {
    return new Value([...ids.dimensions, table.width], {
      shaped: this.graph.node('Gather', [this.shaped(table), this.shaped(ids)], { axis: 0 }),
    });
  }

  repeat(x: Value, like: Value): Value {
    const rows = x.dimensions.length === 1 ? 1 : x.dimensions[0]!;
    const dimensions = [like.dimensions[0]!, rows, x.width];
    return new Value(dimensions, {
      shaped: this.graph.shape(this.graph.node('Expand', [this.shaped(x), this.#shapeVector(dimensions)]), dimensions),
    });
  }

  concat(a: Value, b: Value): Value {
    const [batch, n] = a.dimensions;
    const m = b.dimensions[1]!;
    const total = typeof n === 'number' && typeof m === 'number' ? n + m : `${n} + ${m}`;
    const joined = this.graph.node('Concat', [this.shaped(a), this.shaped(b)], { axis: 1 });
    if (typeof total === 'string') {
      this.#dimensionSources.set(total, this.graph.node('Shape', [joined], { start: 1, end: 2 }));
    }
    return new Value([batch!, total, a.width], { shaped: joined });
  }

  slice(x: Value, start: number, end?: number): Value {
    const [batch, n] = x.dimensions;
    const last = end ?? Number.MAX_SAFE_INTEGER;
    const bounds = [start, last, 1].map((value) => this.graph.integers([value]));
    const sliced = this.graph.node('Slice', [this.shaped(x), bounds[0]!, bounds[1]!, bounds[2]!]);
    let length: Dimension = `${n}[${start}:${end ?? ''}]`;
    if (typeof n === 'number') length = [...Array(n).keys()].slice(start, end).length;
    else this.#dimensionSources.set(length, this.graph.node('Shape', [sliced], { start: 1, end: 2 }));
    return new Value([batch!, length, x.width], { shaped: sliced });
  }

  take(x: Value, index: number): Value {
    return new Value([x.dimensions[0]!, x.width], {
      rows: this.graph.node('Gather', [this.shaped(x), this.graph.integer(index)], { axis: 1 }),
    });
  }

  takeEach(x: Value, rows: Value): Value {
    return new Value([x.dimensions[0]!, x.width], {
      rows: this.graph.node('Gather', [this.rows(x), this.shaped(rows)], { axis: 0 }),
    });
  }

  meanRows(x: Value): Value {
    return new Value([x.dimensions[0]!, x.width], {
      rows: this.graph.node('ReduceMean', [this.shaped(x), this.graph.integers([1])], { keepdims: 0 }),
    });
  }

  splitHeads(x: Value, heads: number): Value {
    const [batch, n] = x.dimensions;
    const depth = x.width / heads;
    const split = this.#reshape(this.shaped(x), this.graph.integers([0, 0, heads, depth]), [batch!, n!, heads, depth]);
    return new Value([batch!, heads, n!, depth], {
      shaped: this.graph.node('Transpose', [split], { perm: [0, 2, 1, 3] }),
    });
  }

  /** [B, H, N, D], by its name -> [B, N, W] */
  protected joinHeads(heads: string, dimensions: readonly Dimension[]): Value {
    const rows = this.graph.node('Transpose', [heads], { perm: [0, 2, 1, 3] }); // [B, N, H, D]
    return new Value(dimensions, { shaped: this.#reshape(rows, this.graph.integers([0, 0, -1]), dimensions) });
  }

  attention({ heads, query, own, cache, mask }: AttentionInput<Value>): AttentionOutput<Value> {
    const [batch, n] = query.dimensions;
    const join = (past: Value | undefined, rows: Value | undefined): string => {
      if (past instanceof CacheSlots && rows) return past.with(this.shaped(this.splitHeads(rows, heads)));
      const parts = [past && this.shaped(past), rows && this.shaped(this.splitHeads(rows, heads))].filter(
        (part) => part !== undefined,
      );
      if (parts.length === 1) return parts[0]!;
      const joined = this.graph.node('Concat', parts, { axis: 2 });
      return mask ? this.graph.shape(joined, [batch!, heads, mask.dimensions.at(-1)!, query.width / heads]) : joined;
    };
    const keys = join(cache?.keys, own?.keys); // [B, H, M, D]
    const values = join(cache?.values, own?.values); // [B, H, M, D]
    const scaled = this.graph.node('Mul', [
      this.shaped(this.splitHeads(query, heads)),
      this.graph.scalar(1 / Math.sqrt(query.width / heads)),
    ]); // [B, H, N, D]
    const transposed = this.graph.node('Transpose', [keys], { perm: [0, 1, 3, 2] }); // [B, H, D, M]
    let scores = this.graph.node('MatMul', [scaled, transposed]); // [B, H, N, M]
    if (mask) scores = this.graph.node('Add', [scores, this.shaped(mask)]);
    const probabilities = this.graph.node('Softmax', [scores], { axis: -1 });
    const mixed = this.graph.node('MatMul', [probabilities, values]); // [B, H, N, D]
    return {
      output: this.joinHeads(mixed, query.dimensions),
      probabilities: new Value([batch!, heads, n!, 'keys'], { shaped: probabilities }),
    };
  }

  l2Normalize(x: Value): Value {
    // Squares in half precision leave its range.
    const single = this.graph.cast(x.anyForm, this.graph.float, 'F32');
    const length = this.graph.node('ReduceL2', [single, this.graph.integers([-1])], { keepdims: 1 });
    const safe = this.graph.node('Max', [length, this.graph.single(1e-12)]);
    const normalized = this.graph.node('Div', [single, safe]);
    this.#singles.add(normalized);
    return x.like(normalized);
  }

  /** A graph frees its values by itself. */
  scope<R>(piece: () => R): R {
    return piece();
  }

  protected shaped(value: Value): string {
    const { dimensions } = value;
    if (dimensions.length === 2) return value.anyForm;
    return value.form('shaped', () => this.#reshape(value.anyForm, this.#shapeVector(dimensions), dimensions));
  }

  protected rows(value: Value): string {
    const { dimensions, width } = value;
    if (dimensions.length === 2) return value.anyForm;
    const flat = [productOf(dimensions.slice(0, -1)), width];
    return value.form('rows', () => this.#reshape(value.anyForm, this.graph.integers([-1, width]), flat));
  }

  #reshape(value: string, shape: string, dimensions: readonly Dimension[]): string {
    return this.graph.shape(this.graph.node('Reshape', [value, shape]), dimensions);
  }

  /** A shape as a graph value, from constants and the dimensions of the inputs. */
  #shapeVector(dimensions: readonly Dimension[]): string {
    if (dimensions.every((dimension) => typeof dimension === 'number')) return this.graph.integers(dimensions);
    const key = dimensions.join(' x ');
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const parts = dimensions.map((dimension) => {
      if (typeof dimension === 'number') return this.graph.integers([dimension]);
      const source = this.#dimensionSources.get(dimension);
      if (source === undefined) throw new Error(`no graph input tells the dimension "${dimension}"`);
      return source;
    });
    const vector = this.graph.node('Concat', parts, { axis: 0 });
    this.#shapes.set(key, vector);
    return vector;
  }
}

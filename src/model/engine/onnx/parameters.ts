import type { SafetensorsFile, TensorEntry } from '../../checkpoint/safetensors.js';
import { quantsName, scalesName } from '../../quantise/checkpoint.js';
import type { DataType, GraphBuilder } from './graph.js';
import { Value } from './value.js';

/** [start, end) of a tensor's first axis. */
export type Rows = readonly [start: number, end: number];

const labelOf = (name: string, rows: Rows | undefined): string => (rows ? `${name}[${rows[0]}:${rows[1]}]` : name);

const rowsOf = ({ shape }: TensorEntry, rows: Rows | undefined): readonly number[] =>
  rows ? [rows[1] - rows[0], ...shape.slice(1)] : shape;

/** A matrix of the checkpoint in blocks (`quantise/blocks.ts`): only what multiplies with it can use it. */
export class BlockMatrix extends Value {
  constructor(
    /** N: how many numbers a product with it has. */
    readonly outputs: number,
    readonly quants: string,
    readonly scales: string,
  ) {
    super([outputs], {});
  }
}

/** The checkpoint's tensors in a graph, whose bytes stay where they are in its file. */
export class Parameters {
  constructor(
    private readonly graph: GraphBuilder,
    private readonly weights: { readonly checkpoint: SafetensorsFile; readonly fileName: string },
  ) {}

  /** A parameter of the network, or rows of it. */
  read(name: string, rows?: Rows): Value {
    const { checkpoint } = this.weights;
    if (checkpoint.tensors.has(quantsName(name))) return this.#blockMatrix(name, rows);
    const entry = checkpoint.tensors.get(name);
    if (entry === undefined) throw new Error(`the network asks for ${name}, which its parameter list does not name`);
    const [start, end] = rows ?? [0, entry.shape[0] ?? 1];
    const shape = rowsOf(entry, rows);
    const type = entry.dtype as DataType;
    if (entry.values) {
      const width = entry.values.length / (entry.shape[0] ?? 1);
      const values = entry.values.slice(start * width, end * width);
      return new Value(shape, { shaped: this.graph.floats(labelOf(name, rows), shape, values) });
    }
    const external = this.#external(name, entry, rows);
    // Weights of another precision are cast once, when the session is created (constant folding).
    return new Value(shape, { shaped: this.graph.cast(external, type) });
  }

  #external(name: string, entry: TensorEntry, rows: Rows | undefined): string {
    const [start, end] = rows ?? [0, entry.shape[0] ?? 1];
    const rowBytes = entry.byteLength / (entry.shape[0] ?? 1);
    return this.graph.external(labelOf(name, rows), entry.dtype as DataType, rowsOf(entry, rows), {
      file: this.weights.fileName,
      offset: entry.offset + start * rowBytes,
      byteLength: (end - start) * rowBytes,
    });
  }

  #blockMatrix(name: string, rows: Rows | undefined): BlockMatrix {
    const part = (label: string) => this.#external(label, this.weights.checkpoint.tensors.get(label)!, rows);
    const [start, end] = rows ?? [0, this.weights.checkpoint.tensors.get(quantsName(name))!.shape[0]!];
    return new BlockMatrix(end - start, part(quantsName(name)), part(scalesName(name)));
  }
}

import { Message } from './protobuf.js';

/** ONNX element types (onnx.proto, TensorProto.DataType). */
export const DATA_TYPES = { F32: 1, U8: 2, I32: 6, I64: 7, F16: 10, BF16: 16 } as const;
export type DataType = keyof typeof DATA_TYPES;

/** A dimension: a number, or the name of one that varies from run to run. */
export type Dimension = number | string;

/** The name of how many rows several axes make together. */
export function productOf(dimensions: readonly Dimension[]): Dimension {
  const known = dimensions.filter((dimension) => typeof dimension === 'number').reduce((a, b) => a * b, 1);
  const names = dimensions.filter((dimension) => typeof dimension === 'string');
  return names.length === 0 ? known : [...names, ...(known === 1 ? [] : [known])].join(' x ');
}

export type Attribute = number | { readonly float: number } | string | readonly number[];

/** Where an initializer's bytes lie: in a file beside the model, read by the engine itself. */
export interface ExternalData {
  readonly file: string;
  readonly offset: number;
  readonly byteLength: number;
}

const OPSET = 20;
const IR_VERSION = 9;
/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';

/** What floating-point numbers are computed in. */
export type FloatType = 'F32' | 'F16';

/** Collects nodes and writes them as an ONNX model. Value names are made here; every value is a string. */
export class GraphBuilder {
  readonly #nodes: Message[] = [];
  readonly #initializers = new Map<string, Message>();
  readonly #inputs: Message[] = [];
  readonly #outputs: Message[] = [];
  readonly #shapes: Message[] = [];
  readonly #casts = new Map<string, string>();
  #counter = 0;

  /** @param float what its numbers are, but for those that were cast */
  constructor(
    private readonly name: string,
    readonly float: FloatType = 'F32',
  ) {}

  /** Adds an operator with one output and gives the output's name. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): string {
    return this.nodeWithOutputs(operator, inputs, 1, attributes, domain)[0]!;
  }

  nodeWithOutputs(
    operator: string,
    inputs: readonly string[],
    outputCount: number,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): readonly string[] {
    const label = `${operator}_${this.#counter++}`;
    const outputs = Array.from({ length: outputCount }, (_, i) => (i === 0 ? label : `${label}:${i}`));
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, label).text(4, operator);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attributeMessage(key, value));
    if (domain) node.text(7, domain);
    this.#nodes.push(node);
    return outputs;
  }

  input(name: string, type: DataType, dimensions: readonly Dimension[]): string {
    this.#inputs.push(valueInfo(name, type, dimensions));
    return name;
  }

  /** Makes `value` an output of the model called `name`. */
  output(name: string, value: string, type: DataType, dimensions: readonly Dimension[]): void {
    this.#nodes.push(new Message().text(1, value).text(2, name).text(3, `output ${name}`).text(4, 'Identity'));
    this.#outputs.push(valueInfo(name, type, dimensions));
  }

  /**
   * Tells the shape of a value, where ONNX cannot infer it: equal names are equal numbers. An engine that knows shapes gives
   * one value's memory to the next of the same; looking for some among values of unknown shapes takes it longer than all
   * else that it does with a graph.
   */
  shape(value: string, dimensions: readonly Dimension[]): string {
    this.#shapes.push(valueInfo(value, this.float, dimensions));
    return value;
  }

  /** Adds an operator whose result is an output of the model, called `name`, and of use within it: nothing copies it. */
  outputNode(
    name: string,
    operator: string,
    inputs: readonly string[],
    type: DataType,
    dimensions: readonly Dimension[],
  ): string {
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    this.#nodes.push(node.text(2, name).text(3, name).text(4, operator));
    this.#outputs.push(valueInfo(name, type, dimensions));
    return name;
  }

  /** A list of 64-bit integers (shapes, axes, bounds); equal lists are stored once. */
  integers(values: readonly number[]): string {
    const name = `integers[${values.join(',')}]`;
    if (!this.#initializers.has(name)) {
      const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      this.#initializers.set(name, tensor(name, 'I64', [values.length]).bytes(9, raw));
    }
    return name;
  }

  /** One 64-bit integer without an axis: an index. */
  integer(value: number): string {
    const name = `integer[${value}]`;
    if (!this.#initializers.has(name)) {
      this.#initializers.set(
        name,
        tensor(name, 'I64', []).bytes(9, new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)),
      );
    }
    return name;
  }

  /** A number of the graph's own type. */
  scalar(value: number): string {
    return this.cast(this.single(value), 'F32');
  }

  /** A number in single precision. */
  single(value: number): string {
    const name = `scalar[${value}]`;
    if (!this.#initializers.has(name)) {
      this.#initializers.set(name, tensor(name, 'F32', []).bytes(9, new Uint8Array(Float32Array.of(value).buffer)));
    }
    return name;
  }

  /** A value of type `from` in type `to`: itself where these are one. Of a constant it is computed once, as the session is created. */
  cast(value: string, from: DataType, to: DataType = this.float): string {
    if (from === to) return value;
    const key = `${value} as ${to}`;
    const known = this.#casts.get(key);
    if (known !== undefined) return known;
    const cast = this.node('Cast', [value], { to: DATA_TYPES[to] });
    this.#casts.set(key, cast);
    return cast;
  }

  /** A tensor whose values are in the model. */
  floats(name: string, dimensions: readonly number[], values: Float32Array): string {
    if (!this.#initializers.has(name)) {
      const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      this.#initializers.set(name, tensor(name, 'F32', dimensions).bytes(9, raw));
    }
    return this.cast(name, 'F32');
  }

  /** A tensor whose bytes the engine reads from a file. */
  external(name: string, type: DataType, dimensions: readonly number[], data: ExternalData): string {
    if (!this.#initializers.has(name)) {
      const message = tensor(name, type, dimensions);
      const entries = { location: data.file, offset: String(data.offset), length: String(data.byteLength) };
      for (const [key, value] of Object.entries(entries))
        message.message(13, new Message().text(1, key).text(2, value));
      this.#initializers.set(name, message.integer(14, 1));
    }
    return name;
  }

  /** The finished model, serialised. */
  encode(): Uint8Array {
    const graph = new Message();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, this.name);
    for (const initializer of this.#initializers.values()) graph.message(5, initializer);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    for (const shape of this.#shapes) graph.message(13, shape);
    return new Message()
      .integer(1, IR_VERSION)
      .text(2, 'coca')
      .message(7, graph)
      .message(8, new Message().text(1, '').integer(2, OPSET))
      .message(8, new Message().text(1, MICROSOFT).integer(2, 1))
      .encode();
  }
}

function tensor(name: string, type: DataType, dimensions: readonly number[]): Message {
  const message = new Message();
  for (const dimension of dimensions) message.integer(1, dimension);
  return message.integer(2, DATA_TYPES[type]).text(8, name);
}

function valueInfo(name: string, type: DataType, dimensions: readonly Dimension[]): Message {
  const shape = new Message();
  for (const dimension of dimensions) {
    shape.message(
      1,
      typeof dimension === 'number' ? new Message().integer(1, dimension) : new Message().text(2, dimension),
    );
  }
  const tensorType = new Message().integer(1, DATA_TYPES[type]).message(2, shape);
  return new Message().text(1, name).message(2, new Message().message(1, tensorType));
}

/** AttributeProto: whole numbers are INT, {float} FLOAT, texts STRING, lists INTS. */
function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return message.text(4, value).integer(20, 3);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

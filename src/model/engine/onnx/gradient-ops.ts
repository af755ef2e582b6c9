import type { AttentionGradients, GradientOps } from '../../architecture/gradient-ops.js';
import type { AttentionInput, ProjectionParts } from '../../architecture/ops.js';
import type { Activation } from '../../config/config.js';
import { OnnxOps } from './ops.js';
import { Value } from './value.js';

const LAST_AXIS = [-1];

/** Emits the way back through the network as more nodes of the graph: ONNX Runtime itself does not differentiate. */
export class OnnxGradientOps extends OnnxOps implements GradientOps<Value> {
  linearGradient(g: Value, weight: Value): Value {
    return this.project(g, weight);
  }

  inProjectionGradient(parts: readonly Value[], prefix: string, which: ProjectionParts): Value {
    const gradients = parts.map((part, i) => {
      return this.linearGradient(part, this.inProjectionWeight(prefix, which[i]!, part.width));
    });
    return gradients.reduce((sum, gradient) => this.add(sum, gradient));
  }

  /** With n = (x - mean) / deviation and h = g weight: (h - mean(h) - n mean(h n)) / deviation. */
  layerNormGradient(g: Value, x: Value, weight: Value, epsilon: number): Value {
    const input = this.rows(x);
    const centred = this.#node('Sub', input, this.#mean(input));
    const variance = this.#mean(this.#node('Mul', centred, centred));
    const deviation = this.graph.node('Sqrt', [this.#node('Add', variance, this.graph.scalar(epsilon))]);
    const normed = this.#node('Div', centred, deviation);
    const h = this.#node('Mul', this.rows(g), this.shaped(weight));
    const along = this.#node('Mul', normed, this.#mean(this.#node('Mul', h, normed)));
    const difference = this.#node('Sub', this.#node('Sub', h, this.#mean(h)), along);
    return new Value(x.dimensions, { rows: this.#node('Div', difference, deviation) });
  }

  activationGradient(g: Value, x: Value, activation: Activation): Value {
    const slopes = { gelu: this.#geluSlope, gelu_tanh: this.#tanhGeluSlope, quick_gelu: this.#quickGeluSlope };
    const slope = slopes[activation].call(this, this.rows(x));
    return new Value(x.dimensions, { rows: this.#node('Mul', this.rows(g), slope) });
  }

  #geluSlope(input: string): string {
    const { graph } = this;
    const erf = graph.node('Erf', [this.#node('Mul', input, graph.scalar(Math.SQRT1_2))]);
    const cumulative = this.#node('Mul', this.#node('Add', erf, graph.scalar(1)), graph.scalar(0.5));
    const exponent = this.#node('Mul', this.#node('Mul', input, input), graph.scalar(-0.5));
    const density = this.#node('Mul', graph.node('Exp', [exponent]), graph.scalar(1 / Math.sqrt(2 * Math.PI)));
    return this.#node('Add', cumulative, this.#node('Mul', input, density));
  }

  /** u = sqrt(2 / pi) (x + 0.044715 x^3) */
  #tanhGeluSlope(input: string): string {
    const { graph } = this;
    const root = graph.scalar(Math.sqrt(2 / Math.PI));
    const square = this.#node('Mul', input, input);
    const cubic = this.#node('Add', this.#node('Mul', square, graph.scalar(0.044715)), graph.scalar(1));
    const tanh = graph.node('Tanh', [this.#node('Mul', this.#node('Mul', input, cubic), root)]);
    const half = this.#node('Mul', this.#node('Add', tanh, graph.scalar(1)), graph.scalar(0.5));
    const inner = this.#node('Add', this.#node('Mul', square, graph.scalar(3 * 0.044715)), graph.scalar(1));
    const bend = this.#node('Sub', graph.scalar(1), this.#node('Mul', tanh, tanh));
    const rest = this.#node('Mul', this.#node('Mul', input, bend), this.#node('Mul', inner, root));
    return this.#node('Add', half, this.#node('Mul', rest, graph.scalar(0.5)));
  }

  #quickGeluSlope(input: string): string {
    const { graph } = this;
    const stretched = this.#node('Mul', input, graph.scalar(1.702));
    const gate = graph.node('Sigmoid', [stretched]);
    const shut = this.#node('Sub', graph.scalar(1), gate);
    return this.#node('Mul', gate, this.#node('Add', graph.scalar(1), this.#node('Mul', stretched, shut)));
  }

  attentionGradient(g: Value, input: AttentionInput<Value>, probabilities: Value): AttentionGradients<Value> {
    const { heads, query, own, cache } = input;
    const { dimensions, width } = query;
    const split = (x: Value): string => this.shaped(this.splitHeads(x, heads));
    const keys = own ? split(own.keys) : this.shaped(cache!.keys); // [B, H, M, D]
    const values = own ? split(own.values) : this.shaped(cache!.values); // [B, H, M, D]
    const scale = this.graph.scalar(1 / Math.sqrt(width / heads));
    const p = this.shaped(probabilities); // [B, H, N, M]
    const output = split(g); // [B, H, N, D]
    const byProbabilities = this.#node(
      'MatMul',
      output,
      this.graph.node('Transpose', [values], { perm: [0, 1, 3, 2] }),
    );
    // Through the softmax: p (dp - sum(dp p)).
    const along = this.#sum(this.#node('Mul', byProbabilities, p));
    const byScores = this.#node('Mul', this.#node('Mul', p, this.#node('Sub', byProbabilities, along)), scale);
    const gradients = {
      probabilities: new Value(probabilities.dimensions, { shaped: byProbabilities }),
      query: this.joinHeads(this.#node('MatMul', byScores, keys), dimensions),
    };
    if (own === undefined) return gradients;
    const ownPart = (matrix: string): string => {
      const diagonal = this.graph.node('Einsum', [matrix], { equation: 'bhnn->bhn' });
      return this.graph.node('Unsqueeze', [diagonal, this.graph.integers(LAST_AXIS)]); // [B, H, N, 1]
    };
    return {
      ...gradients,
      own: {
        keys: this.joinHeads(this.#node('Mul', split(query), ownPart(byScores)), dimensions),
        values: this.joinHeads(this.#node('Mul', output, ownPart(p)), dimensions),
      },
    };
  }

  logprobGradient(x: Value, projection: Value, labels: Value): Value {
    const { graph } = this;
    const columns = this.shaped(projection); // [W, V]
    const scores = graph.node('MatMul', [this.rows(x), columns]);
    const probabilities = graph.node('Softmax', [scores], { axis: -1 }); // [rows, V]
    const places = graph.node('Reshape', [this.shaped(labels), graph.integers([-1, 1])]);
    const atLabel = graph.node('GatherElements', [probabilities, places], { axis: 1 });
    const none = this.#node('Sub', atLabel, atLabel);
    const others = graph.node('ScatterElements', [probabilities, places, none], { axis: 1 });
    const chosen = graph.node('Gather', [columns, this.shaped(labels)], { axis: 1 }); // [W, B, N]
    const column = new Value(x.dimensions, { shaped: graph.node('Transpose', [chosen], { perm: [1, 2, 0] }) });
    const towards = this.#node('Mul', this.rows(column), this.#sum(others));
    const away = graph.node('Gemm', [others, columns], { transB: 1 });
    return new Value(x.dimensions, { rows: this.#node('Sub', towards, away) });
  }

  #node(operator: string, a: string, b: string): string {
    return this.graph.node(operator, [a, b]);
  }

  #mean(x: string): string {
    return this.graph.node('ReduceMean', [x, this.graph.integers(LAST_AXIS)], { keepdims: 1 });
  }

  #sum(x: string): string {
    return this.graph.node('ReduceSum', [x, this.graph.integers(LAST_AXIS)], { keepdims: 1 });
  }
}

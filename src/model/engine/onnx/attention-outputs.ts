import type { AttentionName } from '../../architecture/ops.js';
import type { AttentionSink } from '../network.js';
import type { Feeds, Fetches } from './session.js';

/** What a graph calls the attention probabilities of a layer. */
export const attentionOutput = (name: AttentionName, layer: number) => `attention.${name}.${layer}`;

function parseAttentionOutput(output: string): { name: AttentionName; layer: number } | undefined {
  const match = /^attention\.(.+)\.(\d+)$/.exec(output);
  return match ? { name: match[1] as AttentionName, layer: Number(match[2]) } : undefined;
}

const asNew = (names: readonly string[]): Fetches => Object.fromEntries(names.map((name) => [name, null]));

/** All of a graph's outputs but attention, which only a sink takes. */
export function outputsToFetch(names: readonly string[], onAttention: AttentionSink | undefined): Fetches {
  return asNew(onAttention ? names : names.filter((name) => parseAttentionOutput(name) === undefined));
}

/** Of a graph's outputs, those that are attention, where a sink takes it. */
export const attentionToFetch = (names: readonly string[], onAttention: AttentionSink | undefined): Fetches =>
  asNew(onAttention ? names.filter((name) => parseAttentionOutput(name) !== undefined) : []);

/** Hands on the outputs that are attention probabilities. */
export function reportAttention(outputs: Feeds, onAttention: AttentionSink): void {
  for (const [output, tensor] of Object.entries(outputs)) {
    const named = parseAttentionOutput(output);
    if (named === undefined) continue;
    const { data, dims } = tensor;
    onAttention({ ...named, data: data as Float32Array, shape: dims as [number, number, number, number] });
  }
}

import type { Tensor } from 'onnxruntime-node';
import type { AttentionName, Place, PlaceChange, Places } from '../../architecture/ops.js';
import { parsePlace, placeName } from '../../architecture/places.js';
import type { Block, Probe } from '../network.js';
import type { OnnxOps } from './ops.js';
import type { Feeds, Fetches } from './session.js';
import type { Value } from './value.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/**
 * What a graph has beside its results: nothing (`plain`); attention probabilities of every layer (`attention`); those, and places
 * that can be seen and changed (`open`).
 */
export type Openness = 'plain' | 'attention' | 'open';

export function opennessFor({ onAttention, onActivation, changes }: Probe): Openness {
  if (onActivation || changes?.length) return 'open';
  return onAttention ? 'attention' : 'plain';
}

/** What a graph calls the attention probabilities of a layer. */
export const attentionOutput = (name: AttentionName, layer: number) => `attention.${name}.${layer}`;

function parseAttentionOutput(output: string): { name: AttentionName; layer: number } | undefined {
  const match = /^attention\.(.+)\.(\d+)$/.exec(output);
  return match ? { name: match[1] as AttentionName, layer: Number(match[2]) } : undefined;
}

const SEEN = 'at ';
const CHANGES = ['scale', 'offset'] as const;

/** Places of a graph: two inputs and an output each. */
export class OnnxPlaces implements Places<Value> {
  constructor(private readonly ops: OnnxOps) {}

  changeAt(place: Place): PlaceChange<Value> {
    const [scale, offset] = CHANGES.map((which) => {
      const name = `${which} ${placeName(place)}`;
      // Every side may be 1 whatever the others are.
      return this.ops.broadcastInput(name, 3);
    });
    return { scale: scale!, offset: offset! };
  }

  observe(place: Place, x: Value): void {
    this.ops.output(`${SEEN}${placeName(place)}`, x);
  }
}

const asNew = (names: readonly string[]): Fetches => Object.fromEntries(names.map((name) => [name, null]));

const isSeen = (output: string): boolean => output.startsWith(SEEN) || parseAttentionOutput(output) !== undefined;

/** Of a graph's outputs, those that a call looks at. */
export function seenToFetch(names: readonly string[], { onAttention, onActivation }: Probe): Fetches {
  const isWanted = (name: string) => (name.startsWith(SEEN) ? onActivation : onAttention) !== undefined;
  return asNew(names.filter((name) => isSeen(name) && isWanted(name)));
}

/** All of a graph's results, and what a call looks at. */
export function outputsToFetch(names: readonly string[], probe: Probe): Fetches {
  return { ...asNew(names.filter((name) => !isSeen(name))), ...seenToFetch(names, probe) };
}

/** Hands on the outputs that a call looks at. */
export function report(outputs: Feeds, { onAttention, onActivation }: Probe): void {
  for (const [output, tensor] of Object.entries(outputs)) {
    // Of results, some may lie on a device.
    if (!isSeen(output)) continue;
    const { data, dims } = tensor;
    const values = data as Float32Array;
    if (output.startsWith(SEEN)) {
      const place = parsePlace(output.slice(SEEN.length));
      onActivation?.({ ...place, data: values, shape: dims as [number, number, number] });
      continue;
    }
    const named = parseAttentionOutput(output);
    if (named) onAttention?.({ ...named, data: values, shape: dims as [number, number, number, number] });
  }
}

/** The inputs of an open graph's places: the changes, and 1 and 0 where nothing changes. */
export function changeFeeds(inputs: readonly string[], { changes = [] }: Probe, Tensor: TensorConstructor): Feeds {
  const tensor = ({ data, shape }: Block) => new Tensor('float32', data, shape);
  const neutral = (value: number) => tensor({ data: Float32Array.of(value), shape: [1, 1, 1] });
  const unchanged = { scale: neutral(1), offset: neutral(0) };
  const changed = new Map(changes.map((change) => [placeName(change), change]));
  const feeds: Record<string, Tensor> = {};
  for (const input of inputs) {
    const which = CHANGES.find((name) => input.startsWith(`${name} `));
    if (which === undefined) continue;
    const change = changed.get(input.slice(which.length + 1));
    feeds[input] = change ? tensor(change[which]) : unchanged[which];
  }
  return feeds;
}

import type { Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageTokenCount } from '../../../src/model/config/config.js';
import { decode, decodingOptions, type SearchState, startSearch } from '../../../src/model/decoding/index.js';
import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { loadRuntime } from '../../../src/model/engine/onnx/runtime.js';
import { type Golden, golden } from '../../support/golden.js';

/** Another device than the CPU where it is there (see .ci/run). */
const device = process.env.COCA_TEST_DEVICE ?? 'cpu';

/** What a run was given, and gave, in this process's memory: what goes over the bus to a device. In bytes, by name. */
interface Traffic {
  readonly to: ReadonlyMap<string, number>;
  readonly from: ReadonlyMap<string, number>;
}

const runs: Traffic[] = [];
let reference: Golden;
let network: OnnxNetwork;
let restore: () => void;

const hereIn = (tensors: Readonly<Record<string, unknown>>): ReadonlyMap<string, number> => {
  const here = (Object.entries(tensors) as [string, Tensor][]).filter(([, { location }]) => location === 'cpu');
  return new Map(here.map(([name, { data }]) => [name, (data as Float32Array).byteLength]));
};
const total = (sizes: ReadonlyMap<string, number>) => [...sizes.values()].reduce((sum, size) => sum + size, 0);

beforeAll(async () => {
  const { InferenceSession } = await loadRuntime();
  const session = await golden('pooled').then(async (found) => {
    reference = found;
    network = await OnnxNetwork.open(found.config, { checkpoint: found.checkpoint }, device);
    return InferenceSession;
  });
  // Sessions are counted where ONNX Runtime is handed tensors.
  const { create } = session;
  session.create = (async (...args: Parameters<typeof create>) => {
    const made = await create.apply(session, args);
    const run = made.run.bind(made) as (feeds: object, fetches: object) => ReturnType<typeof made.run>;
    made.run = async (feeds: object, fetches: object) => {
      const outputs = await run(feeds, fetches);
      runs.push({ to: hereIn(feeds as Record<string, unknown>), from: hereIn(outputs) });
      return outputs;
    };
    return made;
  }) as typeof create;
  restore = () => {
    session.create = create;
  };
});
afterAll(async () => {
  restore();
  await network.release();
});

/** What each step of a search moved. */
async function steps(given: Parameters<typeof decodingOptions>[0]): Promise<readonly Traffic[]> {
  const { special_ids: special, text } = reference.config;
  const { data, shape } = await reference.expected('pixel_values');
  const { tokens } = await network.encodeImages(data.slice(0, data.length / shape[0]!), 1);
  const trees = await network.openTrees(tokens);
  try {
    const limit = { contextLength: text.context_length };
    const options = decodingOptions({ minLength: 12, maxLength: 14, ...given }, limit);
    const first: SearchState = startSearch(options, special!, [special!.sot], trees.vocabSize);
    runs.length = 0;
    await decode(trees, [first]);
    return runs.filter(({ to }) => to.has('ids'));
  } finally {
    trees.release();
  }
}

/** Bytes of a row's candidates: a logit and a token of 64 bits each, in sixteens, and the sum. */
const CANDIDATES = 16 * (4 + 8) + 4;

test('a step brings back candidates, not logits, and of its rows their keys and values where these are kept here', async () => {
  for (const { to, from } of (await steps({ beams: 4 })).slice(1)) {
    const rows = to.get('ids')! / 4;
    const scores = ['values', 'tokens', 'shiftedSum'].reduce((sum, name) => sum + from.get(name)!, 0);
    expect(scores).toBe(rows * CANDIDATES);
    expect(from.get('logits') ?? 0).toBe(0);
    const { text, multimodal } = reference.config;
    const own = rows * 2 * 4 * (text.layers * text.width + multimodal.layers * multimodal.width);
    expect(total(from) - scores).toBe(device === 'webgpu' ? 0 : own);
  }
});

test('all logits come where any token can be chosen', async () => {
  const { vocab_size: vocabSize } = reference.config.text;
  for (const { to, from } of await steps({ strategy: 'sample' }))
    expect(from.get('logits')).toBe(to.get('ids')! * vocabSize);
});

test('a step sends ids and masks; to a device places, and nothing that is there already', async () => {
  const { text, multimodal } = reference.config;
  const widths = text.layers * text.width + multimodal.layers * multimodal.width;
  const images = 2 * 4 * multimodal.layers * multimodal.width * imageTokenCount(reference.config);
  const heads = [...new Set([text.heads, multimodal.heads])].reduce((sum, count) => sum + count, 0);
  for (const { to } of (await steps({ beams: 4 })).slice(1)) {
    const rows = to.get('ids')! / 4;
    const keys = to.get('unimodalMask')! / 4 / rows;
    const sent = rows * (2 * 4 + 2 * 4 * keys) + 8; // ids, positions, two masks, how many candidates are wanted
    // Places are three numbers of 64 bits for each head and row; one number more says how many rows' logits are wanted.
    const onDevice = rows * heads * 3 * 8 + 8;
    const here = 2 * 4 * widths * (keys - rows) + images;
    expect(total(to) - sent).toBe(device === 'webgpu' ? onDevice : here);
  }
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AttentionName } from '../../../src/model/architecture/ops.js';
import { readTensor } from '../../../src/model/checkpoint/index.js';
import { encoderOutputCount } from '../../../src/model/config/config.js';
import { captionTrie } from '../../../src/model/decoding/index.js';
import { Row, scoresOf } from '../../../src/model/decoding/scores.js';
import { ROOT, type TokenRow, type TreeModel } from '../../../src/model/decoding/types.js';
import type { Attention, ImageTokens, Network, Probe } from '../../../src/model/engine/network.js';
import { encodeClip } from '../../../src/model/video/encode-clip.js';
import { GOLDEN_MODELS, type Golden, type GoldenName, golden, worstError as worst } from '../../support/golden.js';

/** An engine under test. */
export interface EngineUnderTest {
  readonly label: string;
  /** Of all comparisons with OpenCLIP. */
  readonly tolerance: number;
  open(reference: Golden): Promise<Network>;
  /** Whether the pictures of its trees can be others' place by place. */
  readonly canReplace: boolean;
  /** A count that every call must leave as it was. */
  readonly held?: () => number;
}

/** Opens an engine on a golden model for a suite, and checks after every test that nothing was left behind. */
export function opened(engine: EngineUnderTest, name: GoldenName): { reference: Golden; network: Network } {
  const under = {} as { reference: Golden; network: Network };
  let before: number | undefined;
  beforeAll(async () => {
    under.reference = await golden(name);
    under.network = await engine.open(under.reference);
    await Promise.all((['attention', 'texts'] as const).map((task) => under.network.prepare(task)));
  });
  beforeEach(() => {
    before = engine.held?.();
  });
  afterEach(() => {
    expect(engine.held?.()).toBe(before);
  });
  afterAll(() => under.network.release());
  return under;
}

/** Decoding trees for a piece of work, and released after it. */
export async function withTrees<R>(
  network: Network,
  tokens: ImageTokens,
  work: (trees: TreeModel) => Promise<R>,
  probe?: Probe,
): Promise<R> {
  const trees = await network.openTrees(tokens, probe);
  try {
    return await work(trees);
  } finally {
    trees.release();
  }
}

/** Every tensor that OpenCLIP computed, on an engine. */
export function describeGolden(engine: EngineUnderTest): void {
  describe.each(GOLDEN_MODELS)(`%s model on ${engine.label}`, (name) => goldenTests(engine, name));
}

function goldenTests(engine: EngineUnderTest, name: GoldenName): void {
  const under = opened(engine, name);
  const worstError = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
    worst(actual, expected, engine.tolerance);

  const images = async () => {
    const { data, shape } = await under.reference.expected('pixel_values');
    return under.network.encodeImages(data, shape[0]!);
  };

  test.each(['latent', 'features'] as const)('image %s', async (which) => {
    const { data } = await under.reference.expected(`image_${which}`);
    expect(worstError((await images())[which], data)).toBeLessThan(1);
  });

  test.each(['latent', 'features'] as const)('text %s', async (which) => {
    const { data } = await under.reference.expected(`text_${which}`);
    expect(worstError((await under.network.encodeTexts(await under.reference.texts()))[which], data)).toBeLessThan(1);
  });

  test('a short text alone has the embedding that it has beside longer ones', async () => {
    const texts = await under.reference.texts();
    const { data } = await under.reference.expected('text_features');
    const width = under.reference.config.embed_dim;
    for (const [i, text] of texts.entries()) {
      const { features } = await under.network.encodeTexts([text]);
      expect(worstError(features, data.subarray(i * width, (i + 1) * width))).toBeLessThan(1);
    }
  });

  test('logits, teacher forced in one call', async () => {
    const { data } = await under.reference.expected('logits');
    await withTrees(under.network, (await images()).tokens, async (trees) => {
      const scores = await trees.extend(chains(await under.reference.texts()));
      expect(worstError(Float32Array.from(scores.flatMap(({ logits }) => [...logits])), data)).toBeLessThan(1);
    });
  });

  test('candidates and the sum of probabilities are those of the logits', async () => {
    const texts = chains(await under.reference.texts());
    const { tokens } = await images();
    const say = (candidates?: number) =>
      withTrees(under.network, tokens, async (trees) => structuredClone(await trees.extend(texts, candidates)));
    const [all, some] = [await say(), await say(5)];
    for (const [picture, { logits, logSumExp }] of all.entries()) {
      const vocabSize = logits.length / logSumExp.length;
      const expected = scoresOf(logits, vocabSize, some[picture]!.tokens!.length / logSumExp.length);
      expect(worstError(logSumExp, expected.logSumExp)).toBeLessThan(1);
      expect(worstError(some[picture]!.logSumExp, expected.logSumExp)).toBeLessThan(1);
      expect(worstError(some[picture]!.logits, expected.logits)).toBeLessThan(1);
      expect(some[picture]!.tokens).toEqual(expected.tokens);
    }
  });

  test('logits of a picture that took the place of another, whose neighbour goes on', async () => {
    const { data, shape } = await under.reference.expected('logits');
    const texts = chains(await under.reference.texts());
    const { tokens } = await images();
    const size = tokens.data.length / tokens.count;
    const tokensOf = (from: number, count: number) => {
      return { count, data: tokens.data.slice(from * size, (from + count) * size) };
    };
    const expected = (picture: number) => {
      const length = shape[1]! * shape[2]!;
      return data.subarray(picture * length, (picture + 1) * length);
    };
    const trees = await under.network.openTrees(tokensOf(1, 2));
    try {
      if (trees.replace === undefined) {
        expect(engine.canReplace).toBe(false);
        return;
      }
      const half = Math.floor(texts[2]!.length / 2);
      const [, begun] = await trees.extend([texts[1]!.slice(0, 3), texts[2]!.slice(0, half)]);
      const first = begun!.logits.slice();
      trees.retain?.([[], texts[2]!.slice(0, half).map(({ node }) => node)]);
      await trees.replace(0, tokensOf(0, 1));
      const [fresh, rest] = await trees.extend([texts[0]!, texts[2]!.slice(half)]);
      expect(worstError(fresh!.logits, expected(0))).toBeLessThan(1);
      expect(worstError(Float32Array.from([...first, ...rest!.logits]), expected(2))).toBeLessThan(1);
    } finally {
      trees.release();
    }
  });

  /** Checks all layers of one attention: the reference holds them as [B, layer, head, query, key]. */
  const checkAttention = async (seen: readonly Attention[], name: AttentionName) => {
    const pooler = name.startsWith('pooler');
    const { data, shape } = await under.reference.expected(`attn.${name}`);
    const layers = pooler ? 1 : shape[1]!;
    const found = seen.filter((attention) => attention.name === name);
    expect(found.map(({ layer }) => layer)).toEqual([...Array(layers).keys()]);
    const inner = shape.slice(pooler ? 1 : 2).reduce((product, side) => product * side, 1);
    for (const { layer, data: probabilities, shape: dims } of found) {
      expect(dims).toEqual([shape[0], ...shape.slice(-3)]);
      for (let b = 0; b < shape[0]!; b++) {
        const at = (b * layers + layer) * inner;
        const actual = probabilities.subarray(b * inner, (b + 1) * inner);
        expect(worstError(actual, data.subarray(at, at + inner)), `${name} ${layer}`).toBeLessThan(1);
      }
    }
  };

  test('attention of the vision tower and the poolers', async () => {
    const { data, shape } = await under.reference.expected('pixel_values');
    const seen: Attention[] = [];
    await under.network.encodeImages(data, shape[0]!, { onAttention: (attention) => seen.push(attention) });
    await checkAttention(seen, 'vision');
    const pooling = under.reference.config.vision.attentional_pool;
    if (pooling) await checkAttention(seen, 'pooler.0');
    if (pooling === 'cascade') await checkAttention(seen, 'pooler.1');
  });

  test('frames of a clip: embedding, image tokens, logits of a caption, and gradients over all tokens', async () => {
    const { config } = under.reference;
    const { data, shape } = await under.reference.expected('pixel_values');
    const expected = await under.reference.video();
    const seen: Attention[] = [];
    const onAttention = (one: Attention) => seen.push(one);
    const clip = await encodeClip(under.network, config, data, shape[0]!, { onAttention });
    expect(worstError(clip.latent, expected.latent)).toBeLessThan(1);
    expect(worstError(clip.features, expected.features)).toBeLessThan(1);
    expect(clip.tokens.count).toBe(1);
    expect(worstError(clip.tokens.data, expected.tokens)).toBeLessThan(1);
    const ids = expected.ids.slice(0, -1);
    await withTrees(under.network, clip.tokens, async (trees) => {
      const [scores] = await trees.extend(chains([Int32Array.from(ids)]));
      expect(worstError(scores!.logits, expected.logits)).toBeLessThan(1);
    });
    // All frames are attended to by the same queries.
    const frames = shape[0]!;
    const outputs = encoderOutputCount(config);
    expect(seen.filter(({ name }) => name === 'vision').map((one) => one.shape.slice(0, 2))).toEqual(
      Array(config.vision.layers).fill([frames, 1]),
    );
    const pooler = seen.find(({ name }) => name === 'pooler.0');
    expect(pooler?.shape.at(-1)).toBe(config.vision.attentional_pool ? frames * outputs : undefined);
    const [gradient] = await under.network.crossGradients(clip.tokens, expected.ids);
    expect(gradient!.shape.at(-1)).toBe(clip.tokens.data.length / config.multimodal.width);
  });

  test('the halves of the image encoder make one picture what the whole makes of it', async () => {
    const { data, shape } = await under.reference.expected('pixel_values');
    const pixels = data.subarray(0, data.length / shape[0]!);
    const whole = await under.network.encodeImages(pixels, 1);
    const halves = await under.network.poolFrames(await under.network.encodeFrames(pixels, 1));
    expect(worstError(halves.latent, whole.latent)).toBeLessThan(1);
    expect(worstError(halves.tokens.data, whole.tokens.data)).toBeLessThan(1);
    // A clip of one frame is that picture.
    expect(await encodeClip(under.network, under.reference.config, pixels, 1)).toEqual(whole);
  });

  test('attention of both halves of the decoder', async () => {
    const seen: Attention[] = [];
    const texts = await under.reference.texts();
    await withTrees(under.network, (await images()).tokens, (trees) => trees.extend(chains(texts)), {
      onAttention: (attention) => seen.push(attention),
    });
    await checkAttention(seen, 'decoder_self');
    await checkAttention(seen, 'cross');
  });

  test('gradients by the cross-attention, all rows at once', async () => {
    const { ids, gradients } = await under.reference.crossGradients();
    const { tokens } = await images();
    const first = { count: 1, data: tokens.data.slice(0, tokens.data.length / tokens.count) };
    const found = await under.network.crossGradients(first, ids);
    const { layers, heads } = under.reference.config.multimodal;
    const keys = gradients.length / (layers * heads * (ids.length - 1));
    expect(found.map(({ name, layer, shape }) => [name, layer, shape])).toEqual(
      Array.from({ length: layers }, (_, layer) => ['cross', layer, [1, heads, ids.length - 1, keys]]),
    );
    const all = found.flatMap(({ data }) => [...data]);
    expect(worstError(all, gradients)).toBeLessThan(1);
    await expect(under.network.crossGradients(tokens, ids)).rejects.toThrow(/of one picture/);
  });

  test('attention of the text tower, CLS included', async () => {
    const seen: Attention[] = [];
    const texts = await under.reference.texts();
    const { data, shape } = await under.reference.expected('attn.text'); // [B, layer, head, T + 1, T + 1]
    await under.network.encodeTexts(texts, { onAttention: (attention) => seen.push(attention) });
    expect(seen).toHaveLength(shape[1]!);
    const [batch, layers, heads, side] = shape as [number, number, number, number];
    for (const { layer, data: probabilities, shape: dims } of seen) {
      const length = dims[3] - 1; // what follows the first padding id is not computed
      for (let b = 0; b < batch; b++) {
        for (let row = 0; row < heads; row++) {
          const expected = data.subarray((((b * layers + layer) * heads + row) * side + side - 1) * side);
          const actual = probabilities.subarray(((b * heads + row) * dims[2] + dims[2] - 1) * dims[3]);
          expect(worstError(actual.subarray(0, length), expected.subarray(0, length))).toBeLessThan(1);
          expect(Math.abs(actual[length]! - expected[side - 1]!)).toBeLessThan(engine.tolerance);
        }
      }
    }
  });

  test('similarity logits and caption log-likelihoods', async () => {
    const { data: pixels, shape } = await under.reference.expected('pixel_values');
    const texts = await under.reference.texts();
    const { eot, sot } = under.reference.config.special_ids!;
    const encoded = await under.network.encodeImages(pixels, shape[0]!);
    const { features } = await under.network.encodeTexts(texts);
    const width = under.reference.config.embed_dim;
    const scale = Math.exp((await readTensor(under.reference.checkpoint, 'logit_scale'))[0]!);
    const similarity = Float32Array.from({ length: 16 }, (_, at) => {
      const [i, j] = [Math.floor(at / 4), at % 4];
      let dot = 0;
      for (let k = 0; k < width; k++) dot += encoded.features[i * width + k]! * features[j * width + k]!;
      return scale * dot;
    });
    expect(worstError(similarity, (await under.reference.expected('similarity_logits')).data)).toBeLessThan(1);

    // All four captions as one tree, which shares what they begin with.
    const captions = texts.map((text) => [...text.subarray(0, text.indexOf(eot) + 1)]);
    expect(captions.every((ids) => ids[0] === sot)).toBe(true);
    const { rows, targets } = captionTrie(captions);
    const sums = new Float32Array(16);
    await withTrees(under.network, encoded.tokens, async (trees) => {
      const scores = await trees.extend(captions.map(() => rows));
      for (let i = 0; i < 4; i++) {
        for (const { row, token, caption } of targets) {
          sums[i * 4 + caption]! += new Row(scores[i]!, row).logprob(token);
        }
      }
    });
    expect(worstError(sums, (await under.reference.expected('caption_log_likelihood')).data)).toBeLessThan(1);
    const counts = captions.map((ids) => ids.length - 1);
    expect(counts).toEqual([...(await under.reference.expected('caption_token_count')).data]);
  });

  test('logits, one token at a time through the cache', async () => {
    const { data, shape } = await under.reference.expected('logits');
    const texts = await under.reference.texts();
    const [batch, length, vocab] = shape as [number, number, number];
    const actual = new Float32Array(data.length);
    await withTrees(under.network, (await images()).tokens, async (trees) => {
      for (let i = 0; i < length; i++) {
        const scores = await trees.extend(
          texts.map((text) => [{ node: i, parent: i === 0 ? ROOT : i - 1, token: text[i]! }]),
        );
        for (let b = 0; b < batch; b++) actual.set(scores[b]!.logits, (b * length + i) * vocab);
      }
    });
    expect(worstError(actual, data)).toBeLessThan(1);
  });
}

/** Each text as a chain of rows. */
function chains(texts: readonly Int32Array[]): TokenRow[][] {
  return texts.map((text) => Array.from(text, (token, i) => ({ node: i, parent: i === 0 ? ROOT : i - 1, token })));
}

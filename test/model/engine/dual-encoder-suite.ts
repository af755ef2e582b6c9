import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parameterShapes } from '../../../src/model/architecture/parameters.js';
import { checkShapes, type SafetensorsFile } from '../../../src/model/checkpoint/index.js';
import type { ModelConfig } from '../../../src/model/config/config.js';
import type { Attention, Network } from '../../../src/model/engine/network.js';
import { DUAL_ENCODERS, type DualEncoder, type DualEncoderName, dualEncoder } from '../../support/dual-encoders.js';
import { worstError } from '../../support/golden.js';

export interface DualEncoderEngine {
  readonly label: string;
  /** Of all comparisons with OpenCLIP. */
  readonly tolerance: number;
  open(config: ModelConfig, checkpoint: SafetensorsFile): Promise<Network>;
}

/** Every tensor that OpenCLIP computed with dual encoders, on an engine. */
export function describeDualEncoders(engine: DualEncoderEngine): void {
  describe.each(DUAL_ENCODERS)(`%s on ${engine.label}`, (name) => dualEncoderTests(engine, name));
}

function dualEncoderTests({ open, tolerance }: DualEncoderEngine, name: DualEncoderName): void {
  let reference: DualEncoder;
  let network: Network;
  beforeAll(async () => {
    reference = await dualEncoder(name);
    checkShapes(reference.checkpoint, parameterShapes(reference.config));
    network = await open(reference.config, reference.checkpoint);
  });
  afterAll(() => network.release());

  const images = async (onAttention?: (attention: Attention) => void) => {
    const { data, shape } = await reference.expected('pixel_values');
    return network.encodeImages(data, shape[0]!, { onAttention });
  };

  test('embeddings of pictures', async () => {
    const { latent, features, tokens } = await images();
    for (const [name, actual] of Object.entries({ image_latent: latent, image_features: features })) {
      expect(worstError(actual, (await reference.expected(name)).data, tolerance), name).toBeLessThan(1);
    }
    expect(tokens.data).toHaveLength(0);
  });

  test('embeddings of texts, together and each alone', async () => {
    const texts = reference.texts();
    const { latent, features } = await network.encodeTexts(texts);
    for (const [name, actual] of Object.entries({ text_latent: latent, text_features: features })) {
      expect(worstError(actual, (await reference.expected(name)).data, tolerance), name).toBeLessThan(1);
    }
    const { data } = await reference.expected('text_latent');
    const width = reference.config.embed_dim;
    for (const [i, text] of texts.entries()) {
      const alone = await network.encodeTexts([text]);
      expect(worstError(alone.latent, data.subarray(i * width, (i + 1) * width), tolerance)).toBeLessThan(1);
    }
  });

  test('attention of both towers', async () => {
    const seen: Attention[] = [];
    await images((attention) => seen.push(attention));
    await network.encodeTexts(reference.texts(), { onAttention: (attention) => seen.push(attention) });
    for (const name of ['vision', 'text', 'pooler.0'] as const) {
      if (!reference.has(`attn.${name}`)) continue;
      const { data, shape } = await reference.expected(`attn.${name}`); // [B, layer, H, N, M], of a pooler [B, H, N, M]
      const [batch, layers] = [shape[0]!, name === 'pooler.0' ? 1 : shape[1]!];
      const [heads, queries, keys] = shape.slice(-3) as [number, number, number];
      const found = seen.filter((attention) => attention.name === name);
      expect(found.map(({ layer }) => layer)).toEqual([...Array(layers).keys()]);
      for (const { layer, data: probabilities, shape: dims } of found) {
        const [, , rows, columns] = dims; // of a text, as far as any row is read
        let worst = 0;
        for (let at = 0; at < batch * heads * rows * columns; at++) {
          const [b, h] = [Math.floor(at / (heads * rows * columns)), Math.floor(at / (rows * columns)) % heads];
          const [row, column] = [Math.floor(at / columns) % rows, at % columns];
          const there = (((b * layers + layer) * heads + h) * queries + row) * keys + column;
          worst = Math.max(worst, Math.abs(probabilities[at]! - data[there]!));
        }
        expect(worst, `${name} ${layer}`).toBeLessThan(tolerance);
      }
    }
  });

  test('what needs a captioner is refused', async () => {
    const { tokens } = await images();
    const refusal = { code: 'usage', message: expect.stringMatching(/has no captioner/) };
    await expect(network.openTrees(tokens)).rejects.toMatchObject(refusal);
    await expect(network.crossGradients(tokens, [1, 2])).rejects.toMatchObject(refusal);
    await expect(network.prepare('captions')).rejects.toMatchObject(refusal);
  });
}

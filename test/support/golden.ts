import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openSafetensors, readTensor, type SafetensorsFile } from '../../src/model/checkpoint/safetensors.js';
import { type CocaConfig, parseConfig, requireCaptioner } from '../../src/model/config/config.js';

export const GOLDEN_MODELS = ['pooled', 'cascade', 'unpooled'] as const;
export type GoldenName = (typeof GOLDEN_MODELS)[number];

export function fixture(path: string): string {
  return fileURLToPath(new URL(`../../fixtures/${path}`, import.meta.url));
}

export interface Generation {
  readonly image: number;
  readonly prompt: readonly number[];
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly sequences: readonly (readonly number[])[];
  readonly sequences_scores?: readonly number[];
  readonly token_logprobs?: readonly (readonly number[])[];
}

export interface Golden {
  readonly name: GoldenName;
  readonly config: CocaConfig;
  readonly checkpoint: SafetensorsFile;
  readonly generation: readonly Generation[];
  /** An expected tensor, and its shape. */
  expected(name: string): Promise<{ readonly data: Float32Array; readonly shape: readonly number[] }>;
  /** A caption of picture 0, and the gradient of what its rows predict by their cross-attention: [layers, heads, rows, S]. */
  crossGradients(): Promise<{ readonly ids: readonly number[]; readonly gradients: Float32Array }>;
  /** The pictures as the frames of one clip: embedding, image tokens, and the logits of a caption over them. */
  video(): Promise<
    Readonly<Record<'latent' | 'features' | 'tokens' | 'logits', Float32Array>> & { readonly ids: readonly number[] }
  >;
  /** The ids of the four reference texts, [4][T]. */
  texts(): Promise<readonly Int32Array[]>;
}

/** One of the reference models of fixtures/golden, with what OpenCLIP computed with it. */
export async function golden(name: GoldenName): Promise<Golden> {
  const folder = `golden/${name}`;
  const config = parseConfig(JSON.parse(readFileSync(fixture(`${folder}/open_clip_config.json`), 'utf8')), name);
  requireCaptioner(config, 'the suite');
  const reference = await openSafetensors(fixture(`${folder}/expected.safetensors`));
  return {
    name,
    config,
    checkpoint: await openSafetensors(fixture(`${folder}/open_clip_model.safetensors`)),
    generation: JSON.parse(readFileSync(fixture(`${folder}/expected.json`), 'utf8')).generation,
    expected: async (tensor) => ({
      data: await readTensor(reference, tensor),
      shape: reference.tensors.get(tensor)!.shape,
    }),
    crossGradients: async () => {
      const file = await openSafetensors(fixture(`${folder}/cross_gradients.safetensors`));
      return { ids: [...readIds(file, 'ids')], gradients: await readTensor(file, 'gradients') };
    },
    video: async () => {
      const file = await openSafetensors(fixture(`${folder}/video.safetensors`));
      const [latent, features, tokens, logits] = await Promise.all(
        ['latent', 'features', 'tokens', 'logits'].map((name) => readTensor(file, name)),
      );
      return { latent: latent!, features: features!, tokens: tokens!, logits: logits!, ids: [...readIds(file, 'ids')] };
    },
    texts: async () => {
      const { shape } = reference.tensors.get('text')!;
      const ids = readIds(reference, 'text');
      return Array.from({ length: shape[0]! }, (_, i) => ids.subarray(i * shape[1]!, (i + 1) * shape[1]!));
    },
  };
}

export function readIds({ path, tensors }: SafetensorsFile, name: string): Int32Array {
  const { offset, byteLength } = tensors.get(name)!;
  return new Int32Array(new Uint8Array(readFileSync(path).subarray(offset, offset + byteLength)).buffer);
}

/** The golden tolerance: 1e-4 x max(1, |value|), everywhere. Gives the worst error as a multiple of it. */
export function worstError(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-4): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, expected ${expected.length}`);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / (tolerance * Math.max(1, Math.abs(expected[i]!)));
    // A NaN must not slip through a comparison.
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

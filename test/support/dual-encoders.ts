import { readFileSync } from 'node:fs';
import { openCheckpoint, openSafetensors, readTensor, type SafetensorsFile } from '../../src/model/checkpoint/index.js';
import { type ModelConfig, parseConfig } from '../../src/model/config/config.js';
import { fixture, readIds } from './golden.js';

/** The small dual encoders of fixtures/dual-encoders (scripts/reference/dual_encoders.py). */
export const DUAL_ENCODERS = ['clip', 'quickgelu', 'clipa', 'worldwide', 'custom', 'siglip', 'siglip-noproj'] as const;
export type DualEncoderName = (typeof DUAL_ENCODERS)[number];

export interface DualEncoder {
  readonly folder: string;
  readonly config: ModelConfig;
  readonly checkpoint: SafetensorsFile;
  /** What OpenCLIP computed, and its shape. */
  expected(name: string): Promise<{ readonly data: Float32Array; readonly shape: readonly number[] }>;
  has(name: string): boolean;
  /** The ids of the reference texts, [B][T]. */
  texts(): readonly Int32Array[];
}

/** One of them, with what OpenCLIP computed with it. */
export async function dualEncoder(name: DualEncoderName): Promise<DualEncoder> {
  const folder = fixture(`dual-encoders/${name}`);
  const reference = await openSafetensors(`${folder}/expected.safetensors`);
  return {
    folder,
    config: configOf(JSON.parse(readFileSync(`${folder}/open_clip_config.json`, 'utf8')), name),
    checkpoint: await openCheckpoint(`${folder}/open_clip_model.safetensors`, { cacheDir: 'not needed' }),
    expected: async (tensor) => ({
      data: await readTensor(reference, tensor),
      shape: reference.tensors.get(tensor)!.shape,
    }),
    has: (tensor) => reference.tensors.has(tensor),
    texts: () => {
      const [count, length] = reference.tensors.get('text')!.shape as [number, number];
      const ids = readIds(reference, 'text');
      return Array.from({ length: count }, (_, i) => ids.subarray(i * length, (i + 1) * length));
    },
  };
}

type Json = { readonly model_cfg: { readonly vision_cfg: object } };

/** timm's towers state their sizes by name; those of these models are smaller. */
function configOf(json: Json, name: string): ModelConfig {
  const { vision_cfg } = json.model_cfg;
  if (!('timm_model_name' in vision_cfg)) return parseConfig(json, name);
  const config = parseConfig({ ...json, model_cfg: { ...json.model_cfg, vision_cfg: {} } }, name);
  const { vision } = parseConfig({ embed_dim: 768, vision_cfg, text_cfg: {} }, name);
  return { ...config, vision: { ...vision, image_size: 64, width: 32, layers: 2, head_width: 16 } };
}

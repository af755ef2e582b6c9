import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseConfig, requireCaptioner } from '../../../src/model/config/config.js';
import { fixture, golden } from '../../support/golden.js';
import { TFJS_TEST_DEVICES, tolerance } from '../../support/tfjs.js';
import { openTrainer } from '../../support/training.js';

interface Case {
  readonly pad_id: number;
  readonly padded_with: number;
  readonly ids: readonly (readonly number[])[];
  readonly contrastive_loss: number;
  readonly caption_loss: number;
  /** Of all gradients together. */
  readonly gradient_norm: number;
}

/** What OpenCLIP's CoCa and CoCaLoss give: scripts/reference/pad_id_loss.py. */
const { caption_loss_weight: weight, cases } = JSON.parse(
  readFileSync(fixture('golden/pooled/pad_id.json'), 'utf8'),
) as { readonly caption_loss_weight: number; readonly cases: readonly Case[] };
const json = JSON.parse(readFileSync(fixture('golden/pooled/open_clip_config.json'), 'utf8'));

/** The config of the pooled model with a field of one section changed. */
function configWith(section: string, change: object) {
  const { model_cfg } = json;
  const changed = { ...model_cfg, [section]: { ...model_cfg[section], ...change } };
  const config = parseConfig({ ...json, model_cfg: changed }, 'test');
  requireCaptioner(config, 'training');
  return config;
}

describe.each(TFJS_TEST_DEVICES)('on %s', (device) => {
  test.each(cases)(
    "OpenCLIP's losses and gradients with text_cfg.pad_id $pad_id and padding $padded_with",
    async (one) => {
      const reference = await golden('pooled');
      const config = configWith('text_cfg', { pad_id: one.pad_id });
      const trainer = await openTrainer({ ...reference, config }, device);
      const contexts = one.ids.map((ids) => Int32Array.from(ids));
      const pixels = (await reference.expected('pixel_values')).data;
      const { losses, gradients } = await trainer.gradients([{ pixels, contexts }]);
      trainer.release();
      expect(Math.abs(losses.contrastive! - one.contrastive_loss)).toBeLessThan(tolerance(device));
      expect(Math.abs(losses.captioning! * weight - one.caption_loss)).toBeLessThan(tolerance(device));
      const norm = Math.hypot(...[...gradients.values()].map((gradient) => Math.hypot(...gradient)));
      expect(Math.abs(norm / one.gradient_norm - 1)).toBeLessThan(1e-4);
    },
  );
});

test('patch_dropout is refused by its name', async () => {
  const reference = await golden('pooled');
  const config = configWith('vision_cfg', { patch_dropout: 0.5 });
  await expect(openTrainer({ ...reference, config }, TFJS_TEST_DEVICES[0]!)).rejects.toMatchObject({
    code: 'bad-config',
    message: 'vision_cfg.patch_dropout is 0.5, and training leaves out no patches here',
  });
});

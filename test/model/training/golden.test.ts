import { describe, expect, test } from 'vitest';
import { GOLDEN_MODELS, golden } from '../../support/golden.js';
import { TFJS_TEST_DEVICES, tolerance } from '../../support/tfjs.js';
import { goldenBatch, openTrainer, piece, relativeError, trainingReference } from '../../support/training.js';

/** PyTorch's losses, gradients and steps: fixtures/golden/README.md. */
describe.each(TFJS_TEST_DEVICES)('on %s', (device) => {
  describe.each(GOLDEN_MODELS)('%s model', (name) => {
    test.each([1, 2, 3])('losses and every gradient, with the batch in %d pieces', async (count) => {
      const reference = await golden(name);
      const { loss, grad_norms } = trainingReference(name);
      const batch = await goldenBatch(reference);
      const cuts = { 1: [0, 4], 2: [0, 2, 4], 3: [0, 1, 3, 4] }[count]!;
      const pieces = cuts.slice(1).map((to, i) => piece(batch, cuts[i]!, to));
      const trainer = await openTrainer(reference, device);
      const { losses, gradients } = await trainer.gradients(pieces);
      trainer.release();

      expect(Math.abs(losses.contrastive! - loss.contrastive_loss)).toBeLessThan(tolerance(device));
      expect(Math.abs(losses.captioning! * loss.caption_loss_weight - loss.caption_loss)).toBeLessThan(
        tolerance(device),
      );
      expect(Math.abs(losses.total - loss.total)).toBeLessThan(tolerance(device));
      expect([...gradients.keys()].sort()).toEqual(Object.keys(grad_norms).sort());
      for (const [parameter, gradient] of gradients) {
        const { data } = await reference.expected(`grad.${parameter}`);
        expect(relativeError(gradient, data), parameter).toBeLessThan(1e-3);
      }
    });

    test('five steps of AdamW', async () => {
      const reference = await golden(name);
      const { adamw } = trainingReference(name);
      const batch = await goldenBatch(reference);
      const trainer = await openTrainer(reference, device);
      for (const [step, { loss }] of adamw.losses_before_each_step.entries()) {
        const report = await trainer.train([batch]);
        expect(Math.abs(report.losses.total - loss), `step ${step}`).toBeLessThan(1e-3);
      }
      trainer.release();
    });
  });
});

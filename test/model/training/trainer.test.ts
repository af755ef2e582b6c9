import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSafetensors, readTensor, writeSafetensors } from '../../../src/model/checkpoint/index.js';
import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { openBackend } from '../../../src/model/engine/tfjs/backends.js';
import type { TrainingBatch } from '../../../src/model/training/batch.js';
import { COCA_OBJECTIVE } from '../../../src/model/training/objective.js';
import { decays, partOf, partsIn } from '../../../src/model/training/parts.js';
import type { Trainer } from '../../../src/model/training/trainer.js';
import { type Golden, golden, worstError } from '../../support/golden.js';
import { TFJS_TEST_DEVICES, tolerance } from '../../support/tfjs.js';
import { goldenBatch, openTrainer, piece, relativeError, trainingReference } from '../../support/training.js';

const [device] = TFJS_TEST_DEVICES;

let reference: Golden;
let batch: TrainingBatch;
let folder: string;
beforeAll(async () => {
  reference = await golden('pooled');
  batch = await goldenBatch(reference);
  folder = mkdtempSync(join(tmpdir(), 'coca-trainer-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lends a trainer that starts from the golden model. */
async function withTrainer<R>(
  change: Parameters<typeof openTrainer>[2],
  work: (trainer: Trainer) => Promise<R>,
): Promise<R> {
  const trainer = await openTrainer(reference, device!, change);
  try {
    return await work(trainer);
  } finally {
    trainer.release();
  }
}

/** What a trainer would write of its model, by name. */
async function parametersOf(trainer: Trainer): Promise<Map<string, Float32Array>> {
  const path = join(folder, 'parameters.safetensors');
  await writeSafetensors(path, trainer.modelTensors());
  const file = await openSafetensors(path);
  const values = new Map<string, Float32Array>();
  for (const name of file.tensors.keys()) values.set(name, await readTensor(file, name));
  return values;
}

const norm = (values: Iterable<Float32Array>) =>
  Math.sqrt([...values].reduce((sum, array) => sum + array.reduce((total, value) => total + value ** 2, 0), 0));

describe('questions among captions', () => {
  /** The first and the last text are a question of two tokens with its answer. */
  const asked = (): TrainingBatch => {
    const given = new Int32Array(batch.contexts.length).fill(1);
    given[0] = 3;
    given[given.length - 1] = 3;
    return { ...batch, given };
  };
  const alone = (objective: Partial<typeof COCA_OBJECTIVE>) => ({ objective: { ...COCA_OBJECTIVE, ...objective } });

  test.each([1, 2, 3])(
    'the contrastive loss, in %d pieces, is that of the captions alone, and so are its gradients',
    async (count) => {
      const size = batch.contexts.length;
      const cuts = Array.from({ length: count + 1 }, (_, i) => Math.round((i * size) / count));
      const pieces = cuts.slice(1).map((to, i) => piece(asked(), cuts[i]!, to));
      const contrastive = alone({ captioning: 0 });
      const found = await withTrainer(contrastive, (trainer) => trainer.gradients(pieces));
      const captions = piece(batch, 1, size - 1);
      const expected = await withTrainer(contrastive, (trainer) => trainer.gradients([captions]));
      expect(found.losses.contrastive).toBeCloseTo(expected.losses.contrastive!, 5);
      expect([...found.gradients.keys()].sort()).toEqual([...expected.gradients.keys()].sort());
      for (const [name, gradient] of expected.gradients) {
        expect(relativeError(found.gradients.get(name)!, gradient), name).toBeLessThan(1e-3);
      }
      const { contrastive: loss } = await withTrainer(contrastive, (trainer) => trainer.losses(pieces));
      expect(loss).toBeCloseTo(expected.losses.contrastive!, 5);
    },
  );

  test('questions alone: refused in training with a contrastive loss, without one in a validation', async () => {
    const given = new Int32Array(batch.contexts.length).fill(3);
    await withTrainer({}, async (trainer) => {
      await expect(trainer.train([{ ...batch, given }])).rejects.toMatchObject({
        code: 'bad-data',
        message: expect.stringContaining('questions alone'),
      });
      const losses = await trainer.losses([{ ...batch, given }]);
      expect(losses.contrastive).toBeNull();
      expect(losses.total).toBeCloseTo(losses.captioning! * COCA_OBJECTIVE.captioning, 5);
    });
  });
});

describe('a step', () => {
  test('is AdamW on clipped gradients, with the learning rate of its schedule, done in double precision', async () => {
    const { adamw } = trainingReference('pooled');
    const schedule = { learningRate: 0.01, warmupSteps: 4 };
    const report = await withTrainer({ schedule }, (trainer) => trainer.train([batch]));
    const { before, gradients, after } = await withTrainer({ schedule, clipNorm: 1 }, async (trainer) => {
      const start = { before: await parametersOf(trainer), ...(await trainer.gradients([batch])) };
      await trainer.train([batch]);
      return { ...start, after: await parametersOf(trainer) };
    });
    const gradNorm = norm(gradients.values());
    expect(report.gradNorm).toBeCloseTo(gradNorm, 3);
    expect(report.learningRate).toBeCloseTo(0.0025, 12);
    expect(gradNorm).toBeGreaterThan(1); // so that clipping is seen
    for (const [name, values] of after) {
      const { shape } = reference.checkpoint.tensors.get(name)!;
      const expected = before.get(name)!.map((value, i) => {
        const gradient = gradients.get(name)![i]! / (gradNorm + 1e-6);
        const [m, v] = [(1 - adamw.betas[0]) * gradient, (1 - adamw.betas[1]) * gradient ** 2];
        const change = m / (1 - adamw.betas[0]) / (Math.sqrt(v / (1 - adamw.betas[1])) + adamw.eps);
        const kept = decays(name, shape) ? value * (1 - 0.0025 * adamw.weight_decay) : value;
        return name === 'logit_scale' ? Math.min(Math.log(100), kept - 0.0025 * change) : kept - 0.0025 * change;
      });
      // Where the gradient is about as small as epsilon, its rounding is seen: allow a part of the whole step.
      for (const [i, value] of values.entries()) expect(Math.abs(value - expected[i]!), name).toBeLessThan(1e-4);
    }
  });

  test('keeps the temperature from falling below 1 / 100', async () => {
    const schedule = { learningRate: 3, warmupSteps: 0 };
    const frozen = (name: string) => name !== 'logit_scale';
    const temperatures = await withTrainer({ schedule, frozen }, async (trainer) => {
      const reports = [await trainer.train([batch]), await trainer.train([batch])];
      return reports.map(({ temperature }) => temperature);
    });
    for (const temperature of temperatures) {
      expect(temperature).toBeGreaterThanOrEqual(0.01 - 1e-8);
      expect(temperature).toBeLessThanOrEqual(1 + 1e-8);
    }
  });

  test('leaves no tensor behind', async () => {
    const { tf } = await openBackend(device!);
    const outside = tf.memory().numTensors;
    await withTrainer({}, async (trainer) => {
      await trainer.train([batch]); // from now on the optimiser has something to remember
      const before = tf.memory().numTensors;
      const pieces = [piece(batch, 0, 2), piece(batch, 2, 4)];
      for (const some of [[batch], pieces, [batch]]) {
        await trainer.train(some);
        expect(tf.memory().numTensors).toBe(before);
      }
      await trainer.network().encodeTexts(batch.contexts);
      expect(tf.memory().numTensors).toBe(before);
    });
    expect(tf.memory().numTensors).toBe(outside);
  });

  test('that is not finite is an error, with nothing changed', async () => {
    await withTrainer({}, async (trainer) => {
      await trainer.train([batch]);
      const before = await parametersOf(trainer);
      const pixels = batch.pixels.slice();
      pixels[5] = Number.NaN;
      await expect(trainer.train([{ ...batch, pixels }])).rejects.toMatchObject({
        code: 'diverged',
        message: expect.stringMatching(/^step 2 is not finite \(contrastive NaN/),
      });
      expect(await parametersOf(trainer)).toEqual(before);
      expect((await trainer.train([batch])).step).toBe(2);
    });
  });
});

describe('parts of the model', () => {
  test('that are frozen stay bit for bit, and the others go on as if nothing were', async () => {
    const frozen = (name: string) => ['vision', 'text'].includes(partOf(name));
    const all = await withTrainer({}, (trainer) => trainer.gradients([batch]));
    await withTrainer({ frozen }, async (trainer) => {
      const before = await parametersOf(trainer);
      const { gradients } = await trainer.gradients([batch]);
      expect([...gradients.keys()].filter(frozen)).toEqual([]);
      for (const [name, gradient] of gradients) expect(worstError(gradient, all.gradients.get(name)!)).toBeLessThan(1);
      await trainer.train([batch]);
      for (const [name, values] of await parametersOf(trainer)) {
        if (frozen(name)) expect(values).toEqual(before.get(name));
        else if (gradients.get(name)!.some((value) => value !== 0)) expect(values).not.toEqual(before.get(name));
      }
    });
  });

  test('cannot all be frozen, nor all on which a loss depends; nothing is left of what was opened', async () => {
    const { tf } = await openBackend(device!);
    const before = tf.memory().numTensors;
    const contrastive = { ...COCA_OBJECTIVE, captioning: 0 };
    const frozen = (name: string) => partOf(name) !== 'multimodal';
    await expect(openTrainer(reference, device!, { frozen: () => true })).rejects.toMatchObject({ code: 'usage' });
    await expect(openTrainer(reference, device!, { frozen, objective: contrastive })).rejects.toMatchObject({
      code: 'usage',
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('special cases of the objective', () => {
  const objective = (change: Partial<typeof COCA_OBJECTIVE>) => ({
    ...COCA_OBJECTIVE,
    contrastive: 0,
    captioning: 0,
    ...change,
  });
  const classes = Int32Array.of(0, 1, 2, 1);

  test.each([
    ['a dual encoder', objective({ contrastive: 1 }), ['logit_scale', 'text', 'vision']],
    ['an encoder-decoder', objective({ captioning: 1 }), ['multimodal', 'text', 'vision']],
  ])('%s: its loss is that of CoCa alone, its gradients reach no further', async (_, single, parts) => {
    const { loss } = trainingReference('pooled');
    const { losses, gradients } = await withTrainer({ objective: single }, (trainer) => trainer.gradients([batch]));
    const expected = single.contrastive ? loss.contrastive_loss : loss.caption_loss / loss.caption_loss_weight;
    expect(Math.abs(losses.total - expected)).toBeLessThan(1e-4);
    expect([losses.contrastive === null, losses.captioning === null]).toEqual([
      !single.contrastive,
      !single.captioning,
    ]);
    expect([...new Set([...gradients.keys()].map(partOf))].sort()).toEqual(parts);
    const untouched = single.contrastive ? 'text_decoder.text_projection' : 'text.text_projection';
    expect(gradients.has(untouched)).toBe(false);
  });

  test('a single encoder: a classifier on the picture alone, which learns', async () => {
    const only = objective({ classification: 1 });
    const schedule = { learningRate: 0.01, warmupSteps: 0 };
    await withTrainer({ objective: only, schedule, classes: 3 }, async (trainer) => {
      const labelled = { ...batch, classes };
      const first = await trainer.train([labelled]);
      expect(first.losses.classification).toBeCloseTo(Math.log(3), 5); // it starts with no opinion
      expect(first.losses).toMatchObject({ contrastive: null, captioning: null });
      const { gradients } = await trainer.gradients([labelled]);
      expect(new Set([...gradients.keys()].map(partOf))).toEqual(new Set(['vision', 'classifier']));
      await expect(trainer.train([batch])).rejects.toThrow(/with classes/);
      let last = first;
      for (let i = 0; i < 4; i++) last = await trainer.train([labelled]);
      expect(last.losses.total).toBeLessThan(first.losses.total / 2);
      const inPieces = await trainer.gradients([piece(labelled, 0, 1), piece(labelled, 1, 4)]);
      const whole = await trainer.gradients([labelled]);
      expect(inPieces.losses.total).toBeCloseTo(whole.losses.total, 5);
      expect([...(await parametersOf(trainer)).keys()]).not.toContain('classifier.weight');
    });
  });

  test('the parts that are said to be reached are those that have a gradient', async () => {
    const cases = [
      COCA_OBJECTIVE,
      objective({ contrastive: 1 }),
      objective({ captioning: 1 }),
      objective({ classification: 1 }),
    ];
    for (const some of cases) {
      const reached = await withTrainer({ objective: some, classes: 3 }, async (trainer) => {
        const { gradients } = await trainer.gradients([{ ...batch, classes }]);
        return new Set([...gradients.keys()].map(partOf));
      });
      expect(partsIn(some)).toEqual(reached);
    }
  });

  test('losses alone are those that come with gradients, whole and in pieces', async () => {
    const all = { contrastive: 1, captioning: 2, classification: 0.5, labelSmoothing: 0.1 };
    await withTrainer({ objective: all, classes: 3 }, async (trainer) => {
      const { tf } = await openBackend(device!);
      const labelled = { ...batch, classes };
      await trainer.train([labelled]);
      for (const pieces of [[labelled], [piece(labelled, 0, 1), piece(labelled, 1, 4)]]) {
        const { losses } = await trainer.gradients(pieces);
        const before = tf.memory().numTensors;
        const alone = await trainer.losses(pieces);
        expect(tf.memory().numTensors).toBe(before);
        for (const name of ['contrastive', 'captioning', 'classification', 'total'] as const) {
          expect(alone[name]).toBeCloseTo(losses[name]!, 5);
        }
      }
      expect((await trainer.train([labelled])).step).toBe(2);
    });
  });

  test('none at all is refused', async () => {
    await expect(openTrainer(reference, device!, { objective: objective({}) })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('positions of sines and cosines', () => {
  test('are no parameter: nothing differentiates by them, nothing changes them', async () => {
    const { config, checkpoint } = reference;
    const frozen = {
      ...reference,
      config: { ...config, vision: { ...config.vision, pos_embed_type: 'sin_cos_2d' } as const },
    };
    const name = 'visual.positional_embedding';
    const trainer = await openTrainer(frozen, device!, {});
    try {
      const { gradients } = await trainer.gradients([batch]);
      expect(gradients.has(name)).toBe(false);
      const { gradNorm } = await trainer.train([batch]);
      const { grad_norms } = trainingReference('pooled');
      const others = Object.entries(grad_norms).filter(([other]) => other !== name);
      const expected = Math.sqrt(others.reduce((sum, [, value]) => sum + value ** 2, 0));
      expect(Math.abs(gradNorm / expected - 1)).toBeLessThan(1e-4);
      expect((await parametersOf(trainer)).get(name)).toEqual(await readTensor(checkpoint, name));
    } finally {
      trainer.release();
    }
  });
});

describe('the running mean of parameters', () => {
  test('is that of the parameters after each step, with a decay that grows to the one asked for', async () => {
    const decay = 0.25;
    await withTrainer({ average: decay }, async (trainer) => {
      const path = join(folder, 'average.safetensors');
      const averageOf = async () => {
        await writeSafetensors(path, trainer.averageTensors());
        return readTensor(await openSafetensors(path), 'visual.proj');
      };
      let expected = (await parametersOf(trainer)).get('visual.proj')!;
      expect(await averageOf()).toEqual(expected);
      for (const part of [2 / 11, 3 / 12, decay]) {
        await trainer.train([batch]);
        const now = (await parametersOf(trainer)).get('visual.proj')!;
        expected = expected.map((value, i) => part * value + (1 - part) * now[i]!);
        expect(worstError(await averageOf(), expected)).toBeLessThan(0.01);
      }
    });
    await withTrainer({}, async (trainer) => expect(trainer.averageTensors()).toEqual([]));
  });
});

describe('what is written', () => {
  test.each([
    ['AdamW', {}],
    ['Muon and a running mean', { muon: { momentum: 0.95, weightDecay: 0.1 }, average: 0.9 }],
  ])('resumes bit for bit, with %s', async (_, change) => {
    const path = join(folder, 'state.safetensors');
    const options = { clipNorm: 1, schedule: { learningRate: 0.005, warmupSteps: 2, totalSteps: 6 }, ...change };
    const averageOf = async (trainer: Trainer) => {
      await writeSafetensors(join(folder, 'mean.safetensors'), trainer.averageTensors());
      const file = await openSafetensors(join(folder, 'mean.safetensors'));
      return file.tensors.has('visual.proj') ? readTensor(file, 'visual.proj') : undefined;
    };
    const batches = [[batch], [piece(batch, 0, 2), piece(batch, 2, 4)], [piece(batch, 1, 3)], [batch]];
    const run = async (trainer: Trainer, from: number, to: number) => {
      const reports = [];
      for (const some of batches.slice(from, to)) reports.push(await trainer.train(some));
      return reports;
    };
    const whole = await withTrainer(options, async (trainer) => {
      const reports = await run(trainer, 0, 2);
      trainer.random = [1, 2, 3, 0xffff_ffff];
      const { tensors, metadata } = trainer.stateTensors();
      await writeSafetensors(path, tensors, metadata);
      reports.push(...(await run(trainer, 2, 4)));
      return { reports, parameters: await parametersOf(trainer), average: await averageOf(trainer) };
    });
    await withTrainer(options, async (trainer) => {
      await trainer.restore(await openSafetensors(path));
      expect([trainer.step, trainer.random]).toEqual([2, [1, 2, 3, 0xffff_ffff]]);
      expect(await run(trainer, 2, 4)).toEqual(whole.reports.slice(2));
      expect(await parametersOf(trainer)).toEqual(whole.parameters);
      expect(await averageOf(trainer)).toEqual(whole.average);
    });
  });

  test.each<[string, Record<string, string>]>([
    ['another kind of file', { kind: 'something' }],
    ['a step that is no number', { step: 'x' }],
    ['random numbers that are none', { random: '1 2 3' }],
  ])('%s is no state, and changes nothing', async (_, change) => {
    const path = join(folder, 'odd.safetensors');
    await withTrainer({}, async (trainer) => {
      const { tensors, metadata } = trainer.stateTensors();
      await writeSafetensors(path, tensors, { ...metadata, ...change });
      await expect(trainer.restore(await openSafetensors(path))).rejects.toMatchObject({ code: 'bad-checkpoint' });
      expect(trainer.step).toBe(0);
    });
  });

  test('a state of another kind of training does not fit', async () => {
    const path = join(folder, 'frozen.safetensors');
    await withTrainer({ frozen: (name) => partOf(name) === 'vision' }, async (trainer) => {
      const { tensors, metadata } = trainer.stateTensors();
      await writeSafetensors(path, tensors, metadata);
    });
    await withTrainer({}, async (trainer) => {
      const restored = trainer.restore(await openSafetensors(path));
      await expect(restored).rejects.toMatchObject({ code: 'bad-checkpoint', message: /first_moment\.visual/ });
    });
  });

  test('is a checkpoint that another engine runs as the trainer does', async () => {
    const path = join(folder, 'open_clip_model.safetensors');
    const trained = await withTrainer({}, async (trainer) => {
      await trainer.train([batch]);
      await writeSafetensors(path, trainer.modelTensors(), { format: 'pt' });
      return trainer.network().encodeImages(batch.pixels, 4);
    });
    const file = await openSafetensors(path);
    const shapes = [...reference.checkpoint.tensors].map(([name, { shape }]) => [name, shape] as const);
    expect(new Map([...file.tensors].map(([name, { shape }]) => [name, shape]))).toEqual(new Map(shapes));
    const network = await OnnxNetwork.open(reference.config, { checkpoint: file }, 'cpu');
    const { latent } = await network.encodeImages(batch.pixels, 4);
    await network.release();
    expect(worstError(trained.latent, latent, tolerance(device!))).toBeLessThan(1);
  });
});

describe('a batch that does not fit', () => {
  test.each<[string, (batch: TrainingBatch) => TrainingBatch[], RegExp]>([
    ['no pieces', () => [], /no pieces/],
    ['no pictures', (good) => [{ ...good, contexts: [] }], /pixel values/],
    ['too few pixels', (good) => [{ ...good, pixels: good.pixels.slice(1) }], /pixel values/],
    [
      'a short context',
      (good) => [{ ...good, contexts: [...good.contexts.slice(1), Int32Array.of(62, 63)] }],
      /context/,
    ],
    ['an unknown id', (good) => [{ ...good, contexts: good.contexts.map((ids) => ids.with(1, 64)) }], /id 64/],
    ['an empty text', (good) => [{ ...good, contexts: good.contexts.map((ids) => ids.slice().fill(0)) }], /end token/],
    ['classes that are too few', (good) => [{ ...good, classes: Int32Array.of(1) }], /classes/],
  ])('%s', async (_, change, message) => {
    await withTrainer({}, async (trainer) => {
      await expect(trainer.train(change(batch))).rejects.toThrow(message);
    });
  });
});

import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { isConstant, parameterShapes } from '../architecture/parameters.js';
import { CocaError } from '../base/errors.js';
import { type RandomState, seedRandom } from '../base/random.js';
import { readTensor, type SafetensorsFile, type TensorToWrite } from '../checkpoint/index.js';
import type { CocaConfig } from '../config/config.js';
import { reasonOf } from '../engine/devices.js';
import type { TfjsDevice } from '../engine/engines.js';
import type { Network } from '../engine/network.js';
import { type Backend, openBackend } from '../engine/tfjs/backends.js';
import { norm } from '../engine/tfjs/functions/arithmetic.js';
import { TfjsNetwork } from '../engine/tfjs/network.js';
import { TfjsOps } from '../engine/tfjs/ops.js';
import { CLASSIFIER } from '../store/classifier.js';
import { AdamW, type AdamWOptions } from './adamw.js';
import { RunningAverage } from './average.js';
import { checkBatch, type TrainingBatch } from './batch.js';
import { batchLosses } from './batch-losses.js';
import { DividedOptimizer } from './divided.js';
import { TrainingModel } from './forward.js';
import { type BatchGradients, batchGradients, type GradientsInput } from './gradients.js';
import { MAX_LOGIT_SCALE } from './losses.js';
import { isHiddenMatrix, Muon, type MuonOptions } from './muon.js';
import type { Losses, LossName, Objective } from './objective.js';
import type { Optimizer } from './optimizer.js';
import { decays, partOf, partsIn } from './parts.js';
import { learningRateAt, type Schedule } from './schedule.js';
import { classifierTensors, modelTensors, readState, stateTensors, type TrainingState } from './state.js';
import { TrainableParameters } from './variables.js';

export interface TrainerOptions {
  readonly device: TfjsDevice;
  readonly objective: Objective;
  readonly schedule: Schedule;
  readonly optimizer: AdamWOptions;
  /** Trains the matrices between hidden features (`isHiddenMatrix`), and leaves the rest to `optimizer`. */
  readonly muon?: MuonOptions;
  /** Decay of a running mean of the parameters, which is kept where this is given. */
  readonly average?: number;
  /** Gradients are scaled down so that their norm, all parameters together, is at most this; null leaves them. */
  readonly clipNorm: number | null;
  /** Parameters that stay as they are. */
  readonly frozen: (name: string) => boolean;
  /** How many classes a classifier on the picture's embedding is to tell apart, where one is trained. */
  readonly classes?: number;
  /** Where the random numbers that batches are drawn with begin. */
  readonly seed: number;
}

/** What a step did. */
export interface StepReport {
  /** How many steps there have been, this one included. */
  readonly step: number;
  readonly losses: Losses;
  /** Of all gradients together, before clipping. */
  readonly gradNorm: number;
  /** What cosines are divided by in the contrastive loss, 1 / exp(logit_scale), after the step. */
  readonly temperature: number;
  readonly learningRate: number;
}

/**
 * A CoCa model in training. It knows no files but the checkpoint that it starts from, and no terminal: it is given
 * batches and gives reports, and tensors to be written. One call at a time.
 */
export class Trainer {
  /** Batches are drawn with it; it is kept with the state, so that a resumed run goes on as it would have. */
  random: RandomState;
  #done = 0;
  readonly #model: TrainingModel;
  readonly #trainable: ReadonlyMap<string, Variable>;
  readonly #optimizer: Optimizer;
  readonly #average: RunningAverage | undefined;

  private constructor(
    readonly config: CocaConfig,
    private readonly backend: Backend,
    private readonly parameters: TrainableParameters,
    private readonly options: TrainerOptions,
  ) {
    const ops = new TfjsOps(backend.tf, parameters);
    this.#model = new TrainingModel(backend.tf, ops, parameters, config);
    const names = parameters.names.filter((name) => !isConstant(name, config) && !options.frozen(name));
    this.#trainable = new Map(names.map((name) => [name, parameters.variable(name)]));
    const adamW = new AdamW(backend, this.#trainable, options.optimizer, decays);
    this.#optimizer = options.muon
      ? new DividedOptimizer(new Muon(backend, this.#trainable, options.muon), adamW, (name) =>
          isHiddenMatrix(name, this.#trainable.get(name)!.shape),
        )
      : adamW;
    this.#average =
      options.average === undefined ? undefined : new RunningAverage(backend, parameters.all, options.average);
    this.random = seedRandom(options.seed, 0);
  }

  /**
   * @param checkpoint must hold every tensor of the config, checked already
   * @throws CocaError `usage` where nothing is left to train; `bad-config` for what is not done here; `device`;
   *   `bad-checkpoint`
   */
  static async open(config: CocaConfig, checkpoint: SafetensorsFile, options: TrainerOptions): Promise<Trainer> {
    const { contrastive, captioning, classification } = options.objective;
    if (!(contrastive > 0 || captioning > 0 || classification > 0)) {
      throw new CocaError('usage', 'all losses have the weight 0', 'Give at least one of them a positive weight.');
    }
    if (config.vision.patch_dropout > 0) {
      throw new CocaError(
        'bad-config',
        `vision_cfg.patch_dropout is ${config.vision.patch_dropout}, and training leaves out no patches here`,
        'set it to 0 in the config to train on whole pictures; it means nothing to a model that is only used',
      );
    }
    const backend = await openBackend(options.device);
    const parameters = new TrainableParameters(backend);
    try {
      for (const [name, shape] of parameterShapes(config))
        parameters.add(name, shape, await readTensor(checkpoint, name));
      if (options.classes !== undefined) {
        const { classes } = options;
        parameters.add(CLASSIFIER.weight, [classes, config.embed_dim], new Float32Array(classes * config.embed_dim));
        parameters.add(CLASSIFIER.bias, [classes], new Float32Array(classes));
      }
      const reached = partsIn(options.objective);
      if (!parameters.names.some((name) => reached.has(partOf(name)) && !options.frozen(name))) {
        throw new CocaError('usage', 'every part of the model that has a loss is frozen', 'Leave one to train.');
      }
      return new Trainer(config, backend, parameters, options);
    } catch (error) {
      parameters.dispose();
      throw error;
    }
  }

  /** How many steps there have been. */
  get step(): number {
    return this.#done;
  }

  /** The parameters as they are at any time, to encode and caption with. It is closed with the trainer. */
  network(): Network {
    return TfjsNetwork.over(this.config, this.backend, this.parameters);
  }

  /**
   * One step on one batch, which may come in pieces (see `batchGradients`).
   * @throws CocaError `diverged` for a loss or gradient that is not finite, with nothing changed; `engine` where the
   *   backend fails; RangeError for a batch that does not fit the model
   */
  async train(pieces: readonly TrainingBatch[]): Promise<StepReport> {
    const { options } = this;
    const { losses, gradients } = this.#differentiate(pieces);
    try {
      const report = await this.#report(losses);
      const gradNorm = await this.#normOf(gradients);
      if (!Number.isFinite(report.total) || !Number.isFinite(gradNorm))
        throw diverged(this.#done + 1, report, gradNorm);
      const learningRate = learningRateAt(this.#done, options.schedule);
      this.#compute(() => this.#update(gradients, learningRate, scaleFor(gradNorm, options.clipNorm)));
      this.#done++;
      const logitScale = (await this.parameters.variable('logit_scale').data())[0]!;
      return { step: this.#done, losses: report, gradNorm, temperature: Math.exp(-logitScale), learningRate };
    } finally {
      for (const tensor of [...losses.values(), ...gradients.values()]) tensor.dispose();
    }
  }

  /** Losses of a batch, and the gradient of their weighted sum by every parameter in training, without a step. */
  async gradients(
    pieces: readonly TrainingBatch[],
  ): Promise<{ readonly losses: Losses; readonly gradients: ReadonlyMap<string, Float32Array> }> {
    const { losses, gradients } = this.#differentiate(pieces);
    try {
      const values = new Map<string, Float32Array>();
      for (const [name, gradient] of gradients) values.set(name, (await gradient.data()) as Float32Array);
      return { losses: await this.#report(losses), gradients: values };
    } finally {
      for (const tensor of [...losses.values(), ...gradients.values()]) tensor.dispose();
    }
  }

  /**
   * Losses of a batch by the parameters as they are, without gradients.
   * @throws as `train`
   */
  async losses(pieces: readonly TrainingBatch[]): Promise<Losses> {
    this.#check(pieces);
    const losses = this.#compute(() => batchLosses(this.backend.tf, pieces, this.#input));
    try {
      return await this.#report(losses);
    } finally {
      for (const tensor of losses.values()) tensor.dispose();
    }
  }

  #differentiate(pieces: readonly TrainingBatch[]): BatchGradients {
    this.#check(pieces);
    return this.#compute(() => batchGradients(this.backend.tf, pieces, this.#input));
  }

  get #input(): GradientsInput {
    const { options, parameters } = this;
    return {
      model: this.#model,
      trainable: this.#trainable,
      objective: options.objective,
      logitScale: parameters.variable('logit_scale'),
    };
  }

  #check(pieces: readonly TrainingBatch[]): void {
    if (pieces.length === 0) throw new RangeError('a batch of no pieces');
    for (const piece of pieces) checkBatch(piece, this.config);
    if (this.options.objective.classification > 0 && pieces.some(({ classes }) => classes === undefined)) {
      throw new RangeError('a classifier is trained with classes');
    }
  }

  async #report(losses: ReadonlyMap<LossName, Tensor>): Promise<Losses> {
    const read = async (name: LossName) => ((await losses.get(name)?.data())?.[0] as number | undefined) ?? null;
    const [contrastive, captioning, classification] = [
      await read('contrastive'),
      await read('captioning'),
      await read('classification'),
    ];
    const { objective } = this.options;
    const total =
      (contrastive ?? 0) * objective.contrastive +
      (captioning ?? 0) * objective.captioning +
      (classification ?? 0) * objective.classification;
    return { contrastive, captioning, classification, total };
  }

  async #normOf(gradients: ReadonlyMap<string, Tensor>): Promise<number> {
    const tensor = this.#compute(() => norm(this.backend.tf, [...gradients.values()]));
    const [value] = await tensor.data();
    tensor.dispose();
    return value!;
  }

  #compute<R>(work: () => R): R {
    try {
      return this.backend.run(work);
    } catch (cause) {
      if (cause instanceof CocaError) throw cause;
      throw new CocaError(
        'engine',
        `a training step failed on ${this.backend.device}: ${reasonOf(cause)}`,
        'If it was for want of memory, smaller pieces of a batch need less.',
        { cause },
      );
    }
  }

  #update(gradients: ReadonlyMap<string, Tensor>, learningRate: number, scale: number): void {
    this.#optimizer.update(gradients, { step: this.#done, learningRate, scale });
    const logitScale = this.#trainable.get('logit_scale');
    if (logitScale) logitScale.assign(this.backend.tf.clipByValue(logitScale, 0, MAX_LOGIT_SCALE));
    this.#average?.update(this.#done + 1);
  }

  get #state(): TrainingState {
    const average = this.#average;
    const state = {
      step: this.#done,
      random: this.random,
      parameters: this.parameters.all,
      trainable: this.#trainable,
      optimizer: this.#optimizer,
    };
    return average ? { ...state, average: average.all } : state;
  }

  /** The model by OpenCLIP's names, to be written before the next step. */
  modelTensors(): readonly TensorToWrite[] {
    return modelTensors(this.parameters.all);
  }

  /** The model with the running mean of its parameters, likewise; nothing where none is kept. */
  averageTensors(): readonly TensorToWrite[] {
    return this.#average ? modelTensors(this.#average.all) : [];
  }

  /** Its classifier, to be written before the next step; nothing where none is trained. */
  classifierTensors(): readonly TensorToWrite[] {
    return classifierTensors(this.#state);
  }

  /** All that a resumed run needs to go on bit for bit: tensors and metadata, to be written before the next step. */
  stateTensors(): ReturnType<typeof stateTensors> {
    return stateTensors(this.#state);
  }

  /**
   * Goes back to where a run was whose state was written.
   * @throws CocaError `bad-checkpoint` where it is another model's or another kind of training's
   */
  async restore(file: SafetensorsFile): Promise<void> {
    const { step, random } = await readState(file, this.#state, (variable, data) =>
      this.backend.run(() => variable.assign(this.backend.tf.tensor(data, variable.shape))),
    );
    this.#done = step;
    this.random = random;
  }

  /** Frees all tensors. */
  release(): void {
    this.parameters.dispose();
    this.#optimizer.release();
    this.#average?.release();
  }
}

/** As PyTorch's clip_grad_norm_. */
function scaleFor(norm: number, limit: number | null): number {
  return limit === null ? 1 : Math.min(1, limit / (norm + 1e-6));
}

function diverged(step: number, { contrastive, captioning, classification }: Losses, gradNorm: number): CocaError {
  const parts = Object.entries({ contrastive, captioning, classification, 'gradient norm': gradNorm })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value}`);
  return new CocaError(
    'diverged',
    `step ${step} is not finite (${parts.join(', ')}); the model is as it was before it`,
    'Lower the learning rate, lengthen the warm-up, or clip gradients to a smaller norm.',
  );
}

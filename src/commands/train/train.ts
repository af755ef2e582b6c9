import { resolve } from 'node:path';
import { type CommandContext, defineCommand, kebab, type OptionValues, type Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { absoluteName } from '../../model/data/absolute-name.js';
import { LEARNING_RATES, TRAINING_KNOBS, type TrainingKnobName } from '../../model/training/run/knobs.js';
import type { NewRun, ResumedRun } from '../../model/training/run/run.js';
import type { StartingModel } from '../../model/training/run/start.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { canShow } from '../../ui/view/streams.js';
import { parseFreeze, TRAIN_OPTIONS } from './options.js';
import { writeEvents } from './output.js';

/** What a resumed run may be told anew; all else is as it was. */
const WITH_RESUME: readonly string[] = [
  'output',
  'resume',
  'steps',
  'saveEvery',
  'keep',
  'sampleEvery',
  'validateEvery',
  'logEvery',
  'threads',
  'device',
  'images',
  'jsonl',
  'quiet',
  'verbose',
];

type TrainOptions = OptionValues<typeof TRAIN_OPTIONS> & {
  readonly model: string | undefined;
  readonly config: string | undefined;
  readonly seed: number;
};

export const train = defineCommand({
  name: 'train',
  summary: 'trains a model on pictures and captions: a new one, or one to be fine-tuned',
  usage: 'train DATA... -o FOLDER',
  details: [
    '--config without --model makes a new model with random weights; with it, it is the config of weights that have none beside.',
    'DATA is a .jsonl (image, caption or captions), a .tsv or .csv (filepath, title), a COCO captions .json, a scenes.json, or WebDataset .tar shards; several files of one kind as a pattern with braces or a glob; or scenes: for the synthetic world, painted as it is needed (scenes:families: half of it in fours that differ in one thing; coca help data says more).',
    'Of a sample with question and answer the answer is learned behind the question (coca help training).',
    'Both losses are of one pass through the model: contrastive between the embeddings, captioning (teacher forced) on top. --objective classification trains the vision tower alone, with a classifier that coca classify --classifier and coca eval --classifier use; its data has labels, as for coca eval --zero-shot. Training runs on TensorFlow.js; coca help engines tells how to get the faster devices.',
    'FOLDER gets log.jsonl and checkpoints: step-00001000 and so on, each a model that OpenCLIP and every command here read (--model FOLDER), with all that --resume needs to go on bit for bit. Ctrl-C writes one more and ends with code 130. kill -9 at any moment leaves the last one.',
    'On a terminal: curves of both losses, figures, and a picture whose caption gets better. s saves a checkpoint, l changes the scale, q stops. Piped: a line every --log-every steps; --jsonl: every event, as in log.jsonl.',
    'coca help training has more: fine-tuning, what is measured, the files.',
  ].join('\n'),
  args: [
    {
      name: 'DATA',
      description: 'what to train on',
      kind: 'file',
      required: false,
      variadic: true,
      unless: ['resume'],
    },
  ],
  options: TRAIN_OPTIONS,
  globals: ['model', 'config', 'device', 'seed', 'images', 'jsonl', 'quiet', 'verbose'],
  examples: [
    { line: 'coca train captions.jsonl -o run', does: 'fine-tunes the bundled model' },
    {
      line: 'coca train scenes: -o world --config small.json --train-tokenizer 1024 --steps 20000',
      does: 'a new model, on pictures painted as they are needed',
    },
    {
      line: "coca train 'shards/{0000..0127}.tar' -o tuned --model coca_ViT-B-32 --freeze vision --epochs 1",
      does: 'all but the vision tower of a pulled model',
    },
    { line: 'coca train --resume -o run', does: 'goes on from the newest checkpoint' },
    { line: 'coca caption photo.jpg --model run', does: 'tries what came of it' },
  ],
  async check({ args, options, typed }) {
    if (options.output === undefined) {
      throw new CocaError('usage', '-o FOLDER is missing', 'say where checkpoints and the log are to be written');
    }
    if (options.resume) {
      if (args.length > 0)
        throw new CocaError('usage', '--resume goes on with the data it began with', 'leave DATA out');
      refuse(
        [...typed].find((name) => !WITH_RESUME.includes(name)),
        'cannot be changed by --resume',
      );
      return;
    }
    if (args.length === 0) {
      throw new CocaError(
        'usage',
        'DATA is missing',
        'name a file of pictures and captions, or scenes: for painted ones',
      );
    }
    checkChoices(options, typed);
    parseFreeze(options.freeze);
  },
  async run({ args, options, typed }, context) {
    const { checkDevice } = await import('../../model/engine/open.js');
    const { chooseTfjsDevice } = await import('../../model/engine/tfjs/devices.js');
    const { describeChoice } = await import('../../model/engine/devices.js');
    checkDevice('tfjs', options.device);
    context.status.show('looking for a device');
    const choice = await chooseTfjsDevice(options.device as Parameters<typeof chooseTfjsDevice>[0]);
    context.status.clear();
    const { text, isDetail } = describeChoice(choice);
    (isDetail ? context.detail : context.notice)(text);
    if (choice.device === 'wasm' || choice.device === 'cpu') {
      context.notice('coca help engines tells how to get a faster device: TensorFlow itself, on the CPU or a GPU');
    }
    const { trainingRun } = await import('../../model/training/run/run.js');
    const { RunControl } = await import('../../model/training/run/events.js');
    const control = new RunControl();
    const events = trainingRun(options.resume ? resumed(options) : newRun(args, options, typed), {
      folder: resolve(options.output!),
      device: choice.device,
      saveEvery: options.saveEvery,
      keep: options.keep,
      sampleEvery: options.sampleEvery,
      validateEvery: options.validateEvery,
      ...(options.threads !== undefined && { threads: options.threads }),
      control,
    });
    return context.unhurried(() => follow(events, control, options, context));
  },
});

type Events = ReturnType<typeof import('../../model/training/run/run.js').trainingRun>;
type Control = InstanceType<typeof import('../../model/training/run/events.js').RunControl>;

/** Tells a run's events, on the screen where there is one, and ends it when the signal comes. */
async function follow(
  events: Events,
  control: Control,
  options: { readonly jsonl: boolean; readonly logEvery: number; readonly images: string },
  context: CommandContext,
): Promise<Outcome> {
  const stop = (): void => control.stop();
  if (context.signal.aborted) stop();
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    const isShown = !options.jsonl && canShow(context.terminal, context.stdin);
    const end = isShown
      ? await (await import('./screen.js')).showEvents(events, control, options.images as PictureKind | 'auto', context)
      : await writeEvents(events, options, context);
    if (context.signal.aborted || end.isInterrupted) {
      throw new CocaError('interrupted', 'interrupted');
    }
    return { done: 1, failed: 0 };
  } catch (error) {
    // After a signal it is the signal that ends the program, and nothing else would tell.
    if (context.signal.aborted && error instanceof CocaError && error.code !== 'interrupted') {
      context.complain(error.message);
    }
    throw error;
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}

function refuse(name: string | undefined, why: string): void {
  if (name !== undefined) throw new CocaError('usage', `--${kebab(name)} ${why}`);
}

function checkChoices(options: TrainOptions, typed: ReadonlySet<string>): void {
  const exclusive: readonly (readonly [string, string])[] = [
    ['trainTokenizer', 'tokenizer'],
    ['steps', 'epochs'],
    ['objective', 'contrastiveWeight'],
    ['objective', 'captionWeight'],
  ];
  for (const [one, other] of exclusive) {
    if (typed.has(one) && typed.has(other)) {
      throw new CocaError('usage', `--${kebab(one)} and --${kebab(other)} exclude each other`);
    }
  }
  if (!isFresh(options)) {
    const stray = ['tokenizer', 'trainTokenizer'].find((name) => typed.has(name));
    refuse(stray, 'needs --config without --model: a trained model has its tokenizer');
  }
  if (options.objective !== 'classification' && typed.has('classes')) {
    refuse('classes', 'means nothing without --objective classification');
  }
  if (options.validation.length === 0 && typed.has('validateEvery')) {
    refuse('validateEvery', 'means nothing without --validation');
  }
  if (weightsOf(options).captionWeight === 0) {
    const stray = ['sample', 'sampleEvery', 'labelSmoothing'].find((name) => typed.has(name));
    refuse(stray, 'means nothing where no captions are trained');
  }
  if (options.accumulate > options.batch) {
    throw new CocaError('usage', `a batch of ${options.batch} has no ${options.accumulate} pieces`);
  }
  if (weightsOf(options).contrastiveWeight > 0 && options.batch < 2) {
    throw new CocaError(
      'usage',
      'in a batch of 1 there is nothing to tell a picture from',
      'choose a --batch of 2 or more',
    );
  }
}

function resumed({ steps }: TrainOptions): ResumedRun {
  return steps === undefined ? {} : { steps };
}

function newRun(args: readonly string[], options: TrainOptions, typed: ReadonlySet<string>): NewRun {
  const { imageField, captionField, imageFolder, sample, epochs } = options;
  const { steps, warmup, learningRate, ...chosen } = knobsOf(options);
  return {
    start: startOf(options),
    settings: {
      data: args.map(absoluteName),
      ...(imageField !== undefined && { imageField }),
      ...(captionField !== undefined && { captionField }),
      ...(imageFolder !== undefined && { imageFolder: resolve(imageFolder) }),
      ...(sample !== undefined && { sample: resolve(sample) }),
      ...(warmup !== undefined && { warmup }),
      ...(options.validation.length > 0 && { validation: options.validation.map(absoluteName) }),
      ...chosen,
      learningRate: learningRate ?? LEARNING_RATES[isFresh(options) ? 'fresh' : 'trained'],
      ...weightsOf(options),
      freeze: parseFreeze(options.freeze),
    },
    ...(options.objective === 'classification' && {
      classifier: options.classes === undefined ? {} : { file: options.classes },
    }),
    length: epochs !== undefined && !typed.has('steps') ? { epochs } : { steps: steps ?? TRAINING_KNOBS.steps.default },
  };
}

/** The options that are knobs of a run. */
function knobsOf(options: TrainOptions): Pick<TrainOptions, TrainingKnobName> {
  const names = Object.keys(TRAINING_KNOBS) as TrainingKnobName[];
  return Object.fromEntries(names.map((name) => [name, options[name]])) as Pick<TrainOptions, TrainingKnobName>;
}

/** A config without a model is a new one with random weights. */
const isFresh = ({ config, model }: TrainOptions): boolean => config !== undefined && model === undefined;

function startOf({ config, tokenizer, trainTokenizer, model }: TrainOptions): StartingModel {
  if (config === undefined || model !== undefined)
    return { kind: 'model', model, ...(config !== undefined && { config }) };
  const chosen = trainTokenizer ?? tokenizer;
  return { kind: 'fresh', config, ...(chosen !== undefined && { tokenizer: chosen }) };
}

/** Families before CoCa train one of its losses alone, or a classifier. */
function weightsOf({ objective, contrastiveWeight, captionWeight }: TrainOptions) {
  return {
    contrastiveWeight: objective === 'captioning' || objective === 'classification' ? 0 : contrastiveWeight,
    captionWeight: objective === 'contrastive' || objective === 'classification' ? 0 : captionWeight,
  };
}

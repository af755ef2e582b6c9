import { type CommandContext, defineCommand, kebab, type OptionValues, type Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { requireCaptioner } from '../../model/config/config.js';
import type { Dataset } from '../../model/data/index.js';
import type { Measure } from '../../model/evaluation/measure.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { ANSWERS_OPTION, answersOf, checkAnswers } from '../ask/answers.js';
import { WINDOW_OPTION } from '../attend/choice.js';
import { HEAD_OPTION } from '../classify/label-scorers.js';
import { TEMPLATE_OPTIONS, templatesOf } from '../classify/templates.js';
import { fixedBatchOption } from '../io/batch.js';
import { STRICT_OPTION, ToldCuts } from '../io/cut-texts.js';
import { DATA_OPTIONS } from '../io/data-options.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import { MODEL_GLOBALS, variantOf, withCaptioner, withModel } from '../io/model.js';
import { progress } from '../io/progress.js';
import { formatOf } from '../io/results.js';
import { DECODING_OPTIONS, searchOptions } from '../io/search-options.js';
import { errorLine } from '../io/sources.js';
import { type TaskReport, taskReports, withPredictions, writeReports } from './output.js';
import { CAPTION_TASKS, LABEL_TASKS, measuresOf, TASKS, type Task } from './tasks.js';

/** What shapes the captions that are measured: one for each picture. */
const { num: _, ...CAPTION_OPTIONS } = DECODING_OPTIONS;

/** What is measured by itself, on scenes whose truth is known. */
const APART = ['pointing', 'tracing'] as const;
type Apart = (typeof APART)[number];

/** Options that only some kinds of measuring know. */
const BELONGS: readonly (readonly [readonly (Task | Apart)[], readonly string[]])[] = [
  [['pointing'], ['heads', 'seeds']],
  [['tracing'], ['pairs']],
  [['pointing', 'tracing'], ['window']],
  [['zeroShot'], ['classes', 'template', 'templates']],
  [['grounding'], ['calibrate']],
  [['captioning', 'tracing', 'vqa'], ['seed']],
  [
    ['captioning', 'vqa'],
    ['predictions', ...Object.keys(CAPTION_OPTIONS)],
  ],
  [['vqa'], ['answers']],
];

export const evaluate = defineCommand({
  name: 'eval',
  summary: 'measures a model: captions, retrieval, classification, and whether its attention maps are true',
  usage: 'eval [DATA] --MEASURE...',
  details: [
    'DATA is a .jsonl (image, caption or captions), a .tsv or .csv (filepath, title), a COCO captions .json, a SugarCrepe .json, .json files of one language each as CLIP_benchmark has them, a scenes.json, or WebDataset .tar shards; several files of one kind as a pattern with braces or a glob. For --zero-shot, --classifier and --head it has labels, or is a folder with a folder for each class; for --vqa it has question and answer (or answers). By default the 48 scenes that come with the program.',
    'Several measures share one pass over the pictures; --pointing, on a scenes.json, and --tracing, on scenes that it paints, are measured by themselves.',
    '--captioning: true_captions, the part that is true of the picture, where DATA has true_captions (of our scenes also by kind, and which parts of the captions hold); BLEU, ROUGE-L and CIDEr against the captions, as pycocoevalcap computes them.',
    '--ranking: how often a caption is preferred to its hard_negatives, by the embeddings (acc) and by its mean log-probability (acc_caption); of pairs of our scenes also whether the right one of the four arrangements of their things is (arrangement, arrangement_caption; chance 0.25).',
    '--grounding: whether words that are not true of a picture can be told (coca ground), where DATA has true_captions and hard_negatives: the first word in which each false caption departs from the true ones, against the words that stand there in those. auc is that of the probability that coca ground gives, auc_SIGNAL that of a signal by itself, auc_of_KIND that among the swaps of a kind (of our scenes); calibration_error the expected one, true_at_0.N how many words of a probability from 0.N to 0.N + 0.1 are true. Of a model that is not calibrated the probability is fitted on the other half of the samples.',
    '--retrieval: recall at 1, 5 and 10; a picture is found if one of its captions is. Of captions in several languages, a report for each.',
    '--zero-shot: acc1, acc5 and mean_per_class_recall. Labels are class names (underscores are read as spaces), or numbers, with --classes.',
    '--classifier: the same of the linear classifier that coca train --objective classification put beside the model.',
    '--head: the same of a head that coca probe made on this model, and each class by itself: recall_of_LABEL, and LABEL_taken_for_OTHER, a count; in JSON also the whole table, "confusion": {"labels", "counts"}.',
    '--perplexity: exp of the mean negative log-probability per token of the captions, end tokens included.',
    "--vqa: the answer that the model writes behind each question, or the likeliest of --answers, by VQA's rules: punctuation, articles, numbers and contractions made alike, min(people who gave it / 3, 1) over all people but one; of fewer than four people, whether one gave it. accuracy, by kind of answer (accuracy_yes/no, _number, _other) and, where DATA has question_type, accuracy_of_KIND.",
    '--winoground: DATA is a .jsonl of pairs as Winoground has them (caption_0, caption_1, image_0, image_1): text_score, image_score and group_score, and of each kind (collapsed_tag, else tag); ..._caption by the captioner, where the model has one. By itself; --limit counts pairs.',
    '--pointing: on scenes with known boxes, captions teacher forced. hits: nouns whose map peaks in a box of their object (pointing game), of all nouns and of those that the model expects with a probability of at least 1/2. mass: how much of the map lies in the boxes. drop: how much log p(noun) falls when the top 20 % of the map are blanked, beside as many patches at random; wins: nouns for which it falls more. passes: pictures that went through the model for the maps of a caption.',
    "--tracing: on pairs of scenes that differ in one thing, of the longest caption of the first, what comes back of the log-probability of the thing's name when the first picture's activation is put back (coca trace). hits: pairs in which most comes back around a patch in a box of the thing, or at a position that predicts its name; most: the mean of what comes back there. Pairs whose second picture costs the word less than 1 nat are left out. The art that coca scenes takes must be installed.",
    '--ablate: the same figures of the model without some of its parts, which fall by what these do.',
    "Piped: TASK<TAB>METRIC<TAB>VALUE. --json has CLIP_benchmark's keys: dataset, model, pretrained, task, metrics, language; where they are not of the model as it is, also precision, ablated and ablated_with.",
  ].join('\n'),
  args: [{ name: 'DATA', description: 'what to measure on', kind: 'file', required: false, variadic: false }],
  options: {
    captioning: { type: 'flag', description: 'captions that the model writes: their truth, and BLEU, ROUGE-L, CIDEr' },
    ranking: { type: 'flag', description: 'telling a true caption from hard negatives' },
    grounding: { type: 'flag', description: 'telling words that are seen from words that are guessed' },
    retrieval: { type: 'flag', description: 'finding pictures by captions, and captions by pictures' },
    zeroShot: { type: 'flag', description: 'zero-shot classification' },
    classifier: { type: 'flag', description: 'classification by the classifier that the model was trained with' },
    head: { ...HEAD_OPTION, description: 'classification by a head that coca probe made' },
    perplexity: { type: 'flag', description: 'of the captions given the pictures' },
    vqa: { type: 'flag', description: 'answers to questions, as VQA counts them' },
    winoground: { type: 'flag', description: 'which of two captions belongs to which of two pictures' },
    pointing: { type: 'flag', description: 'the pointing game and deletion, for each method and layer' },
    tracing: { type: 'flag', description: 'whether coca trace finds the thing in which two scenes differ' },
    limit: { type: 'integer', min: 1, description: 'only the first N samples' },
    ...fixedBatchOption(16),
    ...CAPTION_OPTIONS,
    predictions: {
      type: 'text',
      kind: 'file',
      access: 'write',
      placeholder: 'FILE',
      description: 'with --captioning or --vqa: also writes the captions or answers there, a JSON object a line',
    },
    calibrate: {
      type: 'text',
      kind: 'file',
      access: 'write',
      placeholder: 'FILE',
      description:
        "with --grounding: writes the calibration that DATA make; as grounding.json beside the weights it is the model's",
    },
    answers: {
      ...ANSWERS_OPTION.answers,
      description: `with --vqa: ${ANSWERS_OPTION.answers.description}`,
      otherwise: 'what the model writes',
    },
    classes: {
      type: 'text',
      kind: 'file',
      access: 'read',
      placeholder: 'FILE',
      description: 'with --zero-shot: class names, one a line by their numbers, or LABEL<TAB>NAME',
      otherwise: 'the labels',
    },
    template: {
      ...TEMPLATE_OPTIONS.template,
      description: `with --zero-shot: ${TEMPLATE_OPTIONS.template.description}`,
    },
    templates: {
      ...TEMPLATE_OPTIONS.templates,
      description: `with --zero-shot: ${TEMPLATE_OPTIONS.templates.description}`,
    },
    ...DATA_OPTIONS,
    ...STRICT_OPTION,
    heads: { type: 'flag', description: 'with --pointing: also each head by itself' },
    seeds: { type: 'integer', min: 1, default: 5, description: 'with --pointing: random deletions to compare with' },
    pairs: { type: 'integer', min: 1, default: 48, description: 'with --tracing: pairs of scenes' },
    window: {
      ...WINDOW_OPTION.window,
      description: 'side of what is blanked (--pointing) or put back (--tracing), in patches',
    },
    ...ABLATION_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'seed'],
  examples: [
    { line: 'coca eval --captioning --ranking', does: 'the bundled model on its scenes' },
    { line: 'coca eval annotations/captions_val2017.json --image-folder val2017 --retrieval', does: 'on COCO' },
    {
      line: "coca eval imagenet/val --zero-shot --classes names.tsv --template 'a photo of a {}.'",
      does: 'on folders',
    },
    { line: "coca eval 'val-{0000..0009}.tar' --captioning --limit 500 --json", does: 'on shards, for a program' },
    { line: 'coca eval imagenet/val --zero-shot --classes names.tsv --templates openai', does: 'as CLIP reports it' },
    { line: 'coca eval --grounding', does: 'whether words that are not true are told' },
    { line: 'coca eval --captioning --ablate cross.2', does: 'what captions are worth without an attention' },
    { line: 'coca eval --pointing', does: 'the table of coca help attention' },
    { line: 'coca eval --tracing', does: 'the table of coca help tracing' },
  ],
  async check({ args, options, typed }) {
    const apart = APART.filter((name) => options[name]);
    checkTasks(chosenTasks(options), apart, typed);
    templatesOf(options);
    if (options.answers !== undefined) checkAnswers(options.answers);
    checkAblation(options, typed);
    // Tracing changes the model itself; a calibration is that of the weights as they are.
    const whole = (['tracing', 'calibrate'] as const).find((name) => options[name]);
    if (options.ablate !== undefined && whole) {
      throw new CocaError('usage', `--${whole} and --ablate exclude each other`, `--${whole} is of the whole model`);
    }
    if (args[0] !== undefined && options.tracing) {
      throw new CocaError('usage', '--tracing takes no DATA: it paints its pairs');
    }
    if (args[0] === undefined && LABEL_TASKS.some((task) => options[task])) {
      throw new CocaError('usage', 'DATA is missing: the scenes that come with the program have no labels');
    }
    if (args[0] === undefined && options.winoground) {
      throw new CocaError('usage', 'DATA is missing: the scenes that come with the program are no pairs');
    }
    if (args[0] === undefined && options.vqa) {
      throw new CocaError('usage', 'DATA is missing: the scenes that come with the program have no questions');
    }
  },
  async run({ args, options, typed }, context) {
    const data = args[0];
    if (options.pointing) {
      const { BUNDLED_SCENES, readScenes } = await import('../../model/scenes/scenes-file.js');
      const { evaluatePointing } = await import('./pointing.js');
      const scenes = await readScenes(data ?? BUNDLED_SCENES);
      await withCaptioner(options, context, 'eval --pointing', (coca) =>
        evaluatePointing(coca, scenes, options, context),
      );
      return { done: 1, failed: 0 };
    }
    if (options.tracing) {
      const { evaluateTracing } = await import('./tracing.js');
      await withCaptioner(options, context, 'eval --tracing', (coca) => evaluateTracing(coca, options, context));
      return { done: 1, failed: 0 };
    }
    const templates = templatesOf(options);
    const tasks = chosenTasks(options);
    const choices = options.answers === undefined ? undefined : await answersOf(options.answers, context);
    const dataset = await openData(tasks, data, options, context);
    return withModel(options, context, async (coca) => {
      const captioning = tasks.find((task) => CAPTION_TASKS.includes(task));
      if (captioning) requireCaptioner(coca.config, `eval --${captioning}`);
      const cuts = new ToldCuts(options.strict, context);
      const decoding = await searchOptions(options, typed, coca);
      // An answer may be shorter than any caption.
      const answering = typed.has('minLength') ? decoding : { ...decoding, minLength: 1 };
      return withPredictions(options.predictions, (onPrediction) =>
        measure(tasks, coca, dataset, context, {
          ...options,
          templates,
          decoding,
          answering,
          choices,
          onPrediction,
          cuts,
        }),
      );
    });
  },
});

const chosenTasks = (options: Readonly<Record<Task, boolean | string | undefined>>): readonly Task[] =>
  TASKS.filter((task) => options[task] !== undefined && options[task] !== false);

/** Something is to be measured, and nothing is asked that it cannot have. */
function checkTasks(tasks: readonly Task[], apart: readonly Apart[], typed: ReadonlySet<string>): void {
  const flags = [...TASKS, ...APART].map((name) => `--${kebab(name)}`);
  const [alone] = apart;
  if (tasks.length === 0 && alone === undefined) {
    throw new CocaError('usage', 'say what to measure', `${flags.slice(0, -1).join(', ')} or ${flags.at(-1)}`);
  }
  if (alone !== undefined) {
    const mostly = ['limit', 'batch', ...Object.keys(DATA_OPTIONS), 'strict'];
    const other = apart[1] ?? [...tasks, ...mostly].find((name) => typed.has(name));
    if (other !== undefined) throw new CocaError('usage', `--${alone} and --${kebab(other)} exclude each other`);
  }
  if (tasks.includes('winoground') && tasks.length > 1) {
    const other = tasks.find((task) => task !== 'winoground')!;
    throw new CocaError('usage', `--winoground and --${kebab(other)} exclude each other`, 'their data differ');
  }
  const chosen: readonly string[] = alone === undefined ? tasks : [alone];
  for (const [owners, names] of BELONGS) {
    const stray = owners.some((owner) => chosen.includes(owner)) ? undefined : names.find((name) => typed.has(name));
    if (stray === undefined) continue;
    const wanted = owners.map((owner) => `--${kebab(owner)}`).join(' or ');
    throw new CocaError('usage', `--${kebab(stray)} means nothing without ${wanted}`);
  }
}

/**
 * Opens what is to be measured on.
 * @throws CocaError as `openDataset`
 */
async function openData(
  tasks: readonly Task[],
  data: string | undefined,
  fields: OptionValues<typeof DATA_OPTIONS>,
  context: CommandContext,
): Promise<Dataset> {
  const { openDataset } = await import('../../model/data/index.js');
  const { BUNDLED_SCENES } = await import('../../model/scenes/scenes-file.js');
  context.status.show('opening the data');
  return openDataset(data ?? BUNDLED_SCENES, {
    needs: needsOf(tasks),
    ...fields,
  });
}

/** What a table must have a column for: of several things, what the first task needs. */
function needsOf(tasks: readonly Task[]): 'captions' | 'labels' | 'questions' | 'pairs' {
  if (tasks.includes('winoground')) return 'pairs';
  if (tasks.some((task) => LABEL_TASKS.includes(task))) return 'labels';
  return tasks.every((task) => task === 'vqa') ? 'questions' : 'captions';
}

type MeasureOptions = Omit<Parameters<typeof measuresOf>[3], 'cut'> & {
  readonly cuts: ToldCuts;
  readonly json: boolean;
  readonly jsonl: boolean;
  readonly batch: number;
  readonly limit: number | undefined;
};

/** Measures and writes the results; nothing is written before all of them are there. */
async function measure(
  tasks: readonly Task[],
  coca: LoadedCoca,
  dataset: Dataset,
  context: CommandContext,
  options: MeasureOptions,
): Promise<Outcome> {
  const measures = await measuresOf(tasks, coca, dataset, { ...options, cut: options.cuts.options }, context);
  try {
    return await measureWith(measures, coca, dataset, context, options);
  } finally {
    for (const one of measures) one.release?.();
  }
}

async function measureWith(
  measures: readonly Measure[],
  coca: LoadedCoca,
  dataset: Dataset,
  context: CommandContext,
  options: MeasureOptions,
): Promise<Outcome> {
  const { evaluate: runMeasures } = await import('../../model/evaluation/evaluate.js');
  const { chosenModel } = await import('../../model/store/locate.js');
  // A sample of pairs is two pictures.
  const perSample = measures.some(({ task }) => task === 'winoground') ? 2 : 1;
  const limit = options.limit === undefined ? undefined : options.limit * perSample;
  const total = dataset.size === undefined ? undefined : Math.min(dataset.size, limit ?? dataset.size);
  const { seen, failed } = await runMeasures(coca, dataset, measures, {
    preprocess: coca.preprocess,
    batch: options.batch,
    signal: context.signal,
    ...(limit !== undefined && { limit }),
    onProblem: (name, error) => context.complain(errorLine(name, error)),
    onProgress: progress(context, () => total),
  });
  context.status.clear();
  if (failed > 0) context.complain(`failed: ${failed} (samples in all: ${seen})`);
  const empty = measures.find(({ count }) => count === 0);
  if (empty) throw new CocaError('bad-data', `${dataset.name} has no sample that ${empty.task} can be measured on`);
  const names = {
    dataset: dataset.name,
    model: coca.name,
    pretrained: (await chosenModel(options.model)).model,
    truncated: options.cuts.count,
    variant: variantOf(coca),
  };
  context.status.show('computing the figures');
  await writeCalibration(options.calibrate, measures, coca);
  const reports: TaskReport[] = [];
  for (const one of measures) reports.push(...(await taskReports(one, names)));
  context.status.clear();
  await writeReports(context.out, formatOf(options, context), reports);
  return { done: Math.max(...measures.map(({ count }) => count)), failed };
}

/** Writes the calibration that was measured, where that is asked for. */
async function writeCalibration(
  path: string | undefined,
  measures: readonly Measure[],
  coca: LoadedCoca,
): Promise<void> {
  if (path === undefined) return;
  const { GroundingMeasure } = await import('../../model/evaluation/grounding.js');
  const { calibrationJson } = await import('../../model/grounding/calibration.js');
  const { writeWhole } = await import('../../model/base/whole-file.js');
  const measure = measures.find((one) => one instanceof GroundingMeasure)!;
  const calibration = measure.fit(await coca.fingerprint());
  await writeWhole(path, (write) => write(Buffer.from(calibrationJson(calibration))));
}

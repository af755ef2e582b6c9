import type { Failure, Format, ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { ClassNames } from '../../model/data/classes.js';
import type { Dataset } from '../../model/data/index.js';
import type { Examples, FittedHead, HeadSettings } from '../../model/probing/probe.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { findWithModel, MODEL_GLOBALS, precisionOf } from '../io/model.js';
import { progress } from '../io/progress.js';
import { failure, jsonWriter } from '../io/results.js';
import { checkProbe, PROBE_OPTIONS, type ProbeOptions, shotsOf } from './options.js';

/** What a head, or the mean of some, tells right. */
interface Probed {
  readonly data: string;
  readonly model: string;
  readonly head: string;
  /** Pictures of every class that were learned from; null: all there are. */
  readonly shots: number | null;
  /** Heads that this is the mean of. */
  readonly seeds: number;
  /** Part of the tested pictures; null where none were held out. */
  readonly accuracy: number | null;
  readonly deviation: number | null;
  readonly classes: number;
  readonly learned: number;
  readonly tested: number;
  readonly c?: number;
  readonly file?: string;
}

type Options = ProbeOptions & {
  readonly seed: number;
  readonly engine: string;
  readonly device: string;
};

export const probe = defineResults({
  name: 'probe',
  summary: 'learns classes from labelled pictures, on frozen features of the model',
  usage: 'probe DATA -o HEAD',
  details: [
    'DATA is a folder with a folder for each class, or a file that lists pictures with labels (.jsonl with image and label, .csv or .tsv, WebDataset shards), as for coca eval --zero-shot.',
    'Features are computed once and kept in the cache. The model stays as it is: HEAD holds a linear layer on the embedding (before its normalisation), or the attentional pooler of the CoCa paper over the image tokens.',
    'A fifth of every class is held out, and accuracy is of it; --test measures on other data and learns from all of DATA. HEAD is what was measured.',
    '--shots 1,2,4,8,16: as many pictures of every class, drawn --seeds times; no -o needed.',
    'coca classify --head HEAD and coca eval --head HEAD use it, with the same weights in the same precision.',
    'Piped: SHOTS<TAB>ACCURACY<TAB>DEVIATION, "all" for HEAD. JSON: {"data", "model", "head", "shots", "seeds", "accuracy", "deviation", "classes", "learned", "tested", "c", "file"}; shots is null for HEAD.',
  ].join('\n'),
  args: [{ name: 'DATA', description: 'labelled pictures', kind: 'file', required: true, variadic: false }],
  options: PROBE_OPTIONS,
  globals: [...MODEL_GLOBALS, 'seed'],
  examples: [
    { line: 'coca probe photos/ -o mine.safetensors', does: 'a class for each folder in photos' },
    { line: 'coca classify new.jpg --head mine.safetensors', does: 'what it says of another picture' },
    { line: 'coca probe photos/ -o mine.safetensors --head pooler', does: 'with the attentional pooler' },
    { line: 'coca probe labels.csv --shots 1,2,4,8,16 --seeds 10', does: 'how many pictures it takes' },
  ],
  async check({ options, typed }) {
    checkProbe(options, typed);
  },
  async *find({ args, options, typed }, context): AsyncGenerator<Finding<Probed>> {
    const { openDataset } = await import('../../model/data/index.js');
    const { datasetClasses } = await import('../../model/data/classes.js');
    const { imageField, imageFolder } = options;
    const open = async (name: string): Promise<Dataset> => {
      context.status.show('opening the data');
      return openDataset(name, { needs: 'labels', imageField, imageFolder });
    };
    const dataset = await open(args[0]!);
    const test = options.test === undefined ? undefined : await open(options.test);
    context.status.show('looking for the classes');
    const classes = await datasetClasses(dataset, options.classes, false);
    refuseOneClass(classes.rows.length, dataset.name);
    yield* findWithModel(options, context, async function* (coca): AsyncGenerator<Finding<Probed>> {
      const settings = await settingsOf(options, context);
      const failures: Failure[] = [];
      const features = (of: Dataset) => examplesOf(of, classes, coca, settings, context, failures);
      const all = await features(dataset);
      const other = test && (await features(test));
      yield* failures;
      yield { kind: 'ready' };
      requireExamples(all, classes, dataset.name);
      const { holdOut, part, fewShot, fitHead } = await modelOf();
      const { kept, heldOut } = holdOut(all.labels, test ? 0 : options.holdOut, options.seed);
      const learned = part(all, kept);
      const tested = other ?? part(all, heldOut);
      const about = {
        data: dataset.name,
        model: coca.name,
        head: settings.kind,
        classes: classes.rows.length,
        tested: tested.labels.length,
        ...precisionOf(coca),
      };
      for (const shots of shotsOf(options.shots)) {
        if (tested.labels.length === 0) throw nothingHeldOut(dataset.name);
        context.status.show(`${shots} shots`);
        const found = await fewShot(learned, tested, classes, settings, coca, { shots, seeds: options.seeds });
        const result = { ...about, ...found, seeds: options.seeds, learned: shots * classes.rows.length };
        yield { kind: 'result', result };
      }
      if (options.output === undefined) return;
      context.status.show('fitting the head');
      const head = await fitHead(learned, classes.rows.length, settings, coca);
      try {
        const accuracy = await accuracyOf(head, tested);
        const { c } = head;
        const counts = { accuracy, learned: kept.length, tested: tested.labels.length };
        const { writeHead } = await import('../../model/probing/head.js');
        await writeHead(options.output, head, { settings, classes: classes.rows, c, ...counts }, coca);
        context.status.clear();
        const file = options.output;
        const result = {
          ...about,
          ...counts,
          shots: null,
          seeds: 1,
          deviation: null,
          ...(c !== undefined && { c }),
          file,
        };
        yield { kind: 'result', result };
      } finally {
        head.release();
      }
      if (typed.has('shots') && options.c === undefined && settings.kind === 'linear') {
        yield { kind: 'notice', text: 'the heads of --shots have C 1: so few pictures cannot choose it' };
      }
    });
  },
  writer: async (format, _, context) => probeWriter(format, context),
});

async function modelOf() {
  const [{ holdOut }, { part, fewShot, fitHead }] = await Promise.all([
    import('../../model/probing/split.js'),
    import('../../model/probing/probe.js'),
  ]);
  return { holdOut, part, fewShot, fitHead };
}

/** The features of a data set's pictures; the image tokens of a linear head as their mean. */
async function examplesOf(
  dataset: Dataset,
  classes: ClassNames,
  coca: LoadedCoca,
  settings: HeadSettings,
  context: CommandContext,
  failures: Failure[],
): Promise<Examples> {
  const { frozenFeatures, meanToken, tokenWidth } = await import('../../model/probing/features.js');
  const isMean = settings.kind === 'linear' && settings.features === 'tokens';
  const found = await frozenFeatures(coca, dataset, {
    kind: settings.features,
    classes,
    ...(isMean && { reduce: (tokens: Float32Array) => meanToken(tokens, tokenWidth(coca.config)) }),
    signal: context.signal,
    onProblem: (name, error) => failures.push(failure(name, error)),
    onProgress: progress(context, () => dataset.size),
  });
  context.status.clear();
  return found;
}

async function settingsOf(options: Options, context: CommandContext): Promise<HeadSettings> {
  const { head, seed } = options;
  if (head === 'linear') return { kind: head, features: options.features, c: options.c, seed, signal: context.signal };
  const { chooseTfjsDevice } = await import('../../model/engine/tfjs/devices.js');
  const wanted = options.engine === 'tfjs' ? (options.device as Parameters<typeof chooseTfjsDevice>[0]) : 'auto';
  const { device } = await chooseTfjsDevice(wanted);
  context.detail(`the pooler is trained on ${device}`);
  const { queries, steps, batch, learningRate, weightDecay } = options;
  const { status, signal } = context;
  const onStep = (step: number): void => status.show(`training the pooler: step ${step} of ${steps}`);
  return {
    kind: head,
    features: 'tokens',
    ...{ queries, device, steps, batch, learningRate, weightDecay, seed, signal, onStep },
  };
}

async function accuracyOf(head: FittedHead, { vectors, labels }: Examples): Promise<number | null> {
  if (labels.length === 0) return null;
  const { countRight } = await import('../../model/probing/probe.js');
  return countRight(await head.logits(vectors), labels) / labels.length;
}

function refuseOneClass(count: number, name: string): void {
  if (count > 1) return;
  throw new CocaError('bad-data', `${name} has pictures of one class alone`, 'there must be two to tell apart');
}

/** Every class has a picture that could be read. */
function requireExamples({ labels }: Examples, { rows }: ClassNames, name: string): void {
  const there = new Set(labels);
  const empty = rows.findIndex((_, label) => !there.has(label));
  if (empty < 0) return;
  throw new CocaError(
    'bad-data',
    `${name} has no picture of the class ${JSON.stringify(rows[empty]!.label)} that can be read`,
  );
}

const nothingHeldOut = (name: string): CocaError =>
  new CocaError(
    'bad-data',
    `${name} has one picture of each class: none is left to measure on`,
    'name other data with --test',
  );

async function probeWriter(format: Format, { out }: CommandContext): Promise<ResultWriter<Probed>> {
  if (format === 'json' || format === 'jsonl') return jsonWriter(out, format, (probed: Probed) => probed);
  const figure = (value: number | null) => value?.toFixed(4) ?? '-';
  if (format === 'plain') {
    return {
      objects: undefined,
      result: ({ shots, accuracy, deviation }) =>
        out.line([shots ?? 'all', figure(accuracy), figure(deviation)].join('\t')),
    };
  }
  let isFirst = true;
  return {
    objects: undefined,
    async result({ shots, accuracy, deviation, learned, tested, c }) {
      if (isFirst) await out.line('shots  learned  tested  accuracy  deviation');
      isFirst = false;
      const cells = [
        String(shots ?? 'all').padStart(5),
        String(learned).padStart(7),
        String(tested).padStart(6),
        figure(accuracy).padStart(8),
        figure(deviation).padStart(9),
      ];
      await out.line(`${cells.join('  ')}${c === undefined ? '' : `  C ${c}`}`);
    },
  };
}

import type { Format, ResultWriter } from '../../cli/answers.js';
import { type CommandContext, kebab } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { BATCH_OPTION, batchOf } from '../io/batch.js';
import { requirePlaces, writeXmpOption } from '../io/beside/options.js';
import { clipFields, FRAMES_OPTION } from '../io/clips/clips.js';
import { STRICT_OPTION } from '../io/cut-texts.js';
import { defineResults, type Finding, orIncomplete } from '../io/define-results.js';
import { readRegularFile } from '../io/files.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import { findWithModel, MODEL_GLOBALS, type Variant, variantOf } from '../io/model.js';
import { eachPicture, type ReadablePicture } from '../io/pictures.js';
import { jsonWriter, SILENT_WRITER } from '../io/results.js';
import { pictureShower } from '../io/show-picture.js';
import { checkSources, INPUT_OPTIONS, imagesArgument, namesOnePicture, sourcesOf } from '../io/sources.js';
import { type Ranked, withoutProbability } from '../rank/ranking.js';
import { checkShard, findOfNamed, PARTS_OPTIONS } from '../shards/options.js';
import { HEAD_OPTION, headScorer, type LabelScorer, labelsOf, trainedScorer, zeroShotScorer } from './label-scorers.js';
import { TEMPLATE_OPTIONS, templatesOf } from './templates.js';

/** Options that bring their labels with them. */
const OWN_LABELS = ['classifier', 'head'] as const;

const hasOwnLabels = ({ classifier, head }: { readonly classifier: boolean; readonly head: string | undefined }) =>
  classifier || head !== undefined;

export const classify = defineResults({
  name: 'classify',
  summary: 'says which of a few labels fits a picture best (zero-shot, or by a trained classifier or head)',
  details: [
    'A label is set into every template; its classifier is the mean direction of those embeddings (Radford et al. 2021). probability is the softmax over the labels of exp(logit_scale) * cosine, whatever --top leaves out.',
    '--classifier: the labels and the linear classifier that coca train --objective classification put beside the model; probability is the softmax over all of its labels, and there is no cosine.',
    '--head: the labels and the head that coca probe made on the features of this very model; likewise.',
    'Piped: LABEL<TAB>PROBABILITY, best first, with IMAGE<TAB> before it when there may be several pictures.',
    '--write-xmp: the best label, with --top the N best, into dc:subject in NAME.jpg.xmp, or in an XMP that is there, also NAME.xmp; what it holds stays. docs/sidecars.md.',
    'JSON: {"image", "results": [{"label", "cosine", "probability", "rank"}]}, with "truncated": true for a label one of whose texts was cut to the context.',
  ].join('\n'),
  args: [imagesArgument(['files', 'files0'])],
  options: {
    labels: { type: 'text', kind: 'text', placeholder: 'A,B,C', description: 'the labels, with commas between' },
    labelsFile: {
      type: 'text',
      kind: 'file',
      access: 'list',
      placeholder: 'FILE',
      description: 'also the labels in FILE, one a line',
    },
    classifier: { type: 'flag', description: 'the labels that the model was trained to tell apart' },
    head: HEAD_OPTION,
    ...TEMPLATE_OPTIONS,
    top: { type: 'integer', min: 1, default: 5, description: 'only the N best' },
    ...writeXmpOption('the best label'),
    ...STRICT_OPTION,
    ...BATCH_OPTION,
    ...FRAMES_OPTION,
    ...INPUT_OPTIONS,
    ...PARTS_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'images'],
  examples: [
    { line: 'coca classify photo.jpg --labels dog,cat,bird', does: 'what is on it' },
    {
      line: "coca classify 'photos/*.jpg' --labels-file names.txt --top 1 --template 'a sketch of a {}' --jsonl",
      does: 'many pictures, for a program',
    },
    { line: 'coca classify photo.jpg --classifier --model run', does: 'by the classifier of a run' },
    { line: 'coca classify photo.jpg --head mine.safetensors', does: 'by what coca probe learned' },
  ],
  async check({ args, options, typed }) {
    if (options.writeXmp) requirePlaces(args, '--write-xmp');
    templatesOf(options);
    checkShard(options, args);
    checkAblation(options, typed);
    const own = OWN_LABELS.find((name) => typed.has(name));
    if (own !== undefined) {
      const stray = [...OWN_LABELS, 'labels', 'labelsFile', 'template', 'templates', 'strict'].find(
        (name) => name !== own && typed.has(name),
      );
      if (stray !== undefined) {
        throw new CocaError('usage', `--${kebab(stray)} means nothing with --${own}, which has its own labels`);
      }
    } else if (options.labels === undefined && options.labelsFile === undefined) {
      const hint =
        'name them: --labels dog,cat,bird; or --classifier, for a model that was trained with some, or --head';
      throw new CocaError('usage', 'there are no labels to choose from', hint);
    }
  },
  async *find({ args, options, typed }, context): AsyncGenerator<Finding<Labelled, ReadablePicture>> {
    const sources = sourcesOf(args, options);
    checkSources(sources, context.stdin, options.labelsFile === '-' ? 1 : 0);
    const labels = hasOwnLabels(options) ? [] : await labelsOf(options.labels, options.labelsFile, context);
    const scorerOf = async (coca: LoadedCoca): Promise<LabelScorer> => {
      if (options.head !== undefined) return headScorer(coca, options.head);
      if (options.classifier) return trainedScorer(coca, options.model);
      return zeroShotScorer(coca, labels, templatesOf(options), context, options.strict);
    };
    const lists = [...options.files, ...options.files0, options.labelsFile ?? '-'].filter((name) => name !== '-');
    const ownLabels = { classifier: options.classifier, head: options.head && (await digestOf(options.head)) };
    async function* labelled(coca: LoadedCoca): AsyncGenerator<Finding<Labelled, ReadablePicture>> {
      const { score, release } = await scorerOf(coca);
      try {
        const shaping = {
          labels,
          templates: templatesOf(options),
          ...ownLabels,
          top: options.top,
        };
        const part = { command: 'classify', options: shaping, objectOf: labelledObject };
        const shared = { options, sources, coca, context };
        const all = findOfNamed<Labelled, ReadablePicture>(shared, part, (names) =>
          eachPicture(
            names,
            coca,
            context,
            batchOf(options.batch, coca),
            async (found) => {
              const results = await score(await coca.encodeImages(found.map(({ picture }) => picture)), options.top);
              return found.map(({ name, picture }, i) => ({
                image: name,
                ...clipFields(picture),
                results: results[i]!,
                isAlone: labels.length === 1,
                ...variantOf(coca),
              }));
            },
            options,
          ),
        );
        yield* options.writeXmp ? tagged(all, typed.has('top') ? options.top : 1, lists) : all;
      } finally {
        release();
      }
    }
    yield* findWithModel(options, context, labelled, options.batch === 1 && !hasOwnLabels(options) && !options.frames);
  },
  writer: async (format, { args, options }, context) =>
    options.output !== undefined
      ? SILENT_WRITER
      : labelWriter(format, context, namesOnePicture(sourcesOf(args, options)), options.images as PictureKind | 'auto'),
});

/** The labels of a picture, best first. */
interface Labelled extends Variant {
  readonly image: string;
  /** Of a clip: which of its frames were looked at. */
  readonly frames?: readonly object[];
  readonly results: readonly Ranked[];
  /** Whether there was no other label to choose. */
  readonly isAlone: boolean;
}

function labelledObject({ image, frames, results, isAlone: _, ...variant }: Labelled): object {
  return {
    image,
    ...(frames && { frames }),
    results: results.map(({ caption, cosine, probability, rank, truncated }) => {
      return { label: caption, cosine, probability, rank, ...(truncated && { truncated }) };
    }),
    ...variant,
  };
}

/** What a file's contents are told by. */
async function digestOf(path: string): Promise<string> {
  const { sha256Of } = await import('../../model/image/sha256.js');
  return sha256Of(await readRegularFile(path));
}

/**
 * Results whose best labels go into sidecars, once they are out.
 * @param count how many labels of each
 * @param taken files that the run reads
 */
async function* tagged(
  findings: AsyncIterable<Finding<Labelled, ReadablePicture>>,
  count: number,
  taken: readonly string[],
): AsyncGenerator<Finding<Labelled, ReadablePicture>> {
  const { Sidecars } = await import('../io/beside/sidecars.js');
  const sidecars = new Sidecars(false, taken);
  for await (const finding of findings) {
    if (finding.kind !== 'result') yield finding;
    else {
      const { image, results } = finding.result;
      const subjects = results.slice(0, count).map(({ caption }) => caption);
      yield { ...finding, complete: () => orIncomplete(image, () => sidecars.write(image, { subjects })) };
    }
  }
}

async function labelWriter(
  format: Format,
  context: CommandContext,
  isOne: boolean,
  images: PictureKind | 'auto',
): Promise<ResultWriter<Labelled, ReadablePicture>> {
  if (format === 'json' || format === 'jsonl') {
    return jsonWriter(context.out, format, labelledObject);
  }
  if (format === 'plain') {
    return {
      objects: undefined,
      result({ image, results }) {
        const before = isOne ? '' : `${visible(image)}\t`;
        const lines = results.map(
          ({ caption, probability }) => `${before}${visible(caption)}\t${probability!.toPrecision(6)}\n`,
        );
        return context.out.write(lines.join(''));
      },
    };
  }
  const { rankLines } = await import('../../ui/rank-view.js');
  const show = await pictureShower(context, images, isOne);
  const { columns, colors } = context.terminal;
  return {
    objects: undefined,
    begin: (item) => show(item),
    async result({ results, isAlone }) {
      const rows = isAlone ? withoutProbability(results) : results;
      await context.out.write(`${rankLines(rows, columns, colors, 'label').join('\n')}\n${isOne ? '' : '\n'}`);
    },
  };
}

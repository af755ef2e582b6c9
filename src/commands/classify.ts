import type { Coca } from '../model/api.js';
import { CocaError } from '../model/errors.js';
import { grouped } from '../model/pipeline.js';
import type { PictureKind } from '../ui/picture.js';
import { visible } from '../ui/text.js';
import { type CommandContext, defineCommand } from './command.js';
import { BATCH_OPTION, checkSources, countAhead, INPUT_OPTIONS, namesOnePicture } from './inputs.js';
import { readList } from './lists.js';
import { MODEL_GLOBALS, pictures, progress, type ReadablePicture, readable, withModel } from './model.js';
import { type Ranked, rankCaptions } from './ranking.js';
import { type Format, formatOf, type ObjectWriter, objectWriter, Tally } from './results.js';
import { pictureShower } from './show-picture.js';
import { CLASS_TEMPLATE, checkTemplates } from './templates.js';

export const classify = defineCommand({
  name: 'classify',
  summary: 'says which of a few labels fits a picture best (zero-shot classification)',
  details: [
    'A label is set into every template; its classifier is the mean direction of those embeddings (Radford et al. 2021). probability is the softmax over the labels of exp(logit_scale) * cosine, whatever --top leaves out.',
    'Piped: LABEL<TAB>PROBABILITY, best first, with IMAGE<TAB> before it when there may be several pictures.',
    'JSON: {"image", "results": [{"label", "cosine", "probability", "rank"}]}.',
  ].join('\n'),
  args: [
    {
      name: 'IMAGE',
      description: 'path, URL, glob, or - for bytes on stdin',
      kind: 'image',
      unless: ['files', 'files0'],
      required: false,
      variadic: true,
    },
  ],
  options: {
    labels: { type: 'text', placeholder: 'A,B,C', description: 'the labels, with commas between' },
    labelsFile: { type: 'text', kind: 'file', placeholder: 'FILE', description: 'also the labels in FILE, one a line' },
    template: CLASS_TEMPLATE,
    top: { type: 'integer', min: 1, default: 5, description: 'only the N best' },
    ...BATCH_OPTION,
    ...INPUT_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'images'],
  examples: [
    { line: 'coca classify photo.jpg --labels dog,cat,bird', does: 'what is on it' },
    {
      line: "coca classify 'photos/*.jpg' --labels-file names.txt --top 1 --template 'a sketch of a {}' --jsonl",
      does: 'many pictures, for a program',
    },
  ],
  async check({ options }) {
    checkTemplates(options.template);
    if (options.labels === undefined && options.labelsFile === undefined) {
      throw new CocaError('usage', 'there are no labels to choose from', 'name them: --labels dog,cat,bird');
    }
  },
  async run({ args, options }, context) {
    const sources = { images: args, files: options.files, files0: options.files0 };
    checkSources(sources, context.stdin, options.labelsFile === '-' ? 1 : 0);
    const labels = await labelsOf(options.labels, options.labelsFile, context);
    const format = formatOf(options, context);
    return withModel(options, context, async (coca) => {
      const writer = await labelWriter(
        format,
        context,
        namesOnePicture(sources),
        options.images as PictureKind | 'auto',
      );
      const tally = new Tally(context, writer.objects);
      const showProgress = progress(context, countAhead(sources));
      const { classDirections } = await import('../model/evaluation/zero-shot.js');
      context.status.show(`embedding ${labels.length} labels`);
      const directions = await classDirections(coca, labels, checkTemplates(options.template));
      try {
        for await (const group of grouped(pictures(sources, coca, context, options.batch * 2), options.batch)) {
          const found = readable(group);
          const features =
            found.length > 0 ? (await coca.encodeImages(found.map(({ picture }) => picture))).features : [];
          for (const item of group) {
            if ('error' in item) await tally.fail(item.name, item.error);
            else {
              const feature = features[found.indexOf(item)]!;
              await writer.result(item, await rankLabels(labels, directions, feature, options.top, coca));
              tally.succeed();
            }
            showProgress(tally.finished);
          }
        }
      } finally {
        await writer.objects?.end();
      }
      return tally.outcome();
    });
  },
});

/** @throws CocaError `bad-text` when there is none, `not-found` or `unreadable` for the file */
async function labelsOf(
  listed: string | undefined,
  file: string | undefined,
  context: CommandContext,
): Promise<readonly string[]> {
  const labels = (listed ?? '').split(',').map((label) => label.trim());
  if (file !== undefined) for await (const label of readList(file, 'line', context.stdin)) labels.push(label.trim());
  const named = [...new Set(labels.filter((label) => label !== ''))];
  if (named.length === 0) throw new CocaError('bad-text', 'all labels are empty');
  return named;
}

async function rankLabels(
  labels: readonly string[],
  directions: readonly Float32Array[],
  feature: Float32Array,
  top: number,
  { logitScale, logitBias }: Pick<Coca, 'logitScale' | 'logitBias'>,
): Promise<Ranked[]> {
  const { dot } = await import('../model/vectors.js');
  const figures = labels.map((caption, i) => ({ caption, cosine: dot(feature, directions[i]!), likelihood: null }));
  const options = { by: 'contrastive', softmax: true, minScore: undefined, top, logitScale, logitBias } as const;
  return rankCaptions(figures, options);
}

/** Where ranked labels go. */
interface LabelWriter {
  readonly objects: ObjectWriter | undefined;
  result(item: ReadablePicture, results: readonly Ranked[]): Promise<void>;
}

async function labelWriter(
  format: Format,
  context: CommandContext,
  isOne: boolean,
  images: PictureKind | 'auto',
): Promise<LabelWriter> {
  if (format === 'json' || format === 'jsonl') {
    const objects = objectWriter(context.out, format);
    return {
      objects,
      result: ({ name }, results) =>
        objects.write({
          image: name,
          results: results.map(({ caption, cosine, probability, rank }) => ({
            label: caption,
            cosine,
            probability,
            rank,
          })),
        }),
    };
  }
  if (format === 'plain') {
    return {
      objects: undefined,
      result({ name }, results) {
        const before = isOne ? '' : `${visible(name)}\t`;
        const lines = results.map(
          ({ caption, probability }) => `${before}${visible(caption)}\t${probability!.toPrecision(6)}\n`,
        );
        return context.out.write(lines.join(''));
      },
    };
  }
  const { rankLines } = await import('../ui/rank-view.js');
  const show = await pictureShower(context, images, isOne);
  const { columns, colors } = context.terminal;
  return {
    objects: undefined,
    async result(item, results) {
      await show(item);
      await context.out.write(`${rankLines(results, columns, colors, 'label').join('\n')}\n${isOne ? '' : '\n'}`);
    },
  };
}

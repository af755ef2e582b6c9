import type { ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { requirePlaces, writeXmpOption } from '../io/beside/options.js';
import { STRICT_OPTION, ToldCuts } from '../io/cut-texts.js';
import { defineResults, type Finding, orIncomplete } from '../io/define-results.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import { IMAGE_ARGUMENT } from '../io/inside/caption.js';
import { findWithModel, MODEL_GLOBALS, variantOf } from '../io/model.js';
import { oneName, openPicture, pictures } from '../io/pictures.js';
import { jsonWriter } from '../io/results.js';
import { checkSources, imageNames } from '../io/sources.js';
import { type ExplainedPictures, explainLines, explainObject } from './result.js';

export const explain = defineResults({
  name: 'explain',
  summary: "a picture's embedding as a sum of a few concepts",
  details: [
    'SpLiCE (Bhalla et al. 2024): the contrastive embedding, less the mean of other pictures, as a sparse non-negative sum of the embeddings of words, less their mean: the smallest penalty (lasso) at which at most --most concepts are left. cosine is how near the sum comes.',
    'The concepts are common nouns, adjectives and verbs of English, of the bundled model the words of its scenes, or those of --concepts. Their embeddings are kept in the cache, and so is the mean of the scenes.',
    'The mean is that of --centre, of the bundled model that of its 48 scenes; without it, which JSON says by "centre": null, what all pictures have in common is among the concepts.',
    'With B: the concepts of both and the difference of their weights, A less B, the largest first.',
    'Piped: WEIGHT<TAB>CONCEPT; with B: DIFFERENCE<TAB>WEIGHT_A<TAB>WEIGHT_B<TAB>CONCEPT.',
    '--write-xmp: the concepts into dc:subject in NAME.jpg.xmp, or in an XMP that is there, also NAME.xmp; what it holds stays. docs/sidecars.md.',
    'JSON: {"image", "concepts": [{"text", "weight"}], "cosine", "list", "centre"}; with B also "other" and "other_cosine", and each concept "other" and "difference".',
  ].join('\n'),
  args: [
    IMAGE_ARGUMENT,
    {
      name: 'B',
      description: 'another picture, to tell the difference',
      kind: 'image',
      required: false,
      variadic: false,
    },
  ],
  options: {
    concepts: {
      type: 'text',
      kind: 'file',
      access: 'list',
      placeholder: 'FILE',
      description: 'texts to explain with, one a line; - is stdin',
      otherwise: 'common words',
    },
    most: { type: 'integer', min: 1, max: 1000, default: 10, description: 'concepts in the sum' },
    centre: {
      type: 'list',
      kind: 'image',
      placeholder: 'IMAGE',
      description: 'pictures, a folder or a glob whose mean is left out; can be repeated',
    },
    ...writeXmpOption('the concepts'),
    ...STRICT_OPTION,
    ...ABLATION_OPTIONS,
  },
  globals: MODEL_GLOBALS,
  examples: [
    { line: 'coca explain photo.jpg', does: 'what it shows, in a few words' },
    { line: 'coca explain a.jpg b.jpg --centre photos', does: 'how two pictures differ' },
  ],
  async check({ args, options, typed }) {
    if (options.writeXmp) requirePlaces(args, '--write-xmp');
    checkAblation(options, typed);
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<ExplainedPictures>> {
    for (const word of args) checkSources({ images: [word], files: [], files0: [] }, context.stdin);
    const names: string[] = [];
    for (const word of args) names.push(await oneName(word, 'explain', context));
    const { conceptListOf, embeddedConcepts } = await import('./concepts.js');
    const typed = options.concepts === undefined ? undefined : await conceptListOf(options.concepts, context);
    yield* findWithModel(options, context, async function* (coca): AsyncGenerator<Finding<ExplainedPictures>> {
      const inputs = [];
      for (const name of names) inputs.push(await openPicture(name, coca, context));
      const failed = inputs.filter((input) => 'error' in input);
      if (failed.length > 0) {
        yield* failed;
        return;
      }
      const { centredConcepts, explain: explainEmbedding } = await import('../../model/explaining/explain.js');
      const { BUNDLED_MODEL } = await import('../../model/store/locate.js');
      const isBundled = coca.name === BUNDLED_MODEL;
      const { status } = context;
      const cuts = new ToldCuts(options.strict, context);
      const { list, embeddings } = await embeddedConcepts(typed, coca, isBundled, cuts, context);
      status.show('looking');
      const concepts = centredConcepts(embeddings);
      const centre = await centreOf(options.centre, isBundled, coca, context);
      const encoded = await coca.encodeImages(inputs.flatMap((input) => ('error' in input ? [] : [input.picture])));
      const of = encoded.features.map((features) => explainEmbedding(features, concepts, centre?.mean, options.most));
      status.clear();
      const pictures = names.map((name, i) => ({ name, ...of[i]! }));
      const result: ExplainedPictures = {
        pictures,
        list,
        centre: centre?.name ?? null,
        model: coca.name,
        device: coca.device,
        ...variantOf(coca),
      };
      yield { kind: 'result', result };
      if (options.writeXmp) yield* writeSidecars(result);
      if (centre === undefined) {
        yield {
          kind: 'notice',
          text: 'no pictures to centre on: what all pictures have in common is among the concepts (--centre PICTURES)',
        };
      }
    });
  },
  async writer(format, _, context): Promise<ResultWriter<ExplainedPictures>> {
    const { out, terminal } = context;
    if (format === 'json' || format === 'jsonl') return jsonWriter(out, format, explainObject);
    if (format === 'plain') {
      return {
        objects: undefined,
        result: (found) =>
          out.write(
            explainLines(found)
              .map((line) => `${line}\n`)
              .join(''),
          ),
      };
    }
    const { explanationLines } = await import('../../ui/explain-view.js');
    return {
      objects: undefined,
      result: (found) =>
        out.write(`${explanationLines(explainObject(found), terminal.columns, terminal.colors).join('\n')}\n`),
    };
  },
});

/** The concepts of each picture into its sidecar. */
async function* writeSidecars({ pictures, list }: ExplainedPictures): AsyncGenerator<Finding<never>> {
  const { Sidecars } = await import('../io/beside/sidecars.js');
  const sidecars = new Sidecars(false);
  for (const { name, concepts } of pictures) {
    const subjects = concepts.map(({ concept }) => list.texts[concept]!);
    const incomplete = await orIncomplete(name, () => sidecars.write(name, { subjects }));
    if (incomplete) yield incomplete;
  }
}

/** Pictures that go through the model at once. */
const BATCH = 16;

interface Centre {
  readonly name: string;
  readonly mean: Float32Array;
}

/** The mean image embedding, and of what. */
async function centreOf(
  words: readonly string[],
  isBundled: boolean,
  coca: LoadedCoca,
  context: CommandContext,
): Promise<Centre | undefined> {
  if (words.length > 0) return centreOfPictures(words, coca, context);
  return isBundled ? centreOfScenes(coca, context) : undefined;
}

async function centreOfPictures(words: readonly string[], coca: LoadedCoca, context: CommandContext): Promise<Centre> {
  const names = imageNames({ images: words, files: [], files0: [] }, context.stdin);
  const { meanOf } = await import('../../model/explaining/explain.js');
  const features: Float32Array[] = [];
  const waiting: Picture[] = [];
  const encode = async () => {
    if (waiting.length > 0) features.push(...(await coca.encodeImages(waiting.splice(0))).features);
    context.status.show(`centring: ${features.length} pictures`);
  };
  for await (const item of pictures(names, coca, context, BATCH)) {
    if ('error' in item) throw item.error;
    if (waiting.push(item.picture) === BATCH) await encode();
  }
  await encode();
  if (features.length === 0) throw new CocaError('bad-data', '--centre names no pictures');
  return { name: `${features.length} pictures`, mean: meanOf(features) };
}

async function centreOfScenes(coca: LoadedCoca, { status, signal, notice }: CommandContext): Promise<Centre> {
  const { bundledScenes, scenePictures } = await import('../../model/scenes/bundled.js');
  const { meanEmbedding } = await import('../../model/means.js');
  const { length } = await bundledScenes();
  const mean = await meanEmbedding(coca, () => scenePictures(coca), 'scenes', {
    signal,
    onPicture: (count) => status.show(`centring: ${count} of ${length} scenes`),
    onBroken: notice,
  });
  return { name: `${length} scenes`, mean };
}

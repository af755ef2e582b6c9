import type { CommandContext } from '../../cli/command.js';
import type { Coca, ImageEncoding } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { dot } from '../../model/base/numbers/vectors.js';
import { requireCaptioner } from '../../model/config/config.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { unusableText } from '../../model/tokenizer/usable.js';
import { isClip } from '../../model/video/clip.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { clipFields, FRAMES_OPTION } from '../io/clips/clips.js';
import { STRICT_OPTION, ToldCuts } from '../io/cut-texts.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import { readTextList } from '../io/lists.js';
import { findWithModel, MODEL_GLOBALS, variantOf } from '../io/model.js';
import { pictures } from '../io/pictures.js';
import { prepare } from '../io/progress.js';
import { failure, SILENT_WRITER } from '../io/results.js';
import { checkSources, type ImageSources, INPUT_OPTIONS, namesOnePicture, sourcesOf } from '../io/sources.js';
import { checkShard, findOfNamed, PARTS_OPTIONS } from '../shards/options.js';
import { type Look, type RankedPicture, type Ranking, rankingObject, rankWriter } from './output.js';
import { type RankBy, type RankFigures, rankCaptions } from './ranking.js';

export const rank = defineResults({
  name: 'rank',
  summary: 'orders captions by how well they fit a picture',
  usage: 'rank IMAGE CAPTION...',
  details: [
    'contrastive: by the cosine of the embeddings; probability is the softmax over the given captions of exp(logit_scale) * cosine.',
    'caption: by the mean log-probability per token of the caption given the picture; probability is the softmax of the summed log-probabilities.',
    'both: by the product of the two, softmax(exp(logit_scale) * cosine + summed log-probability), which is also the probability.',
    '--attend: a terminal draws it over the picture; JSON has it as attention: {method, grid, crop, map, peak, entropy, flat}, as in attend.',
    'A caption longer than the context is cut as OpenCLIP cuts it, which is told, and in JSON is "truncated": true; --strict refuses it.',
    '--min-score and --top leave captions out after probabilities were computed over all. The score is the cosine; with --by caption the mean log-probability.',
    'Piped: SCORE<TAB>PROBABILITY<TAB>CAPTION, best first, with IMAGE<TAB> before it when there may be several pictures; with --no-softmax, and of one caption by itself, the probability is -.',
  ].join('\n'),
  args: [
    {
      name: 'IMAGE',
      description: 'path, URL, glob or -; left out when pictures come by -i or --files',
      kind: 'image',
      unless: ['image', 'files', 'files0'],
      required: false,
      variadic: false,
    },
    {
      name: 'CAPTION',
      description: 'captions to order',
      kind: 'text',
      unless: ['captions'],
      required: false,
      variadic: true,
    },
  ],
  options: {
    image: {
      type: 'list',
      kind: 'image',
      short: 'i',
      placeholder: 'IMAGE',
      description: 'a picture; repeat it for several',
    },
    captions: {
      type: 'list',
      kind: 'file',
      access: 'list',
      placeholder: 'FILE',
      description: 'also the captions in FILE, one a line; - is stdin',
    },
    by: {
      type: 'choice',
      choices: ['contrastive', 'caption', 'both'],
      placeholder: 'WHAT',
      default: 'contrastive',
      description: 'what decides',
    },
    template: {
      type: 'text',
      placeholder: 'TEXT',
      default: '{}',
      description: 'each caption takes the place of {} in it',
    },
    softmax: { type: 'flag', negatable: true, default: true, description: 'probabilities over the given captions' },
    attend: { type: 'flag', description: 'also where the embedding of the picture looked' },
    minScore: { type: 'number', description: 'leaves out captions with a lower score' },
    top: { type: 'integer', min: 1, description: 'only the N best' },
    ...STRICT_OPTION,
    ...FRAMES_OPTION,
    ...INPUT_OPTIONS,
    ...PARTS_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'images'],
  examples: [
    { line: 'coca rank photo.jpg "a dog" "a cat"', does: 'which of two fits better' },
    { line: 'coca rank -i a.jpg -i b.jpg --captions captions.txt --json', does: 'many captions for many pictures' },
    { line: 'coca rank photo.jpg dog cat bird --template "a photo of a {}"', does: 'words set into a sentence' },
    { line: 'coca rank photo.jpg --captions captions.txt --by caption --top 3', does: 'by what the decoder would say' },
  ],
  async check({ args, options, typed }) {
    checkAblation(options, typed);
    checkShard(options, inputsOf(args, options).sources.images);
    if (!options.template.includes('{}')) {
      throw new CocaError('usage', `--template '${options.template}' has no {} for the caption`);
    }
    const isNamed = ['image', 'files', 'files0'].some((name) => typed.has(name));
    const words = isNamed ? args : args.slice(1);
    if ((isNamed || args.length > 0) && words.length + options.captions.length === 0) {
      throw new CocaError('usage', 'CAPTION is missing', 'name captions after the picture, or a list with --captions');
    }
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<Ranking, RankedPicture>> {
    const { sources, words } = inputsOf(args, options);
    checkSources(sources, context.stdin, options.captions.filter((source) => source === '-').length);
    const captions = [...words];
    for (const source of options.captions) {
      for await (const caption of readTextList(source, context.stdin)) captions.push(caption);
    }
    if (captions.length === 0) throw new CocaError('bad-text', 'the list of captions is empty');
    async function* rankings(coca: LoadedCoca): AsyncGenerator<Finding<Ranking, RankedPicture>> {
      if (options.by !== 'contrastive') requireCaptioner(coca.config, `rank --by ${options.by}`);
      yield { kind: 'ready' };
      const cuts = new ToldCuts(options.strict, context);
      const fitting = yield* usableCaptions(captions, options.template, coca, cuts);
      if (fitting.length === 0) return;
      if (options.attend) await prepare(coca, 'image attention', context);
      const scorer = await captionScorer(fitting, options.by, coca, context, cuts);
      const { sha256Of } = await import('../../model/image/sha256.js');
      const { by, template, softmax, minScore, top, attend } = options;
      const shaping = {
        captions: sha256Of(Buffer.from(JSON.stringify(captions))),
        by,
        template,
        softmax,
        minScore,
        top,
      };
      const part = {
        command: 'rank',
        options: { ...shaping, attend },
        objectOf: rankingObject,
      };
      const shared = { options, sources, coca, context };
      yield* findOfNamed<Ranking, RankedPicture>(shared, part, async function* (names) {
        for await (const item of pictures(names, coca, context, 2, options)) {
          if ('error' in item) yield item;
          else {
            const image = await coca.encodeImages([item.picture], { attention: attend });
            const look = attend ? await lookOf(item.picture, image, coca) : undefined;
            yield { kind: 'picture', item: { ...item, look } };
            const figures = await scorer(image);
            const { logitScale, logitBias } = coca;
            const results = rankCaptions(figures, { ...options, logitScale, logitBias });
            const isAlone = fitting.length === 1;
            const about = { image: item.name, ...clipFields(item.picture), by };
            yield { kind: 'result', result: { ...about, results, look, isAlone, ...variantOf(coca) } };
          }
        }
      });
    }
    yield* findWithModel(options, context, rankings, !options.attend && !options.frames);
  },
  async writer(format, { args, options }, context) {
    if (format === 'plain' && options.attend) context.notice('--attend shows on a terminal, or with --json or --jsonl');
    if (options.output !== undefined) return SILENT_WRITER;
    const isOne = namesOnePicture(inputsOf(args, options).sources);
    return rankWriter(format, context, { isOne, images: options.images as PictureKind | 'auto' });
  },
});

/** The pictures that are named, and the words that are captions: pictures may come by options alone. */
function inputsOf(
  args: readonly string[],
  { image, ...sources }: Omit<ImageSources, 'images'> & { readonly image: readonly string[] },
): { readonly sources: ImageSources; readonly words: readonly string[] } {
  const isNamed = image.length + sources.files.length + sources.files0.length > 0;
  const images = isNamed ? image : args.slice(0, 1);
  return { sources: sourcesOf(images, sources), words: isNamed ? args : args.slice(1) };
}

/** What the contrastive embedding of a picture looked at. */
async function lookOf(picture: Picture, image: ImageEncoding, coca: LoadedCoca): Promise<Look> {
  const { AttentionMaps, measureFrames, measureMap } = await import('../../model/attention/index.js');
  const method = 'cross';
  const maps = new AttentionMaps(coca.attendEmbedding(image), coca.config);
  const { grid } = maps;
  const map = maps.ofEmbedding(method);
  if (!isClip(picture)) return { method, grid, crop: picture.crop, ...measureMap(map, grid) };
  const clip = measureFrames(map, grid);
  const { crop } = picture.frames[clip.peakFrame]!.picture;
  return { method, grid, crop, ...clip.frames[clip.peakFrame]!, clip: { ...clip, of: picture.frames } };
}

/** A caption as it was given, and as the model reads it. */
interface Candidate {
  readonly caption: string;
  readonly text: string;
}

/** The captions that the model can read; each other one is reported as failed. */
async function* usableCaptions(
  captions: readonly string[],
  template: string,
  coca: Coca,
  cuts: ToldCuts,
): AsyncGenerator<Finding<never>, Candidate[]> {
  const usable: Candidate[] = [];
  for (const caption of captions) {
    const text = template.replaceAll('{}', () => caption);
    const error = unusableText(text, coca.tokenizer, cuts.options);
    if (error) yield failure(caption, error, 'caption');
    else usable.push({ caption, text });
  }
  return usable;
}

/** Prepares what is the same for every picture, and returns what computes a picture's figures. */
async function captionScorer(
  candidates: readonly Candidate[],
  by: RankBy,
  coca: LoadedCoca,
  context: CommandContext,
  cuts: ToldCuts,
): Promise<(encoding: ImageEncoding) => Promise<RankFigures[]>> {
  const texts = candidates.map(({ text }) => text);
  const features = by === 'caption' ? undefined : await coca.encodeTexts(texts, cuts.options);
  return async (encoding) => {
    const likelihoods =
      by === 'contrastive'
        ? undefined
        : (await coca.captionLikelihoods(encoding, texts, { signal: context.signal, ...cuts.options }))[0]!;
    return candidates.map(({ caption, text }, i) => ({
      caption,
      truncated: cuts.has(text),
      cosine: features ? dot(encoding.features[0]!, features[i]!) : null,
      likelihood: likelihoods?.[i] ?? null,
    }));
  };
}

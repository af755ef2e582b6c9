import type { ResultWriter } from '../../cli/answers.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import {
  askedCaption,
  CAPTION_ARGUMENT,
  CAPTION_OPTIONS,
  checkAskedCaption,
  foundCaption,
  IMAGE_ARGUMENT,
} from '../io/inside/caption.js';
import { findWithCaptioner, MODEL_GLOBALS } from '../io/model.js';
import { PAGE_DETAILS, PAGE_OPTION } from '../io/page/option.js';
import { oneName, openPicture, type ReadablePicture, squareOf } from '../io/pictures.js';
import { prepare } from '../io/progress.js';
import { jsonWriter } from '../io/results.js';
import { pictureShower } from '../io/show-picture.js';
import { checkSources } from '../io/sources.js';
import { type GroundResult, groundLines, groundObject } from './result.js';

export const ground = defineResults({
  name: 'ground',
  summary: 'tells which words of a caption are seen and which are guessed',
  details: [
    'For every word: logprob, log p(word | picture, the words before), in nats; without, the same under a picture of nothing in particular (the mean of the image tokens of the 48 scenes that come with the program), and gain, their difference; drop, how much logprob falls when the fifth of the picture where its map is highest is blanked; mass, how much of the map lies there; similarity, how much the cosine of picture and caption falls when the word is left out.',
    'grounded is the probability that the word is true of the picture, from these by a calibration that lies beside the weights; a model that has none has none (coca eval --grounding --calibrate makes one). That of a caption is the least of its words.',
    'On a terminal words that are more likely wrong than right are underlined. Piped, a line a word, with tabs between: the word, grounded, logprob, gain, drop, mass, similarity; - for what is not known.',
    'JSON: {"image", "caption", "words": [{"text", "start", "end", "logprob", "without", "gain", "drop", "mass", "similarity", "grounded"}], "grounded", "calibrated"}; start and end are where the word stands in the caption, in UTF-16 units.',
    PAGE_DETAILS,
    'coca help grounding says how true that is.',
  ].join('\n'),
  args: [IMAGE_ARGUMENT, CAPTION_ARGUMENT],
  options: { ...PAGE_OPTION, ...CAPTION_OPTIONS, ...ABLATION_OPTIONS },
  globals: [...MODEL_GLOBALS, 'images'],
  examples: [
    { line: 'coca ground photo.jpg', does: 'the words of its caption, seen or guessed' },
    { line: 'coca ground photo.jpg "a dog on a red sofa" --json', does: 'the words of a given caption, for a program' },
  ],
  async check({ args, options, typed }) {
    checkAblation(options, typed);
    await checkAskedCaption(args[1], options, typed);
  },
  async *find({ args, options, typed }, context): AsyncGenerator<Finding<GroundResult, ReadablePicture>> {
    const [given, caption] = args as readonly [string, string?];
    checkSources({ images: [given], files: [], files0: [] }, context.stdin);
    const image = await oneName(given, 'ground', context);
    yield* findWithCaptioner(options, context, 'ground', async function* (coca): AsyncGenerator<
      Finding<GroundResult, ReadablePicture>
    > {
      const [input] = await Promise.all([openPicture(image, coca, context), prepare(coca, 'attribution', context)]);
      if ('error' in input) {
        yield input;
        return;
      }
      const asked = await askedCaption(caption, options, typed, coca);
      yield { kind: 'picture', item: input };
      context.status.show('looking');
      const { picture } = input;
      const seen = { picture, image: await coca.encodeImages([picture], { attention: true }) };
      const { ids, text } = await foundCaption(asked, seen.image, coca, context);
      const { Grounding } = await import('../../model/grounding/index.js');
      const { status, signal } = context;
      status.show('asking what each word owes to the picture');
      const grounding = await Grounding.create(coca, options.model, {
        signal,
        onBroken: context.notice,
        onProgress: (part) => status.show(`looking at pictures of nothing in particular: ${Math.floor(100 * part)} %`),
      });
      const grounded = await grounding.ground(seen, ids, {
        signal,
        onProgress: (part) => status.show(`asking what each word owes to the picture: ${Math.floor(100 * part)} %`),
      });
      context.status.clear();
      context.onCaption(image, text);
      const { name, device, precision, ablated } = coca;
      const by = { name, device, precision, ablated };
      const square = squareOf(input.bytes, coca);
      yield { kind: 'result', result: { image, square, caption: text, grounded, coca: by } };
    });
  },
  async writer(format, { options }, context): Promise<ResultWriter<GroundResult, ReadablePicture>> {
    if (format === 'json' || format === 'jsonl') return jsonWriter(context.out, format, groundObject);
    if (format === 'plain') {
      return {
        objects: undefined,
        result: (result) => context.out.write(`${groundLines(result).join('\n')}\n`),
      };
    }
    const { groundView } = await import('../../ui/ground-view.js');
    const { columns, colors } = context.terminal;
    return {
      objects: undefined,
      begin: await pictureShower(context, options.images as PictureKind | 'auto', true),
      result: ({ grounded, coca }) => context.out.write(`${groundView(grounded, coca, columns, colors).join('\n')}\n`),
    };
  },
  page: {
    view: 'ground',
    objectOf: groundObject,
    picturesOf: ({ image, square }) => [{ name: image, square }],
  },
});

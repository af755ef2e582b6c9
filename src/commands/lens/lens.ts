import type { ResultWriter } from '../../cli/answers.js';
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
import { oneName, openPicture, squareOf } from '../io/pictures.js';
import { prepare } from '../io/progress.js';
import { jsonWriter } from '../io/results.js';
import { checkSources } from '../io/sources.js';
import { type LensResult, lensLines, lensObject, positionsToShow } from './result.js';

export const lens = defineResults({
  name: 'lens',
  summary: 'shows what each layer would say at each word of a caption',
  details: [
    'The logit lens: what leaves a layer of the multimodal half is read as if it left the last. The first row, text, is the unimodal half, which has not seen the picture; the last row is what the model says.',
    "On a terminal: layers x words, each cell the likeliest word in the colour of its probability, underlined where it is the caption's; keys walk through them (? lists them).",
    "Piped: LAYER<TAB>WORD<TAB>RANK<TAB>PROBABILITY<TAB>ENTROPY<TAB>SAYS, a line a cell; rank and probability are those of the caption's word, entropy is in nats, SAYS is the likeliest word.",
    'JSON: {"image", "caption", "positions", "predicts", "names", "layers"}; layers[l][i] is what layer names[l] would say after positions[i], where the caption has predicts[i]: {"rank", "probability", "entropy", "top": [{"id", "text", "probability"}]}.',
    PAGE_DETAILS,
    'coca help inside says how far it can be trusted.',
  ].join('\n'),
  args: [IMAGE_ARGUMENT, CAPTION_ARGUMENT],
  options: {
    special: { type: 'flag', description: 'special tokens too: what is said as the caption ends' },
    ...PAGE_OPTION,
    ...CAPTION_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: MODEL_GLOBALS,
  examples: [
    { line: 'coca lens photo.jpg', does: 'layer by layer, how its caption comes about' },
    { line: 'coca lens photo.jpg "a dog on a sofa" --json', does: 'the same of a given caption, for a program' },
    { line: 'coca lens photo.jpg --ablate cross.0', does: 'what the layers say without the first look at the picture' },
  ],
  async check({ args, options, typed }) {
    checkAblation(options, typed);
    await checkAskedCaption(args[1], options, typed);
  },
  async *find({ args, options, typed }, context): AsyncGenerator<Finding<LensResult>> {
    const [word, caption] = args as readonly [string, string?];
    checkSources({ images: [word], files: [], files0: [] }, context.stdin);
    const image = await oneName(word, 'lens', context);
    yield* findWithCaptioner(options, context, 'lens', async function* (coca): AsyncGenerator<Finding<LensResult>> {
      const [input] = await Promise.all([openPicture(image, coca, context), prepare(coca, 'captions', context)]);
      if ('error' in input) {
        yield input;
        return;
      }
      const asked = await askedCaption(caption, options, typed, coca);
      context.status.show('looking');
      const encoding = await coca.encodeImages([input.picture]);
      const { ids, text } = await foundCaption(asked, encoding, coca, context);
      context.status.show('reading what each layer would say');
      const { logitLens } = await import('../../model/interventions/lens.js');
      const seen = await logitLens(coca, encoding, ids);
      context.status.clear();
      context.onCaption(image, text);
      const { name, device, precision, ablated, tokenizer } = coca;
      const positions = positionsToShow(seen, tokenizer, options.special);
      const by = { name, device, precision, ablated, tokenizer };
      const square = squareOf(input.bytes, coca);
      yield { kind: 'result', result: { image, square, caption: text, lens: seen, positions, coca: by } };
    });
  },
  async writer(format, { options }, context): Promise<ResultWriter<LensResult>> {
    if (format === 'json' || format === 'jsonl') return jsonWriter(context.out, format, lensObject);
    if (format === 'plain') {
      return {
        objects: undefined,
        result: (result) => context.out.write(`${lensLines(result).join('\n')}\n`),
      };
    }
    const [{ lensSource }, { presentMatrix }] = await Promise.all([
      import('./source.js'),
      import('../io/inside/show-matrix.js'),
    ]);
    // The last row is what the model says: from there one goes back.
    const lastRow = ({ lens: { layers } }: LensResult) => ({ row: layers.length - 1 });
    return {
      objects: undefined,
      result: (result) => presentMatrix(lensSource(result), lastRow(result), options.html === undefined, context),
    };
  },
  page: {
    view: 'lens',
    objectOf: lensObject,
    picturesOf: ({ image, square }) => [{ name: image, square }],
  },
});

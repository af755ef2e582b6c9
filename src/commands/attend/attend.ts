import type { ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import type { ImageEncoding } from '../../model/api.js';
import { DEFAULT_MAP, hasLayers, MAP_METHODS, type MapChoice } from '../../model/attention/maps.js';
import { CocaError } from '../../model/base/errors.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { Word } from '../../model/tokenizer/words.js';
import { isClip } from '../../model/video/clip.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { NO_STATUS } from '../../ui/status.js';
import { FRAMES_OPTION } from '../io/clips/clips.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import {
  type AskedCaption,
  askedCaption,
  CAPTION_ARGUMENT,
  CAPTION_OPTIONS,
  checkAskedCaption,
  foundCaption,
  IMAGE_ARGUMENT,
  wordsToShow,
} from '../io/inside/caption.js';
import { findWithCaptioner, MODEL_GLOBALS } from '../io/model.js';
import { PAGE_DETAILS, PAGE_OPTION } from '../io/page/option.js';
import { type OpenedPicture, oneName, openPicture, squareOf } from '../io/pictures.js';
import { prepare } from '../io/progress.js';
import { formatOf, jsonWriter } from '../io/results.js';
import { checkSources } from '../io/sources.js';
import { checkRange, checkWindow, findWord, parseHead, parseLayer, refuseUseless, WINDOW_OPTION } from './choice.js';
import type { AttendFrame } from './clip.js';
import type { AttendResult, AttendScene, Compute, Hooks, Reading } from './result.js';

export const attend = defineResults({
  name: 'attend',
  summary: 'shows where each word of a caption looks',
  details: [
    'On a terminal: the picture with the map of a word over it, and keys to walk through words, layers, heads and methods (? lists them). The maps of different words are each drawn relative to their own peak.',
    'Piped: WORD<TAB>PEAK_X<TAB>PEAK_Y<TAB>ENTROPY, a line a word, and with --from-words <TAB>FROM, a number for each word before it: how far its log-probability falls, in nats, with another word in the place of that one (from in JSON, t in the view); the peak is the centre of the highest patch in fractions of the square that the model sees, entropy is in nats. JSON has the whole maps, each summing to 1, as crop that square in pixels of the picture, and flat: true where no place stands out and the peak is chance.',
    '--output DIR: NN-word.png for each word, contact.png with all of them, words.tsv, and attention.safetensors: cross and cross_gradient [layers, heads, rows, image tokens], decoder_self and text [layers, heads, rows, rows], occlusion [rows, patches] where it was computed, vision [layers, heads, 1 + patches, 1 + patches], pooler [heads, queries, 1 + patches], ids, logprobs, and maps [words, rows, columns] as shown. Row r has read ids[0..r] and predicts ids[r + 1]. attention.json says of what: picture, caption, method, layer, head, model.',
    'Of a video, or with --frames of whatever else is a clip: one map over all frames, which sum to 1 together. JSON has frames (index, time, crop), and for each word frames (index, time, share, peak, map) and its peak with the frame that it lies in; plain lines have <TAB>FRAME after the entropy, the index of that frame; --output writes an overlay a word and frame. Keys [ and ] walk through the frames. Occlusion, grounding, erasing and --html are of pictures alone.',
    PAGE_DETAILS,
    'coca help attention says what the maps are and how true they are.',
  ].join('\n'),
  args: [IMAGE_ARGUMENT, CAPTION_ARGUMENT],
  options: {
    method: {
      type: 'choice',
      choices: MAP_METHODS,
      placeholder: 'HOW',
      default: DEFAULT_MAP.method,
      description:
        'how attention is carried to the picture; gradient keeps of it what raises the word; occlusion asks from outside, what the word loses without each part',
    },
    ...WINDOW_OPTION,
    layer: {
      type: 'text',
      placeholder: 'N|mean|last',
      default: String(DEFAULT_MAP.layer),
      description: 'multimodal layer, from 0',
    },
    head: {
      type: 'text',
      placeholder: 'N|mean',
      default: String(DEFAULT_MAP.head),
      description: 'cross-attention head, from 0',
    },
    token: {
      type: 'text',
      placeholder: 'N|WORD',
      description: 'only this word (the first shown), by number from 1 or as written',
    },
    fromWords: { type: 'flag', description: 'also what each word owes to the words before it' },
    special: { type: 'flag', description: 'special tokens too: where the model looks as the caption ends' },
    output: {
      type: 'text',
      kind: 'folder',
      short: 'o',
      placeholder: 'DIR',
      description: 'write pictures and raw arrays there',
    },
    force: { type: 'flag', short: 'f', description: 'with --output: replace what an earlier run saved there' },
    ...PAGE_OPTION,
    ...FRAMES_OPTION,
    ...CAPTION_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'images'],
  examples: [
    { line: 'coca attend photo.jpg', does: 'where each word of its caption looks' },
    {
      line: 'coca attend photo.jpg "a dog on a sofa" --token dog --json',
      does: 'the map of one word of a given caption',
    },
    { line: 'coca attend clip.gif --frames 8', does: 'where each word looks in the frames of a clip' },
    { line: 'coca attend photo.jpg -o maps', does: 'a picture a word, a contact sheet and the raw arrays' },
  ],
  async check({ args, options, typed }) {
    refuseUseless(choiceOf(options), typed);
    if (options.force && options.output === undefined) {
      throw new CocaError('usage', '--force means nothing without --output');
    }
    if (options.frames !== undefined) refuseOfClips(options);
    checkAblation(options, typed);
    await checkAskedCaption(args[1], options, typed);
  },
  async *find({ args, options, typed }, context): AsyncGenerator<Finding<AttendResult, AttendScene>> {
    const [word, caption] = args as readonly [string, string?];
    const choice = choiceOf(options);
    checkSources({ images: [word], files: [], files0: [] }, context.stdin);
    const image = await oneName(word, 'attend', context, options.frames);
    const { output } = options;
    if (output !== undefined) {
      const { prepareFolder } = await import('./files.js');
      await prepareFolder(output, options.force);
    }
    yield* findWithCaptioner(options, context, 'attend', async function* (coca): AsyncGenerator<
      Finding<AttendResult, AttendScene>
    > {
      checkRange(choice, coca.config.multimodal.layers, coca.config.multimodal.heads);
      checkWindow(options.window, coca.config);
      // A view has all methods to walk through; what takes many passes it asks for when it comes to that.
      const isView = formatOf(options, context) === 'terminal' && isAsked(options);
      const gradient = choice.method === 'gradient' || isView;
      // One set of graphs, that which reports attention, also searches for the caption.
      const task = gradient ? 'attribution' : 'attention';
      const [input] = await Promise.all([openPicture(image, coca, context, { clips: options }), coca.prepare(task)]);
      if ('error' in input) {
        yield input;
        return;
      }
      const clip = framesToAttend(input, coca);
      if (clip) refuseOfClips(options);
      const asked = await askedCaption(caption, options, typed, coca);
      const looked = await lookAt(input.picture, asked, gradient, coca, context);
      const words = wordsToShow(looked.attention.words, options.special);
      const square = clip ? clip[0]!.square : squareOf(input.bytes, coca);
      // What is found while a view has the screen says nothing beside it.
      const quiet = { ...context, status: NO_STATUS };
      const { patchBoxes, withoutBoxes } = await import('../../model/attention/faithfulness.js');
      const how = { window: options.window, model: options.model };
      const again = async (erased: readonly number[]): Promise<Reading> => {
        const { size } = input.picture;
        const boxes = patchBoxes(size, looked.attention.maps.grid, erased);
        const read = await lookAt(withoutBoxes(input.picture, boxes), asked, gradient, coca, quiet);
        const said = wordsToShow(read.attention.words, options.special);
        const without = async () => withoutBoxes(await square(), boxes, size);
        return {
          all: { ...read, image, words: said, choice, square: without, erased },
          compute: computer(read, said, coca, { ...how, erased, again }),
        };
      };
      const compute = computer(looked, words, coca, { ...how, erased: [], again });
      const owed = options.fromWords ? await aloud('leaving out words', compute.owed, context) : undefined;
      const attention = hasLayers(choice)
        ? looked.attention
        : await aloud('blanking the picture', compute.occlusion, context);
      const seen = { ...looked, attention, ...(owed && { owed }) };
      const current = options.token === undefined ? undefined : findWord(words, options.token);
      const all: AttendResult = { ...seen, image, words, choice, square, ...(clip && { clip }) };
      const shown =
        current === undefined ? all : { ...all, words: [words[current]!], ...(owed && { owed: [owed[current]!] }) };
      context.onCaption(image, seen.caption);

      if (output !== undefined) {
        const { FILES_BESIDE, writeAttendFiles } = await import('./files.js');
        const count = await writeAttendFiles(output, shown);
        context.notice(`in ${output}: ${count} overlays, ${FILES_BESIDE.join(', ')}`);
      }
      yield { kind: 'picture', item: { all, current, compute, coca } };
      yield { kind: 'result', result: shown };
    });
  },
  async writer(format, { options }, context): Promise<ResultWriter<AttendResult, AttendScene>> {
    const { attendLines, attendObject } = await import('./result.js');
    if (format === 'json' || format === 'jsonl') return jsonWriter(context.out, format, attendObject);
    if (format === 'plain') {
      return {
        objects: undefined,
        result: (result) => context.out.write(`${attendLines(result).join('\n')}\n`),
      };
    }
    const { present } = await import('./screen.js');
    const how = { isAsked: isAsked(options), images: options.images as PictureKind | 'auto' };
    // On a terminal the maps are a view.
    return { objects: undefined, begin: (scene) => present(scene, how, context), result: async () => undefined };
  },
  page: {
    view: 'attend',
    objectOf: async (result) => (await import('./result.js')).attendObject(result),
    picturesOf: ({ image, square }) => [{ name: image, square }],
  },
});

/** The frames of a clip of several; one frame is a picture. */
function framesToAttend({ picture, frames }: OpenedPicture, coca: LoadedCoca): readonly AttendFrame[] | undefined {
  if (!isClip(picture) || picture.frames.length === 1) return undefined;
  return picture.frames.map((frame, i) => ({ ...frame, square: squareOf(frames![i]!.bytes, coca) }));
}

/** @throws CocaError `usage` for what is asked of pictures alone */
function refuseOfClips({ method, html }: { readonly method: string; readonly html?: string | undefined }): void {
  const stray = method === 'occlusion' ? '--method occlusion' : html === undefined ? undefined : '--html';
  if (stray === undefined) return;
  throw new CocaError('usage', `${stray} is for pictures, and this is a clip`, 'coca help video says what clips have');
}

/** Whether a person is to walk through the maps: not where they go into files. */
const isAsked = ({ output, html }: { readonly output?: string | undefined; readonly html?: string | undefined }) =>
  output === undefined && html === undefined;

type Picked = { readonly method: MapChoice['method']; readonly layer: string; readonly head: string };

function choiceOf({ method, layer, head }: Picked): MapChoice {
  return { method, layer: parseLayer(layer), head: parseHead(head) };
}

type Looked = Omit<AttendResult, 'image' | 'words' | 'choice' | 'owed' | 'square'> & {
  readonly encoding: ImageEncoding;
};

/** Finds a caption where none is given, and what its words attend to. */
async function lookAt(
  picture: Picture,
  asked: AskedCaption,
  gradient: boolean,
  coca: LoadedCoca,
  context: CommandContext,
): Promise<Looked> {
  await prepare(coca, gradient ? 'attribution' : 'attention', context);
  context.status.show('looking');
  const encoding = await coca.encodeImages([picture], { attention: true });
  const { ids, text } = await foundCaption(asked, encoding, coca, context);
  context.status.show('looking where its words look');
  const { attendCaption } = await import('../../model/attention/index.js');
  const attention = await attendCaption(coca, encoding, ids, { gradient });
  context.status.clear();
  const { name, device, precision, ablated } = coca;
  return { picture, caption: text, attention, encoding, coca: { name, device, precision, ablated } };
}

interface ComputeHow {
  readonly window: number | undefined;
  /** As it was named. */
  readonly model: string | undefined;
  /** What was erased of the picture, and how it is read without more. */
  readonly erased: readonly number[];
  readonly again: (erased: readonly number[]) => Promise<Reading>;
}

function computer(
  { picture, attention, encoding }: Looked,
  words: readonly Word[],
  coca: LoadedCoca,
  { window, model, erased, again }: ComputeHow,
): Compute {
  const { raw, maps } = attention;
  return {
    async occlusion(hooks) {
      const { occlude, withOcclusion } = await import('../../model/attention/index.js');
      const occlusion = await occlude(coca, picture, raw.ids, raw.logprobs, { grid: maps.grid, window, ...hooks });
      return withOcclusion(attention, occlusion, coca);
    },
    without: (cells) => again([...new Set([...erased, ...cells])].sort((a, b) => a - b)),
    async owed(hooks) {
      const { owedToWords } = await import('../../model/attention/owed.js');
      return owedToWords(coca, encoding, raw.ids, words, hooks);
    },
    async grounding({ signal, onProgress }) {
      const { Grounding } = await import('../../model/grounding/index.js');
      // A picture of nothing in particular comes first, and is made once for a model.
      const half = (done: number) => (part: number) => onProgress?.((done + part) / 2);
      const grounding = await Grounding.create(coca, model, { signal, onProgress: half(0) });
      return grounding.ground({ picture, image: encoding }, raw.ids, { signal, onProgress: half(1) });
    },
  };
}

/** Computes something, and says how far it is. */
async function aloud<T>(
  what: string,
  compute: (hooks: Hooks) => Promise<T>,
  { status, signal }: CommandContext,
): Promise<T> {
  const found = await compute({ signal, onProgress: (part) => status.show(`${what}: ${Math.floor(100 * part)} %`) });
  status.clear();
  return found;
}

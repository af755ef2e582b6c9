import type { Format, ResultWriter } from '../../cli/answers.js';
import { type CommandContext, defineCommand, kebab } from '../../cli/command.js';
import { attendCaption, DEFAULT_MAP, MAP_METHODS, type MapChoice } from '../../model/attention/index.js';
import { CocaError } from '../../model/base/errors.js';
import type { DecodingOptions } from '../../model/decoding/index.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { Word } from '../../model/tokenizer/words.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { MODEL_GLOBALS, withCaptioner } from '../io/model.js';
import { oneName, openPicture, squareOf } from '../io/pictures.js';
import { searchProgress } from '../io/progress.js';
import { formatOf, jsonWriter, Tally } from '../io/results.js';
import { checkSearchOptions, DECODING_OPTIONS, searchOptions } from '../io/search-options.js';
import { checkSources } from '../io/sources.js';
import { checkRange, findWord, parseHead, parseLayer } from './choice.js';
import { type AttendResult, attendLines, attendObject } from './result.js';

const { beams, maxLength, minLength, lengthPenalty } = DECODING_OPTIONS;
/** What shapes a caption that is searched for; a given CAPTION is as it is. */
const SEARCH_OPTIONS = {
  beams,
  maxLength,
  minLength,
  lengthPenalty,
  prompt: {
    type: 'text',
    kind: 'text',
    placeholder: 'TEXT',
    description: 'how the caption that is searched for begins',
  },
} as const;

export const attend = defineCommand({
  name: 'attend',
  summary: 'shows where each word of a caption looks',
  details: [
    'On a terminal: the picture with the map of a word over it, and keys to walk through words, layers, heads and methods (? lists them). The maps of different words are each drawn relative to their own peak.',
    'Piped: WORD<TAB>PEAK_X<TAB>PEAK_Y<TAB>ENTROPY, a line a word; the peak is the centre of the highest patch in fractions of the square that the model sees, entropy is in nats. JSON has the whole maps, each summing to 1, and as crop that square in pixels of the picture.',
    '--output DIR: NN-word.png for each word, contact.png with all of them, words.tsv, and attention.safetensors: cross and cross_gradient [layers, heads, rows, image tokens], decoder_self and text [layers, heads, rows, rows], vision [layers, heads, 1 + patches, 1 + patches], pooler [heads, queries, 1 + patches], ids, logprobs, and maps [words, rows, columns] as shown. Row r has read ids[0..r] and predicts ids[r + 1]. attention.json says of what: picture, caption, method, layer, head, model.',
    'coca help attention says what the maps are and how true they are.',
  ].join('\n'),
  args: [
    {
      name: 'IMAGE',
      description: 'path, URL, or - for bytes on stdin',
      kind: 'image',
      required: true,
      variadic: false,
    },
    {
      name: 'CAPTION',
      description: 'whose words; without it, the caption that the model finds',
      kind: 'text',
      unless: Object.keys(SEARCH_OPTIONS),
      required: false,
      variadic: false,
    },
  ],
  options: {
    method: {
      type: 'choice',
      choices: MAP_METHODS,
      placeholder: 'HOW',
      default: DEFAULT_MAP.method,
      description: 'how attention is carried to the picture; gradient keeps of it what raises the word',
    },
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
    special: { type: 'flag', description: 'special tokens too: where the model looks as the caption ends' },
    output: {
      type: 'text',
      kind: 'folder',
      short: 'o',
      placeholder: 'DIR',
      description: 'write pictures and raw arrays there',
    },
    force: { type: 'flag', short: 'f', description: 'with --output: replace what an earlier run saved there' },
    ...SEARCH_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'images'],
  examples: [
    { line: 'coca attend photo.jpg', does: 'where each word of its caption looks' },
    {
      line: 'coca attend photo.jpg "a dog on a sofa" --token dog --json',
      does: 'the map of one word of a given caption',
    },
    { line: 'coca attend photo.jpg -o maps', does: 'a picture a word, a contact sheet and the raw arrays' },
  ],
  async check({ args, options, typed }) {
    choiceOf(options);
    if (options.force && options.output === undefined) {
      throw new CocaError('usage', '--force means nothing without --output');
    }
    refuseSearchOptions(args[1], typed);
    await checkSearchOptions(options, typed);
  },
  writer: (format, _, context) => attendWriter(format, context),
  async run({ args, options, typed }, context) {
    const [word, caption] = args as readonly [string, string?];
    checkSources({ images: [word], files: [], files0: [] }, context.stdin);
    const choice = choiceOf(options);
    const format = formatOf(options, context);
    const writer = format === 'terminal' ? undefined : await attendWriter(format, context);
    const tally = new Tally(context, writer?.objects);
    const image = await oneName(word, 'attend', context);
    if (options.output !== undefined) {
      const { prepareFolder } = await import('./files.js');
      await prepareFolder(options.output, options.force);
    }
    await withCaptioner(options, context, 'attend', async (coca) => {
      checkRange(choice, coca.config.multimodal.layers, coca.config.multimodal.heads);
      // A view has all methods to walk through.
      const gradient = choice.method === 'gradient' || (format === 'terminal' && options.output === undefined);
      // One set of graphs, that which reports attention, also searches for the caption.
      const task = gradient ? 'attribution' : 'attention';
      const [input] = await Promise.all([openPicture(image, coca, context), coca.prepare(task)]);
      if ('error' in input) return tally.fail(image, input.error);
      const given = caption === undefined ? undefined : idsOf(caption, coca.tokenizer);
      const search = { ...(await searchOptions(options, typed, coca)), prompt: options.prompt };
      const seen = await lookAt(input.picture, given ?? search, gradient, coca, context);
      const words = wordsToShow(seen.attention.words, options.special);
      const current = options.token === undefined ? undefined : findWord(words, options.token);
      const all: AttendResult = { ...seen, image, words, choice };
      const asked = current === undefined ? all : { ...all, words: [words[current]!] };
      tally.succeed();
      context.onCaption(image, seen.caption);

      let drawn: Promise<Picture> | undefined;
      const square = () => {
        drawn ??= squareOf(input.bytes, coca);
        return drawn;
      };
      if (options.output !== undefined) {
        const { FILES_BESIDE, writeAttendFiles } = await import('./files.js');
        const count = await writeAttendFiles(options.output, asked, await square());
        context.notice(`in ${options.output}: ${count} overlays, ${FILES_BESIDE.join(', ')}`);
      }
      context.onAnswer({ kind: 'result', result: asked });
      if (writer) return writer.result(asked);
      const { present } = await import('./screen.js');
      const images = options.images as PictureKind | 'auto';
      return present(all, current, { context, coca, square, isAsked: options.output === undefined, images });
    });
    await writer?.objects?.end();
    return tally.outcome();
  },
});

/** Prints maps in a form for programs; on a terminal they are a view. */
async function attendWriter(format: Format, { out }: CommandContext): Promise<ResultWriter<AttendResult>> {
  if (format === 'json' || format === 'jsonl') return jsonWriter(out, format, attendObject);
  return { objects: undefined, result: (result) => out.write(`${attendLines(result).join('\n')}\n`) };
}

type Picked = { readonly method: MapChoice['method']; readonly layer: string; readonly head: string };

function choiceOf({ method, layer, head }: Picked): MapChoice {
  return { method, layer: parseLayer(layer), head: parseHead(head) };
}

function refuseSearchOptions(caption: string | undefined, typed: ReadonlySet<string>): void {
  const useless = Object.keys(SEARCH_OPTIONS).find((name) => typed.has(name));
  if (caption === undefined || useless === undefined) return;
  throw new CocaError(
    'usage',
    `--${kebab(useless)} shapes a caption that is searched for, and here CAPTION is given`,
    'leave one of the two out',
  );
}

/** @throws CocaError `bad-text` for a caption without words, or of more than the model takes. */
function idsOf(caption: string, tokenizer: Tokenizer): readonly number[] {
  const { special, contextLength } = tokenizer;
  const tokens = tokenizer.encode(caption);
  if (tokens.length === 0) throw new CocaError('bad-text', 'CAPTION has no words', 'leave it out to have one found');
  if (tokens.length + 2 > contextLength) {
    throw new CocaError(
      'bad-text',
      `CAPTION has ${tokens.length} tokens, and the model's context of ${contextLength} holds ${contextLength - 2} beside the start and end`,
      'shorten it',
    );
  }
  return [special.sot, ...tokens, special.eot];
}

type Search = DecodingOptions & { readonly prompt: string | undefined };

/** Finds a caption where none is given, and what its words attend to. */
async function lookAt(
  picture: Picture,
  given: readonly number[] | Search,
  gradient: boolean,
  coca: LoadedCoca,
  context: CommandContext,
): Promise<Omit<AttendResult, 'image' | 'words' | 'choice'>> {
  context.status.show('looking');
  const encoding = await coca.encodeImages([picture], { attention: true });
  let ids = given as readonly number[];
  if (!Array.isArray(given)) {
    const { prompt, ...decoding } = given as Search;
    const options = prompt === undefined ? decoding : { ...decoding, prompt };
    const { captions } = await coca.caption(encoding, options, {
      signal: context.signal,
      onStep: searchProgress(context),
    });
    ids = captions[0]![0]!.ids;
  }
  const attention = await attendCaption(coca, encoding, ids, { gradient });
  context.status.clear();
  const caption = coca.tokenizer.decode(ids);
  return { picture, caption, attention, model: coca.name, device: coca.device };
}

/** Special tokens are shown when asked for, and where there is nothing else. */
function wordsToShow(words: readonly Word[], special: boolean): readonly Word[] {
  const spoken = words.filter((word) => !word.special);
  return special || spoken.length === 0 ? words : spoken;
}

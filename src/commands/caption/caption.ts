import { type CommandContext, defineCommand } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { grouped } from '../../model/base/pipeline.js';
import { contextLength } from '../../model/config/config.js';
import type { DecodingOptions } from '../../model/decoding/index.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { canRedraw } from '../../ui/view/streams.js';
import {
  MODEL_GLOBALS,
  type PictureItem,
  pictures,
  progress,
  type ReadablePicture,
  readable,
  searchProgress,
  withModel,
} from '../io/model.js';
import { formatOf, Tally } from '../io/results.js';
import { checkResultsFile, checkResultsPlace, RESULTS_FILE_OPTIONS } from '../io/results-file.js';
import {
  BATCH_OPTION,
  checkSources,
  countAhead,
  INPUT_OPTIONS,
  imagesArgument,
  knownCount,
  namesOnePicture,
  readsStdin,
} from '../io/sources.js';
import { CaptionFiles } from './files.js';
import { type CaptionWriter, captionWriter, type PictureCaptions } from './output.js';
import { checkTextFiles, TEXT_FILE_OPTIONS } from './text-files.js';
import type { Search, SearchOptions } from './watch.js';

/** Options that shape the search, by the names that `decodingOptions` gives them. */
export const DECODING_OPTIONS = {
  strategy: {
    type: 'choice',
    choices: ['beam', 'greedy', 'sample'],
    placeholder: 'HOW',
    otherwise: 'beam',
    description: 'how the next token is chosen',
  },
  beams: { type: 'integer', min: 1, otherwise: '6', description: 'hypotheses kept side by side' },
  groups: { type: 'integer', min: 1, otherwise: '1', description: 'groups of diverse beam search' },
  diversity: {
    type: 'number',
    min: 0,
    otherwise: '0.5 with groups',
    description: 'what a group pays for a token that an earlier group chose',
  },
  maxLength: { type: 'integer', min: 2, otherwise: '30', description: 'most ids, start and end included' },
  minLength: { type: 'integer', min: 0, otherwise: '5', description: 'fewest ids, start and end included' },
  lengthPenalty: {
    type: 'number',
    otherwise: '1',
    description: 'score = log-probability / length ** this: higher favours longer captions',
  },
  earlyStopping: { type: 'flag', description: 'end a search as soon as there are as many captions as beams' },
  repetitionPenalty: { type: 'number', otherwise: '1', description: 'above 1 makes tokens that are there less likely' },
  noRepeatNgram: { type: 'integer', min: 0, otherwise: '0', description: 'no N tokens in a row occur twice; 0 is off' },
  temperature: { type: 'number', otherwise: '1', description: 'sampling: above 1 bolder, below 1 safer' },
  topK: { type: 'integer', min: 0, otherwise: '0', description: 'sampling: among the N likeliest; 0 is off' },
  topP: { type: 'number', otherwise: '1', description: 'sampling: among the likeliest that make up this probability' },
  minP: {
    type: 'number',
    otherwise: '0',
    description: 'sampling: among those at least this fraction of the likeliest',
  },
  num: { type: 'integer', min: 1, otherwise: '1', description: 'captions for each picture, best first' },
} as const;

export const caption = defineCommand({
  name: 'caption',
  summary: 'captions pictures',
  usage: 'caption IMAGE...',
  details: [
    'Piped, one picture named alone gives its caption, several give PATH<TAB>CAPTION; with --num, one such line for each caption. --logprobs then shows nothing: use --json or --jsonl.',
    '--watch: live beams with their words shaded by probability, cumulative log-probability and score, then what is finished, and what was just pruned, dimmed. Ctrl-C stops. What is found is the same; then the caption takes the place of the drawing.',
    '--output: FILE.run.json beside FILE says which model and options made it; --resume goes on only with the same. Every whole line in FILE counts as an answer, a torn last one is cut off. Failed pictures count as answered: remove their lines to try again.',
    '--write-txt: NAME.txt beside NAME.jpg, whole or not at all. Pictures that have theirs are left out, so the same line typed again goes on; --if-exists decides otherwise. A picture from a URL or stdin has no place for one.',
    'JSON: score is the sum of log-probabilities / generated length ** length penalty; tokens covers what was generated, the end token included; ms is the time of this picture, or its share of the batch. A file name that is not UTF-8 has \\udcNN for each odd byte (Python: os.fsencode turns it back).',
  ].join('\n'),
  args: [imagesArgument(['files', 'files0'])],
  options: {
    ...DECODING_OPTIONS,
    prompt: { type: 'text', kind: 'text', placeholder: 'TEXT', description: 'how the caption begins' },
    logprobs: {
      type: 'integer',
      placeholder: 'N',
      min: 0,
      max: 100,
      bare: 0,
      description: 'each token with its probability, and the N likeliest in its place',
    },
    watch: { type: 'flag', description: 'on a terminal: draws the search while it runs' },
    ...RESULTS_FILE_OPTIONS,
    ...TEXT_FILE_OPTIONS,
    ...BATCH_OPTION,
    ...INPUT_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'seed', 'images'],
  examples: [
    { line: 'coca caption photo.jpg', does: 'the likeliest caption, by beam search' },
    { line: "coca caption 'photos/*.jpg' --jsonl", does: 'a JSON object a line for every picture' },
    { line: 'find . -name "*.png" -print0 | coca caption --files0 -', does: 'pictures from a list' },
    { line: 'coca caption photo.jpg --strategy sample --top-p 0.9 --num 3 --seed 7', does: 'three samples' },
    { line: 'coca caption --files list.txt -o out.jsonl --resume', does: 'a long run that can be killed and goes on' },
    { line: "coca caption 'photos/*.jpg' --write-txt", does: 'a text file beside every picture' },
    { line: 'coca caption photo.jpg --watch', does: 'every beam with its words and scores, step by step' },
    { line: 'curl -s https://example.org/a.jpg | coca caption -', does: 'a picture from a pipe' },
  ],
  async check({ args, options, typed }) {
    checkResultsFile(options, args);
    checkTextFiles(options, args);
    if (options.watch && options.batch > 1) {
      throw new CocaError('usage', '--watch draws one picture at a time', 'leave out --batch');
    }
    await checkSearchOptions(options, typed);
  },
  async run({ args, options, typed }, context) {
    const sources = { images: args, files: options.files, files0: options.files0 };
    checkSources(sources, context.stdin);
    if (options.output !== undefined) await checkResultsPlace(options.output, options.resume);
    const format = options.output === undefined ? formatOf(options, context) : 'jsonl';
    if (format === 'plain' && typed.has('logprobs')) {
      context.notice('--logprobs shows on a terminal, or with --json or --jsonl');
    }
    const isWatched = options.watch && format === 'terminal' && canRedraw(context.terminal);
    if (options.watch && !isWatched) {
      context.notice('--watch shows on a terminal whose lines can be drawn anew, without --json and --jsonl');
    }
    return withModel(options, context, async (coca) => {
      const decoding = await searchOptions(options, typed, coca);
      const how = options.prompt === undefined ? decoding : { ...decoding, prompt: options.prompt };
      context.status.show('loading the model');
      await coca.prepare('captions'); // before any clock starts
      context.status.clear();
      const files = await CaptionFiles.open(options, context, coca, how);
      try {
        const writer = await captionWriter(
          format,
          files.results ? { ...context, out: files.results.output } : context,
          {
            coca,
            isOne: namesOnePicture(sources),
            images: options.images as PictureKind | 'auto',
            showTokens: typed.has('logprobs'),
          },
        );
        const hasKeys = context.stdin.isTTY === true && !readsStdin(sources);
        // The progress of several pictures is counted in pictures.
        const onStep = () => (knownCount(sources) === 1 ? searchProgress(context) : undefined);
        const search: Search = isWatched
          ? await (await import('./watch.js')).watchedSearch(coca, context, hasKeys)
          : (images, asked) => coca.caption(images, asked, { signal: context.signal, onStep: onStep() });
        // One group is computed, one is being decoded.
        const items = pictures(sources, coca, context, options.batch * 2, (name) => files.isWanted(name));
        const tally = new Tally(context, writer.objects);
        files.countEarlier(tally);
        const showProgress = progress(context, countAhead(sources), tally.finished);
        try {
          for await (const group of grouped(items, options.batch)) {
            const captionAll = () => captionGroup(readable(group), coca, how, search);
            await writeGroup(group, captionAll, { coca, context, writer, files, tally, showProgress });
          }
        } finally {
          await writer.objects?.end();
        }
        files.finish(tally);
        return tally.outcome();
      } finally {
        await files.close();
      }
    });
  },
});

/** Where the results of a run go. */
interface Destinations {
  readonly coca: Coca;
  readonly context: CommandContext;
  readonly writer: CaptionWriter;
  readonly files: CaptionFiles;
  readonly tally: Tally;
  readonly showProgress: (finished: number) => void;
}

/** Writes what became of the pictures of a group, in their order. One that is alone is shown before it is captioned. */
async function writeGroup(
  group: readonly PictureItem[],
  captionAll: () => Promise<ReadonlyMap<PictureItem, PictureCaptions>>,
  { coca, context, writer, files, tally, showProgress }: Destinations,
): Promise<void> {
  const found = readable(group);
  if (found.length === 1) await writer.begin(found[0]!);
  const results = await captionAll();
  for (const item of group) {
    if ('error' in item) await tally.fail(item.name, item.error);
    else {
      if (found.length > 1) await writer.begin(item);
      const result = results.get(item)!;
      const captions = result.captions.map(({ ids }) => coca.tokenizer.decode(ids));
      context.onCaption(item.name, captions[0]!);
      await writer.result(result);
      await files.writeText(item.name, captions, tally);
    }
    showProgress(tally.finished);
  }
}

type SearchNames = keyof typeof DECODING_OPTIONS | 'logprobs' | 'seed';
type SearchValues = Readonly<Partial<Record<SearchNames, unknown>>>;

/** The search options that were typed; what was not is for `decodingOptions` to complete, and to check. */
export function searchOptions(
  options: SearchValues,
  typed: ReadonlySet<string>,
  { config }: Pick<Coca, 'config'>,
): Promise<DecodingOptions> {
  return completeOptions(options, typed, contextLength(config));
}

/**
 * Checks search options against each other while no model is known.
 * @throws CocaError `usage` for what contradicts itself, whatever the model
 */
export async function checkSearchOptions(options: SearchValues, typed: ReadonlySet<string>): Promise<void> {
  await completeOptions(options, typed, Number.POSITIVE_INFINITY);
}

async function completeOptions(
  options: SearchValues,
  typed: ReadonlySet<string>,
  contextLength: number,
): Promise<DecodingOptions> {
  const { decodingOptions } = await import('../../model/decoding/index.js');
  const names = [...Object.keys(DECODING_OPTIONS), 'logprobs', 'seed'] as SearchNames[];
  const given = Object.fromEntries(names.filter((name) => typed.has(name)).map((name) => [name, options[name]]));
  return decodingOptions(given as Partial<DecodingOptions>, { contextLength });
}

/** Captions of the pictures of a group, by item. */
async function captionGroup(
  found: readonly ReadablePicture[],
  coca: Coca,
  options: SearchOptions,
  search: Search,
): Promise<Map<PictureItem, PictureCaptions>> {
  if (found.length === 0) return new Map();
  const encoding = await coca.encodeImages(found.map(({ picture }) => picture));
  const run = await search(encoding, options);
  const ms = { encode: encoding.ms / found.length, decode: run.ms / found.length };
  return new Map(found.map((item, i) => [item, { image: item.name, captions: run.captions[i]!, ms }]));
}

import type { Format } from '../../cli/answers.js';
import { type CommandContext, defineCommand } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { grouped } from '../../model/base/pipeline.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { canRedraw } from '../../ui/view/streams.js';
import { MODEL_GLOBALS, withCaptioner } from '../io/model.js';
import { type PictureItem, pictures, type ReadablePicture, readable } from '../io/pictures.js';
import { progress, searchProgress } from '../io/progress.js';
import { formatOf, Tally } from '../io/results.js';
import { checkResultsFile, checkResultsPlace, RESULTS_FILE_OPTIONS } from '../io/results-file.js';
import { checkSearchOptions, DECODING_OPTIONS, PROMPT_OPTION, searchOptions } from '../io/search-options.js';
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

export const caption = defineCommand({
  name: 'caption',
  summary: 'captions pictures',
  usage: 'caption IMAGE...',
  details: [
    'Piped, one picture named alone gives its caption, several give PATH<TAB>CAPTION; with --num, one such line for each caption. --logprobs then shows nothing: use --json or --jsonl.',
    'On a terminal a word that the model found less likely than not is underlined, and the louder the less likely; without colours its probability stands behind it.',
    '--watch: live beams with their words, cumulative log-probability and score, then what is finished, and what was just pruned, dimmed. Ctrl-C stops. What is found is the same; then the caption takes the place of the drawing.',
    '--output: FILE.run.json beside FILE says which model and options made it; --resume goes on only with the same. Every whole line in FILE counts as an answer, a torn last one is cut off. Failed pictures count as answered: remove their lines to try again.',
    '--write-txt: NAME.txt beside NAME.jpg, whole or not at all. Pictures that have theirs are left out, so the same line typed again goes on; --if-exists decides otherwise. A picture from a URL or stdin has no place for one.',
    'JSON: score is the sum of log-probabilities / generated length ** length penalty; tokens covers what was generated, the end token included; ms is the time of this picture, or its share of the batch. A file name that is not UTF-8 has \\udcNN for each odd byte (Python: os.fsencode turns it back).',
  ].join('\n'),
  args: [imagesArgument(['files', 'files0'])],
  options: {
    ...DECODING_OPTIONS,
    ...PROMPT_OPTION,
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
  writer: writerOf,
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
    return withCaptioner(options, context, 'caption', async (coca) => {
      const decoding = await searchOptions(options, typed, coca);
      const how = options.prompt === undefined ? decoding : { ...decoding, prompt: options.prompt };
      context.status.show('loading the model');
      await coca.prepare('captions'); // before any clock starts
      context.status.clear();
      const files = await CaptionFiles.open(options, context, coca, how);
      try {
        const output = files.results ? { ...context, out: files.results.output } : context;
        const writer = await writerOf(format, { args, options, typed }, output);
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
            await writeGroup(group, captionAll, { context, writer, files, tally, showProgress });
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

interface Asked {
  readonly args: readonly string[];
  readonly options: { readonly files: readonly string[]; readonly files0: readonly string[]; readonly images: string };
  readonly typed: ReadonlySet<string>;
}

function writerOf(format: Format, { args, options, typed }: Asked, context: CommandContext): Promise<CaptionWriter> {
  return captionWriter(format, context, {
    isOne: namesOnePicture({ images: args, files: options.files, files0: options.files0 }),
    images: options.images as PictureKind | 'auto',
    showTokens: typed.has('logprobs'),
  });
}

/** Where the results of a run go. */
interface Destinations {
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
  { context, writer, files, tally, showProgress }: Destinations,
): Promise<void> {
  const found = readable(group);
  if (found.length === 1) await writer.begin?.(found[0]!);
  const results = await captionAll();
  for (const item of group) {
    if ('error' in item) await tally.fail(item.name, item.error);
    else {
      if (found.length > 1) await writer.begin?.(item);
      const result = results.get(item)!;
      const captions = result.captions.map(({ text }) => text);
      context.onCaption(item.name, captions[0]!);
      await writer.result(result);
      context.onAnswer({ kind: 'result', result });
      await files.writeText(item.name, captions, tally);
    }
    showProgress(tally.finished);
  }
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
  // Results may be kept longer than the model is.
  const by = { name: coca.name, device: coca.device, tokenizer: coca.tokenizer };
  const ms = { encode: encoding.ms / found.length, decode: run.ms / found.length };
  return new Map(found.map((item, i) => [item, { image: item.name, captions: run.captions[i]!, coca: by, ms }]));
}

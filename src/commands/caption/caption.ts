import type { CommandContext } from '../../cli/command.js';
import type { CaptionOptions, Coca, ImageEncoding, PictureRun } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { filtered } from '../../model/base/pipeline.js';
import type { Grounding } from '../../model/grounding/index.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { canRedraw } from '../../ui/view/streams.js';
import { BATCH_OPTION, batchOf } from '../io/batch.js';
import { type ClipChoice, clipFields, FRAMES_OPTION } from '../io/clips/clips.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { type FileFormat, formatOfFile, requireFormat } from '../io/formats/format.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import { findWithCaptioner, MODEL_GLOBALS } from '../io/model.js';
import { eachPicture, flowOfPictures, type ReadablePicture } from '../io/pictures.js';
import { prepare, searchProgress } from '../io/progress.js';
import { formatOf, SILENT_WRITER } from '../io/results.js';
import { checkResultsFile, checkResultsPlace, RESULTS_FILE_OPTIONS } from '../io/results-file.js';
import { checkSearchOptions, DECODING_OPTIONS, PROMPT_OPTION, searchOptions } from '../io/search-options.js';
import { checkSources, INPUT_OPTIONS, imagesArgument, namesOnePicture, readsStdin, sourcesOf } from '../io/sources.js';
import { checkShard, findOfNamed, SHARD_OPTIONS, shardOf } from '../shards/options.js';
import { captionWriter, type PictureCaptions, partObject } from './output.js';
import { checkTextFiles, TEXT_FILE_OPTIONS } from './text-options.js';
import { checkWatchFolder, openArrivals, WATCH_FOLDER_OPTION, withoutOutdated } from './watch-folder.js';

export const caption = defineResults({
  name: 'caption',
  summary: 'captions pictures',
  usage: 'caption IMAGE...',
  details: [
    'Piped, one picture named alone gives its caption, several give PATH<TAB>CAPTION; with --num, one such line for each caption. --logprobs then shows nothing: use --json or --jsonl.',
    'On a terminal a word that the model found less likely than not is underlined, and the louder the less likely; without colours its probability stands behind it.',
    '--watch: live beams with their words, cumulative log-probability and score, then what is finished, and what was just pruned, dimmed. Ctrl-C stops. What is found is the same; then the caption takes the place of the drawing.',
    '--ground: JSON also has words, grounded and calibrated, as coca ground has them; on a terminal the words that are more likely wrong than right are underlined instead of those that the search doubted. It takes several times as long.',
    '--output: FILE.run.json beside FILE says which model and options made it; --resume goes on only with the same. Every whole line in FILE counts as an answer, a torn last one is cut off. Failed pictures count as answered: remove their lines to try again.',
    '--write-txt: NAME.txt beside NAME.jpg, whole or not at all. Pictures that have theirs are left out, so the same line typed again goes on; --if-exists decides otherwise. A picture from a URL or stdin has no place for one.',
    '--write-xmp: the best caption as dc:description in NAME.jpg.xmp, or in an XMP that is there, also NAME.xmp; the rest of it stays as it is, and so does a description that is there, without --if-exists overwrite. docs/sidecars.md.',
    '--watch-folder: those that are there first, then each as it comes and nothing was written to it for a second; one that is removed before it is read is left out, one that is written anew comes again. It ends with Ctrl-C, with exit code 130 as everywhere; each result and file is out and whole by then. docs/sidecars.md.',
    'JSON: score is the sum of log-probabilities / generated length ** length penalty; tokens covers what was generated, the end token included; ms is the time of this picture, or its share of the batch. A file name that is not UTF-8 has \\udcNN for each odd byte (Python: os.fsencode turns it back).',
  ].join('\n'),
  args: [imagesArgument(['files', 'files0', 'watchFolder'])],
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
    ground: { type: 'flag', description: 'also which words are seen and which are guessed, as in coca ground' },
    watch: { type: 'flag', description: 'on a terminal: draws the search while it runs' },
    ...WATCH_FOLDER_OPTION,
    ...RESULTS_FILE_OPTIONS,
    ...TEXT_FILE_OPTIONS,
    ...BATCH_OPTION,
    ...FRAMES_OPTION,
    ...INPUT_OPTIONS,
    ...SHARD_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'seed', 'images'],
  examples: [
    { line: 'coca caption photo.jpg', does: 'the likeliest caption, by beam search' },
    { line: "coca caption 'photos/*.jpg' --jsonl", does: 'a JSON object a line for every picture' },
    { line: 'find . -name "*.png" -print0 | coca caption --files0 -', does: 'pictures from a list' },
    { line: 'coca caption photo.jpg --strategy sample --top-p 0.9 --num 3 --seed 7', does: 'three samples' },
    { line: 'coca caption --files list.txt -o out.jsonl --resume', does: 'a long run that can be killed and goes on' },
    { line: "coca caption 'photos/*.jpg' --write-txt", does: 'a text file beside every picture' },
    { line: 'coca caption clip.mp4 --frames 16', does: 'of a video, by 16 of its frames' },
    {
      line: 'coca caption --watch-folder out --write-txt',
      does: "a text beside every picture of a generator's, as they come",
    },
    { line: 'coca caption photo.jpg --watch', does: 'every beam with its words and scores, step by step' },
    { line: 'curl -s https://example.org/a.jpg | coca caption -', does: 'a picture from a pipe' },
  ],
  async check({ args, options, typed }) {
    checkResultsFile(options, args);
    checkTextFiles(options, args);
    checkShard(options, args, true);
    checkWhole(options, args);
    checkAblation(options, typed);
    checkWatchFolder(options, args);
    if (options.watch && options.batch !== 1) {
      throw new CocaError('usage', '--watch draws one picture at a time', 'leave out --batch');
    }
    if (options.ground && options.frames !== undefined) {
      throw new CocaError('usage', '--ground asks what words owe to a picture: it means nothing with --frames');
    }
    await checkSearchOptions(options, typed);
  },
  async *find({ args, options, typed }, context): AsyncGenerator<Finding<PictureCaptions, ReadablePicture>> {
    const sources = sourcesOf(args, options);
    const { watchFolder } = options;
    if (watchFolder === undefined) checkSources(sources, context.stdin);
    const arrivals =
      watchFolder === undefined ? undefined : await openArrivals(watchFolder, options.recursive, context);
    const isShared = shardOf(options) !== undefined;
    const isWhole = wholeFormat(options) !== undefined;
    if (options.output !== undefined && !isShared) {
      const { output, resume } = options;
      if (isWhole) await (await import('../io/formats/into-file.js')).checkWholeFile({ output, resume });
      else await checkResultsPlace(output, resume);
    }
    const format = options.output === undefined ? formatOf(options, context) : 'jsonl';
    if (format === 'plain' && typed.has('logprobs')) {
      context.notice('--logprobs shows on a terminal, or with --json or --jsonl');
    }
    const isWatched = options.watch && format === 'terminal' && canRedraw(context.terminal);
    if (options.watch && !isWatched) {
      context.notice('--watch shows on a terminal whose lines can be drawn anew, without --json and --jsonl');
    }
    async function* captions(coca: LoadedCoca): AsyncGenerator<Finding<PictureCaptions, ReadablePicture>> {
      const decoding = await searchOptions(options, typed, coca);
      const how = options.prompt === undefined ? decoding : { ...decoding, prompt: options.prompt };
      await prepare(coca, options.ground ? 'attribution' : 'captions', context); // before any clock starts
      const grounding = options.ground ? await openGrounding(coca, options.model, context) : undefined;
      const { ablateOver } = options;
      const shaping = {
        ...how,
        ...(ablateOver !== undefined && { ablateOver }),
        ...(options.ground && { ground: true }),
        ...(options.frames !== undefined && { frames: options.frames }),
      };
      const { CaptionFiles } = await import('./files.js');
      const files = await CaptionFiles.open(
        isShared || isWhole ? { ...options, output: undefined } : options,
        coca,
        shaping,
      );
      try {
        yield* files.earlier();
        const hasKeys = context.stdin.isTTY === true && !readsStdin(sources);
        const captionsOf = async function* (names: AsyncGenerator<string>, count: () => number | undefined) {
          // The progress of several pictures is counted in pictures.
          const showSearch = await searchProgress(coca, context);
          const watched = isWatched && (await (await import('./watch.js')).watchedSearch(coca, context, hasKeys));
          const hooks = () => ({ signal: context.signal, ...(count() === 1 && { onStep: showSearch }) });
          const search: Search = async (picture) => {
            if (!watched && !grounding) return coca.captionPicture(picture, how, hooks());
            const image = await coca.encodeImages([picture], { attention: grounding !== undefined });
            const { captions, ms } = await (watched ? watched(image, how) : coca.caption(image, how, hooks()));
            return { captions: captions[0]!, ms: { encode: image.ms, decode: ms }, image };
          };
          const wanted = filtered(names, (name) => files.isWanted(name));
          const batch = batchOf(options.batch, coca, decoding);
          // What words owe to a picture is not asked of clips.
          const clips: ClipChoice | undefined = options.ground ? undefined : options;
          yield* batch === 1
            ? eachPicture(
                wanted,
                coca,
                context,
                1,
                ([found]) => captionPicture(found!, coca, search, grounding, context),
                clips,
              )
            : flowOfPictures(
                wanted,
                coca,
                context,
                batch,
                (found) => captionMany(found, coca, how, batch, grounding, context),
                clips,
              );
        };
        const part = { command: 'caption', options: shaping, objectOf: partObject, files: WHOLE_FILES };
        const shared = { options, sources, coca, context };
        if (arrivals) yield { kind: 'ready' };
        yield* files.keep(
          arrivals
            ? withoutOutdated(
                captionsOf(arrivals.names(), () => undefined),
                arrivals,
              )
            : findOfNamed<PictureCaptions, ReadablePicture>(shared, part, captionsOf),
        );
      } finally {
        await files.close();
      }
    }
    const mayBeServed = !options.ground && !isWatched && options.batch === 1 && !options.frames;
    // Words in colours and JSON need to know which tokens they are of.
    const isOfTexts = format === 'plain' && context.terminal.colors === 'none';
    yield* findWithCaptioner(options, context, 'caption', captions, mayBeServed && (isOfTexts ? 'texts' : true));
  },
  async writer(format, { args, options, typed }, context) {
    if (options.output !== undefined) return SILENT_WRITER;
    return captionWriter(format, context, {
      isOne: namesOnePicture(sourcesOf(args, options)),
      images: options.images as PictureKind | 'auto',
      showTokens: typed.has('logprobs'),
    });
  },
});

/** Forms of --output that need all captions; any other is JSON lines, as they come. */
const WHOLE_FILES = ['parquet', 'tar'] as const;

interface OutputValues {
  readonly output: string | undefined;
  readonly shard: string | undefined;
  readonly shards: number | undefined;
}

/** The format of --output, if that is written once all captions are there. */
function wholeFormat(options: OutputValues): FileFormat | undefined {
  const format = options.output === undefined ? undefined : formatOfFile(options.output);
  return shardOf(options) === undefined ? WHOLE_FILES.find((one) => one === format) : undefined;
}

/** @throws CocaError `usage` for what a part, or a file that is written whole, cannot have */
function checkWhole(
  options: OutputValues & Record<'writeTxt' | 'writeXmp', boolean> & { readonly watchFolder: string | undefined },
  images: readonly string[],
): void {
  const { output, writeTxt, writeXmp, watchFolder } = options;
  if (output === undefined) return;
  const isShared = shardOf(options) !== undefined;
  if (!isShared && /\.(tar|npy)$/i.test(output)) requireFormat(output, ['jsonl', ...WHOLE_FILES]);
  if (wholeFormat(options) === 'tar' && images.includes('-')) {
    throw new CocaError('usage', 'a picture on stdin (-) can be read only once, and a .tar has the pictures, too');
  }
  if (watchFolder !== undefined && wholeFormat(options) !== undefined) {
    throw new CocaError(
      'usage',
      `${output} would be there when all is done, and --watch-folder never is`,
      'take .jsonl',
    );
  }
  if ((writeTxt || writeXmp) && (isShared || wholeFormat(options) !== undefined)) {
    const name = writeTxt ? '--write-txt' : '--write-xmp';
    throw new CocaError('usage', `${name} leaves pictures out, and here none may be missing`, 'leave out --output');
  }
}

/** Finds the captions of a picture; with its encoding, where that was made for more. */
type Search = (picture: Picture) => Promise<PictureRun & { readonly image?: ImageEncoding }>;

/** The captions of a picture. */
async function captionPicture(
  { name: image, picture }: ReadablePicture,
  coca: Coca,
  search: Search,
  grounding: Grounding | undefined,
  context: CommandContext,
): Promise<[PictureCaptions]> {
  const { captions, ms, image: encoded } = await search(picture);
  context.onCaption(image, captions[0]!.text);
  const grounded = await grounding?.ground({ picture, image: encoded! }, captions[0]!.ids, { signal: context.signal });
  return [{ image, ...clipFields(picture), captions, grounded, coca: writerOf(coca), ms }];
}

/** The captions of many pictures, `batch` of which go through the model together. */
async function* captionMany(
  found: AsyncIterable<ReadablePicture>,
  coca: Coca,
  options: CaptionOptions,
  batch: number,
  grounding: Grounding | undefined,
  context: CommandContext,
): AsyncGenerator<PictureCaptions> {
  const waiting: ReadablePicture[] = [];
  async function* seen(): AsyncGenerator<Picture> {
    for await (const one of found) {
      waiting.push(one);
      yield one.picture;
    }
  }
  for await (const { captions, ms } of coca.captionEach(seen(), options, { batch, signal: context.signal })) {
    const { name: image, picture } = waiting.shift()!;
    context.onCaption(image, captions[0]!.text);
    const grounded =
      grounding &&
      (await grounding.ground(
        { picture, image: await coca.encodeImages([picture], { attention: true }) },
        captions[0]!.ids,
        { signal: context.signal },
      ));
    yield { image, ...clipFields(picture), captions, grounded, coca: writerOf(coca), ms };
  }
}

async function openGrounding(coca: LoadedCoca, model: string | undefined, context: CommandContext): Promise<Grounding> {
  const { Grounding } = await import('../../model/grounding/index.js');
  return Grounding.create(coca, model, { signal: context.signal, onBroken: context.notice });
}

/** What results say of a model: they may be kept longer than it is. */
function writerOf({ name, device, precision, ablated, tokenizer }: Coca): PictureCaptions['coca'] {
  return { name, device, precision, ablated, tokenizer };
}

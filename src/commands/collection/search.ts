import type { ResultWriter } from '../../cli/answers.js';
import type { CommandContext, Invocation, Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { PICTURE_NAME } from '../../model/base/file-names.js';
import { exists } from '../../model/base/folders.js';
import type { Collection, Hit } from '../../model/collection/collection.js';
import type { Filter } from '../../model/collection/filter.js';
import { directionOf, fused, parseQuery, type Query, queryText, type Term } from '../../model/collection/query.js';
import { isUrl } from '../../model/net/address.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { FRAMES_OPTION } from '../io/clips/clips.js';
import { STRICT_OPTION, ToldCuts } from '../io/cut-texts.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { findWithModel, MODEL_GLOBALS, precisionOf } from '../io/model.js';
import { openPicture } from '../io/pictures.js';
import { jsonWriter } from '../io/results.js';
import { type Found, SEARCH_BY, type SearchBy, type SearchResult, searchObject } from './found.js';
import { FILTER_OPTIONS, filterOf, USED_INDEX_OPTIONS } from './options.js';

/** Ranks of each list that fusion looks at, for each result that is wanted. */
const FUSED_AHEAD = 10;

/**
 * @param openSession opens a session on a picture, where the search itself was not typed in one
 */
export function searchOver(
  openSession: (image: string, invocation: Invocation, context: CommandContext) => Promise<Outcome>,
) {
  return defineResults({
    name: 'search',
    summary: "finds a folder's pictures by words, by another picture, or by both",
    usage: 'search QUERY [+|- QUERY]... [DIR]',
    details: [
      'QUERY is a text (quote several words), or a picture by its path or URL. With + and - as words of their own, embeddings are added and taken away; the sum is made one long. DIR: the folder that is searched, the present one without it; it uses the index of coca index, of DIR or of the nearest folder above, and makes one where there is none.',
      'The score is the cosine of the query and the picture. Where the index has captions, a text is also searched in their words (BM25), and the score is the sum of 1 / (60 + rank) over both (reciprocal rank fusion); --by says otherwise.',
      'On a terminal a grid of thumbnails: arrows, Enter opens the session on one, o opens its file.',
      'Piped: PATH<TAB>SCORE, best first. JSON: {"query", "results": [{"image", "score", "caption"}], "by", "model"}, with "cosine" where the score is none.',
    ].join('\n'),
    args: [
      {
        name: 'QUERY',
        description: 'a text or a picture; + and - between several; then perhaps a folder',
        kind: 'query',
        required: true,
        variadic: true,
      },
    ],
    options: {
      top: { type: 'integer', min: 1, max: 10_000, default: 20, description: 'only the N best' },
      minScore: { type: 'number', placeholder: 'S', description: 'only scores of S or more' },
      by: {
        type: 'choice',
        choices: SEARCH_BY,
        placeholder: 'WHAT',
        otherwise: 'both, where the index has captions',
        description: 'what a text is compared with: pictures, their captions, both',
      },
      exact: { type: 'flag', description: 'compares all pictures, also where there is an approximate index' },
      ...FILTER_OPTIONS,
      ...USED_INDEX_OPTIONS,
      ...FRAMES_OPTION,
      ...STRICT_OPTION,
    },
    globals: [...MODEL_GLOBALS, 'images'],
    examples: [
      { line: 'coca search "a dog on grass" ~/Pictures', does: 'the pictures that a text fits best' },
      { line: 'coca search clip.mp4 ~/Pictures', does: 'the pictures that are most like a video' },
      { line: 'coca search "a dog" + beach.jpg - "a leash" ~/Pictures', does: 'arithmetic with embeddings' },
    ],
    async check({ args, options }) {
      queryOf(args);
      filterOf(options);
    },
    async *find({ args, options }, context): AsyncGenerator<Finding<SearchResult>> {
      const { terms, folder = '.' } = queryOf(args);
      const isPictures = await Promise.all(terms.map(({ word }) => namesPicture(word)));
      refuseBy(options.by, terms, isPictures);
      yield* findWithModel(options, context, async function* (coca): AsyncGenerator<Finding<SearchResult>> {
        const vectors = await vectorsOf(terms, isPictures, coca, context, options);
        const direction = directionOf(terms, vectors);
        if (direction === undefined) {
          throw new CocaError('bad-text', `nothing is left of ${queryText(terms)}`, 'its words cancel each other out');
        }
        const { withIndex } = await import('./open.js');
        yield* withIndex(
          folder,
          options,
          coca,
          context,
          async function* ({ collection, below, nameOf }): AsyncGenerator<Finding<SearchResult>> {
            const isText = terms.length === 1 && !isPictures[0];
            const by = options.by ?? (isText && collection.manifest.captions ? 'both' : 'image');
            if (by !== 'image' && !collection.manifest.captions) {
              throw new CocaError('usage', `the index of ${folder} has no captions`, `coca index ${folder} --captions`);
            }
            const filter = filterOf(options, below);
            const { top, exact } = options;
            const text = terms[0]!.word;
            const found = await findIn(collection, { direction, text, by, filter, top, exact });
            const named = found.map(({ path, ...hit }): Found => ({ image: nameOf(path), ...hit }));
            const wanted = named.filter(({ score }) => options.minScore === undefined || score >= options.minScore);
            const there = await Promise.all(wanted.map(({ image }) => exists(image)));
            const results = wanted.filter((_, i) => there[i]);
            const query = queryText(terms);
            const images = results.map(({ image }) => image);
            context.onFound?.(images, undefined);
            yield { kind: 'result', result: { query, by, results, model: coca.name, ...precisionOf(coca) } };
            const gone = wanted.length - results.length;
            if (gone > 0) {
              yield {
                kind: 'notice',
                text: `${gone} of the pictures found ${gone === 1 ? 'is' : 'are'} gone: coca index ${visible(folder)}`,
              };
            }
          },
        );
      });
    },
    async writer(format, invocation, context): Promise<ResultWriter<SearchResult>> {
      const { out } = context;
      if (format === 'json' || format === 'jsonl') return jsonWriter(out, format, searchObject);
      if (format === 'plain') {
        return {
          objects: undefined,
          result: ({ results }) =>
            out.write(results.map(({ image, score }) => `${visible(image)}\t${scoreText(score)}\n`).join('')),
        };
      }
      let all: SearchResult | undefined;
      return {
        objects: undefined,
        async result(found) {
          all = found;
        },
        async finish() {
          if (all === undefined) return;
          const { present } = await import('./screen.js');
          await present(all, invocation.options.images as PictureKind | 'auto', context, (image) =>
            openSession(image, invocation as unknown as Invocation, context),
          );
        },
      };
    },
  });
}

/** A score in a line: enough digits to tell neighbours apart. */
const scoreText = (score: number): string => score.toFixed(6);

/** @throws CocaError `usage` */
function queryOf(words: readonly string[]): Query {
  const query = parseQuery(words);
  if (!('problem' in query)) return query;
  throw new CocaError('usage', query.problem, 'a query of several words is quoted: coca search "a dog" FOLDER');
}

/** @throws CocaError `usage` for captions that are to be compared with something else than one text */
function refuseBy(by: SearchBy | undefined, terms: readonly Term[], isPictures: readonly boolean[]): void {
  if (by === undefined || by === 'image' || (terms.length === 1 && !isPictures[0])) return;
  throw new CocaError('usage', `--by ${by} takes one text: words of captions have no arithmetic`);
}

/** Whether a word of a query names a picture: what is there does, and what is called like one must be there. */
async function namesPicture(word: string): Promise<boolean> {
  return isUrl(word) || PICTURE_NAME.test(word) || (await exists(word));
}

/** The embeddings of the words of a query. @throws CocaError for a picture that cannot be read, or a text that does not fit */
async function vectorsOf(
  terms: readonly Term[],
  isPictures: readonly boolean[],
  coca: LoadedCoca,
  context: CommandContext,
  { strict, frames }: { readonly strict: boolean; readonly frames: number | undefined },
): Promise<Float32Array[]> {
  const cuts = new ToldCuts(strict, context);
  const vectors: Float32Array[] = [];
  for (const [i, { word }] of terms.entries()) {
    if (!isPictures[i]) vectors.push((await coca.encodeTexts([word], cuts.options))[0]!);
    else {
      const input = await openPicture(word, coca, context, { clips: { frames } });
      if ('error' in input) throw input.error;
      vectors.push((await coca.encodeImages([input.picture])).features[0]!);
    }
  }
  return vectors;
}

interface Wanted {
  readonly direction: Float32Array;
  readonly text: string;
  readonly by: SearchBy;
  readonly filter: Filter;
  readonly top: number;
  readonly exact: boolean;
}

async function findIn(
  collection: Collection,
  { direction, text, by, filter, top, exact }: Wanted,
): Promise<readonly (Omit<Found, 'image'> & { readonly path: string })[]> {
  const nearest = (limit: number) => collection.nearest(direction, { ...filter, limit, isExact: exact });
  const hit = ({ path, caption, cosine }: Hit, score: number) => ({ path, score, cosine, caption });
  if (by === 'image') return (await nearest(top)).map((found) => hit(found, found.cosine!));
  const limit = top * FUSED_AHEAD;
  const words = await collection.withWords(text, { ...filter, limit });
  const rankings = by === 'caption' ? [words] : [await nearest(limit), words];
  return fused(rankings, ({ path }) => path)
    .slice(0, top)
    .map(({ item, score }) => hit(item, score));
}

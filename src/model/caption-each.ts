import type { Caption, PictureRun } from './api.js';
import { grouped } from './base/pipeline.js';
import { PICTURES_AT_ONCE } from './batch-size.js';
import { decode, decodeEach, type EndedSearch, type SearchState, type TreePlaces } from './decoding/index.js';
import { apart, sideBySide } from './engine/image-tokens.js';
import type { ImageTokens, ImageTrees } from './engine/network.js';
import type { Picture } from './image/picture.js';

/** What captions of many pictures are made with. */
interface Means {
  encode(pictures: readonly Picture[]): Promise<{ readonly tokens: ImageTokens; readonly ms: number }>;
  open(tokens: ImageTokens): Promise<ImageTrees>;
  begin(vocabSize: number): SearchState;
  captionsOf(state: SearchState): readonly Caption[];
}

interface Encoded {
  /** Of one picture. */
  readonly tokens: ImageTokens;
  readonly ms: number;
}

/** As `Coca.captionEach`. */
export async function* captionEach(
  pictures: AsyncIterable<Picture>,
  batch: number,
  signal: AbortSignal | undefined,
  means: Means,
): AsyncGenerator<PictureRun> {
  const encoded = encodedOneByOne(pictures, Math.min(batch, PICTURES_AT_ONCE), means.encode);
  const runOf = ({ image, state, ms }: EndedSearch<Encoded>): PictureRun => {
    return { captions: means.captionsOf(state), ms: { encode: image.ms, decode: ms } };
  };
  try {
    for (;;) {
      const first = await takeSome(encoded, batch);
      if (first.length === 0) return;
      const trees = await means.open(sideBySide(first.map(({ tokens }) => tokens)));
      const begin = () => means.begin(trees.vocabSize);
      const places = placesOf(trees);
      const ended = places ? decodeEach(places, first, encoded, begin, signal) : together(trees, first, begin, signal);
      for await (const one of ended) yield runOf(one);
    }
  } finally {
    // Not awaited: pictures that are waited for would hold up a consumer that wants no more.
    encoded.return(undefined).catch(() => undefined);
  }
}

function placesOf(trees: ImageTrees): TreePlaces<Encoded> | undefined {
  const { vocabSize, batch, replace } = trees;
  return (
    replace && {
      vocabSize,
      batch,
      extend: (rows, candidates) => trees.extend(rows, candidates),
      replace: (place, { tokens }) => replace.call(trees, place, tokens),
      retain: (live) => trees.retain?.(live),
      release: () => trees.release(),
    }
  );
}

/** A batch from its beginning to the end of its longest search. */
async function* together(
  trees: ImageTrees,
  images: readonly Encoded[],
  begin: () => SearchState,
  signal: AbortSignal | undefined,
): AsyncGenerator<EndedSearch<Encoded>> {
  try {
    const start = performance.now();
    const ended = await decode(trees, images.map(begin), signal && { signal });
    const ms = (performance.now() - start) / images.length;
    for (const [i, state] of ended.entries()) yield { image: images[i]!, state, ms };
  } finally {
    trees.release();
  }
}

/** Pictures go through the vision tower `size` at a time. */
async function* encodedOneByOne(
  pictures: AsyncIterable<Picture>,
  size: number,
  encode: Means['encode'],
): AsyncGenerator<Encoded> {
  for await (const some of grouped(pictures, size)) {
    const { tokens, ms } = await encode(some);
    for (const own of apart(tokens)) yield { tokens: own, ms: ms / some.length };
  }
}

async function takeSome<T>(source: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = await source.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}

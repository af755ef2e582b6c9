import type { Coca, ImageEncoding } from '../api.js';
import { stopIfAborted } from '../base/errors.js';
import type { Picture } from '../image/picture.js';
import { ablations, alongRows, type Means } from './changes.js';
import { chunks } from './chunks.js';
import type { Site } from './sites.js';

/** What a caption loses without a site. */
export interface SiteCost {
  readonly site: Site;
  /** For each id after the start token: log p with all there is, minus log p without the site, in nats. */
  readonly costs: readonly number[];
}

/** How many rows a call reads at most: the scores of a whole vocabulary are kept for each. */
const ROWS_PER_CALL = 128;
/** How many times a call encodes a picture at most. */
const PICTURES_PER_CALL = 8;

export interface SiteCostOptions {
  /** What stands in for a site; zero where none are given. */
  readonly means?: Means | undefined;
  readonly signal?: AbortSignal;
}

/**
 * What the absence of each site costs every token of a caption, teacher forced, some sites in a call: each has its own rows, or its
 * own encoding of the picture where it is a part of the image encoder.
 * @param ids from the start token
 * @throws CocaError `interrupted` between two calls
 */
export async function* siteCosts(
  coca: Coca,
  picture: Picture,
  ids: readonly number[],
  sites: readonly Site[],
  { means, signal }: SiteCostOptions = {},
): AsyncGenerator<SiteCost> {
  const image = await coca.encodeImages([picture]);
  const [whole] = await coca.readCaption(image, ids);
  const count = ids.length - 1;
  const costsOf = (without: readonly number[]) => without.map((logprob, at) => whole![at]! - logprob);

  const ofImages = sites.filter(isOfImages);
  for (const some of chunks(ofImages, PICTURES_PER_CALL)) {
    stopIfAborted(signal);
    const changes = ablations(
      some.map((site) => [site]),
      coca.config,
      means,
    );
    const changed: ImageEncoding = await coca.encodeImages(Array(some.length).fill(picture), { changes });
    const without = await coca.readCaption(changed, ids);
    for (const [i, site] of some.entries()) yield { site, costs: costsOf(without[i]!) };
  }
  const ofCaptions = sites.filter((site) => !isOfImages(site));
  for (const some of chunks(ofCaptions, Math.max(1, Math.floor(ROWS_PER_CALL / count)))) {
    stopIfAborted(signal);
    const changes = ablations(
      some.map((site) => [site]),
      coca.config,
      means,
    );
    const copies = some.length;
    const [without] = await coca.readCaption(image, ids, { copies, changes: alongRows(changes, count) });
    for (const [i, site] of some.entries()) {
      yield { site, costs: costsOf(without!.slice(i * count, (i + 1) * count)) };
    }
  }
}

const isOfImages = ({ tower }: Site): boolean => tower === 'vision' || tower === 'pooler' || tower === 'contrastive';

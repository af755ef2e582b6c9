import { threadsHere } from '../base/processes/threads.js';
import { loadPicture, type PictureOptions } from '../image/load-picture.js';
import type { Picture } from '../image/picture.js';
import { DecodingPool } from './pool.js';

/**
 * How many pixels are decoded in this thread before others are started: about what it takes to start them. One large
 * photograph, or a thousand small pictures, are done before threads would be of use.
 */
const BEFORE_THREADS = 8_000_000;
const MOST_THREADS = 8;

/** Decodes many pictures: the first here, and where there are more than a few, the others in threads of their own. */
export class PictureDecoder {
  #pixels = 0;
  #pool: DecodingPool | undefined;

  /** @param threads how many to start, once they are worth it; with 1, none are: they are to leave this one free */
  constructor(private readonly threads = Math.min(MOST_THREADS, threadsHere())) {}

  /** Whether pictures are decoded in other threads by now. */
  get isThreaded(): boolean {
    return this.#pool !== undefined;
  }

  /** As `loadPicture`, which see. */
  async decode(bytes: Uint8Array, options: PictureOptions): Promise<Picture> {
    if (this.#pool === undefined && this.threads > 1 && this.#pixels >= BEFORE_THREADS) {
      this.#pool = new DecodingPool(this.threads);
    }
    if (this.#pool) return this.#pool.picture(bytes, options);
    const picture = await loadPicture(bytes, options);
    this.#pixels += picture.source.width * picture.source.height;
    return picture;
  }

  /** Ends the threads, whatever they do. */
  async close(): Promise<void> {
    await this.#pool?.close();
  }
}

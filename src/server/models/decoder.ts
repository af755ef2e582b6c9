import { DecodingPool } from '../../model/data/pool.js';
import type { PictureOptions } from '../../model/image/load-picture.js';
import type { Picture } from '../../model/image/picture.js';
import { Refusal } from '../refusal.js';

/** Decodes what clients send, in threads: this one has their requests to answer. */
export class ClientPictures {
  #pool: DecodingPool | undefined;

  /** @param maxPixels of a picture that is decoded at all */
  constructor(private readonly maxPixels: number) {}

  /**
   * As `loadPicture`.
   * @throws Refusal 413 for more pixels than are decoded here; CocaError `bad-image`
   */
  async decode(bytes: Uint8Array, options: PictureOptions): Promise<Picture> {
    this.#pool ??= new DecodingPool();
    const decoded = await this.#pool.picture(bytes, options, this.maxPixels);
    if (!('tooLarge' in decoded)) return decoded;
    const { width, height } = decoded.tooLarge;
    throw new Refusal(413, 'too-large', `a picture of ${width} x ${height} pixels is too large for this server`, {
      hint: `it takes ${this.maxPixels} pixels: send a smaller one`,
    });
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }
}

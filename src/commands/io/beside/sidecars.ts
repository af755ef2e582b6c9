import type { Said } from '../../../model/xmp/merge.js';
import { sidecarOf } from '../../../model/xmp/place.js';
import { readSidecar, writeSidecar } from '../../../model/xmp/sidecar.js';
import { visible } from '../../../ui/text.js';
import { Claims } from './claims.js';
import { requirePlaces } from './options.js';

/** XMP sidecars beside the pictures, each written whole or not at all; what they hold stays. */
export class Sidecars {
  readonly #claims: Claims;

  /**
   * @param overwrite a description takes the place of one that is there
   * @param taken files that the run reads or writes for something else
   */
  constructor(
    private readonly overwrite: boolean,
    taken: readonly string[] = [],
  ) {
    this.#claims = new Claims('sidecar', '.xmp', taken);
  }

  /** Whether a picture is described already and is to be left out. What can have no sidecar goes on, and fails there. */
  async skips(image: string): Promise<boolean> {
    if (this.overwrite) return false;
    try {
      return (await readSidecar(await this.#claim(image)))?.description !== undefined;
    } catch {
      return false;
    }
  }

  /** @throws CocaError `usage` where another picture's sidecar has the name; `unreadable`, `write-failed` */
  async write(image: string, { description, subjects }: Said): Promise<void> {
    const said: Said = {
      ...(description !== undefined && { description: visible(description) }),
      ...(subjects && { subjects: subjects.map(visible) }),
    };
    await writeSidecar(await this.#claim(image), said, this.overwrite);
  }

  async #claim(image: string): Promise<string> {
    requirePlaces([image], '--write-xmp');
    const name = await sidecarOf(image);
    await this.#claims.claim(name, image);
    return name;
  }
}

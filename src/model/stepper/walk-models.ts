import type { Coca, ImageEncoding } from '../api.js';
import {
  type Box,
  patchBoxes,
  patchesAround,
  type Rectangle,
  regionOf,
  withoutBoxes,
} from '../attention/faithfulness.js';
import { attendCaption, DEFAULT_MAP, mapOfWord, measureMap } from '../attention/index.js';
import { CocaError } from '../base/errors.js';
import { type CocaConfig, gridSize, imageTokenCount } from '../config/config.js';
import type { TreeModel } from '../decoding/types.js';
import { withTokensOf } from '../encoding.js';
import type { Activation } from '../engine/network.js';
import type { Picture } from '../image/picture.js';
import { inOrder, putBack } from '../interventions/changes.js';
import { parseSites } from '../interventions/sites.js';
import { findWord } from '../tokenizer/words.js';
import { TRACE_WINDOW } from '../tracing/window.js';
import { type ChangeRequest, cellsOf, type Region, rectangleText, type WalkChange } from './changes.js';
import { type PatchSite, parsePatchSite, WHOLE } from './patch-site.js';
import type { Changing } from './stepper.js';

/** A picture of a walk, as the model sees it and as it is drawn. */
export interface WalkPicture {
  readonly picture: Picture;
  /** The same square in the resolution to draw in. */
  readonly square: () => Promise<Picture>;
}

/** Another picture, whose activations are put in. */
export interface PatchPicture extends WalkPicture {
  /** Of its bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/** What changes make of a picture: what is erased of which, and what comes from others. */
interface Sight {
  readonly shown: WalkPicture;
  /** In pixels of the model's square. */
  readonly erased: readonly Box[];
  readonly patches: readonly { readonly site: PatchSite; readonly from: Picture }[];
}

/** A model under changes and what it has seen. */
export interface Seen {
  readonly coca: Coca;
  readonly image: ImageEncoding;
  readonly picture: Picture;
}

/** Models under the changes of a walk. Changes are made in their order. */
export class WalkModels implements Changing {
  readonly #grid: number;
  readonly #pictures = new Map<string, Promise<PatchPicture>>();

  /** @param openPicture reads a picture by its name; throws a CocaError for one that cannot be read */
  constructor(
    private readonly coca: Coca & { readonly config: CocaConfig },
    private readonly base: WalkPicture,
    private readonly openPicture: (name: string) => Promise<PatchPicture>,
  ) {
    this.#grid = gridSize(coca.config);
  }

  async openTree(changes: readonly WalkChange[]): Promise<TreeModel> {
    const { coca, image } = await this.see(changes);
    return coca.openTree(image);
  }

  /**
   * What the model sees under changes.
   * @param attention with it, the encoding can be asked where words look
   * @throws CocaError `usage` for what does not exist; where attention is asked for and single image tokens are another picture's
   */
  async see(changes: readonly WalkChange[], attention = false): Promise<Seen> {
    const sites = changes.flatMap((change) => (change.type === 'ablate' ? change.sites : []));
    const coca = sites.length === 0 ? this.coca : this.coca.without(parseSites(sites.join(), this.coca.config));
    const { shown, erased, patches } = await this.#sightOf(changes);
    const picture = erased.length === 0 ? shown.picture : withoutBoxes(shown.picture, erased);
    const vision = await Promise.all(patches.map(({ site, from }) => this.#visionPatch(coca, site, from)));
    const put = inOrder(vision.filter((change) => change !== undefined));
    let image = await coca.encodeImages([picture], { attention, ...(put.length > 0 && { changes: put }) });
    for (const { site, from } of patches) {
      if (site.part !== 'image') continue;
      if (attention) {
        throw new CocaError('usage', "where a word looks cannot be drawn: single image tokens are another picture's");
      }
      const tokens = imageTokenCount(this.coca.config);
      image = withTokensOf(await coca.encodeImages([from]), image, [[site.position!]], tokens);
    }
    return { coca, image, picture };
  }

  /** The square that is seen under changes, in the resolution to draw in. */
  async pictureOf(changes: readonly WalkChange[]): Promise<Picture> {
    const { shown, erased } = await this.#sightOf(changes);
    const square = await shown.square();
    return erased.length === 0 ? square : withoutBoxes(square, erased, shown.picture.size);
  }

  async changeOf(request: ChangeRequest, ids: readonly number[], before: readonly WalkChange[]): Promise<WalkChange> {
    switch (request.type) {
      case 'erase': {
        const { region } = request;
        if ('word' in region && !('cells' in region)) return this.#regionOfWord(region.word, ids, before);
        return { type: 'erase', ...(region as Region) };
      }
      case 'ablate': {
        const named = request.sites.split(/[\s,]+/).filter((word) => word !== '');
        parseSites(named.join(), this.coca.config);
        return { type: 'ablate', sites: named };
      }
      case 'patch': {
        const { image, site = WHOLE } = request;
        parsePatchSite(site, this.coca.config);
        const { sha256 } = await this.#opened(image);
        return { type: 'patch', image, sha256, site };
      }
    }
  }

  /** The highest patches of a word's map, under what was changed before. */
  async #regionOfWord(word: string, ids: readonly number[], before: readonly WalkChange[]): Promise<WalkChange> {
    const { coca, image } = await this.see(before, true);
    // At the start there is nothing that could look anywhere.
    const attention = ids.length > 1 ? await attendCaption(coca, image, ids) : undefined;
    const words = (attention?.words ?? []).filter(({ special }) => !special);
    const at = findWord(words, word);
    if (attention === undefined || at === undefined) {
      const there = words.map(({ text }, i) => `${i + 1} ${text}`).join(', ');
      throw new CocaError(
        'usage',
        `the text so far has no word '${word}'`,
        there === '' ? 'it has no words yet: take a step, or erase a rectangle' : `its words: ${there}`,
      );
    }
    const map = mapOfWord(attention, words[at]!, DEFAULT_MAP);
    if (measureMap(map, this.#grid).isFlat) {
      throw new CocaError(
        'usage',
        `'${words[at]!.text}' looks nowhere in particular (its map is flat), so that it has no region`,
        'erase the region of another word, or a rectangle',
      );
    }
    return { type: 'erase', cells: regionOf(map).sort((a, b) => a - b), word: words[at]!.text };
  }

  /** A picture by its name, read once in a walk. */
  #opened(name: string): Promise<PatchPicture> {
    const opened = this.#pictures.get(name) ?? this.openPicture(name);
    this.#pictures.set(name, opened);
    // The next time is another try.
    opened.catch(() => this.#pictures.delete(name));
    return opened;
  }

  async #sightOf(changes: readonly WalkChange[]): Promise<Sight> {
    let sight: Sight = { shown: this.base, erased: [], patches: [] };
    for (const change of changes) {
      if (change.type === 'erase') {
        sight = { ...sight, erased: [...sight.erased, ...this.#boxesOf(change, sight.shown.picture)] };
      } else if (change.type === 'patch') {
        const site = parsePatchSite(change.site, this.coca.config);
        const other = await this.#opened(change.image);
        if (other.sha256 !== change.sha256) {
          throw new CocaError(
            'usage',
            `${change.image} is not the picture that it was`,
            'give the picture that was patched in',
          );
        }
        // All image tokens of another picture are that picture.
        if (site.part === 'image' && site.position === undefined) sight = { shown: other, erased: [], patches: [] };
        else sight = { ...sight, patches: [...sight.patches, { site, from: other.picture }] };
      }
    }
    return sight;
  }

  #boxesOf(region: Region, picture: Picture): readonly Box[] {
    if ('box' in region) return [boxOf(region.box, picture)];
    const cells = 'rectangle' in region ? cellsOf(region.rectangle, this.#grid) : region.cells;
    const outside = cells.find((cell) => cell >= this.#grid ** 2);
    if (outside !== undefined) {
      throw new CocaError('usage', `there is no cell ${outside}`, `cells are 0 to ${this.#grid ** 2 - 1}, row by row`);
    }
    return patchBoxes(picture.size, this.#grid, cells);
  }

  /** The change that puts what leaves a vision layer for another picture in place of this one's. */
  async #visionPatch(coca: Coca, site: PatchSite, from: Picture) {
    if (site.part !== 'vision') return undefined;
    let seen: Activation | undefined;
    await coca.encodeImages([from], {
      onActivation(activation) {
        const { part, name, layer } = activation;
        if (part === 'residual' && name === 'vision' && layer === site.layer) seen = activation;
      },
    });
    const rows = [...Array(seen!.shape[1]).keys()];
    // The class token comes first.
    const around = (patch: number) => patchesAround(patch, this.#grid, TRACE_WINDOW).map((one) => one + 1);
    return putBack(seen!, [site.position === undefined ? rows : around(site.position)]);
  }
}

/**
 * A rectangle of the picture in pixels of the square that the model sees: every pixel that it touches.
 * @throws CocaError `usage` where it reaches beyond the picture, or lies beside what the model sees
 */
function boxOf(region: Rectangle, { source, crop, size }: Picture): Box {
  const { x, y, width, height } = region;
  if (width < 1 || height < 1 || x + width > source.width || y + height > source.height) {
    throw new CocaError(
      'usage',
      `the region ${rectangleText(region)}px is not within the picture`,
      `the picture is ${source.width} x ${source.height} pixels`,
    );
  }
  const across = (pixel: number): number => ((pixel - crop.x) * size) / crop.width;
  const down = (pixel: number): number => ((pixel - crop.y) * size) / crop.height;
  const box = {
    x0: Math.max(0, Math.floor(across(x))),
    y0: Math.max(0, Math.floor(down(y))),
    x1: Math.min(size, Math.ceil(across(x + width))),
    y1: Math.min(size, Math.ceil(down(y + height))),
  };
  if (box.x0 < box.x1 && box.y0 < box.y1) return box;
  const [left, top] = [Math.ceil(crop.x), Math.ceil(crop.y)];
  const seen = rectangleText({ x: left, y: top, width: Math.floor(crop.width), height: Math.floor(crop.height) });
  throw new CocaError('usage', `the model does not see the region ${rectangleText(region)}px`, `it sees ${seen}px`);
}

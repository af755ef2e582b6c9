import type { Coca } from '../../model/api.js';
import type { Picture } from '../../model/image/picture.js';
import type { Lens } from '../../model/interventions/lens.js';
import { wordsOf } from '../../model/tokenizer/words.js';
import { visible } from '../../ui/text.js';
import { wordsToShow } from '../io/inside/caption.js';
import { variantOf } from '../io/model.js';

/** A caption of a picture through the logit lens. */
export interface LensResult {
  readonly image: string;
  /** The square that the model sees, to be drawn. */
  readonly square: () => Promise<Picture>;
  readonly caption: string;
  readonly lens: Lens;
  /** The positions that are shown: row r has read ids[0..r], and the caption goes on with ids[r + 1]. */
  readonly positions: readonly number[];
  readonly coca: Pick<Coca, 'name' | 'device' | 'precision' | 'ablated' | 'tokenizer'>;
}

/** The positions after which a word of the caption comes; special tokens are left out unless they are wanted, or all there is. */
export function positionsToShow({ ids }: Lens, tokenizer: Coca['tokenizer'], special: boolean): readonly number[] {
  const unknown = Array<number>(ids.length - 1).fill(0);
  return wordsToShow(wordsOf(ids, unknown, tokenizer), special)
    .flatMap(({ positions }) => positions)
    .map((position) => position - 1);
}

const NAMES = { sot: '<start>', eot: '<end>' } as const;

/** A token by itself: start and end in one spelling, whatever the tokenizer calls them. */
export function tokenName(id: number, { special, tokenText }: Coca['tokenizer']): string {
  if (id === special.sot) return NAMES.sot;
  return id === special.eot ? NAMES.eot : tokenText(id);
}

/** The JSON object of one picture: fields as docs and scripts know them. */
export function lensObject({ image, caption, lens, positions, coca }: LensResult): object {
  const { tokenizer } = coca;
  const nameOf = (id: number): string => tokenName(id, tokenizer);
  return {
    image,
    caption,
    positions: positions.map((r) => nameOf(lens.ids[r]!)),
    predicts: positions.map((r) => nameOf(lens.ids[r + 1]!)),
    names: lens.layers,
    layers: lens.cells.map((cells) =>
      positions.map((r) => {
        const { rank, probability, entropy, top } = cells[r]!;
        return {
          rank,
          probability,
          entropy,
          top: top.map((one) => ({ id: one.id, text: nameOf(one.id), probability: one.probability })),
        };
      }),
    ),
    model: coca.name,
    device: coca.device,
    ...variantOf(coca),
  };
}

/** A line a cell: LAYER, WORD, RANK, PROBABILITY, ENTROPY, SAYS, with tabs between. */
export function lensLines({ lens, positions, coca }: LensResult): string[] {
  const nameOf = (id: number): string => visible(tokenName(id, coca.tokenizer));
  return lens.layers.flatMap((layer, at) =>
    positions.map((r) => {
      const { rank, probability, entropy, top } = lens.cells[at]![r]!;
      const figures = [rank, probability.toPrecision(6), entropy.toFixed(4)];
      return [layer, nameOf(lens.ids[r + 1]!), ...figures, nameOf(top[0]!.id)].join('\t');
    }),
  );
}

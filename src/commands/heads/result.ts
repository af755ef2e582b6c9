import type { Coca } from '../../model/api.js';
import type { Picture } from '../../model/image/picture.js';
import type { SiteCost } from '../../model/interventions/heads.js';
import { siteName } from '../../model/interventions/sites.js';
import { sumOfWord, type Word } from '../../model/tokenizer/words.js';
import { visible } from '../../ui/text.js';
import { variantOf } from '../io/model.js';

/** A head, and what its absence costs each word that is shown, in nats. */
export interface HeadCost {
  readonly site: string;
  readonly words: readonly number[];
}

/** What heads do for the caption of a picture. */
export interface HeadsResult {
  readonly image: string;
  /** The square that the model sees, to be drawn. */
  readonly square: () => Promise<Picture>;
  readonly caption: string;
  readonly words: readonly Word[];
  /** Those whose absence costs most first. */
  readonly heads: readonly HeadCost[];
  /** What stood in for a head. */
  readonly with: 'zero' | 'mean';
  readonly coca: Pick<Coca, 'name' | 'device' | 'precision' | 'ablated'>;
}

/** Costs of tokens as costs of words; the heads with the largest cost of a word first. */
export function headCosts(costs: readonly SiteCost[], words: readonly Word[]): readonly HeadCost[] {
  return costs
    .map(({ site, costs: ofTokens }) => ({
      site: siteName(site),
      words: words.map((word) => sumOfWord(word, ofTokens)),
    }))
    .sort((a, b) => Math.max(...b.words) - Math.max(...a.words));
}

/** The JSON object of one picture: fields as docs and scripts know them. */
export function headsObject({ image, caption, words, heads, coca, ...result }: HeadsResult): object {
  return {
    image,
    caption,
    words: words.map(({ text, logprob }) => ({ text, logprob })),
    heads,
    with: result.with,
    model: coca.name,
    device: coca.device,
    ...variantOf(coca),
  };
}

/** A line for each head and word: HEAD, WORD, COST, with tabs between, the largest cost first. */
export function headsLines({ words, heads }: HeadsResult): string[] {
  return heads
    .flatMap(({ site, words: costs }) => costs.map((cost, at) => ({ site, cost, word: visible(words[at]!.text) })))
    .sort((a, b) => b.cost - a.cost)
    .map(({ site, cost, word }) => [site, word, costText(cost)].join('\t'));
}

/** In nats, signed as a number is; no "-0". */
export const costText = (cost: number, digits = 4): string => {
  const text = cost.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text;
};

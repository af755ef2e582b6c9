import { bleu } from './bleu.js';
import { cider } from './cider.js';
import { ptbTokens } from './ptb.js';
import { rougeL } from './rouge.js';

/** A caption that a model wrote and those that people did. */
export interface ReferencedCaption {
  readonly candidate: string;
  /** At least one. */
  readonly references: readonly string[];
}

/** By the names that CLIP_benchmark gives them. */
export type CaptionMetrics = Readonly<Record<'Bleu_1' | 'Bleu_2' | 'Bleu_3' | 'Bleu_4' | 'ROUGE_L' | 'CIDEr', number>>;

/** COCO's caption metrics over a whole set, on its tokens. (METEOR and SPICE need programs of their own.) */
export function captionMetrics(captions: readonly ReferencedCaption[]): CaptionMetrics {
  const tokenized = captions.map(({ candidate, references }) => ({
    candidate: ptbTokens(candidate),
    references: references.map(ptbTokens),
  }));
  // BLEU and CIDEr split tokens at white space of any kind, ROUGE-L does not.
  const words = tokenized.map(({ candidate, references }) => ({
    candidate: splitTokens(candidate),
    references: references.map(splitTokens),
  }));
  const [one, two, three, four] = bleu(words) as [number, number, number, number];
  return { Bleu_1: one, Bleu_2: two, Bleu_3: three, Bleu_4: four, ROUGE_L: rougeL(tokenized), CIDEr: cider(words) };
}

/** The no-break spaces within tokens, as in "1 1/2", taken for ends. */
const splitTokens = (tokens: readonly string[]): string[] => tokens.flatMap((token) => token.split('\u00a0'));

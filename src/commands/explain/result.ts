import type { ConceptList } from '../../model/explaining/concepts.js';
import type { Explanation } from '../../model/explaining/explain.js';
import type { ExplainedObject } from '../../ui/explain-view.js';
import { visible } from '../../ui/text.js';
import type { Variant } from '../io/model.js';

/** One picture, or two to be compared, in concepts. */
export interface ExplainedPictures extends Variant {
  readonly pictures: readonly (Explanation & { readonly name: string })[];
  readonly list: ConceptList;
  /** What the embeddings were centred on; null for nothing. */
  readonly centre: string | null;
  readonly model: string;
  readonly device: string;
}

/** The JSON object: fields as docs and scripts know them. */
export function explainObject({ pictures, list, centre, ...about }: ExplainedPictures): ExplainedObject {
  const [first, other] = pictures;
  const common = { list: list.name, centre, ...about };
  const textOf = (concept: number): string => list.texts[concept]!;
  if (other === undefined) {
    const concepts = first!.concepts.map(({ concept, weight }) => ({ text: textOf(concept), weight }));
    return { image: first!.name, concepts, cosine: first!.cosine, ...common };
  }
  const weights = [first!, other].map(
    ({ concepts }) => new Map(concepts.map(({ concept, weight }) => [concept, weight])),
  );
  const all = [...new Set(weights.flatMap((of) => [...of.keys()]))];
  const concepts = all
    .map((concept) => {
      const [weight, of] = weights.map((one) => one.get(concept) ?? 0) as [number, number];
      return { text: textOf(concept), weight, other: of, difference: weight - of };
    })
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference));
  return {
    image: first!.name,
    other: other.name,
    concepts,
    cosine: first!.cosine,
    other_cosine: other.cosine,
    ...common,
  };
}

/** WEIGHT and CONCEPT, or DIFFERENCE, both weights and CONCEPT, with tabs between. */
export function explainLines(found: ExplainedPictures): string[] {
  return explainObject(found).concepts.map(({ text, weight, other, difference }) => {
    const figures = other === undefined ? [weight] : [difference!, weight, other];
    return [...figures.map((figure) => figure.toFixed(4)), visible(text)].join('\t');
  });
}

import type { CommandContext } from '../../cli/command.js';
import type { Coca, ImageEncoding } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { ToldCuts } from '../io/cut-texts.js';
import { readTextList } from '../io/lists.js';
import { type Ranked, rankCaptions } from '../rank/ranking.js';

/** Ranks labels for each of some pictures, best first, at most `top` of them. */
export type LabelScorer = (encoding: ImageEncoding, top: number) => Ranked[][];

/**
 * The labels that a person named; each is told by the mean direction of its texts (zero-shot).
 * @param isStrict whether a text that is longer than the context is refused, not cut
 * @throws CocaError `bad-text` for a text that does not fit the model
 */
export async function zeroShotScorer(
  coca: Coca,
  labels: readonly string[],
  templates: readonly string[],
  context: CommandContext,
  isStrict: boolean,
): Promise<LabelScorer> {
  const cuts = new ToldCuts(isStrict, context);
  const [{ classDirections }, { dot }] = await Promise.all([
    import('../../model/evaluation/zero-shot.js'),
    import('../../model/base/vectors.js'),
  ]);
  context.status.show(`embedding ${labels.length} labels`);
  const directions = await classDirections(coca, labels, templates, cuts.options);
  const isCut = (label: string) => templates.some((template) => cuts.has(template.replaceAll('{}', () => label)));
  const { logitScale, logitBias } = coca;
  const rankFor = (feature: Float32Array, top: number) => {
    const figures = labels.map((caption, i) => {
      return { caption, cosine: dot(feature, directions[i]!), likelihood: null, truncated: isCut(caption) };
    });
    return rank(figures, { logitScale, logitBias }, top);
  };
  return ({ features }, top) => features.map((feature) => rankFor(feature, top));
}

/**
 * The labels of the classifier that the model was trained with; there are no cosines.
 * @throws CocaError as `readClassifier`
 */
export async function trainedScorer(coca: Coca, model: string | undefined): Promise<LabelScorer> {
  const { readClassifier } = await import('../../model/store/classifier.js');
  const classifier = await readClassifier(model, coca.config.embed_dim);
  const { names } = classifier.classes;
  const rankFor = (latent: Float32Array, top: number) => {
    const logits = classifier.logits(latent);
    // Its logits take the place of scaled cosines.
    const figures = names.map((caption, i) => ({ caption, cosine: logits[i]!, likelihood: null }));
    return rank(figures, { logitScale: 1, logitBias: 0 }, top).map((row) => ({ ...row, cosine: null }));
  };
  return ({ latents }, top) => latents.map((latent) => rankFor(latent, top));
}

function rank(
  figures: Parameters<typeof rankCaptions>[0],
  logits: Pick<Coca, 'logitScale' | 'logitBias'>,
  top: number,
): Ranked[] {
  return rankCaptions(figures, { by: 'contrastive', softmax: true, minScore: undefined, top, ...logits });
}

/**
 * Labels from a list with commas, and from a file; each once.
 * @throws CocaError `bad-text` without a label, `not-found` or `unreadable` for the file
 */
export async function labelsOf(
  listed: string | undefined,
  file: string | undefined,
  context: CommandContext,
): Promise<readonly string[]> {
  const labels = (listed ?? '').split(',').map((label) => label.trim());
  if (file !== undefined) for await (const label of readTextList(file, context.stdin)) labels.push(label.trim());
  const named = [...new Set(labels.filter((label) => label !== ''))];
  if (named.length === 0) throw new CocaError('bad-text', 'all labels are empty');
  return named;
}

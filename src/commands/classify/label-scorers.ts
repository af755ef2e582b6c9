import type { CommandContext } from '../../cli/command.js';
import { commaList } from '../../cli/values.js';
import type { Coca, ImageEncoding } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { ToldCuts } from '../io/cut-texts.js';
import { readTextList } from '../io/lists.js';
import { type Ranked, rankCaptions } from '../rank/ranking.js';

/** A head that `coca probe` made. */
export const HEAD_OPTION = {
  type: 'text',
  kind: 'file',
  access: 'read',
  placeholder: 'HEAD',
  description: 'the labels of a head that coca probe made',
} as const;

/** What ranks labels. Release it. */
export interface LabelScorer {
  /** For each of some pictures, best first, at most `top` of them. */
  readonly score: (encoding: ImageEncoding, top: number) => Promise<Ranked[][]>;
  readonly release: () => void;
}

const NOTHING_HELD = (): void => undefined;

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
    import('../../model/base/numbers/vectors.js'),
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
  return {
    score: async ({ features }, top) => features.map((feature) => rankFor(feature, top)),
    release: NOTHING_HELD,
  };
}

/**
 * The labels of the classifier that the model was trained with; there are no cosines.
 * @throws CocaError as `readClassifier`
 */
export async function trainedScorer(coca: Coca, model: string | undefined): Promise<LabelScorer> {
  const { readClassifier } = await import('../../model/store/classifier.js');
  const classifier = await readClassifier(model, coca.config.embed_dim);
  const { names } = classifier.classes;
  return {
    score: async ({ latents }, top) => latents.map((latent) => rankLogits(names, classifier.logits(latent), top)),
    release: NOTHING_HELD,
  };
}

/**
 * The labels of a head on this model's features; there are no cosines.
 * @throws CocaError as `openHead`
 */
export async function headScorer(coca: Coca, path: string): Promise<LabelScorer> {
  const { openHead } = await import('../../model/probing/head.js');
  const head = await openHead(path, coca);
  const { names } = head.classes;
  return {
    score: async (encoding, top) => (await head.logits(encoding)).map((logits) => rankLogits(names, logits, top)),
    release: () => head.release(),
  };
}

/** Labels by logits, which take the place of scaled cosines. */
function rankLogits(names: readonly string[], logits: readonly number[], top: number): Ranked[] {
  const figures = names.map((caption, i) => ({ caption, cosine: logits[i]!, likelihood: null }));
  return rank(figures, { logitScale: 1, logitBias: 0 }, top).map((row) => ({ ...row, cosine: null }));
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
  const labels = commaList(listed ?? '');
  if (file !== undefined) for await (const label of readTextList(file, context.stdin)) labels.push(label.trim());
  const named = [...new Set(labels.filter((label) => label !== ''))];
  if (named.length === 0) throw new CocaError('bad-text', 'all labels are empty');
  return named;
}

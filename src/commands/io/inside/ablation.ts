import type { OptionValues } from '../../../cli/command.js';
import type { Coca } from '../../../model/api.js';
import { CocaError } from '../../../model/base/errors.js';

/** Options that take parts out of the model that a command works with. */
export const ABLATION_OPTIONS = {
  ablate: {
    type: 'text',
    kind: 'sites',
    placeholder: 'SITE[,SITE...]',
    description:
      'takes parts out of the model: cross.2.h5 is a head, cross.2 all heads of a layer, mlp.cross.2 its MLP; so with vision, text and self; pooler.h1 (coca help inside)',
    group: 'Ablation',
  },
  ablateWith: {
    type: 'choice',
    choices: ['zero', 'mean'],
    placeholder: 'WHAT',
    default: 'zero',
    description: 'what they give in place of what they would have given: nothing, or what they give on average',
    group: 'Ablation',
  },
  ablateOver: {
    type: 'text',
    kind: 'image',
    placeholder: 'IMAGES',
    description: 'with --ablate-with mean: the pictures of that average, a folder, glob or path',
    otherwise: 'the 48 scenes that come with the program',
    group: 'Ablation',
  },
} as const;

export type AblationValues = Partial<OptionValues<typeof ABLATION_OPTIONS>>;

/**
 * Checks what was typed of these options against itself; which sites there are is seen once the model is known.
 * @throws CocaError `usage` for one that would do nothing
 */
export function checkAblation({ ablate, ablateWith }: AblationValues, typed: ReadonlySet<string>): void {
  if (ablate === undefined && typed.has('ablateWith')) {
    throw new CocaError('usage', '--ablate-with means nothing without --ablate');
  }
  if (ablateWith !== 'mean' && typed.has('ablateOver')) {
    throw new CocaError('usage', '--ablate-over means nothing without --ablate-with mean');
  }
}

/** What a result says of what was taken out of its model: nothing where that is nothing. */
export function ablatedOf({ ablated }: Pick<Coca, 'ablated'>): {
  readonly ablated?: readonly string[];
  readonly ablated_with?: 'mean';
} {
  if (ablated === undefined) return {};
  return { ablated: ablated.sites, ...(ablated.with === 'mean' && { ablated_with: ablated.with }) };
}

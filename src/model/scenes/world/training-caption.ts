import type { Random } from '../../base/random.js';
import type { SceneContent } from './content.js';
import { asPair, type Claimed, longestCaption, nounPhrase, onBackground, pairPhrases } from './grammar.js';

/** How often a caption says the exact relation of a pair, the background, the size of a small or large thing. */
export interface Says {
  readonly relation: number;
  readonly background: number;
  readonly size: number;
  /** How often a pair is said by its longest exact phrase, before all that. */
  readonly longest: number;
}

export const USUALLY_SAYS: Says = { relation: 0.8, background: 0.6, size: 0.6, longest: 0 };

/** One of a scene's true captions, as a person might put it: not always all there is to say. */
export function trainingCaption(content: SceneContent, random: Random, says: Says = USUALLY_SAYS): string {
  const phrase = trainingPhrase(content, random, says);
  return random.chance(says.background) ? onBackground(phrase, content.background) : phrase;
}

function trainingPhrase({ groups, relation, size }: SceneContent, random: Random, says: Says): string {
  if (relation === null) {
    const named = (size === 'small' || size === 'large') && random.chance(says.size) ? size : undefined;
    return nounPhrase(groups[0]!, named);
  }
  // A number is drawn only where it matters, so that scenes stay what they were without it.
  if (says.longest > 0 && random.chance(says.longest)) return longestCaption(pairPhrases(asPair(groups), relation));
  const vague: Claimed[] = relation === 'left' ? ['together', 'beside'] : ['together'];
  const claimed = random.chance(says.relation) ? relation : random.pick(vague);
  return random.pick(pairPhrases(asPair(groups), claimed));
}

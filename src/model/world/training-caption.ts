import type { Random } from '../random.js';
import type { SceneContent } from './content.js';
import { asPair, type Claimed, nounPhrase, onBackground, pairPhrases } from './grammar.js';

/** How often a caption says the exact relation of a pair, the background, the size of a small or large thing. */
const SAYS = { relation: 0.8, background: 0.6, size: 0.6 } as const;

/** One of a scene's true captions, as a person might put it: not always all there is to say. */
export function trainingCaption(content: SceneContent, random: Random): string {
  const phrase = trainingPhrase(content, random);
  return random.chance(SAYS.background) ? onBackground(phrase, content.background) : phrase;
}

function trainingPhrase({ groups, relation, size }: SceneContent, random: Random): string {
  if (relation === null) {
    const named = (size === 'small' || size === 'large') && random.chance(SAYS.size) ? size : undefined;
    return nounPhrase(groups[0]!, named);
  }
  const vague: Claimed[] = relation === 'left' ? ['together', 'beside'] : ['together'];
  const claimed = random.chance(SAYS.relation) ? relation : random.pick(vague);
  return random.pick(pairPhrases(asPair(groups), claimed));
}

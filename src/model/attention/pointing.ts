import type { Coca } from '../api.js';
import { nextRandom, type RandomState, seedRandom } from '../base/random.js';
import type { Picture } from '../image/picture.js';
import { sumOfWord, type Word } from '../tokenizer/words.js';
import { type Box, highestPatches, massInside, pointsInto, REGION, withoutPatches } from './faithfulness.js';
import { attendCaption, type MapChoice, mapOfWord, occlude, withOcclusion } from './index.js';

/** A picture whose objects are known. */
export interface LocatedScene {
  readonly picture: Picture;
  readonly caption: string;
  /** What the caption names and where each lies; a name may be of several words and of several boxes. */
  readonly objects: readonly { readonly name: string; readonly boxes: readonly Box[] }[];
}

/** How true the maps of one choice are. */
export interface PointingFigures {
  readonly choice: MapChoice;
  /** Objects named in captions. */
  readonly nouns: number;
  /** Of them, whose map peaks in one of the object's boxes. */
  readonly hits: number;
  /** Of the nouns, those that the model itself expects: p(noun | image, the words before) of at least 1/2. */
  readonly expected: number;
  readonly expectedHits: number;
  /** Mean part of the map that lies in the boxes. */
  readonly mass: number;
  /** Mean loss of log p(noun) when the highest patches of its map are blanked. */
  readonly drop: number;
  /** The same for as many patches drawn at random, over all seeds. */
  readonly randomDrop: number;
  /** Of the nouns, those whose own loss is larger than their mean loss at random. */
  readonly deletionWins: number;
  /** Mean number of pictures that go through the model for the maps of a caption, its own included. */
  readonly passes: number;
}

/** The probability from which a noun counts as one that the model expects. */
const EXPECTED = 0.5;

interface Sums {
  nouns: number;
  hits: number;
  expected: number;
  expectedHits: number;
  mass: number;
  drop: number;
  randomDrop: number;
  deletionWins: number;
  passes: number;
}

/**
 * Plays the pointing game and the deletion game on scenes, for several choices of map at once. Captions are teacher
 * forced, so that every choice sees the same words.
 * @param options `seeds`: how many random deletions each noun's own deletion is compared with; `window` as for `occlude`
 */
export async function measurePointing(
  coca: Coca,
  scenes: AsyncIterable<LocatedScene>,
  choices: readonly MapChoice[],
  { seeds, window, signal }: { readonly seeds: number; readonly window?: number; readonly signal?: AbortSignal },
): Promise<PointingFigures[]> {
  const totals: Sums[] = choices.map(() => ({
    nouns: 0,
    hits: 0,
    expected: 0,
    expectedHits: 0,
    mass: 0,
    drop: 0,
    randomDrop: 0,
    deletionWins: 0,
    passes: 0,
  }));
  const uses = (wanted: MapChoice['method']) => choices.some(({ method }) => method === wanted);
  let random = seedRandom(0, 0);
  for await (const { picture, caption, objects } of scenes) {
    const { special } = coca.tokenizer;
    const ids = [special.sot, ...coca.tokenizer.encode(caption), special.eot];
    const image = await coca.encodeImages([picture], { attention: true });
    const plain = await attendCaption(coca, image, ids, { gradient: uses('gradient') });
    const { grid } = plain.maps;
    const occlusion = uses('occlusion')
      ? await occlude(coca, picture, ids, plain.raw.logprobs, { grid, window, signal })
      : undefined;
    const attention = occlusion ? withOcclusion(plain, occlusion, coca) : plain;
    const deleted = Math.round(REGION * grid * grid);
    /** log p of every word when these patches are gone. */
    const without = async (patches: readonly number[]) => {
      const blanked = await coca.encodeImages([withoutPatches(picture, grid, patches)], { attention: true });
      const { logprobs } = await coca.attend(blanked, ids);
      return (word: Word) => sumOfWord(word, logprobs);
    };
    const atRandom: ((word: Word) => number)[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      const drawn = sample(random, grid * grid, deleted);
      random = drawn.state;
      atRandom.push(await without(drawn.patches));
    }
    for (const { name, boxes } of objects) {
      const noun = nounIn(attention.words, name);
      if (noun === undefined) continue;
      const randomDrop = noun.logprob - atRandom.reduce((sum, logprob) => sum + logprob(noun), 0) / seeds;
      for (const [i, choice] of choices.entries()) {
        const map = mapOfWord(attention, noun, choice);
        const drop = noun.logprob - (await without(highestPatches(map, deleted)))(noun);
        const total = totals[i]!;
        total.nouns++;
        total.passes += 1 + (choice.method === 'occlusion' ? occlusion!.passes : 0);
        const hit = pointsInto(map, grid, picture, boxes);
        if (hit) total.hits++;
        if (Math.exp(noun.logprob) >= EXPECTED) {
          total.expected++;
          if (hit) total.expectedHits++;
        }
        total.mass += massInside(map, grid, picture, boxes);
        total.drop += drop;
        total.randomDrop += randomDrop;
        if (drop > randomDrop) total.deletionWins++;
      }
    }
  }
  return totals.map((total, i) => ({
    ...total,
    choice: choices[i]!,
    mass: total.mass / total.nouns,
    drop: total.drop / total.nouns,
    passes: total.passes / total.nouns,
    randomDrop: total.randomDrop / total.nouns,
  }));
}

/** The words of an object's name where they stand in a row in a caption, as one. */
export function nounIn(words: readonly Word[], name: string): Word | undefined {
  const wanted = name.toLowerCase().split(/\s+/);
  for (let start = 0; start + wanted.length <= words.length; start++) {
    const found = words.slice(start, start + wanted.length);
    if (!found.every(({ text }, i) => text === wanted[i])) continue;
    return {
      text: name,
      positions: found.flatMap(({ positions }) => positions),
      logprob: found.reduce((sum, { logprob }) => sum + logprob, 0),
      special: false,
    };
  }
  return undefined;
}

/** `count` different numbers below `total`. */
function sample(start: RandomState, total: number, count: number): { patches: number[]; state: RandomState } {
  const rest = [...Array(total).keys()];
  const patches: number[] = [];
  let state = start;
  for (let i = 0; i < count; i++) {
    const next = nextRandom(state);
    state = next.state;
    patches.push(rest.splice(Math.floor(next.value * rest.length), 1)[0]!);
  }
  return { patches, state };
}

/**
 * The figures of docs/inside.md, as the tables that stand there: how far the logit lens reads, whether it agrees with a model whose
 * later layers are taken out, whether the heads that `coca heads` names first are those that a word needs, and whether they are also
 * those of words of its kind in other scenes. On the scenes that come with the program, with the captions that the model finds for them.
 *
 *     node --import tsx scripts/inside.ts [MODEL] [--scenes N] [--only lens|agreement|heads|transfer]
 */

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { ImageEncoding } from '../src/model/api.js';
import { Random } from '../src/model/base/random.js';
import { contextLength, requireCaptioner } from '../src/model/config/config.js';
import { decodingOptions } from '../src/model/decoding/index.js';
import { loadPicture } from '../src/model/image/load-picture.js';
import type { Picture } from '../src/model/image/picture.js';
import { ablations, alongRows, type Means } from '../src/model/interventions/changes.js';
import { chunks } from '../src/model/interventions/chunks.js';
import { type SiteCost, siteCosts } from '../src/model/interventions/heads.js';
import { type Lens, type LensCell, logitLens } from '../src/model/interventions/lens.js';
import { meanActivations } from '../src/model/interventions/means.js';
import { headsOf, type Site, siteName } from '../src/model/interventions/sites.js';
import { bundledScenes } from '../src/model/scenes/bundled.js';
import { BACKGROUNDS, NUMBERS, THINGS } from '../src/model/scenes/world/things.js';
import { type LoadedCoca, loadCoca } from '../src/model/store/load.js';
import { sumOfWord, type Word, wordsOf } from '../src/model/tokenizer/words.js';

interface Captioned {
  readonly picture: Picture;
  readonly image: ImageEncoding;
  readonly ids: readonly number[];
  readonly logprobs: readonly number[];
  readonly lens: Lens;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
const isFirst = ({ rank }: LensCell): boolean => rank === 1;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

async function captioned(coca: LoadedCoca, count: number): Promise<Captioned[]> {
  const options = decodingOptions({}, { contextLength: contextLength(coca.config) });
  const all: Captioned[] = [];
  for (const name of (await bundledScenes()).slice(0, count)) {
    const picture = await loadPicture(await readFile(name), coca.preprocess);
    const image = await coca.encodeImages([picture]);
    const { ids } = (await coca.caption(image, options)).captions[0]![0]!;
    const [logprobs] = await coca.readCaption(image, ids);
    all.push({ picture, image, ids, logprobs: logprobs!, lens: await logitLens(coca, image, ids) });
  }
  return all;
}

/** Whether it reads: by layer. */
function reading(all: readonly Captioned[]): string {
  const { layers } = all[0]!.lens;
  const words = all.flatMap(({ lens }) => lens.ids.slice(1).map((_, r) => lens.cells.map((cells) => cells[r]!)));
  const first = words.map((cells) => cells.findIndex((_, l) => cells.slice(l).every(isFirst)));
  return table(
    ['row', "leads with the caption's word", 'from here on to the end', 'its probability', 'entropy, nats'],
    layers.map((layer, l) => [
      layer,
      percent(mean(words.map((cells) => Number(isFirst(cells[l]!))))),
      percent(mean(first.map((at) => Number(at >= 0 && at <= l)))),
      percent(mean(words.map((cells) => cells[l]!.probability))),
      mean(words.map((cells) => cells[l]!.entropy)).toFixed(2),
    ]),
  );
}

/** All that the multimodal layers after one add to what passes through. */
function layersAfter(layer: number, count: number): Site[] {
  const later = Array.from({ length: count - layer - 1 }, (_, i) => layer + 1 + i);
  const towers = ['self', 'cross'] as const;
  const parts = ['attention', 'mlp'] as const;
  return later.flatMap((at) => towers.flatMap((tower) => parts.map((part) => ({ tower, layer: at, part }))));
}

/** Whether a model without its later layers says what the lens says of it. */
async function agreement(coca: LoadedCoca, all: readonly Captioned[], means: Means): Promise<string> {
  requireCaptioner(coca.config, 'the lens');
  const { layers } = coca.config.multimodal;
  const rows: string[][] = [];
  for (let layer = 0; layer < layers - 1; layer++) {
    const cells = [`cross.${layer}`];
    for (const stand of [undefined, means]) {
      const cut = coca.without(layersAfter(layer, layers), stand);
      const says: { readonly agrees: boolean; readonly isKept: boolean; readonly lensKept: boolean }[] = [];
      for (const { image, ids, lens } of all) {
        const last = (await logitLens(cut, image, ids)).cells.at(-1)!;
        for (const [r, cell] of last.entries()) {
          const read = lens.cells[1 + layer]![r]!;
          const agrees = read.top[0]!.id === cell.top[0]!.id;
          says.push({ agrees, isKept: isFirst(cell), lensKept: isFirst(read) });
        }
      }
      const right = mean(says.map(({ isKept, lensKept }) => Number(isKept === lensKept)));
      cells.push(percent(mean(says.map(({ agrees }) => Number(agrees)))), percent(right));
    }
    rows.push(cells);
  }
  const columns = ['same word', "agree on whether it is the caption's"];
  return table(
    ['row', ...columns.map((column) => `zero: ${column}`), ...columns.map((column) => `mean: ${column}`)],
    rows,
  );
}

/** How many heads are taken out together. */
const TOGETHER = 3;

/** Whether the heads that cost a word most by themselves cost it more together than as many others. */
async function heads(coca: LoadedCoca, all: readonly Captioned[], means: Means): Promise<string> {
  const rows: string[][] = [];
  for (const tower of ['cross', 'self', 'text', 'pooler'] as const) {
    const sites = headsOf(coca.config, [tower]);
    if (sites.length <= TOGETHER) continue;
    const random = new Random(0, 0);
    const drops: { readonly named: number; readonly others: number; readonly most: number }[] = [];
    for (const { picture, image, ids, logprobs } of all) {
      const costs: SiteCost[] = [];
      for await (const cost of siteCosts(coca, picture, ids, sites, { means })) costs.push(cost);
      for (const word of wordsOf(ids, logprobs, coca.tokenizer)) {
        if (word.special) continue;
        const costOf = ({ costs: ofTokens }: SiteCost) =>
          word.positions.reduce((sum, at) => sum + ofTokens[at - 1]!, 0);
        const sorted = [...costs].sort((a, b) => costOf(b) - costOf(a)).map(({ site }) => site);
        const others = random.some(sorted.slice(TOGETHER), TOGETHER);
        const dropOf = async (gone: readonly Site[]): Promise<number> => {
          const rest = coca.without(gone, means);
          const isOfImages = tower === 'pooler';
          const [without] = await rest.readCaption(isOfImages ? await rest.encodeImages([picture]) : image, ids);
          return word.positions.reduce((sum, at) => sum + logprobs[at - 1]! - without![at - 1]!, 0);
        };
        const most = costs.reduce((largest, cost) => Math.max(largest, costOf(cost)), Number.NEGATIVE_INFINITY);
        drops.push({ named: await dropOf(sorted.slice(0, TOGETHER)), others: await dropOf(others), most });
      }
    }
    rows.push([
      tower,
      String(sites.length),
      mean(drops.map(({ most }) => most)).toFixed(3),
      mean(drops.map(({ named }) => named)).toFixed(3),
      mean(drops.map(({ others }) => others)).toFixed(3),
      percent(mean(drops.map(({ named, others }) => Number(named > others)))),
    ]);
  }
  return table(
    [
      'heads of',
      'of them',
      'the first by itself',
      `the first ${TOGETHER} together`,
      `${TOGETHER} others at random`,
      'words that lose more by the first',
    ],
    rows,
  );
}

/** Words of our scenes' captions by what they speak of. */
const KINDS: Readonly<Record<string, ReadonlySet<string>>> = {
  things: new Set(THINGS.flatMap(({ singular, plural }) => [...singular.split(' '), ...plural.split(' ')])),
  counts: new Set(NUMBERS.values()),
  relations: new Set(['left', 'right', 'above', 'below']),
  backgrounds: new Set(BACKGROUNDS.keys()),
};

/** Draws of other heads that the chosen ones are compared with. */
const DRAWS = 10;

/** A word that is looked at: its kind, and of what caption. */
interface KindWord {
  readonly kind: string;
  readonly word: Word;
}

function wordsOfKinds({ ids, logprobs }: Captioned, coca: LoadedCoca): KindWord[] {
  return wordsOf(ids, logprobs, coca.tokenizer).flatMap((word) => {
    const kind = Object.keys(KINDS).find((name) => !word.special && KINDS[name]!.has(word.text.trim()));
    return kind === undefined ? [] : [{ kind, word }];
  });
}

/** How far each word falls without each of some sets of heads of the decoder: [set][word]. */
async function fallsOf(
  coca: LoadedCoca,
  { image, ids }: Captioned,
  words: readonly Word[],
  sets: readonly (readonly Site[])[],
  means: Means,
): Promise<number[][]> {
  const count = ids.length - 1;
  const falls: number[][] = [];
  for (const some of chunks(sets, Math.max(1, Math.floor(128 / count)))) {
    const changes = alongRows(ablations(some, coca.config, means), count);
    const [read] = await coca.readCaption(image, ids, { copies: some.length, changes });
    for (const i of some.keys()) {
      const without = read!.slice(i * count, (i + 1) * count);
      falls.push(words.map((word) => word.logprob - sumOfWord(word, without)));
    }
  }
  return falls;
}

/**
 * Whether what a head does for a kind of word in some scenes it also does in others: heads are chosen by their mean cost for the words
 * of a kind in every second scene, and taken out together in the scenes between.
 */
async function transfer(coca: LoadedCoca, all: readonly Captioned[], means: Means): Promise<string> {
  const chosenOn = all.filter((_, i) => i % 2 === 0);
  const testedOn = all.filter((_, i) => i % 2 === 1);
  const rows: string[][] = [];
  for (const tower of ['cross', 'self', 'text'] as const) {
    const sites = headsOf(coca.config, [tower]);
    const single: { readonly kind: string; readonly costs: readonly number[] }[] = [];
    for (const one of chosenOn) {
      const words = wordsOfKinds(one, coca);
      const each = sites.map((site) => [site]);
      const falls = await fallsOf(
        coca,
        one,
        words.map(({ word }) => word),
        each,
        means,
      );
      for (const [w, { kind }] of words.entries()) single.push({ kind, costs: falls.map((costs) => costs[w]!) });
    }
    const random = new Random(0, 0);
    for (const kind of Object.keys(KINDS)) {
      const seen = single.filter((one) => one.kind === kind);
      if (seen.length === 0) continue;
      const costOf = (s: number): number => mean(seen.map(({ costs }) => costs[s]!));
      const sorted = [...sites.keys()].sort((a, b) => costOf(b) - costOf(a)).map((s) => sites[s]!);
      const chosen = sorted.slice(0, TOGETHER);
      const others = Array.from({ length: DRAWS }, () => random.some(sorted.slice(TOGETHER), TOGETHER));
      const own: (readonly number[])[] = [];
      const foreign: number[] = [];
      for (const one of testedOn) {
        const words = wordsOfKinds(one, coca);
        const falls = await fallsOf(
          coca,
          one,
          words.map(({ word }) => word),
          [chosen, ...others],
          means,
        );
        for (const [w, word] of words.entries()) {
          if (word.kind === kind) own.push(falls.map((costs) => costs[w]!));
          else foreign.push(falls[0]![w]!);
        }
      }
      if (own.length === 0) continue;
      const byChance = own.map(([, ...drawn]) => mean(drawn));
      rows.push([
        tower,
        kind,
        chosen.map(siteName).join(' '),
        String(own.length),
        mean(own.map(([fall]) => fall!)).toFixed(3),
        mean(byChance).toFixed(3),
        percent(mean(own.map(([fall], w) => Number(fall! > byChance[w]!)))),
        mean(foreign).toFixed(3),
      ]);
    }
  }
  return table(
    [
      'heads of',
      'words of',
      `the ${TOGETHER} that cost them most in half of the scenes`,
      'words in the other half',
      'fall there',
      `without ${TOGETHER} others at random`,
      'words that fall more',
      'fall of words of other kinds',
    ],
    rows,
  );
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { scenes: { type: 'string', default: '48' }, only: { type: 'string' } },
});
const [model] = positionals;
const coca = await loadCoca(model === undefined ? { model: 'scenes' } : { model });
const all = await captioned(coca, Number(values.scenes));
const means = await meanActivations(coca, all);
const tables: Readonly<Record<string, () => Promise<string> | string>> = {
  lens: () => reading(all),
  agreement: () => agreement(coca, all, means),
  heads: () => heads(coca, all, means),
  transfer: () => transfer(coca, all, means),
};
const wanted = values.only === undefined ? Object.keys(tables) : [values.only];
console.log(`${coca.name} on ${coca.device}: ${all.length} scenes`);
for (const name of wanted) {
  const make = tables[name];
  if (make === undefined) throw new Error(`--only ${name}: there are ${Object.keys(tables).join(', ')}`);
  console.log(`\n${await make()}`);
}
await coca.close();

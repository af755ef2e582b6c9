/**
 * Whether the logit lens reads the pooler's queries (docs/inside.md): each image token as if it were a row of the multimodal half, the
 * likeliest thing that it says, whether that is in the scene, and whether the query looks where it lies. On the scenes that come with the program.
 *
 *     node --import tsx scripts/pooler-queries.ts
 */
import { readFile } from 'node:fs/promises';
import { pointsInto } from '../src/model/attention/faithfulness.js';
import { gridSize, requireCaptioner } from '../src/model/config/config.js';
import { loadPicture } from '../src/model/image/load-picture.js';
import { BUNDLED_SCENES, readScenes } from '../src/model/scenes/scenes-file.js';
import { THINGS } from '../src/model/scenes/world/things.js';
import { loadCoca } from '../src/model/store/load.js';

const coca = await loadCoca({ device: 'cpu' });
requireCaptioner(coca.config, 'the lens');
const { width } = coca.config.multimodal;
const grid = gridSize(coca.config);

/** Things that are one token, singular or plural: what a row can say at once. */
const words = new Map<number, string>();
for (const { singular, plural } of THINGS) {
  for (const word of [singular, plural]) {
    const ids = coca.tokenizer.encode(word);
    if (ids.length === 1) words.set(ids[0]!, singular);
  }
}

let queries = 0;
let present = 0;
let pointed = 0;
let chance = 0;
for (const { image, objects } of await readScenes(BUNDLED_SCENES)) {
  const picture = await loadPicture(await readFile(image), coca.preprocess);
  const { encoding, pooler } = await looked(picture);
  const count = encoding.length / width;
  const logits = await coca.readOut({ data: encoding, shape: [1, count, width] });
  const vocab = logits.length / count;
  const there = new Map(objects.map(({ name, boxes }) => [oneOf(name), boxes]));
  for (let query = 0; query < count; query++) {
    const row = logits.subarray(query * vocab, (query + 1) * vocab);
    let best = -1;
    for (const id of words.keys()) if (best < 0 || row[id]! > row[best]!) best = id;
    const boxes = there.get(words.get(best)!);
    queries++;
    chance += there.size / new Set(words.values()).size;
    if (boxes === undefined) continue;
    present++;
    if (pointsInto(pooler(query), grid, picture, boxes)) pointed++;
  }
}
await coca.close();
console.log(JSON.stringify({ things: new Set(words.values()).size, queries, present, chance, pointed }));

/** The name of one of what a scene has one or several of. */
function oneOf(name: string): string {
  return THINGS.find(({ singular, plural }) => singular === name || plural === name)?.singular ?? name;
}

/** Image tokens [Q, W], and the mean over heads of where a query looks [P]. */
async function looked(picture: Parameters<typeof coca.encodeImages>[0][number]) {
  const found = await coca.encodeImages([picture], { attention: true });
  const raw = coca.attendEmbedding(found).pooler!;
  const { heads, queries: count, keys } = raw;
  const pooler = (query: number): Float32Array => {
    const map = new Float32Array(grid * grid);
    const first = keys - map.length;
    for (let head = 0; head < heads; head++) {
      for (let p = 0; p < map.length; p++) {
        map[p]! += raw.data[(head * count + query) * keys + first + p]! / heads;
      }
    }
    return map;
  };
  const { tokensOf } = await import('../src/model/encoding.js');
  return { encoding: tokensOf(found).data, pooler };
}

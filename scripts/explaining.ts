/**
 * The figures of docs/explaining.md: how often what a bundled scene shows is among the concepts of its embedding.
 *
 *     node --import tsx scripts/explaining.ts [MODEL]
 */
import { readFileSync } from 'node:fs';
import { conceptEmbeddings, worldConcepts } from '../src/model/explaining/concepts.js';
import { centredConcepts, explain, meanOf } from '../src/model/explaining/explain.js';
import { loadPicture } from '../src/model/image/load-picture.js';
import { BUNDLED_SCENES, readScenes } from '../src/model/scenes/scenes-file.js';
import { contentOf, nounPhrase } from '../src/model/scenes/world/grammar.js';
import { THINGS } from '../src/model/scenes/world/things.js';
import { loadCoca } from '../src/model/store/load.js';

const [model] = process.argv.slice(2);
const coca = await loadCoca(model === undefined ? {} : { model });
const list = worldConcepts();
const concepts = centredConcepts(await conceptEmbeddings(coca, list));
const scenes = await readScenes(BUNDLED_SCENES);
const features: Float32Array[] = [];
for (const { image } of scenes) {
  const encoded = await coca.encodeImages([await loadPicture(readFileSync(image), coca.preprocess)]);
  features.push(encoded.features[0]!);
}
await coca.close();

for (const centre of [meanOf(features), undefined]) {
  const sums = { things: 0, first: 0, named: 0, counted: 0, backgrounds: 0, cosine: 0, size: 0 };
  for (const [i, { caption }] of scenes.entries()) {
    const content = contentOf(caption)!;
    const found = explain(features[i]!, concepts, centre, 10);
    const texts = found.concepts.map(({ concept }) => list.texts[concept]!);
    const names = ({ thing }: { thing: number }) => [1, 2, 3, 4].map((count) => nounPhrase({ thing, count }));
    const isOf = (text: string) => content.groups.some((group) => names(group).includes(text));
    if (texts[0] !== undefined && isOf(texts[0])) sums.first++;
    for (const group of content.groups) {
      sums.things++;
      if (names(group).some((name) => texts.includes(name))) sums.named++;
      if (texts.includes(nounPhrase(group))) sums.counted++;
    }
    if (texts.includes(`${content.background} background`)) sums.backgrounds++;
    sums.cosine += found.cosine / scenes.length;
    sums.size += found.concepts.length / scenes.length;
  }
  console.log(
    centre ? 'centred' : 'not centred',
    JSON.stringify({ ...sums, scenes: scenes.length, known: THINGS.length }),
  );
}

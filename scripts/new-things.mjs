/**
 * Makes pictures of three things that the bundled model has never seen, with captions to fine-tune it on: the example of
 * docs/training.md. Written as anyone would write it for pictures of their own.
 *
 *   node scripts/new-things.mjs FOLDER COUNT [SEED]
 *
 * Needs the art that `coca scenes` needs: npm install emoji-datasource-google@16.0.0
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const THINGS = { kangaroo: '1f998', teapot: '1fad6', flamingo: '1f9a9' };
const BACKGROUNDS = { white: '#f4f4f4', yellow: '#fce881', blue: '#8cb4ec', green: '#9ad69a', pink: '#f6b6cc' };
const SIDE = 96;

const [folder, count, seed = '1'] = process.argv.slice(2);
if (!(Number(count) > 0)) throw new Error('new-things.mjs FOLDER COUNT [SEED]');

/** Park and Miller's generator: the same pictures for the same seed. */
let state = Number(seed);
const below = (limit) => {
  state = (state * 48271) % 2147483647;
  return state % limit;
};

mkdirSync(folder, { recursive: true });
const lines = [];
for (let i = 0; i < Number(count); i++) {
  const thing = Object.keys(THINGS)[below(3)];
  const background = Object.keys(BACKGROUNDS)[below(5)];
  const side = 32 + below(50);
  const art = fileURLToPath(import.meta.resolve(`emoji-datasource-google/img/google/64/${THINGS[thing]}.png`));
  const pasted = await sharp(readFileSync(art)).resize(side, side).png().toBuffer();
  const image = `${String(i + 1).padStart(3, '0')}.png`;
  await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: BACKGROUNDS[background] } })
    .composite([{ input: pasted, left: below(SIDE - side), top: below(SIDE - side) }])
    .toFile(join(folder, image));
  const true_captions = [`a ${thing}`, `a ${thing} on a ${background} background`];
  lines.push(JSON.stringify({ image, caption: true_captions[below(2)], true_captions, label: thing }));
}
writeFileSync(join(folder, 'captions.jsonl'), `${lines.join('\n')}\n`);

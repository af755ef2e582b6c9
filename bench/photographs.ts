import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { mapAhead } from '../src/model/base/pipeline.js';

const SOURCE = fileURLToPath(new URL('../fixtures/golden/preprocess/coffee.jpg', import.meta.url));
/** Megapixels of the photographs, one after the other. */
export const SIZES = [1, 2, 3, 5, 8, 12];
/**
 * JPEGs, textured so that they take as long to decode as real ones, made once in the system's temporary folder.
 * @returns the path of a list of their names
 */
export async function photographs(count: number): Promise<string> {
  const folder = join(tmpdir(), 'coca-bench-photographs');
  mkdirSync(folder, { recursive: true });
  const name = (i: number) => join(folder, `${String(i).padStart(4, '0')}.jpg`);
  async function* missing(): AsyncGenerator<number> {
    for (let i = 0; i < count; i++) if (!existsSync(name(i))) yield i;
  }
  for await (const _ of mapAhead(missing(), (i) => photograph(name(i), i), 2));
  const list = join(folder, `${count}.txt`);
  writeFileSync(list, Array.from({ length: count }, (_, i) => `${name(i)}\n`).join(''));
  return list;
}

/** The source turned and enlarged, with grain as a sensor has it, at 4:3 or 3:4. */
async function photograph(file: string, index: number): Promise<void> {
  const pixels = SIZES[index % SIZES.length]! * 1e6;
  const [long, short] = [Math.round(Math.sqrt((pixels * 4) / 3)), Math.round(Math.sqrt((pixels * 3) / 4))];
  const [width, height] = index % 2 === 0 ? [long, short] : [short, long];
  const grain = { type: 'gaussian', mean: 128, sigma: 12 } as const;
  const noise = await sharp({ create: { width, height, channels: 3, background: '#808080', noise: grain } })
    .png()
    .toBuffer();
  const turned = await sharp(SOURCE)
    .rotate((index * 37) % 360, { background: '#667' })
    .toBuffer();
  await sharp(turned)
    .resize(width, height, { fit: 'cover' })
    .composite([{ input: noise, blend: 'soft-light' }])
    .modulate({ hue: (index * 53) % 360 })
    .jpeg({ quality: 90 })
    .toFile(file);
}

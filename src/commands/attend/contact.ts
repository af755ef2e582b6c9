import type { Sharp } from 'sharp';
import type { Raster } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';

/** Sides of a tile, and the room for its label, in pixels. */
const TILE = 224;
const LABEL = 30;
const GAP = 8;
const FONT = 'sans 11';
const BACKGROUND = { r: 24, g: 24, b: 24 };

/** A picture of a sheet, and what stands below it. */
export interface SheetTile {
  readonly picture: Raster;
  readonly label?: { readonly number: number; readonly text: string };
}

/**
 * Pictures on one sheet: PNG bytes. Labels are drawn with the machine's fonts; where there are none, tiles are numbered by bars that can
 * be counted in fives.
 * @param columns as many as make about a square, unless it is said
 */
export async function contactSheet(
  tiles: readonly SheetTile[],
  columns = Math.min(tiles.length, Math.max(3, Math.ceil(Math.sqrt(tiles.length)))),
): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const hasFonts = await canDrawText();
  const rows = Math.ceil(tiles.length / columns);
  const width = columns * (TILE + GAP) + GAP;
  const height = rows * (TILE + LABEL + GAP) + GAP;
  const parts = await Promise.all(
    tiles.map(async ({ picture: { size, rgb }, label: about }, i) => {
      const left = GAP + (i % columns) * (TILE + GAP);
      const top = GAP + Math.floor(i / columns) * (TILE + LABEL + GAP);
      const input = await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
        .resize(TILE, TILE, { kernel: 'cubic' })
        .png()
        .toBuffer();
      const label = about && (await labelImage(about.number, about.text, hasFonts));
      return [{ input, left, top }, ...(label ? [{ input: label, left, top: top + TILE + 4 }] : [])];
    }),
  );
  return sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite(parts.flat())
    .png()
    .toBuffer();
}

async function labelImage(number: number, word: string, hasFonts: boolean): Promise<Buffer> {
  if (!hasFonts) return tally(number);
  const { default: sharp } = await import('sharp');
  const text = await drawText(`${number}  ${visible(word)}`);
  const { width = 0, height = 0 } = await text.metadata();
  const bytes = await text.png().toBuffer();
  // What is wider or higher than a label goes to its edge.
  const cut = { left: 0, top: 0, width: Math.min(width, TILE), height: Math.min(height, LABEL - 6) };
  return sharp(bytes).extract(cut).png().toBuffer();
}

/** White text on nothing; what would be markup is text too. */
async function drawText(text: string): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return sharp({ text: { text: `<span foreground="white">${escaped}</span>`, font: FONT, rgba: true } });
}

/** Without fonts, every character is drawn as the same empty box. */
async function canDrawText(): Promise<boolean> {
  const [narrow, wide] = await Promise.all(['i', 'W'].map(async (text) => (await drawText(text)).raw().toBuffer()));
  return !narrow!.equals(wide!);
}

/** A number as so many bars, a wider gap after each five. */
async function tally(number: number): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const at = (i: number): number => 4 * i + 5 * Math.floor(i / 5);
  const width = Math.min(TILE, at(number));
  const bars = Buffer.alloc(width * 12 * 3, BACKGROUND.r);
  for (let i = 0; i < number && at(i) + 2 <= width; i++) {
    for (let y = 0; y < 12; y++) bars.fill(255, (y * width + at(i)) * 3, (y * width + at(i) + 2) * 3);
  }
  return sharp(bars, { raw: { width, height: 12, channels: 3 } })
    .png()
    .toBuffer();
}

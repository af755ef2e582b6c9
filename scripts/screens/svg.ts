import { medianCut } from '../../src/ui/picture/median-cut.js';
import { CELL, type Cells, rowSvg } from './row.js';
import { lookOf } from './style.js';

/** A frame of an animation, shown from a time in seconds on. */
export interface TimedFrame {
  readonly at: number;
  readonly screen: Cells;
}

const MARGIN = 10;

/** The sixteen colours of a terminal, on a dark ground and on a light one. */
const DARK =
  '#3b4048 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #d7dae0 #7f848e #ef7b85 #a9d489 #f2cf8c #7cc0ff #d68fe9 #6cc9d4 #ffffff';
const LIGHT =
  '#1c1f24 #c0303a #3c7a1e #9a6700 #1f5fbf #8a35a8 #0b7285 #b9bec7 #6b7280 #d03a44 #4a8c28 #b07a00 #2f73d8 #9c45ba #12869b #ffffff';

const theme = (fg: string, bg: string, colors: string): string =>
  `--fg:${fg};--bg:${bg};${colors
    .split(' ')
    .map((color, i) => `--a${i}:${color}`)
    .join(';')}`;

const STYLE = [
  `svg{${theme('#d7dae0', '#16181d', DARK)}}`,
  `@media(prefers-color-scheme:light){svg{${theme('#24292f', '#ffffff', LIGHT)}}}`,
  'text{font:13.3px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;white-space:pre;fill:var(--fg)}',
  '.b{font-weight:700}.d{opacity:.6}.u{text-decoration:underline}.p{shape-rendering:crispEdges;transform:scale(8,8.5)}.h{stroke-width:1}.w{stroke-width:2}',
  '.o{stroke-linecap:round;stroke-width:2.2}',
].join('');

/** A colour in three digits: to tell frames that move apart, that is enough. */
const short = (color: string): string =>
  color.startsWith('#')
    ? `#${[1, 3, 5].map((at) => Math.round(Number.parseInt(color.slice(at, at + 2), 16) / 17).toString(16)).join('')}`
    : color;

/** Brings the colours of screens to at most 256 of them, so that paths of one colour are few. */
function quantizer(screens: readonly Cells[]): (color: string) => string {
  const exact: string[] = [];
  const add = (color: string): void => {
    if (color.startsWith('#')) exact.push(color);
  };
  for (const screen of screens) {
    for (let row = 0; row < screen.rows; row++) {
      for (let column = 0; column < screen.columns; column++) {
        const { foreground, background } = lookOf(screen.cell(row, column).style);
        add(foreground);
        add(background);
      }
    }
  }
  if (new Set(exact).size <= 64) return (color) => color;
  const rgb = Uint8Array.from(exact.flatMap((color) => [...Buffer.from(color.slice(1), 'hex')]));
  const { indices, palette } = medianCut(rgb);
  const known = new Map(
    exact.map((color, i) => {
      const at = indices[i]! * 3;
      return [color, `#${Buffer.from(palette.subarray(at, at + 3)).toString('hex')}`];
    }),
  );
  return (color) => known.get(color) ?? color;
}

/** Screens, one after the other, as one SVG that follows the reader's light or dark scheme; a single one stands still. */
export function svgOf(frames: readonly TimedFrame[], seconds: number, title: string): string {
  const { columns, rows } = frames[0]!.screen;
  const colorOf = frames.length > 1 ? short : quantizer(frames.map(({ screen }) => screen));
  const [width, height] = [columns * CELL.width + 2 * MARGIN, rows * CELL.height + 2 * MARGIN];
  const ids = new Map<string, number>();
  const uses = frames.map(({ screen }) =>
    Array.from({ length: rows }, (_, row) => {
      const svg = rowSvg(screen, row, colorOf);
      if (svg === '') return '';
      const id = ids.get(svg) ?? ids.size;
      ids.set(svg, id);
      return frames.length === 1
        ? `<g transform="translate(0 ${row * CELL.height})">${svg}</g>`
        : `<use href="#r${id}" y="${row * CELL.height}"/>`;
    }).join(''),
  );
  const definitions =
    frames.length === 1 ? '' : `<defs>${[...ids].map(([svg, id]) => `<g id="r${id}">${svg}</g>`).join('')}</defs>`;
  const body = frames.length === 1 ? uses[0] : uses.map((one, i) => animated(one, frames, i, seconds)).join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">` +
    `<title>${title}</title><style>${STYLE}</style><rect width="${width}" height="${height}" rx="8" style="fill:var(--bg);stroke:var(--a8);stroke-opacity:.4"/>` +
    `${definitions}<g transform="translate(${MARGIN} ${MARGIN})">${body}</g></svg>\n`
  );
}

/** A frame that is there from its time until the next one's, again and again. */
function animated(content: string, frames: readonly TimedFrame[], index: number, seconds: number): string {
  const share = (at: number): string => (at / seconds).toFixed(4);
  const from = index === 0 ? 0 : frames[index]!.at;
  const to = frames[index + 1]?.at ?? seconds;
  const times = [
    ...(from > 0 ? [['0', 'none']] : []),
    [share(from), 'inline'],
    ...(to < seconds ? [[share(to), 'none']] : []),
  ];
  const keys = times.map(([time]) => time).join(';');
  const values = times.map(([, value]) => value).join(';');
  return `<g display="${index === 0 ? 'inline' : 'none'}"><animate attributeName="display" calcMode="discrete" dur="${seconds}s" repeatCount="indefinite" keyTimes="${keys}" values="${values}"/>${content}</g>`;
}

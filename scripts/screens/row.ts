import { type Look, lookOf } from './style.js';

export interface Cell {
  /** Empty for the second half of a wide character. */
  readonly text: string;
  /** The SGR parameters in force. */
  readonly style: string;
}

/** A screen's cells. */
export interface Cells {
  readonly columns: number;
  readonly rows: number;
  cell(row: number, column: number): Cell;
}

/** A cell in pixels of the drawing. */
export const CELL = { width: 8, height: 17 } as const;
const BASELINE = 13;

export const paintOf = (color: string): string => (color.startsWith('#') ? color : `var(--${color})`);

/** The part of a cell that a block element fills, in eighths: left, top, right, bottom. */
function blockOf(text: string): readonly [number, number, number, number] | undefined {
  const code = text.charCodeAt(0);
  if (text === '▀') return [0, 0, 8, 4];
  if (code >= 0x2581 && code <= 0x2588) return [0, 0x2588 - code, 8, 8];
  if (code >= 0x2589 && code <= 0x258f) return [0, 0, 0x2590 - code, 8];
  return undefined;
}

/** Dots of a braille character by bit: column and row. */
const DOTS = [
  [0, 0],
  [0, 1],
  [0, 2],
  [1, 0],
  [1, 1],
  [1, 2],
  [0, 3],
  [1, 3],
] as const;

/** Paths of one kind, one for each colour. */
class Paths {
  readonly #byColor = new Map<string, string>();

  add(color: string, path: string): void {
    this.#byColor.set(color, (this.#byColor.get(color) ?? '') + path);
  }

  svg(attribute: 'fill' | 'stroke', kind: string): string {
    return [...this.#byColor]
      .map(([color, path]) => `<path class="${kind}" ${attribute}="${paintOf(color)}" d="${path}"/>`)
      .join('');
  }
}

/** Rectangles in columns and half rows; those that go on to the right in their colour are one. */
class Rectangles {
  readonly #all: { color: string; left: number; right: number; top: number; bottom: number }[] = [];
  readonly #last = new Map<string, number>();

  add(color: string, left: number, top: number, right: number, bottom: number): void {
    const last = this.#all[this.#last.get(`${top} ${bottom}`) ?? -1];
    if (last?.color === color && last.right === left) last.right = right;
    else this.#last.set(`${top} ${bottom}`, this.#all.push({ color, left, right, top, bottom }) - 1);
  }

  /** Those of half a row and of a whole one are strokes, which take a third of the bytes. */
  svg(): string {
    const [halves, wholes, others] = [new Paths(), new Paths(), new Paths()];
    for (const { color, left, right, top, bottom } of this.#all) {
      const height = bottom - top;
      if (height === 1) halves.add(color, `M${left} ${top + 0.5}h${right - left}`);
      else if (height === 2) wholes.add(color, `M${left} 1h${right - left}`);
      else others.add(color, `M${left} ${top}h${right - left}v${height}h${left - right}z`);
    }
    const content = wholes.svg('stroke', 'w') + halves.svg('stroke', 'h') + others.svg('fill', '');
    return content === '' ? '' : `<g class="p">${content.replaceAll(' class=""', '')}</g>`;
  }
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function textSvg(column: number, text: string, { foreground, isBold, isDim, isUnderlined }: Look): string {
  const kinds = [isBold && 'b', isDim && 'd', isUnderlined && 'u'].filter((kind) => kind !== false).join(' ');
  const color = foreground === 'fg' ? '' : ` style="fill:${paintOf(foreground)}"`;
  // Whatever font there is, the columns are where they are.
  const length = text.length > 1 ? ` textLength="${text.length * CELL.width}"` : '';
  return `<text x="${column * CELL.width}" y="${BASELINE}"${kinds && ` class="${kinds}"`}${color}${length}>${escaped(text)}</text>`;
}

/**
 * A row of cells as SVG, its top at 0. Block elements and braille are drawn, so that they meet whatever the font.
 * @param colorOf brings a colour to those that are used
 */
export function rowSvg(screen: Cells, row: number, colorOf: (color: string) => string): string {
  const rectangles = new Rectangles();
  const dots = { plain: new Paths(), dim: new Paths() };
  let texts = '';
  let run: { readonly column: number; text: string; readonly style: string; readonly look: Look } | undefined;
  const flush = (): void => {
    if (run) texts += textSvg(run.column, run.look.isUnderlined ? run.text : run.text.trimEnd(), run.look);
    run = undefined;
  };
  for (let column = 0; column < screen.columns; column++) {
    const { text, style } = screen.cell(row, column);
    if (text === '') continue;
    const own = lookOf(style);
    const look = { ...own, foreground: colorOf(own.foreground), background: colorOf(own.background) };
    const left = column * CELL.width;
    if (look.background !== 'bg') {
      rectangles.add(look.background, column, text === '▀' ? 1 : 0, column + 1, text === '▄' ? 1 : 2);
    }
    const block = blockOf(text);
    const code = text.charCodeAt(0);
    const isBraille = code >= 0x2800 && code <= 0x28ff;
    if (block) {
      const [from, top, to, bottom] = block;
      rectangles.add(look.foreground, column + from / 8, top / 4, column + to / 8, bottom / 4);
    } else if (isBraille) {
      const paths = look.isDim ? dots.dim : dots.plain;
      for (const [bit, [x, y]] of DOTS.entries()) {
        if ((code >> bit) & 1) paths.add(look.foreground, `M${left + 2 + x * 4} ${2 + y * 4.25}h0`);
      }
    }
    const isBlank = text === ' ' && !look.isUnderlined;
    if (block || isBraille || (isBlank && (run === undefined || run.text.endsWith(' ')))) flush();
    else if (run?.style === style) run.text += text;
    else {
      flush();
      if (!isBlank) run = { column, text, style, look };
    }
  }
  flush();
  return rectangles.svg() + dots.plain.svg('stroke', 'o') + dots.dim.svg('stroke', 'o d') + texts;
}

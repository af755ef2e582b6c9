import { xtermColor } from '../../src/ui/picture/xterm-256.js';

/** How a cell looks: colours are names of the theme ("fg", "a1" for ANSI colour 1) or "#rrggbb". */
export interface Look {
  readonly foreground: string;
  readonly background: string;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isUnderlined: boolean;
}

const indexed = (index: number): string => (index < 16 ? `a${index}` : hex(...xtermColor(index)));

function hex(...rgb: readonly number[]): string {
  return `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Reads the parameters of all SGR sequences in force, one after the other, as the virtual terminal keeps them. */
export function lookOf(style: string): Look {
  let [foreground, background] = ['fg', 'bg'];
  let [isBold, isDim, isUnderlined, isInverse] = [false, false, false, false];
  const parts = style.split(/[ ;]/).filter((part) => part !== '');
  for (let i = 0; i < parts.length; i++) {
    const code = Number(parts[i]);
    if (code === 38 || code === 48) {
      const isRgb = parts[i + 1] === '2';
      const color = isRgb ? hex(...parts.slice(i + 2, i + 5).map(Number)) : indexed(Number(parts[i + 2]));
      if (code === 38) foreground = color;
      else background = color;
      i += isRgb ? 4 : 2;
    } else if (code === 0) {
      [foreground, background] = ['fg', 'bg'];
      [isBold, isDim, isUnderlined, isInverse] = [false, false, false, false];
    } else if (code === 1) isBold = true;
    else if (code === 2) isDim = true;
    else if (code === 4) isUnderlined = true;
    else if (code === 7) isInverse = true;
    else if (code === 22) [isBold, isDim] = [false, false];
    else if (code === 24) isUnderlined = false;
    else if (code === 27) isInverse = false;
    else if (code === 39) foreground = 'fg';
    else if (code === 49) background = 'bg';
    else if (code >= 30 && code < 38) foreground = `a${code - 30}`;
    else if (code >= 40 && code < 48) background = `a${code - 40}`;
    else if (code >= 90 && code < 98) foreground = `a${code - 82}`;
    else if (code >= 100 && code < 108) background = `a${code - 92}`;
    else throw new Error(`no colour or style: ${code} in ${style}`);
  }
  if (isInverse) [foreground, background] = [background, foreground];
  return { foreground, background, isBold, isDim, isUnderlined };
}

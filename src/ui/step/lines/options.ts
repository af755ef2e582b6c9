import { widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { OptionView } from '../source.js';
import type { PanelFrame } from './candidates.js';
import { inWidth } from './cells.js';
import { CHOSEN } from './theme.js';
import { outsideText } from './viewport.js';

/** The options that can be changed, with what was changed but not taken yet. */
export function optionLines(
  options: readonly OptionView[],
  row: number,
  draft: Readonly<Record<string, string>>,
  { columns, rows, colors }: PanelFrame,
): string[] {
  const paint = painter(colors);
  const height = Math.max(1, rows - 1);
  const first = Math.max(0, Math.min(row - height + 1, options.length - height));
  const outside = outsideText(first, height, options.length);
  const title = `options from here on${outside === '' ? '' : ` (${outside})`}`;
  const hint = '  ←→ or type a value, Enter takes them, Esc leaves';
  const heading = paint.bold(title) + (widthOf(title + hint) <= columns ? paint.dim(hint) : '');
  const width = Math.max(...options.map(({ name }) => name.length));
  const lines = options.slice(first, first + height).map(({ name, value }, i) => {
    const isChosen = first + i === row;
    const typed = draft[name];
    const isChanged = typed !== undefined && typed !== value;
    const shown = `${typed ?? value}${isChosen ? '_' : ''}${isChanged ? `  (was ${value})` : ''}`;
    const line = inWidth(`${isChosen ? CHOSEN : ' '} ${name.padEnd(width)}  ${shown}`, columns).trimEnd();
    return isChosen ? paint.bold(line) : line;
  });
  return [heading, ...lines].slice(0, rows);
}

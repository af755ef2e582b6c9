import { kebab } from '../../../model/base/knob.js';
import type { DecodingOptions } from '../../../model/decoding/index.js';
import { changeableOptions } from '../../../model/stepper/actions.js';
import { widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { Draft } from '../source.js';
import type { PanelFrame } from './candidates.js';
import { inWidth } from './cells.js';
import { CHOSEN } from './theme.js';
import { outsideText } from './viewport.js';

/** The options that can be changed, with what was changed but not taken yet. */
export function optionLines(
  options: DecodingOptions,
  row: number,
  draft: Draft,
  { columns, rows, colors }: PanelFrame,
): string[] {
  const paint = painter(colors);
  const names = changeableOptions(options);
  const height = Math.max(1, rows - 1);
  const first = Math.max(0, Math.min(row - height + 1, names.length - height));
  const outside = outsideText(first, height, names.length);
  const title = `options from here on${outside === '' ? '' : ` (${outside})`}`;
  const hint = '  ←→ or type a value, Enter takes them, Esc leaves';
  const heading = paint.bold(title) + (widthOf(title + hint) <= columns ? paint.dim(hint) : '');
  const width = Math.max(...names.map((name) => kebab(name).length));
  const lines = names.slice(first, first + height).map((name, i) => {
    const value = String(options[name]);
    const isChosen = first + i === row;
    const typed = draft[name];
    const isChanged = typed !== undefined && typed !== value;
    const shown = `${typed ?? value}${isChosen ? '_' : ''}${isChanged ? `  (was ${value})` : ''}`;
    const line = inWidth(`${isChosen ? CHOSEN : ' '} ${kebab(name).padEnd(width)}  ${shown}`, columns).trimEnd();
    return isChosen ? paint.bold(line) : line;
  });
  return [heading, ...lines].slice(0, rows);
}

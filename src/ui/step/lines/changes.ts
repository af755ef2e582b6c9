import { changeName } from '../../../model/stepper/changes.js';
import type { Session } from '../../../model/stepper/index.js';
import { meaningLines, truncate, wrap } from '../../layout.js';
import { painter } from '../../palette.js';
import { visible } from '../../text.js';
import type { ChangeVerb, StepSource } from '../source.js';
import type { PanelFrame } from './candidates.js';

/**
 * What is changed in a line, in its order; nothing where nothing is.
 * @param from how many changes are left out at the beginning
 */
export const changesText = ({ walk }: Pick<Session, 'walk'>, line: number, from = 0): string =>
  visible(walk.lines[line]!.changes.slice(from).map(changeName).join(' '));

const FORMS: { readonly [Verb in ChangeVerb]: (source: StepSource) => readonly (readonly [string, string])[] } = {
  erase: ({ grid }) => [
    ['Enter', 'where the word in brackets looks; the text begins anew before it'],
    ['whale', 'where this word of the text looks; 2 is its second word'],
    ['3x2+1+0', `3 of ${grid} x ${grid} cells wide, 2 high, 1 from the left, 0 from the top`],
    ['100x80+40+30px', 'the same in pixels of the picture'],
    ['=12 13', 'cells by number, row by row from 0'],
  ],
  ablate: ({ sites }) => [['cross.2.h5 mlp.text.1', `zero in place of what these give; there are ${sites.ablate}`]],
  patch: ({ sites }) => [
    ['b.png', 'all image tokens of that picture in place of this one’s'],
    ['b.png at vision.2', `at one site: ${sites.patch}`],
  ],
};

/** What is typed of a change, and the forms that it has. */
export function changeLines(
  source: StepSource,
  verb: ChangeVerb,
  query: string,
  { columns, rows, colors }: PanelFrame,
): string[] {
  const paint = painter(colors);
  const forms = FORMS[verb](source);
  const lines =
    verb === 'erase'
      ? meaningLines(forms, columns, paint.bold)
      : forms.flatMap(([form, meaning]) => [
          paint.bold(truncate(form, columns)),
          ...wrap(meaning, columns - 2).map((line) => `  ${line}`),
        ]);
  return [paint.bold(truncate(`${verb}: ${query}_`, columns)), ...lines].slice(0, rows);
}

import { defineCommand } from '../../cli/command.js';
import type { ListedModel } from '../../model/store/list-models.js';
import { padEnd, widthOf } from '../../ui/layout.js';
import type { painter as Painter } from '../../ui/palette.js';
import { bytesText } from '../../ui/status.js';
import { visible } from '../../ui/text.js';
import { formatOf, writeObjects } from '../io/results.js';

/** What is said of a model's state. */
export const STATES: Readonly<Record<ListedModel['state'], string>> = {
  bundled: 'bundled',
  installed: 'here',
  partial: 'cut off',
  folder: 'a folder',
  missing: 'gone',
  known: 'not here',
};

export const modelsList = defineCommand({
  name: 'models list',
  aliases: ['ls'],
  shortcut: 'list',
  summary: 'models on this machine, and those known by a short name',
  details: [
    '* is the model that is loaded where none is named: $COCA_MODEL, else what coca models use set, else the bundled one.',
    'Piped: NAME<TAB>STATE<TAB>BYTES<TAB>DEFAULT<TAB>FOLDER, each empty where there is nothing to say; DEFAULT is "default" for the one; STATE is bundled, installed, partial, folder, missing or known. "missing" is a default that is not there.',
  ].join('\n'),
  args: [],
  options: { all: { type: 'flag', description: 'on a terminal: also the dual encoders that are not here' } },
  globals: ['json', 'jsonl', 'quiet'],
  examples: [{ line: 'coca models', does: 'what is here and what could be' }],
  async run({ options }, context) {
    const { listModels } = await import('../../model/store/list-models.js');
    const list = await listModels();
    const format = formatOf(options, context);
    if (format === 'json' || format === 'jsonl') await writeObjects(context.out, format, list);
    else if (format === 'plain') for (const model of list) await context.out.line(plainLine(model));
    else {
      const { painter } = await import('../../ui/palette.js');
      const shown = options.all ? list : list.filter((model) => !isFarEncoder(model));
      for (const line of linesOf(shown, painter(context.terminal.colors))) await context.out.line(line);
      const left = list.length - shown.length;
      if (left > 0) context.notice(`${left} dual encoders could be fetched, too: coca models --all`);
      context.notice('coca models pull NAME fetches one, coca models use NAME makes one the default (*)');
    }
    return { done: 1, failed: 0 };
  },
});

/** A model that is not here and writes no captions: there are dozens, and few look for one of them. */
const isFarEncoder = ({ name, state }: ListedModel): boolean => state === 'known' && !/coca/i.test(name);

const plainLine = ({ name, state, bytes, isDefault, folder }: ListedModel) =>
  [visible(name), state, bytes ?? '', isDefault ? 'default' : '', visible(folder ?? '')].join('\t');

/** Under a line that names the columns: a name, its size on disk, and where it is. */
function linesOf(list: readonly ListedModel[], { bold, dim }: ReturnType<typeof Painter>): string[] {
  const names = list.map(({ name }) => visible(name));
  const width = Math.max(...names.map(widthOf));
  const head = dim(`  ${padEnd('name', width)}  ${'size'.padStart(13)}  state`);
  const rows = list.map(({ state, bytes, approximateBytes, isDefault }, i) => {
    const size = bytes === null ? approximateBytes && `about ${bytesText(approximateBytes)}` : bytesText(bytes);
    const name = padEnd(names[i]!, width);
    const line = `${isDefault ? '*' : ' '} ${isDefault ? bold(name) : name}  ${(size || '').padStart(13)}  ${STATES[state]}`;
    return line.trimEnd();
  });
  return [head, ...rows];
}

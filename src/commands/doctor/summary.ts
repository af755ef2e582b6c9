import type { Check } from '../../model/doctor/index.js';
import { padEnd, truncate, wrap } from '../../ui/layout.js';
import { painter } from '../../ui/palette.js';
import type { Terminal } from '../../ui/terminal.js';
import { visible } from '../../ui/text.js';

const WORDS: Readonly<Record<Check['status'], string>> = { ok: 'ok', absent: 'no', problem: 'bad', fatal: 'bad' };
const NAME_COLUMNS = 24;
const INDENT = 6;
const AREA_COLUMNS = 10;
/** On a narrower terminal, what was found stands below the name instead of beside it. */
const ROOMY = 64;
const WIDEST = 100;

type Space = Pick<Terminal, 'columns' | 'colors'>;

const isBad = ({ status }: Check): boolean => status === 'problem' || status === 'fatal';

/**
 * Checks for a person: first what there is to do something about, each with its advice, then a line for each area of what is
 * well and what this machine does not have.
 * @param isWhole a line for every check in place of those for areas
 */
export function summaryLines(checks: readonly Check[], isWhole: boolean, space: Space): string[] {
  const paint = painter(space.colors);
  const bad = checks.filter(isBad);
  const attention =
    bad.length === 0 ? [] : ['', paint.bold('needs attention'), ...bad.flatMap((one) => checkLines(one, space))];
  const good = checks.filter((check) => !isBad(check));
  const areas = [...new Set(good.map(({ area }) => area))];
  const rest = areas.flatMap((area) => {
    const own = good.filter((check) => check.area === area);
    return isWhole
      ? ['', paint.bold(area), ...own.flatMap((one) => checkLines(one, space))]
      : areaLines(area, own, space);
  });
  const more = ['', paint.dim(truncate('--all: a line for every check, and slow engines measured', space.columns))];
  return [...attention, ...(isWhole ? [] : ['']), ...rest, ...(isWhole ? [] : more)];
}

/** "engines   ok: onnx cpu (21 ms to encode, 150 ms to caption) · not here: onnx cuda". */
function areaLines(area: string, checks: readonly Check[], { columns, colors }: Space): string[] {
  const paint = painter(colors);
  const names = (status: Check['status']) =>
    checks
      .filter((check) => check.status === status)
      .map(nameOf)
      .join(', ');
  const [ok, absent] = [names('ok'), names('absent')];
  const parts = [...(ok === '' ? [] : [`ok: ${ok}`]), ...(absent === '' ? [] : [`not here: ${absent}`])];
  const lines = wrap(parts.join(' · '), Math.min(columns, WIDEST) - AREA_COLUMNS);
  return lines.map(
    (line, i) => `${i === 0 ? paint.bold(padEnd(area, AREA_COLUMNS)) : ' '.repeat(AREA_COLUMNS)}${line}`,
  );
}

function nameOf({ name, ms }: Check): string {
  const time = ms ? ` (${ms.encode.toFixed(0)} ms to encode, ${ms.caption.toFixed(0)} ms to caption)` : '';
  return `${visible(name)}${time}`;
}

function checkLines({ status, name, found, advice }: Check, { columns, colors }: Space): string[] {
  const paint = painter(colors);
  const paints = { ok: paint.green, absent: paint.dim, problem: paint.yellow, fatal: paint.red };
  const left = columns < ROOMY ? INDENT : INDENT + NAME_COLUMNS;
  const width = Math.min(columns, WIDEST) - left;
  const pad = ' '.repeat(left);
  const head = paints[status](padEnd(`  ${WORDS[status]}`, INDENT)) + padEnd(visible(name), left - INDENT);
  const below = wrap(visible(found), width).map((line) => pad + line);
  const advised = advice === undefined ? [] : wrap(visible(advice), width).map((line) => pad + paint.dim(line));
  if (left === INDENT) return [head, ...below, ...advised];
  return [head + below[0]!.slice(left), ...below.slice(1), ...advised];
}

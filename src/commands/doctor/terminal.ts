import type { Check } from '../../model/doctor/index.js';
import { choosePictureKind } from '../../ui/picture/choose.js';
import { knownTerminal } from '../../ui/picture/known-terminals.js';
import type { Terminal } from '../../ui/terminal.js';

/** What stdout can show. Nothing here harms: everything is also to be had in plain lines. */
export function checkTerminal(terminal: Terminal): Check[] {
  const { env, interactive, columns, rows } = terminal;
  if (!interactive) {
    const advice = 'run coca doctor without a pipe to see what the terminal can do';
    return [{ area: 'terminal', name: 'terminal', status: 'absent', found: 'stdout is none', advice }];
  }
  return [
    { area: 'terminal', name: 'size', ...sizeOf(columns, rows) },
    { area: 'terminal', name: 'colours', ...colorsOf(terminal) },
    { area: 'terminal', name: 'pictures', ...picturesOf(terminal) },
    { area: 'terminal', name: 'unicode', ...unicodeOf(env) },
  ];
}

type Finding = Pick<Check, 'status' | 'found' | 'advice'>;

/** Fits the views with a picture and the words beside it. */
const COMFORTABLE = { columns: 60, rows: 20 };

function sizeOf(columns: number, rows: number): Finding {
  const found = `${columns} x ${rows}`;
  if (columns >= COMFORTABLE.columns && rows >= COMFORTABLE.rows) return { status: 'ok', found };
  const advice = `views have more to show from ${COMFORTABLE.columns} x ${COMFORTABLE.rows} on`;
  return { status: 'absent', found, advice };
}

function colorsOf({ colors, env }: Terminal): Finding {
  if (colors === 'any') return { status: 'ok', found: '24 bit' };
  if (colors === 'none') {
    const advice = env.NO_COLOR ? 'NO_COLOR is set; unset it for colours' : 'TERM says so; FORCE_COLOR=3 overrules it';
    return { status: 'absent', found: 'none', advice };
  }
  const advice = 'if the terminal knows more than it says, COLORTERM=truecolor says so';
  return { status: 'ok', found: colors, advice };
}

function picturesOf(terminal: Terminal): Finding {
  const kind = choosePictureKind('auto', terminal);
  if (kind !== 'blocks' && kind !== 'none') return { status: 'ok', found: kind };
  const known = knownTerminal(terminal.env);
  const advice = known
    ? [`this is ${known.name}`, ...(known.advice ? [known.advice] : [])].join('; ')
    : 'a terminal with the Kitty, iTerm2 or sixel protocol shows real pictures; --images names one that was not recognised';
  return { status: kind === 'none' ? 'absent' : 'ok', found: kind === 'none' ? 'none' : 'half blocks', advice };
}

function unicodeOf(env: NodeJS.ProcessEnv): Finding {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  // Windows and macOS have it whatever these say.
  const isUtf8 = process.platform === 'win32' || process.platform === 'darwin' || /utf-?8/i.test(locale);
  if (isUtf8) return { status: 'ok', found: locale || 'yes' };
  const found = locale === '' ? 'no locale is set' : `the locale is ${locale}`;
  return { status: 'absent', found, advice: 'LANG=C.UTF-8 lets blocks and captions come out right' };
}

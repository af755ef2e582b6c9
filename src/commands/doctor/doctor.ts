import { type CommandContext, defineCommand } from '../../cli/command.js';
import { VERSION } from '../../cli/version.js';
import { CocaError } from '../../model/base/errors.js';
import type { Check } from '../../model/doctor/index.js';
import { padEnd, wrap } from '../../ui/layout.js';
import { painter } from '../../ui/palette.js';
import type { Terminal } from '../../ui/terminal.js';
import { visible } from '../../ui/text.js';
import { formatOf, objectWriter, toItemError } from '../io/results.js';
import { checkTerminal } from './terminal.js';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'what works here, how fast, and what to do about the rest',
  details: [
    'Looks at Node and the native packages, every device of every engine (about two seconds of measuring for each that works, on the bundled model), the terminal, the models on this machine (compared with their hashes), the folders that are written to, and what was left lying about in them. Asks no server.',
    'ok: as it should be. no: cannot be had here, which harms nothing. bad: something to do.',
    '--verify runs a picture, a caption, its maps and a text through every device and tells the largest difference from the CPU, and whether ids are equal: a device that computes wrongly is told by nothing else. A software adapter that the system has is tried, too.',
    '--fix removes broken conversions, files in the making that a killed process left, and abandoned downloads: nothing that took part in a result or that cannot be made again.',
    'Piped: STATUS<TAB>AREA<TAB>NAME<TAB>FOUND<TAB>ADVICE. STATUS, in JSON too, is ok, absent, problem or fatal.',
    'The exit code is 0 when coca is usable, whatever else was found, and 2 when it is not (with --verify: when nothing was compared): Node is too old, a native package or the CPU does not work, or the default model cannot be loaded.',
  ].join('\n'),
  args: [],
  options: {
    fix: { type: 'flag', description: 'also do what is safe to do' },
    verify: {
      type: 'flag',
      description: 'only compare what every device computes with the CPU: embeddings, captions and maps, by --model',
    },
    speed: { type: 'flag', negatable: true, default: true, description: 'time the devices that work' },
  },
  globals: ['model', 'json', 'jsonl', 'quiet'],
  examples: [
    { line: 'coca doctor', does: 'why is my GPU not used?' },
    { line: 'coca doctor --verify --model coca_ViT-B-32', does: 'whether this card can be trusted' },
    { line: 'coca doctor --jsonl | jq -r \'select(.status != "ok") | .advice\'', does: 'what there is to do' },
  ],
  async check({ options }) {
    if (options.model !== undefined && !options.verify) {
      throw new CocaError('usage', '--model is the model of --verify', 'coca models info MODEL tells about a model');
    }
  },
  async run({ options }, context) {
    const format = formatOf(options, context);
    const objects = format === 'json' || format === 'jsonl' ? objectWriter(context.out, format) : undefined;
    const print = format === 'terminal' ? linesFor(context.terminal) : plainLines;
    let isUsable = true;
    if (format === 'terminal') await context.out.line(`coca ${VERSION}`);
    for await (const check of options.verify
      ? verification(options.model, context)
      : allChecks(context, options.speed)) {
      const { fix, ...result } = options.fix ? await fixed(check) : check;
      if (result.status === 'fatal') isUsable = false;
      context.status.clear();
      if (objects) await objects.write(result);
      else for (const line of print(result)) await context.out.line(line);
    }
    await objects?.end();
    return isUsable ? { done: 1, failed: 0 } : { done: 0, failed: 1 };
  },
});

async function* verification(model: string | undefined, { signal, status }: CommandContext): AsyncGenerator<Check> {
  const { verifyDevices } = await import('../../model/doctor/verify.js');
  yield* verifyDevices(model, { signal, isTimed: false, onStatus: (text) => status.show(visible(text)) });
}

async function* allChecks({ terminal, signal, status }: CommandContext, isTimed: boolean): AsyncGenerator<Check> {
  const { examine } = await import('../../model/doctor/index.js');
  yield* examine({ signal, isTimed, onStatus: (text) => status.show(visible(text)) });
  yield* checkTerminal(terminal);
}

async function fixed(check: Check): Promise<Check> {
  if (!check.fix) return check;
  const { advice: _done, fix, ...rest } = check;
  try {
    return { ...rest, status: 'ok', found: await fix() };
  } catch (error) {
    // What cannot be mended keeps nothing else from being looked at.
    const { message, hint } = toItemError(error);
    return { ...rest, found: `${check.found}; ${message}`, ...(hint && { advice: hint }) };
  }
}

function plainLines({ status, area, name, found, advice = '' }: Check): string[] {
  return [[status, area, name, found, advice].map(visible).join('\t')];
}

const WORDS: Readonly<Record<Check['status'], string>> = { ok: 'ok', absent: 'no', problem: 'bad', fatal: 'bad' };
const NAME_COLUMNS = 24;
const INDENT = 6;
/** On a narrower terminal, what was found stands below the name instead of beside it. */
const ROOMY = 64;

/** Checks for a person, under a heading for each area. */
function linesFor({ columns, colors }: Terminal): (check: Check) => string[] {
  const paint = painter(colors);
  const paints = { ok: paint.green, absent: paint.dim, problem: paint.yellow, fatal: paint.red };
  const left = columns < ROOMY ? INDENT : INDENT + NAME_COLUMNS;
  const width = Math.min(columns, 100) - left;
  const pad = ' '.repeat(left);
  let area: Check['area'] | undefined;
  return ({ status, area: next, name, found, advice }) => {
    const heading = next === area ? [] : ['', paint.bold(next)];
    area = next;
    const head = paints[status](padEnd(`  ${WORDS[status]}`, INDENT)) + padEnd(visible(name), left - INDENT);
    const below = wrap(visible(found), width).map((line) => pad + line);
    const advised = advice === undefined ? [] : wrap(visible(advice), width).map((line) => pad + paint.dim(line));
    if (left === INDENT) return [...heading, head, ...below, ...advised];
    return [...heading, head + below[0]!.slice(left), ...below.slice(1), ...advised];
  };
}

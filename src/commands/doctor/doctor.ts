import { type CommandContext, defineCommand } from '../../cli/command.js';
import { VERSION } from '../../cli/version.js';
import { CocaError } from '../../model/base/errors.js';
import type { Check } from '../../model/doctor/index.js';
import { visible } from '../../ui/text.js';
import { formatOf, objectWriter, toItemError } from '../io/results.js';
import { checkTerminal } from './terminal.js';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'what works here, how fast, and what to do about the rest',
  details: [
    'Looks at Node and the native packages, every device of every engine (about two seconds of measuring for each device of ONNX Runtime that works, on the bundled model; --all measures the slower ones too), the terminal, the models on this machine (compared with their hashes), the folders that are written to, and what was left lying about in them. Asks no server.',
    'On a terminal: what needs attention first, then a line for each area of what is well and what cannot be had here, which harms nothing; --all has a line for every check.',
    '--verify runs a picture, a caption, its maps and a text through every device and tells the largest difference from the CPU, and whether ids are equal: a device that computes wrongly is told by nothing else. A software adapter that the system has is tried, too.',
    '--fix removes broken conversions, files in the making that a killed process left, and abandoned downloads: nothing that took part in a result or that cannot be made again.',
    'Piped: STATUS<TAB>AREA<TAB>NAME<TAB>FOUND<TAB>ADVICE. STATUS, in JSON too, is ok, absent, problem or fatal.',
    'The exit code is 0 when coca is usable, whatever else was found, and 2 when it is not (with --verify: when nothing was compared): Node is too old, a native package or the CPU does not work, or the default model cannot be loaded.',
  ].join('\n'),
  args: [],
  options: {
    all: { type: 'flag', description: 'measure slow engines too, and show every check' },
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
    const shown: Check[] = [];
    let isUsable = true;
    const checks = options.verify ? verification(options.model, context) : allChecks(context, options);
    for await (const check of checks) {
      const { fix, ...result } = options.fix ? await fixed(check) : check;
      if (result.status === 'fatal') isUsable = false;
      context.status.clear();
      if (objects) await objects.write(result);
      else if (format === 'terminal') shown.push(result);
      else await context.out.line(plainLine(result));
    }
    if (format === 'terminal') {
      const { summaryLines } = await import('./summary.js');
      await context.out.line(`coca ${VERSION}`);
      for (const line of summaryLines(shown, options.all || options.verify, context.terminal))
        await context.out.line(line);
    }
    await objects?.end();
    return isUsable ? { done: 1, failed: 0 } : { done: 0, failed: 1 };
  },
});

async function* verification(model: string | undefined, { signal, status }: CommandContext): AsyncGenerator<Check> {
  const { verifyDevices } = await import('../../model/doctor/verify.js');
  yield* verifyDevices(model, { signal, onStatus: (text) => status.show(visible(text)) });
}

async function* allChecks(
  { terminal, signal, status }: CommandContext,
  { speed, all }: { readonly speed: boolean; readonly all: boolean },
): AsyncGenerator<Check> {
  const { examine } = await import('../../model/doctor/index.js');
  yield* examine({ signal, isTimed: speed, isAll: all, onStatus: (text) => status.show(visible(text)) });
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

function plainLine({ status, area, name, found, advice = '' }: Check): string {
  return [status, area, name, found, advice].map(visible).join('\t');
}

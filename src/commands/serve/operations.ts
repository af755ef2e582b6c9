import { Readable } from 'node:stream';
import type { Command, CommandContext, Invocation } from '../../cli/command.js';
import { Output } from '../../cli/output.js';
import { parseCommandLine } from '../../cli/parse.js';
import { CocaError, type ErrorCode } from '../../model/base/errors.js';
import { Lru } from '../../model/base/lru.js';
import { Refusal, refusalOf } from '../../server/refusal.js';
import type { Asked, Operation } from '../../server/routes/operations.js';
import { NO_STATUS } from '../../ui/status.js';
import { attend } from '../attend/attend.js';
import { caption } from '../caption/caption.js';
import { TEXT_FILE_OPTIONS } from '../caption/text-options.js';
import { WATCH_FOLDER_OPTION } from '../caption/watch-folder.js';
import { classify } from '../classify/classify.js';
import { BATCH_OPTION } from '../io/batch.js';
import { FRAMES_OPTION } from '../io/clips/clips.js';
import { RESULTS_FILE_OPTIONS } from '../io/results-file.js';
import { INPUT_OPTIONS } from '../io/sources.js';
import { rank } from '../rank/rank.js';
import { PARTS_OPTIONS } from '../shards/options.js';
import { type Served, wordsOf } from './fields.js';

/** Options that say where results go, how many pictures come, or what a person sees. */
const OF_A_COMMAND_LINE = [
  ...Object.keys({ ...RESULTS_FILE_OPTIONS, ...TEXT_FILE_OPTIONS, ...BATCH_OPTION, ...INPUT_OPTIONS }),
  // A clip goes through the poolers by itself, and does not stand beside the pictures of others.
  ...Object.keys({ ...PARTS_OPTIONS, ...WATCH_FOLDER_OPTION, ...FRAMES_OPTION }),
  ...['watch', 'force', 'html'],
];

const SERVED: readonly Served[] = [
  { command: caption, without: OF_A_COMMAND_LINE },
  { command: rank, texts: { field: 'captions', isList: true }, without: [...OF_A_COMMAND_LINE, 'captions'] },
  { command: classify, without: OF_A_COMMAND_LINE },
  { command: attend, texts: { field: 'caption', isList: false }, without: OF_A_COMMAND_LINE },
];

/** The commands that a server answers for, each as a function from one picture to its JSON object. */
export const OPERATIONS: readonly Operation[] = SERVED.map((served) => ({
  name: served.command.name,
  run: (asked) => objectOf(served, asked),
  ...(served.command === caption && { textOf: (result: object) => (result as { caption: string }).caption }),
}));

/** What the command gives for a request, with `--json`. */
async function objectOf(served: Served, { coca, named, picture, fields, signal }: Asked): Promise<object> {
  const { command } = served;
  const { options, texts } = wordsOf(served, fields);
  const model = named === undefined ? [] : [`--model=${named}`];
  const argv = [command.name, ...model, '--json', ...options, '--', '-', ...texts];
  const invocation = invocationOf(command, argv);
  const chunks: Buffer[] = [];
  const context: CommandContext = {
    ...SILENT,
    out: new Output(async (bytes) => void chunks.push(bytes)),
    stdin: Readable.from([picture.bytes]),
    signal,
    models: { borrow: async () => coca, giveBack: async () => undefined },
  };
  await command.check?.(invocation);
  await command.run(invocation, context);
  return resultOf(JSON.parse(Buffer.concat(chunks).toString('utf8')), picture.name, command);
}

/** What lines mean that were asked for lately: most requests differ in their picture alone, and reading one takes half a millisecond. */
const read = new Lru<string, Invocation>();
const MOST_READ = 64;

function invocationOf(command: Command, argv: readonly string[]): Invocation {
  const line = JSON.stringify(argv);
  const known = read.get(line);
  if (known !== undefined) return known;
  const request = parseCommandLine(argv, [command], '');
  if (request.kind !== 'run') throw new TypeError('a request asks for help');
  read.set(line, request.invocation);
  read.trim(MOST_READ);
  return request.invocation;
}

interface Result {
  readonly image?: string;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** The object of the picture. @throws Refusal where that, or a text that was given with it, failed */
function resultOf(results: readonly Result[], image: string, { name }: Command): object {
  const failed = results.find(({ error }) => error !== undefined);
  if (failed?.error) {
    const { code, message } = failed.error;
    throw refusalOf(new CocaError(code, message));
  }
  const [result] = results;
  if (result === undefined) throw new Refusal(500, 'internal', `${name} gave no result`);
  return { ...result, image };
}

/** What a command is given where nobody looks. */
const SILENT: Omit<CommandContext, 'out' | 'stdin' | 'signal' | 'models'> = {
  notice: () => undefined,
  detail: () => undefined,
  complain: () => undefined,
  status: NO_STATUS,
  terminal: { interactive: false, columns: 80, rows: 24, colors: 'none', env: process.env },
  unhurried: (work) => work(),
  onAnswer: () => undefined,
  onCaption: () => undefined,
  onKeys: () => undefined,
  isShown: () => false,
  onScreen: () => Promise.reject(new TypeError('a server has no screen')),
};

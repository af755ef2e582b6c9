import type { Readable } from 'node:stream';
import { CocaError } from '../model/base/errors.js';
import { statusLine } from '../ui/status.js';
import { describeTerminal } from '../ui/terminal.js';
import type { Command, CommandContext, Invocation, ModelSource, Outcome } from './command.js';
import { startsWithCommand } from './command-word.js';
import { debugLines, failureLines, shown } from './failures.js';
import { readRequest } from './implied.js';
import { type Output, ReaderGone, standardOutput } from './output.js';
import { asksForVersion, type Request } from './parse.js';
import { SIGNAL_EXIT_CODES, type SignalWatch, watchSignals } from './signals.js';
import { topicText } from './topics.js';
import { VERSION } from './version.js';
import { HINT, Voice } from './voice.js';

const EXIT = { done: 0, someFailed: 1, nothingDone: 2, usage: 64, interrupted: SIGNAL_EXIT_CODES.SIGINT } as const;

/** What a command line runs. */
export interface Program {
  /** The command of a name; undefined where there is none. */
  readonly namedCommand: (name: string) => Promise<Command | undefined>;
  /** In the order of the help. */
  readonly allCommands: () => Promise<readonly Command[]>;
  /** Where they get their models from. */
  readonly models: ModelSource;
  /** What a command line means whose first word is the name of no command. */
  readonly withCommand: (argv: readonly string[], interactive: boolean) => Promise<readonly string[]>;
  /** Runs one of them, once what was typed has been parsed and checked against itself. */
  readonly run: (command: Command, invocation: Invocation, context: CommandContext) => Promise<Outcome>;
}

/** Runs one command line and says with which code the process is to end. The one place where errors are printed. */
export async function main(argv: readonly string[], program: Program): Promise<number> {
  const signals = watchSignals();
  const voice = new Voice(process.stderr);
  let out: Output | undefined;
  try {
    out = standardOutput();
    const run = runRequest(argv, program, out, signals, voice);
    // When the grace period wins the race the run is not awaited any more, and its late failure says nothing new.
    run.catch(() => undefined);
    const code = await Promise.race([run, signals.overdue.then(() => EXIT.nothingDone)]);
    await out.flush();
    return exitCodeOfEnding(signals, voice) ?? code;
  } catch (error) {
    await out?.flush();
    if (error instanceof ReaderGone) return EXIT.done;
    const ended = exitCodeOfEnding(signals, voice);
    if (ended !== undefined) return ended;
    printError(error, voice);
    return exitCodeOf(error);
  } finally {
    signals.stop();
    await voice.done();
    await drain(process.stderr);
  }
}

async function runRequest(
  argv: readonly string[],
  program: Program,
  out: Output,
  signals: SignalWatch,
  voice: Voice,
): Promise<number> {
  const terminal = describeTerminal(process.stdout, process.env);
  const request = await requestOf(argv, program, terminal.interactive && process.stdin.isTTY === true);
  // Only those who read wait for what help is drawn and paged with.
  const read = async (text: string): Promise<number> => {
    const { showText } = await import('./pager.js');
    const how = await showText(text, out, terminal, process.stdin);
    return how === 'interrupted' ? EXIT.interrupted : EXIT.done;
  };
  switch (request.kind) {
    case 'version':
      await out.line(VERSION);
      return EXIT.done;
    case 'help': {
      const { commandHelp, HelpPage, programHelp } = await import('./help.js');
      const page = new HelpPage(terminal);
      const { command } = request;
      return read(command ? commandHelp(command, page) : programHelp(await program.allCommands(), VERSION, page));
    }
    case 'topic':
      return read(await topicText(request.topic, terminal));
    case 'run': {
      const { quiet, verbose } = request.invocation.options;
      // A line that cannot be erased would stay.
      const status = statusLine(process.stderr, process.stderr.isTTY === true && process.env.TERM !== 'dumb');
      if (terminal.interactive) out.beforeWrite(() => status.clear());
      const say = (text: string): void => voice.say('coca: ', shown(text), () => status.clear());
      const context: CommandContext = {
        out,
        notice: quiet ? () => undefined : say,
        detail: verbose ? say : () => undefined,
        complain: say,
        status,
        terminal,
        stdin: process.stdin as Readable & { isTTY?: boolean },
        signal: signals.signal,
        unhurried: signals.unhurried,
        untilStopped: signals.untilStopped,
        models: program.models,
        isShown: () => false,
        onAnswer: () => undefined,
        onCaption: () => undefined,
        onKeys: () => undefined,
        onScreen: (show) => show({ stdin: process.stdin, stdout: process.stdout, signal: signals.signal }),
      };
      // A list or picture that is still being waited for must not hold up the end.
      signals.signal.addEventListener('abort', () => process.stdin.destroy(), { once: true });
      try {
        await request.command.check?.(request.invocation);
        return exitCodeOfOutcome(await program.run(request.command, request.invocation, context));
      } finally {
        status.clear();
      }
    }
  }
}

/** What a command line asks for. Where it begins with a command's name no other is loaded, unless something is wrong with it. */
async function requestOf(
  argv: readonly string[],
  { namedCommand, allCommands, withCommand }: Program,
  isInteractive: boolean,
): Promise<Request> {
  if (asksForVersion(argv)) return { kind: 'version' };
  const one = argv[0] === undefined ? undefined : await namedCommand(argv[0]);
  if (one !== undefined) {
    try {
      return await readRequest(argv, [one], process.stdin);
    } catch (error) {
      // What an option or a word may have meant, all commands tell.
      if (!(error instanceof CocaError && error.code === 'usage')) throw error;
    }
  }
  const commands = await allCommands();
  const words = startsWithCommand(argv, commands) ? argv : await withCommand(argv, isInteractive);
  return readRequest(words, commands, process.stdin);
}

function exitCodeOfOutcome({ done, failed }: Outcome): number {
  if (failed === 0) return EXIT.done;
  return done > 0 ? EXIT.someFailed : EXIT.nothingDone;
}

/** The exit code of what ended the program from outside; an error that was not caught is reported. */
function exitCodeOfEnding(signals: SignalWatch, voice: Voice): number | undefined {
  const ending = signals.received();
  if (ending === undefined) return undefined;
  if ('name' in ending) return SIGNAL_EXIT_CODES[ending.name];
  printError(ending.crash, voice);
  return EXIT.nothingDone;
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof CocaError)) return EXIT.nothingDone;
  if (error.code === 'usage') return EXIT.usage;
  return error.code === 'interrupted' ? EXIT.interrupted : EXIT.nothingDone;
}

/** An error as one clean line and, where there is advice, a second one. */
function printError(error: unknown, voice: Voice): void {
  const { message, hint } = failureLines(error);
  voice.say('coca: ', message);
  if (hint) voice.say(HINT, hint);
  for (const line of debugLines(error)) voice.print(line);
}

/** Resolves when what was written to a stream has left this process (or cannot leave it). */
function drain(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

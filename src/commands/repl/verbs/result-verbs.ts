import { access } from 'node:fs/promises';
import type { Command, Outcome } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';
import { writeWhole } from '../../../model/base/whole-file.js';
import { visible } from '../../../ui/text.js';
import { writeFindings } from '../../io/define-results.js';
import { type Action, commandLine, type LastCommand, shellCommand } from '../action.js';
import { capturing } from '../capture.js';
import type { SessionContext } from '../context.js';
import type { FilledLine } from '../line/arguments.js';
import type { ReplSession } from '../session.js';
import { defineVerb } from './verb.js';

/** The forms of results besides lines, as options; files are called accordingly. */
const FORMS = ['json', 'jsonl'] as const;

const FORCE = { force: { type: 'flag', short: 'f', description: 'also when the file is there already' } } as const;

/** Verbs about what was done before. */
export function resultVerbs(session: ReplSession): readonly Command[] {
  const last = defineVerb({
    name: 'last',
    summary: 'the last command again, also on another picture or with more options: last --json',
    usage: 'last [OPTION...]',
    args: [],
    // A session repeats the line before anything is parsed, since the options are that line's.
    run: async () => undefined,
  });

  const save = defineVerb({
    name: 'save',
    summary: 'the result of the last command into a file: .json, .jsonl, or lines as in a pipe',
    args: [{ name: 'FILE', description: 'where to', kind: 'file', required: true, variadic: false }],
    options: FORCE,
    async run({ args: [file], options }, context) {
      const { last: done } = session;
      if (done === undefined) throw new CocaError('usage', 'there is no result to save yet');
      await refuseExisting(file!, options.force);
      const form = FORMS.find((name) => file!.endsWith(`.${name}`));
      const saved = (await writtenAgain(done, form, context)) ?? (await runAgain(session, done, form, context));
      if (saved.outcome.done === 0) return saved.outcome;
      await writeWhole(file!, (write) => write(Buffer.from(saved.text)));
      const action: Action = { argv: saved.argv, into: file! };
      session.actions.push(action);
      await context.echo(shellCommand(action));
      return saved.outcome;
    },
  });

  const exportVerb = defineVerb({
    name: 'export',
    summary: 'the session as a shell script; without FILE, to read',
    args: [{ name: 'FILE', description: 'where to', kind: 'file', required: false, variadic: false }],
    options: FORCE,
    async run({ args: [file], options }, context) {
      if (session.actions.length === 0) context.notice('nothing was done yet: the script has no commands');
      const script = scriptOf(session);
      if (file === undefined) await context.out.write(visibleLines(script));
      else {
        await refuseExisting(file, options.force);
        await writeWhole(file, (write) => write(Buffer.from(script)));
        context.notice(`${session.actions.length} commands in ${file}: run it with bash`);
      }
      return undefined;
    },
  });

  return [last, save, exportVerb];
}

type Form = (typeof FORMS)[number] | undefined;

/** Results as a file is to hold them, and the command that gives them. */
interface Saved {
  readonly outcome: Outcome;
  readonly text: string;
  readonly argv: readonly string[];
}

/** Options without those that give a form, and with the one that is wanted. */
function inForm({ filled: { positionals, options } }: LastCommand, form: Form): FilledLine {
  const kept = options.filter((option) => !FORMS.some((name) => option === `--${name}`));
  return { positionals, options: form === undefined ? kept : [...kept, `--${form}`] };
}

/** The results that the session has as values, in another form; nothing where it has none. */
async function writtenAgain(last: LastCommand, form: Form, context: SessionContext): Promise<Saved | undefined> {
  const { command, done } = last;
  const { answers, invocation, settings } = done;
  const isKept = answers.some(({ kind }) => kind === 'result') && invocation?.options.output === undefined;
  if (command.writer === undefined || invocation === undefined || !isKept) return undefined;
  const { context: quiet, text } = capturing(context);
  const writer = await command.writer(form ?? 'plain', invocation, quiet);
  const outcome = await writeFindings(answers, writer, { ...quiet, onAnswer: () => undefined });
  const words = settings.filter(({ name }) => !FORMS.some((known) => known === name)).flatMap(({ words }) => words);
  const line = inForm(last, form);
  return { outcome, text: text(), argv: commandLine(command, { ...line, options: [...line.options, ...words] }) };
}

async function runAgain(session: ReplSession, last: LastCommand, form: Form, context: SessionContext): Promise<Saved> {
  const { context: quiet, text } = capturing(context);
  const silent = { ...quiet, echo: async () => undefined };
  const outcome = await session.runProgram(last.command, inForm(last, form), silent);
  return { outcome, text: text(), argv: outcome.done > 0 ? session.actions.pop()!.argv : [] };
}

function scriptOf({ actions }: ReplSession): string {
  const lines = actions.map((action) => `${shellCommand(action)}\n`);
  return `#!/usr/bin/env bash\n# A session of coca: the commands that its lines stood for.\n${lines.join('')}`;
}

function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

async function refuseExisting(file: string, isForced: boolean): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere && !isForced) throw new CocaError('write-failed', `${file} is there already`, '--force replaces it');
}

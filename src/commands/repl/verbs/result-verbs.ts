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
    summary: 'the result of the last command into a file: .json, .jsonl, .html (a page), or lines as in a pipe',
    args: [{ name: 'FILE', description: 'where to', kind: 'file', required: true, variadic: false }],
    options: FORCE,
    async run({ args: [file], options }, context) {
      const { last: done } = session;
      if (done === undefined) throw new CocaError('usage', 'there is no result to save yet');
      await refuseExisting(file!, options.force);
      if (file!.endsWith('.html')) return savePage(session, done, file!, context);
      const form = FORMS.find((name) => file!.endsWith(`.${name}`));
      const line = inForm(done, form);
      const saved = (await writtenAgain(done, form, context)) ?? (await runAgain(session, done, line, context));
      if (saved.outcome.done === 0) return saved.outcome;
      await writeWhole(file!, (write) => write(Buffer.from(saved.text)));
      await record(session, { argv: saved.argv, into: file! }, context);
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

/**
 * Writes the results of a command as a page, and keeps the command that writes it.
 * @throws CocaError `usage` for a command that has none; `write-failed`
 */
async function savePage(
  session: ReplSession,
  last: LastCommand,
  file: string,
  context: SessionContext,
): Promise<Outcome> {
  const { command } = last;
  if (!('html' in command.options)) {
    throw new CocaError(
      'usage',
      `there is no page of ${command.name}`,
      'save into .json, .jsonl, or any other name for lines',
    );
  }
  const html = ['--html', file];
  const kept = keptAnswers(last);
  if (kept === undefined || command.page === undefined) {
    // It writes the page itself.
    const { outcome, argv } = await runAgain(session, last, inForm(last, undefined, html), context);
    if (outcome.done > 0) await record(session, { argv }, context);
    return outcome;
  }
  const results = kept.answers.flatMap((answer) => (answer.kind === 'result' ? [answer.result] : []));
  const text = await command.page(results);
  await writeWhole(file, (write) => write(Buffer.from(text)));
  await record(session, { argv: argvWith(last, inForm(last, undefined, html)) }, context);
  return { done: results.length, failed: kept.answers.length - results.length };
}

async function record(session: ReplSession, action: Action, context: SessionContext): Promise<void> {
  session.actions.push(action);
  await context.echo(shellCommand(action));
}

type Form = (typeof FORMS)[number] | undefined;

/** Results as a file is to hold them, and the command that gives them. */
interface Saved {
  readonly outcome: Outcome;
  readonly text: string;
  readonly argv: readonly string[];
}

/**
 * Options without those that give a form or write a page, and with what is wanted in their place: only what is saved is written.
 * @param page the options that write a page
 */
function inForm(
  { filled: { positionals, options } }: LastCommand,
  form: Form,
  page: readonly string[] = [],
): FilledLine {
  const kept = options.filter(
    (option, i) =>
      !FORMS.some((name) => option === `--${name}`) && !/^--html(=|$)/.test(option) && options[i - 1] !== '--html',
  );
  return { positionals, options: [...kept, ...(form === undefined ? [] : [`--${form}`]), ...page] };
}

/** What a session has as values of a command, and what that was asked; nothing where it has no results. */
function keptAnswers({ done: { answers, invocation } }: LastCommand) {
  const isKept = answers.some(({ kind }) => kind === 'result') && invocation?.options.output === undefined;
  return invocation !== undefined && isKept ? { answers, invocation } : undefined;
}

/** A line with what was set, as a shell is told it. */
function argvWith({ command, done: { settings } }: LastCommand, line: FilledLine): string[] {
  const isKept = ({ name }: { readonly name: string }) => name !== 'html' && !FORMS.some((known) => known === name);
  const words = settings.filter(isKept).flatMap((setting) => setting.words);
  return commandLine(command, { ...line, options: [...line.options, ...words] });
}

/** The results that the session has as values, in another form; nothing where it has none. */
async function writtenAgain(last: LastCommand, form: Form, context: SessionContext): Promise<Saved | undefined> {
  const kept = keptAnswers(last);
  const { writer: writerOf } = last.command;
  if (writerOf === undefined || kept === undefined) return undefined;
  const { context: quiet, text } = capturing(context);
  const writer = await writerOf(form ?? 'plain', kept.invocation, quiet);
  const outcome = await writeFindings(kept.answers, writer, { ...quiet, onAnswer: () => undefined });
  return { outcome, text: text(), argv: argvWith(last, inForm(last, form)) };
}

async function runAgain(
  session: ReplSession,
  last: LastCommand,
  line: FilledLine,
  context: SessionContext,
): Promise<Saved> {
  const { context: quiet, text } = capturing(context);
  const silent = { ...quiet, echo: async () => undefined };
  const outcome = await session.runProgram(last.command, line, silent);
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

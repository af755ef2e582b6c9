import { access } from 'node:fs/promises';
import type { Command } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';
import { writeWhole } from '../../../model/base/whole-file.js';
import { visible } from '../../../ui/text.js';
import { capturing } from '../capture.js';
import { type Action, type Session, shellCommand } from '../session.js';
import { defineVerb } from './verb.js';

/** The forms of results besides lines, as options; files are called accordingly. */
const FORMS: readonly string[] = ['--json', '--jsonl'];

const FORCE = { force: { type: 'flag', short: 'f', description: 'also when the file is there already' } } as const;

/** Verbs about what was done before. */
export function resultVerbs(session: Session): readonly Command[] {
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
      const form = FORMS.find((option) => file!.endsWith(option.replace('--', '.')));
      const kept = done.filled.options.filter((option) => !FORMS.includes(option));
      const filled = { ...done.filled, options: form === undefined ? kept : [...kept, form] };
      const { context: quiet, text } = capturing(context);
      const outcome = await session.runProgram(done.command, filled, { ...quiet, echo: async () => undefined });
      if (outcome.done === 0) return outcome;
      await writeWhole(file!, (write) => write(Buffer.from(text())));
      const action: Action = { ...session.actions.pop()!, into: file! };
      session.actions.push(action);
      await context.echo(shellCommand(action));
      return outcome;
    },
  });

  const exportVerb = defineVerb({
    name: 'export',
    summary: 'the session as a shell script; without FILE, to read',
    args: [{ name: 'FILE', description: 'where to', kind: 'file', required: false, variadic: false }],
    options: FORCE,
    async run({ args: [file], options }, context) {
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

function scriptOf({ actions }: Session): string {
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

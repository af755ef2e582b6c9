import type { CommandContext, Outcome } from '../../cli/command.js';
import { debugLines, failureLines, shown } from '../../cli/failures.js';
import { Output } from '../../cli/output.js';
import { VERSION } from '../../cli/version.js';
import { stopIfAborted } from '../../model/base/errors.js';
import { withoutPasswords } from '../../model/net/address.js';
import { wrap } from '../../ui/layout.js';
import { describeTerminal } from '../../ui/terminal.js';
import { visible } from '../../ui/text.js';
import type { Stage } from './context.js';
import { History, historyPath } from './history.js';
import { complete } from './line/complete.js';
import { modelNames, siteNames } from './model-names.js';
import { editOutside } from './outside-editor.js';
import { shortName } from './pictures.js';
import type { ReplSession } from './session.js';

/**
 * A session at a terminal, until it is left.
 * @param image to begin with
 * @throws CocaError `interrupted` when it was left with Ctrl-C, or ended from outside
 */
export async function runInteractive(
  session: ReplSession,
  image: string | undefined,
  context: CommandContext,
): Promise<Outcome> {
  // React checks itself at every render unless it is told that it is not being developed, before it is first loaded.
  process.env.NODE_ENV ??= 'production';
  const { Prompt } = await import('../../ui/repl/prompt.js');
  const { painter } = await import('../../ui/palette.js');
  const paint = painter(context.terminal.colors);
  return context.onScreen(async (streams) => {
    let running: AbortController | undefined;
    const leaving = new AbortController();
    const history = await History.load(historyPath(), context.complain);
    const prompt = new Prompt(context.terminal, streams, {
      history: () => history.lines,
      complete: (line, cursor) => complete(line, cursor, session, { modelNames, siteNames }),
      editOutside: (line) => editOutside(line, context.signal),
      onInterrupt: (isSecond) => {
        if (isSecond) leaving.abort();
        running?.abort();
      },
    });
    const ended = AbortSignal.any([context.signal, leaving.signal]);
    const hasEnded = new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve(), { once: true }));
    const say = (text: string, style: (line: string) => string = (line) => line): void => {
      const lines = wrap(text, streams.stdout.columns || context.terminal.columns);
      prompt.write(lines.map((line) => `${style(line)}\n`).join(''));
    };
    const stageFor = (signal: AbortSignal): Stage => ({
      ...context,
      out: linesTo((text) => prompt.write(text)),
      notice: (text) => say(shown(text), paint.dim),
      complain: (text) => say(`! ${shown(text)}`, paint.red),
      status: {
        isShown: true,
        show: (text) => prompt.report(visible(typeof text === 'string' ? text : text())),
        clear: () => prompt.report(''),
      },
      // It may have another size by now.
      terminal: describeTerminal(streams.stdout, process.env),
      signal,
      echo: async (command) => say(`$ ${shown(command)}`, paint.dim),
      clear: () => prompt.clearScreen(),
      onScreen: async (show) => {
        await prompt.hide();
        try {
          return await show({ ...streams, signal });
        } finally {
          if (!ended.aborted) prompt.show();
        }
      },
    });
    /** Runs one piece of work; whatever becomes of it, the session goes on. */
    const perform = async (work: (stage: Stage) => Promise<unknown>): Promise<void> => {
      running = new AbortController();
      const signal = AbortSignal.any([ended, running.signal]);
      const stage = stageFor(signal);
      prompt.begin();
      const done = work(stage).catch((error: unknown) => {
        if (ended.aborted) return;
        if (signal.aborted) say('stopped', paint.dim);
        else fail(error);
      });
      await Promise.race([done, hasEnded]);
      await stage.out.flush();
      running = undefined;
      prompt.finish();
      const { current, names } = session.pictures;
      const number = names.length > 1 ? `${names.indexOf(current!) + 1} ` : '';
      prompt.setLabel(current === undefined ? 'coca' : `${number}${visible(shortName(current))}`);
    };
    const fail = (error: unknown): void => {
      const { message, hint } = failureLines(error);
      say(`! ${message}`, paint.red);
      if (hint) say(hint, (line) => paint.dim(`  ${line}`));
      for (const line of debugLines(error)) say(line);
    };

    prompt.setLabel('coca');
    say(`coca ${VERSION} · a picture's path opens it · help · Ctrl-D leaves`, paint.dim);
    prompt.show();
    try {
      await perform((stage) => (image === undefined ? session.warmUp(stage) : session.open(image, stage)));
      while (!session.isOver && !ended.aborted) {
        const event = await Promise.race([prompt.next(), hasEnded]);
        if (!event || event.type === 'end-of-input') break;
        if (event.type === 'interrupt') {
          leaving.abort();
          break;
        }
        say(`› ${shown(event.line)}`, paint.bold);
        await history.add(withoutPasswords(event.line)).catch(fail);
        await perform((stage) => session.run(event.line, stage));
      }
    } finally {
      await prompt.hide();
    }
    stopIfAborted(ended);
    return { done: 1, failed: 0 };
  });
}

/** Results as lines above the prompt: the rest of a line waits until the line ends. */
function linesTo(write: (text: string) => void): Output {
  let rest = '';
  return new Output(async (bytes) => {
    const text = rest + bytes.toString();
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (end > 0) write(text.slice(0, end));
  });
}

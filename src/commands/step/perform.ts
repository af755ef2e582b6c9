import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { type ScriptCommand, type ScriptWord, scriptError } from './script.js';
import type { Walker } from './walk.js';

/**
 * Does what a script says, word by word.
 * @throws CocaError `usage` naming the word that cannot be done; `interrupted`
 */
export async function performScript(walker: Walker, script: readonly ScriptWord[], signal: AbortSignal): Promise<void> {
  for (const word of script) {
    stopIfAborted(signal);
    try {
      await perform(walker, word.command, signal);
    } catch (error) {
      if (error instanceof CocaError && error.code === 'usage') throw scriptError(word, error.message, error.hint);
      throw error;
    }
  }
}

async function perform(walker: Walker, command: ScriptCommand, signal: AbortSignal): Promise<void> {
  switch (command.type) {
    case 'next':
    case 'undo':
    case 'redo':
      for (let time = 0; time < command.times; time++) await walker[command.type]();
      return;
    case 'run':
      return walker.run({ signal });
    case 'choose':
      if (command.to === 'first') return walker.chooseFirst();
      if (command.to === 'up' || command.to === 'down') return walker.chooseBy(command.to === 'up' ? -1 : 1);
      return walker.choose(command.to);
    case 'force': {
      const { target } = command;
      if ('text' in target) return walker.force({ ids: walker.idsOfText(target.text) });
      return walker.force('id' in target ? { ids: [target.id] } : target);
    }
    case 'prune':
      return walker.prune(command.beam);
    case 'fork':
      return walker.fork(command.beam, command.step);
    case 'line':
      return walker.switchTo(command.line);
    case 'set':
      return walker.set(command.options);
  }
}

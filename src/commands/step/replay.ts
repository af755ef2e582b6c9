import { kebab } from '../../cli/command.js';
import {
  type Action,
  changeOf,
  hypothesesOf,
  isChange,
  type OptionChanges,
  type Session,
} from '../../model/stepper/index.js';
import { changeArgument } from './change-words.js';

/**
 * The words of a script after which a walk stands where this session does.
 * @param before what a loaded session had done, where the script goes on from one
 */
export function scriptOf({ past, walk }: Session, before: readonly Action[]): string {
  const done = past.map(({ action }) => JSON.stringify(action));
  const known = before.map((action) => JSON.stringify(action));
  const kept = known.findIndex((action, i) => action !== done[i]);
  const shared = kept < 0 ? known.length : kept;
  const words: string[] = known.length > shared ? [counted('undo', known.length - shared)] : [];
  let line = past[shared]?.walk.line ?? walk.line;
  // A new walk begins with one line; which one a loaded session ends with is no matter of its file.
  if (shared === 0) line = 0;
  else if (walk.lines.length > 1) words.push(`line:${line}`);
  let steps = 0;
  const flush = (): void => {
    if (steps > 0) words.push(counted('next', steps));
    steps = 0;
  };
  for (const { action, walk: then } of past.slice(shared)) {
    if (action.line !== line) {
      flush();
      words.push(`line:${action.line}`);
      line = action.line;
    }
    if (action.type === 'next') {
      steps++;
      continue;
    }
    flush();
    const state = then.lines[action.line]!;
    switch (action.type) {
      case 'force':
        words.push(`choose:${action.beam}`, `force:=${action.token}`);
        break;
      case 'prune':
        words.push(`prune:${action.beam}`);
        break;
      case 'set':
        words.push(`set:${settings(action.options)}`);
        break;
      default: {
        const step = action.length === undefined ? '' : `@${action.length - state.state.promptLength}`;
        const from = hypothesesOf(state)[action.at]!;
        const choosing =
          from.kind === 'live'
            ? [`choose:${from.number}`]
            : ['choose:first', ...Array<string>(action.at).fill('choose:down')];
        if (isChange(action)) words.push(...choosing, `${action.type}${step}:${changeArgument(changeOf(action))}`);
        else if (from.kind === 'live') words.push(`fork:${from.number}${step}`);
        else words.push(...choosing, `fork${step}`);
        line = then.lines.length;
      }
    }
  }
  flush();
  if (walk.line !== line) words.push(`line:${walk.line}`);
  return words.join();
}

const counted = (verb: string, count: number): string => (count === 1 ? verb : `${verb}:${count}`);

const settings = (options: OptionChanges): string =>
  Object.entries(options)
    .map(([name, value]) => `${kebab(name)}=${value}`)
    .join(' ');

import type { Command, CommandContext, Invocation, Outcome } from '../cli/command.js';
import { ask } from './ask/ask.js';
import { attend } from './attend/attend.js';
import { bench } from './bench.js';
import { caption } from './caption/caption.js';
import { classify } from './classify/classify.js';
import { cluster } from './collection/cluster.js';
import { dedupe } from './collection/dedupe.js';
import { index } from './collection/index-folders.js';
import { searchOver } from './collection/search.js';
import { completionOf } from './completion.js';
import { doctor } from './doctor/doctor.js';
import { embed } from './embed.js';
import { evaluate } from './eval/eval.js';
import { explain } from './explain/explain.js';
import { ground } from './ground/ground.js';
import { heads } from './heads/heads.js';
import { init } from './init.js';
import { lens } from './lens/lens.js';
import { models } from './models/models.js';
import { probe } from './probe/probe.js';
import { rank } from './rank/rank.js';
import { replOver } from './repl/repl.js';
import { scenes } from './scenes.js';
import { serve } from './serve/serve.js';
import { parts } from './shards/parts.js';
import { step } from './step/step.js';
import { trace } from './trace/trace.js';
import { train } from './train/train.js';

const PROGRAMS: readonly Command[] = [
  caption,
  rank,
  classify,
  ask,
  attend,
  ground,
  trace,
  step,
  lens,
  heads,
  explain,
  embed,
  parts,
  index,
  searchOver((image, invocation, context) => openSession(image, invocation, context)),
  dedupe,
  cluster,
  models,
  init,
  scenes,
  train,
  probe,
  evaluate,
  bench,
  doctor,
];

const repl = replOver(PROGRAMS);

/** The session on a picture, with the model that another command was given. */
function openSession(image: string, { options, typed }: Invocation, context: CommandContext): Promise<Outcome> {
  const own = new Set<string>(repl.globals);
  const given = [...typed].filter((name) => own.has(name));
  const values = Object.fromEntries(repl.globals.map((name) => [name, options[name]]));
  return repl.run({ args: [image], options: values, typed: new Set(given) }, context);
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [repl, ...PROGRAMS, serve, completionOf(() => COMMANDS)];

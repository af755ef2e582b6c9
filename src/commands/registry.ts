import type { Command, CommandContext, Invocation, Outcome } from '../cli/command.js';

type Loader = () => Promise<Command>;

/** What a session can run, in the order of the help. */
const PROGRAMS: Readonly<Record<string, Loader>> = {
  caption: async () => (await import('./caption/caption.js')).caption,
  rank: async () => (await import('./rank/rank.js')).rank,
  classify: async () => (await import('./classify/classify.js')).classify,
  ask: async () => (await import('./ask/ask.js')).ask,
  attend: async () => (await import('./attend/attend.js')).attend,
  ground: async () => (await import('./ground/ground.js')).ground,
  trace: async () => (await import('./trace/trace.js')).trace,
  step: async () => (await import('./step/step.js')).step,
  lens: async () => (await import('./lens/lens.js')).lens,
  heads: async () => (await import('./heads/heads.js')).heads,
  explain: async () => (await import('./explain/explain.js')).explain,
  embed: async () => (await import('./embed.js')).embed,
  parts: async () => (await import('./shards/parts.js')).parts,
  index: async () => (await import('./collection/index-folders.js')).index,
  search: async () => (await import('./collection/search.js')).searchOver(openSession),
  dedupe: async () => (await import('./collection/dedupe.js')).dedupe,
  cluster: async () => (await import('./collection/cluster.js')).cluster,
  models: async () => (await import('./models/models.js')).models,
  init: async () => (await import('./init.js')).init,
  scenes: async () => (await import('./scenes.js')).scenes,
  train: async () => (await import('./train/train.js')).train,
  probe: async () => (await import('./probe/probe.js')).probe,
  eval: async () => (await import('./eval/eval.js')).evaluate,
  bench: async () => (await import('./bench.js')).bench,
  doctor: async () => (await import('./doctor/doctor.js')).doctor,
};

/** Every command by its name, loaded when it is asked for: a start is as slow as what it loads. */
const COMMANDS: Readonly<Record<string, Loader>> = {
  repl: async () => (await import('./repl/repl.js')).replOver(await allOf(PROGRAMS)),
  ...PROGRAMS,
  serve: async () => (await import('./serve/serve.js')).serve,
  completion: async () => (await import('./completion.js')).completionOf(allCommands),
};

const allOf = (loaders: Readonly<Record<string, Loader>>): Promise<readonly Command[]> =>
  Promise.all(Object.values(loaders).map((load) => load()));

/** The command of a name; undefined where there is none. */
export const namedCommand = async (name: string): Promise<Command | undefined> =>
  Object.hasOwn(COMMANDS, name) ? COMMANDS[name]!() : undefined;

/** Every command, in the order of the help. */
export const allCommands = (): Promise<readonly Command[]> => allOf(COMMANDS);

/** The session on a picture, with the model that another command was given. */
async function openSession(image: string, { options, typed }: Invocation, context: CommandContext): Promise<Outcome> {
  const repl = await COMMANDS.repl!();
  const own = new Set<string>(repl.globals);
  const given = [...typed].filter((name) => own.has(name));
  const values = Object.fromEntries(repl.globals.map((name) => [name, options[name]]));
  return repl.run({ args: [image], options: values, typed: new Set(given) }, context);
}

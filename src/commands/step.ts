import { type DecodingOptions, decodingOptions } from '../model/decoding/index.js';
import { CocaError } from '../model/errors.js';
import type { LoadedCoca } from '../model/load.js';
import { openStepper, type SavedSession } from '../model/stepper/index.js';
import { canShow } from '../ui/full-screen.js';
import { visible } from '../ui/text.js';
import { DECODING_OPTIONS, searchOptions } from './caption.js';
import { type CommandContext, defineCommand, kebab } from './command.js';
import { checkSources } from './inputs.js';
import { MODEL_GLOBALS, withModel } from './model.js';
import { oneName, pictureOf } from './one-picture.js';
import { formatOf, objectWriter, Tally } from './results.js';
import { checkSession, readSession, replay, saveSession, sha256Of } from './step-file.js';
import { performScript } from './step-perform.js';
import { bestOf, stepLines, stepObject } from './step-result.js';
import { parseScript, VERBS } from './step-script.js';
import { Walker } from './step-walk.js';

/** What shapes a search; a loaded session brings its own. */
const SEARCH_OPTIONS = {
  ...DECODING_OPTIONS,
  prompt: { type: 'text', placeholder: 'TEXT', description: 'how the caption begins' },
} as const;

export const step = defineCommand({
  name: 'step',
  summary: 'walks through beam search, token by token',
  details: [
    'On a terminal: the search as a tree that grows with each key: next, undo, force a token, fork, prune, other options on the way (? lists the keys). Untouched, it ends with the caption of coca caption.',
    'With --script, in a pipe, or with --json nothing is asked: the script is done, or without one the search runs to its end, and the tree comes out.',
    `A script is words with commas between them: ${Object.values(VERBS).join(', ')}. Beams and lines are numbered from 0 as on the screen and in JSON, candidates from 1; an argument in double quotes is taken as it stands.`,
    'Piped: ID, PARENT, STEP, BEAM, STATE, LOGPROB, SUM, SCORE and the text so far, a line a node, with tabs between.',
    'JSON: nodes with id, parent, step, beam, token, logprob, sum, score, state (live, pruned, finished) and, of a pruned one, why; best; lines; candidates of each step with their fate; actions.',
    'docs/step.md explains the screen, the script, the JSON and the session file.',
  ].join('\n'),
  args: [
    {
      name: 'IMAGE',
      description: 'path, URL, or - for bytes on stdin; with --load, that of the session unless given',
      kind: 'image',
      unless: ['load'],
      required: false,
      variadic: false,
    },
  ],
  options: {
    script: { type: 'text', placeholder: 'WORDS', description: 'what to do, instead of keys: "next,force:dog,run"' },
    load: { type: 'text', kind: 'file', placeholder: 'FILE', description: 'go on from a saved session' },
    save: { type: 'text', kind: 'file', placeholder: 'FILE', description: 'save the session there at the end' },
    ...SEARCH_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'seed'],
  examples: [
    { line: 'coca step photo.jpg', does: 'walk through the search with the keys' },
    {
      line: 'coca step photo.jpg --script "next,next,force:dog,prune:2,undo,run" --json',
      does: 'the tree of a walk, for a program',
    },
    { line: 'coca step --load photo-step.json', does: 'go on where a session was saved' },
  ],
  async run({ args, options, typed, preset }, context) {
    const script = options.script === undefined ? undefined : parseScript(options.script);
    refuseOptionsBeside(options.load, new Set([...typed].filter((name) => !preset.has(name))));
    const saved = options.load === undefined ? undefined : await readSession(options.load);
    const word = args[0] ?? saved?.image;
    checkSources({ images: word === undefined ? [] : [word], files: [], files0: [] }, context.stdin);
    const format = formatOf(options, context);
    const objects = format === 'json' || format === 'jsonl' ? objectWriter(context.out, format) : undefined;
    const tally = new Tally(context, objects);
    await withModel(options, context, async (coca) => {
      const image = args[0] === undefined ? word! : await oneName(word!, 'step', context);
      const [input] = await Promise.all([pictureOf(image, coca, context), coca.prepare('captions')]);
      if ('error' in input) return tally.fail(image, input.error);
      const sha256 = sha256Of(input.bytes);
      if (saved) checkSession(saved, options.load!, { name: image, sha256 }, coca.name);
      const prompt = saved ? (saved.prompt ?? undefined) : options.prompt;
      const search = saved
        ? savedOptions(saved, options.load!, coca)
        : await searchOptions({ options, typed, preset }, coca, context.notice);
      context.status.show('looking');
      const encoding = await coca.encodeImages([input.picture]);
      const stepper = await openStepper(coca, encoding, prompt === undefined ? search : { ...search, prompt });
      try {
        const walker = new Walker(stepper, coca.tokenizer);
        if (saved) await replaySaved(walker, saved, options.load!, coca, context);
        const origin = { image, sha256, prompt, options: search };
        const save = (path: string) => saveSession(path, origin, stepper.session, coca);
        if (format === 'terminal' && script === undefined && canShow(context.terminal, context.stdin)) {
          context.status.clear();
          const { walkOnScreen } = await import('./step-screen.js');
          await walkOnScreen({ image, picture: input.picture, coca, walker, save, file: options.save }, context);
        } else {
          if (script) await performScript(walker, script, context.signal);
          else if (!saved) await walker.run({ signal: context.signal });
          context.status.clear();
        }
        if (options.save !== undefined) {
          await save(options.save);
          context.notice(`the session is in ${options.save}`);
        }
        const best = bestOf(walker.line, coca.tokenizer);
        if (best) context.onCaption(image, best.caption);
        tally.succeed();
        const result = { image, session: stepper.session, coca };
        if (objects) await objects.write(stepObject(result));
        else if (format === 'plain') await context.out.write(`${stepLines(result).join('\n')}\n`);
        else if (best) await context.out.line(visible(best.caption));
      } finally {
        await stepper.close();
      }
    });
    await objects?.end();
    return tally.outcome();
  },
});

function refuseOptionsBeside(load: string | undefined, typed: ReadonlySet<string>): void {
  const useless = [...Object.keys(SEARCH_OPTIONS), 'seed'].find((name) => typed.has(name));
  if (load === undefined || useless === undefined) return;
  throw new CocaError(
    'usage',
    `--${kebab(useless)} shapes a new search, and here --load brings one`,
    'leave one of the two out, or change the option on the way (o, or set in a script)',
  );
}

/** @throws CocaError `bad-session` for options that a search here cannot have */
function savedOptions(saved: SavedSession, file: string, coca: LoadedCoca): DecodingOptions {
  const { text, multimodal } = coca.config;
  const contextLength = Math.min(text.context_length, multimodal.context_length);
  try {
    const complete = decodingOptions(saved.options, { contextLength });
    const unknown = Object.keys(saved.options).find((name) => !Object.hasOwn(complete, name));
    if (unknown === undefined) return complete;
    throw new CocaError('usage', `there is no option ${unknown}`);
  } catch (error) {
    if (!(error instanceof CocaError)) throw error;
    throw new CocaError('bad-session', `${file}: options: ${error.message}`, error.hint, { cause: error });
  }
}

async function replaySaved(
  walker: Walker,
  saved: SavedSession,
  file: string,
  coca: LoadedCoca,
  context: CommandContext,
): Promise<void> {
  await replay(walker.stepper, saved, file, context.signal);
  const best = bestOf(walker.line, coca.tokenizer)?.caption ?? null;
  if (best !== saved.best) {
    context.notice(`${file} ended with "${saved.best}" when it was saved; here, on ${coca.device}, with "${best}"`);
  }
}

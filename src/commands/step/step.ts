import type { Format } from '../../cli/answers.js';
import { type CommandContext, defineCommand, kebab } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { canShow } from '../../ui/view/streams.js';
import { checkPicture, failUnreadable } from '../io/check-inputs.js';
import { ABLATION_OPTIONS, checkAblation } from '../io/inside/ablation.js';
import { MODEL_GLOBALS, withCaptioner } from '../io/model.js';
import { PAGE_DETAILS, PAGE_OPTION } from '../io/page/option.js';
import { oneName } from '../io/pictures.js';
import { searchProgress } from '../io/progress.js';
import { formatOf, Tally } from '../io/results.js';
import { checkSearchOptions, DECODING_OPTIONS, PROMPT_OPTION, searchOptions } from '../io/search-options.js';
import { checkSources } from '../io/sources.js';
import type { LoadedSession } from './file.js';
import type { OpenWalk } from './open.js';
import { parseScript, type ScriptWord, VERBS } from './script.js';

/** What shapes a search; a loaded session brings its own. */
const SEARCH_OPTIONS = {
  ...DECODING_OPTIONS,
  ...PROMPT_OPTION,
} as const;

export const step = defineCommand({
  name: 'step',
  summary: 'walks through beam search, token by token',
  details: [
    'On a terminal: the search as a tree that grows with each key: next, undo, force a token, fork, prune, other options on the way, a part of the picture erased, of the model taken out, or of another picture put in (? lists the keys). Untouched, it ends with the caption of coca caption.',
    'With --script, in a pipe, or with --json no keys are asked for: the script is done, or without one the search runs to its end, and the tree comes out.',
    `A script is words with commas between them: ${Object.values(VERBS).join(', ')}. Beams and lines are numbered from 0 as on the screen and in JSON, candidates from 1; an argument in double quotes is taken as it stands. erase, ablate and patch begin a line that reads the text again with something changed: WORD is one of the text, WxH+X+Y are cells of what the model sees, with px pixels of the picture.`,
    'Piped: ID, PARENT, STEP, BEAM, STATE, LOGPROB, SUM, SCORE and the text so far, a line a node, with tabs between; of a changed line also its changes.',
    'JSON: nodes with id, parent, step, beam, token, logprob, sum, score, state (live, pruned, finished) and, of a branch that was pruned, why, and of a changed line change; best; lines with changes and what they moved; candidates of each step with their fate; actions.',
    PAGE_DETAILS,
    'coca help step.md explains the screen, the script, the JSON and the session file.',
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
    save: {
      type: 'text',
      kind: 'file',
      access: 'write',
      placeholder: 'FILE',
      description: 'save the session there at the end',
    },
    html: {
      ...PAGE_OPTION.html,
      description: 'write a page for a browser there at the end, with pictures and data in it',
    },
    ...SEARCH_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: [...MODEL_GLOBALS, 'seed', 'images'],
  examples: [
    { line: 'coca step photo.jpg', does: 'walk through the search with the keys' },
    {
      line: 'coca step photo.jpg --script "next,next,force:dog,prune:2,undo,run" --json',
      does: 'the tree of a walk, for a program',
    },
    {
      line: 'coca step photo.jpg --script "run,erase@1:2,run"',
      does: 'what it says after its first word, with the thing that the second names and without',
    },
    { line: 'coca step --load photo-step.json', does: 'go on where a session was saved' },
  ],
  async check({ options, typed }) {
    if (options.script !== undefined) parseScript(options.script);
    refuseOptionsBeside(options.load, typed);
    if (options.save !== undefined && options.save === options.html) {
      throw new CocaError('usage', `--save and --html both name ${options.save}`);
    }
    checkAblation(options, typed);
    await checkSearchOptions(options, typed);
  },
  async run({ args, options, typed }, context) {
    const script = options.script === undefined ? undefined : parseScript(options.script);
    for (const { verb } of script ?? []) {
      if (verb.type === 'change' && verb.change.type === 'patch') await checkPicture(verb.change.image);
    }
    const loaded = options.load === undefined ? undefined : await load(options.load);
    const word = args[0] ?? loaded?.saved.image;
    checkSources({ images: word === undefined ? [] : [word], files: [], files0: [] }, context.stdin);
    const format = formatOf(options, context);
    const { bestOf, stepPage, stepWriter } = await import('./result.js');
    const writer = format === 'terminal' ? undefined : stepWriter(format, context);
    const tally = new Tally(context, writer?.objects);
    // What a session calls its picture is a name, not a pattern.
    const image = args[0] === undefined ? word! : await oneName(word!, 'step', context);
    // A session names its picture itself.
    const missing = loaded
      ? await failUnreadable({ images: [image], files: [], files0: [] }, options, context)
      : undefined;
    if (missing) return missing;
    const { openWalk } = await import('./open.js');
    const { actionsOf, currentLine } = await import('../../model/stepper/index.js');
    const { isDone } = await import('../../model/decoding/index.js');
    const { scriptOf } = await import('./replay.js');
    await withCaptioner(options, context, 'step', async (coca) => {
      const search = loaded ? undefined : await searchOptions(options, typed, coca);
      const walk = await openWalk({ image, search, prompt: options.prompt, loaded }, coca, context);
      if ('error' in walk) return tally.fail(image, walk.error);
      const { stepper } = walk;
      try {
        const how = {
          script,
          isLoaded: loaded !== undefined,
          format,
          file: options.save,
          images: options.images as PictureKind | 'auto',
        };
        const before = actionsOf(stepper.session);
        const isShown = await walkThrough(walk, how, context);
        if (isShown) context.onKeys(['--script', scriptOf(stepper.session, before)]);
        if (options.save !== undefined) {
          await walk.save(options.save);
          context.notice(`the session is in ${options.save}`);
        }
        const result = { image, square: walk.square, session: stepper.session, coca };
        if (options.html !== undefined) {
          const { writePage } = await import('../io/page/page.js');
          await writePage(options.html, stepPage, [result]);
          context.notice(`the page is in ${options.html}`);
        }
        const line = currentLine(stepper.session);
        const best = bestOf(line, coca.tokenizer);
        // What an unfinished search has so far is the beginning of a caption.
        if (best && isDone(line.state)) context.onCaption(image, best.caption);
        tally.succeed();
        if (isShown && best && best.ids.length > 1) {
          const { hanging } = await import('../../ui/layout.js');
          const { columns } = context.terminal;
          for (const text of hanging(visible(best.caption), columns, 0)) await context.out.line(text);
        }
        if (writer) await writer.result(result);
        else if (!isShown) await (await import('./screen.js')).printWalk(walk, context);
      } finally {
        await stepper.close();
      }
    });
    await writer?.objects?.end();
    return tally.outcome();
  },
});

async function load(file: string): Promise<LoadedSession> {
  const { readSession } = await import('./file.js');
  return { file, saved: await readSession(file) };
}

function refuseOptionsBeside(load: string | undefined, typed: ReadonlySet<string>): void {
  const useless = [...Object.keys(SEARCH_OPTIONS), 'seed'].find((name) => typed.has(name));
  if (load === undefined || useless === undefined) return;
  throw new CocaError(
    'usage',
    `--${kebab(useless)} shapes a new search, and here --load brings one`,
    'leave one of the two out, or change the option on the way (the key o, or set in a script)',
  );
}

interface WalkHow {
  readonly script: readonly ScriptWord[] | undefined;
  readonly isLoaded: boolean;
  readonly format: Format;
  readonly file: string | undefined;
  readonly images: PictureKind | 'auto';
}

/**
 * Does what is to be done: with keys, by a script, or to the end.
 * @returns whether a person has seen it
 */
async function walkThrough(
  walk: OpenWalk,
  { script, isLoaded, format, file, images }: WalkHow,
  context: CommandContext,
): Promise<boolean> {
  if (format === 'terminal' && script === undefined && canShow(context.terminal, context.stdin)) {
    const { walkOnScreen } = await import('./screen.js');
    await walkOnScreen({ ...walk, file, images }, context);
    return true;
  }
  const { performScript } = await import('./perform.js');
  if (script) await performScript(walk.stepper, script, walk.coca.tokenizer, context.signal);
  else if (!isLoaded) await runToTheEnd(walk, context);
  return false;
}

async function runToTheEnd({ stepper, coca }: OpenWalk, context: CommandContext): Promise<void> {
  const { currentLine } = await import('../../model/stepper/index.js');
  const show = await searchProgress(coca, context);
  const onStep = () => {
    const { state } = currentLine(stepper.session);
    show({ step: state.step, maxSteps: state.options.maxLength - state.promptLength, states: [state] });
  };
  await stepper.run({ signal: context.signal, onStep });
  context.status.clear();
}

import type { Command, Outcome } from '../../../cli/command.js';
import { visible } from '../../../ui/text.js';
import { imageNames } from '../../io/sources.js';
import { comparePictures } from '../compare.js';
import type { SessionContext } from '../context.js';
import type { ReplSession } from '../session.js';
import { defineVerb } from './verb.js';

/** Verbs about the pictures that are open. */
export function pictureVerbs(session: ReplSession): readonly Command[] {
  const { pictures } = session;

  const open = defineVerb({
    name: 'open',
    summary: 'opens pictures, the first of them to be worked with; a path alone does the same',
    args: [
      {
        name: 'IMAGE',
        description: 'path, URL or glob; with set frames N also a folder that is a clip',
        kind: 'image',
        required: false,
        variadic: true,
      },
    ],
    async run({ args }, context) {
      const names: string[] = [];
      const { frames } = session.settings;
      for await (const name of imageNames({ images: args, files: [], files0: [], frames }, context.stdin))
        names.push(name);
      const [first, ...others] = names;
      const known = new Set(pictures.names);
      const before = pictures.current;
      for (const name of names) pictures.open(name);
      pictures.open(first!);
      if (others.length > 0) await writePictures(session, context);
      const outcome = await show(session, context);
      // What turned out to be no picture was not opened.
      if (outcome.done === 0 && !known.has(first!)) {
        pictures.close(first!);
        if (before !== undefined && others.length === 0) pictures.open(before);
      }
      return outcome;
    },
  });

  const showVerb = defineVerb({
    name: 'show',
    summary: 'shows a picture and its caption, and makes it the current one; its number alone does the same',
    args: [
      {
        name: 'IMAGE',
        description: 'number or name of an open picture',
        kind: 'image',
        required: false,
        variadic: false,
      },
    ],
    async run({ args }, context) {
      pictures.open(args[0]!);
      return show(session, context);
    },
  });

  const list = defineVerb({
    name: 'pictures',
    summary: 'lists the open pictures and what was said of them',
    args: [],
    async run(_, context) {
      if (pictures.names.length > 0) await writePictures(session, context);
      else context.notice('no picture is open');
      return undefined;
    },
  });

  const close = defineVerb({
    name: 'close',
    summary: 'closes pictures: the current one, unless others are named',
    args: [{ name: 'IMAGE', description: 'numbers or names', kind: 'image', required: false, variadic: true }],
    options: { all: { type: 'flag', description: 'all of them' } },
    async run({ args, options }) {
      for (const name of options.all ? [...pictures.names] : args) pictures.close(name);
      return undefined;
    },
  });

  const compare = defineVerb({
    name: 'compare',
    summary: 'the open pictures side by side: how well each caption fits each of them',
    details:
      'Without captions, those of the pictures themselves. The figure is the cosine of the embeddings; the best caption of each picture is marked.',
    args: [{ name: 'CAPTION', description: 'captions, parted by bars', kind: 'text', required: false, variadic: true }],
    globals: ['json'],
    run: ({ args, options }, context) => comparePictures(session, args, options, context),
  });

  return [open, showVerb, list, close, compare];
}

/** The current picture with its caption, where a person looks; a program asks for captions when it wants them. */
async function show(session: ReplSession, context: SessionContext): Promise<Outcome> {
  if (!context.terminal.interactive) return { done: 1, failed: 0 };
  const { pictures } = session;
  pictures.shown = undefined;
  const line = { positionals: [pictures.current!], options: [] };
  const outcome = await session.runProgram(session.program('caption'), line, context);
  pictures.shown = pictures.current;
  return outcome;
}

/** The open pictures, the current one starred: in columns for a person, with tabs between for a program. */
async function writePictures({ pictures }: ReplSession, { out, terminal }: SessionContext): Promise<void> {
  const { names, current } = pictures;
  const said = names.map((name) => visible(pictures.captionOf(name) ?? ''));
  const numbers = names.map((name, i) => {
    const number = String(i + 1).padStart(String(names.length).length);
    return `${name === current ? '*' : ' '}${number}`;
  });
  if (!terminal.interactive) {
    const lines = names.map((name, i) => [numbers[i], visible(name), ...(said[i] ? [said[i]] : [])].join('\t'));
    await out.write(lines.map((line) => `${line}\n`).join(''));
    return;
  }
  const { padEnd, truncate, widthOf } = await import('../../../ui/layout.js');
  const width = Math.max(...names.map((name) => widthOf(visible(name))));
  const lines = names.map((name, i) => `${numbers[i]}  ${padEnd(visible(name), width)}  ${said[i]}`.trimEnd());
  await out.write(lines.map((line) => `${truncate(line, terminal.columns)}\n`).join(''));
}

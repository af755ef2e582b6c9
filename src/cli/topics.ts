import { readFile } from 'node:fs/promises';
import { CocaError } from '../model/base/errors.js';
import type { Terminal } from '../ui/terminal.js';

/** What `coca help TOPIC` prints: the documents that come with the program, and what each is about. */
export const TOPICS: Readonly<Record<string, string>> = {
  exploring: 'an hour with one picture: ten questions and the commands that answer them',
  session: 'the interactive session, and sessions without a terminal',
  step: 'walking through a search: the screen, the keys, scripts, the JSON, saved sessions',
  keys: "the views' keys: the same key means the same in all of them",
  decoding: "how a caption is searched, by transformers' rules or by OpenCLIP's",
  attention: 'what a map over the picture is, and how true',
  grounding: 'which words of a caption are seen and which are guessed, and how true that is',
  inside: 'what each layer would say, what each head does, and what follows when parts are taken out',
  tracing: 'where in the model a word is carried, between two pictures, and how true that is',
  explaining: 'an embedding as a sum of concepts: which, centred on what, and how true',
  pages: 'what was found as one page for a browser: attend, ground, lens, heads, trace, step',
  probing: 'classes learned from labelled pictures, on frozen features: heads, and how well they do',
  collections: 'indexing, searching and grouping folders of pictures, and where the index lies',
  sidecars: 'texts and XMP beside the pictures, and a folder that is watched',
  serve: 'the warm server: what it is asked over HTTP, who may ask, and commands that ask it',
  video: 'clips: what is one, its frames, maps over them, and how ffmpeg is run',
  models: 'names, the cache, environment variables, working offline, what is not trusted',
  training: "training and fine-tuning, the run's folder, what is logged",
  evaluation: "what coca eval measures, exactly, and the bundled model's figures",
  data: 'the data sets that are read, their order, and the synthetic world',
  engines: "which engine and device when, and how to get TensorFlow's own library",
  scale: 'millions of pictures: shards, archives and formats, engines that run them, what that costs',
  performance: 'how fast it is, measured beside OpenCLIP',
  reliability: 'what holds whatever the file, server or signal, and its tests',
  architecture: 'how the program is built, and why',
};

/**
 * The topic that a word means: its name, or that of its document, which tells it from a command of the same name
 * (`step.md`).
 */
export function topicOf(word: string): string | undefined {
  const name = word.replace(/^docs\//, '').replace(/\.md$/, '');
  return Object.hasOwn(TOPICS, name) ? name : undefined;
}

/** Each topic as `help` takes it beside commands, one of a command's name by that of its file; and what it is about. */
export function topicNames(commands: readonly { readonly name: string }[]): { word: string; about: string }[] {
  const isCommand = (name: string) => commands.some((command) => command.name === name);
  return Object.entries(TOPICS).map(([name, about]) => ({ word: isCommand(name) ? `${name}.md` : name, about }));
}

/** Whether a word names a document, whatever commands there are. */
export const isDocument = (word: string): boolean => word.endsWith('.md');

const TABLE_OR_CODE = /^(\|| {4}|```)/;

/**
 * The text of a topic, in Markdown as it is written. For a person its lines are broken at the width of the terminal and its headings
 * stand out; tables and code stay as they are.
 * @throws CocaError `not-found` where the program was installed without its documents
 */
export async function topicText(
  topic: string,
  { interactive, columns, colors }: Pick<Terminal, 'interactive' | 'columns' | 'colors'>,
): Promise<string> {
  const file = new URL(`../../docs/${topic}.md`, import.meta.url);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const message = `the document of ${topic} is not where the program is`;
    throw new CocaError('not-found', message, 'install the program anew', { cause });
  });
  if (!interactive) return text;
  // Topics are names to every command line, and texts to few.
  const [{ painter }, { hanging }] = await Promise.all([import('../ui/palette.js'), import('../ui/layout.js')]);
  const { bold } = painter(colors);
  let isCode = false;
  const lines = text.split('\n').flatMap((line) => {
    if (line.startsWith('```')) isCode = !isCode;
    if (!isCode && /^#+ /.test(line)) return hanging(line, columns, 0).map((part) => bold(part));
    return isCode || TABLE_OR_CODE.test(line) ? [line] : hanging(line, columns, /^(- |\d+\. )?/.exec(line)![0].length);
  });
  return lines.join('\n');
}

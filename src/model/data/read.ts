import { resolve } from 'node:path';
import { CocaError } from '../base/errors.js';
import { isObject, type Json, parsePythonJson } from '../base/json.js';
import { RegularFile } from '../base/regular-file.js';
import { decodePart, decodeText, lostIn } from '../base/text-decoding.js';
import type { Picture } from '../image/picture.js';
import type { SceneSample } from '../scenes/world/source.js';
import { describe } from './formats/description.js';
import { splitRow } from './formats/rows.js';
import {
  type Description,
  IMAGE_EXTENSIONS,
  type Locator,
  type RowContext,
  type RowLocator,
  type Sample,
  type Span,
  type TableContext,
  type TarSample,
} from './sample.js';

/** No picture that can be decoded is larger. */
const MAX_IMAGE_BYTES = 512 * 2 ** 20;
/** No row or text beside a picture is; a file without line ends is noticed before it fills memory. */
const MAX_TEXT_BYTES = 16 * 2 ** 20;

/** Those that say something about the picture. */
const TEXT_EXTENSIONS = ['json', 'txt', 'cls'] as const;

/** What is known about a sample, and its picture when that is asked for. */
interface OpenSample {
  readonly name: string;
  readonly description: Description;
  readonly readImage: () => Promise<Sample['image']>;
}

/**
 * Reads one sample. Everything it needs is in the locator, so it can run in any thread.
 * @throws CocaError that says what is wrong with this sample: `not-found`, `unreadable`, `bad-data`
 */
export async function readSample(locator: Locator): Promise<Sample> {
  const { name, description, readImage } = await openSample(locator);
  return { name, ...description, image: await readImage() };
}

/**
 * What is known about a sample, its picture left alone.
 * @throws as `readSample`
 */
export async function readDescription(locator: Locator): Promise<Description> {
  return (await openSample(locator)).description;
}

/** Captions without a word do not count: an empty cell, an empty file. */
async function openSample(locator: Locator): Promise<OpenSample> {
  const sample = await openAny(locator);
  const { trueCaptions = [], hardNegatives = [], label, asked } = sample.description;
  const captions = sample.description.captions.filter((caption) => caption.trim() !== '');
  // A label may be a folder's name, whose bytes need not be UTF-8 (`decodeName`).
  const labels = label === undefined ? [] : [String(label).replace(/[\udc80-\udcff]/gu, '')];
  const answers = asked === undefined ? [] : [asked.question, ...asked.answers];
  for (const text of [...captions, ...trueCaptions, ...hardNegatives, ...labels, ...answers]) {
    const lost = lostIn(text);
    if (lost !== undefined) throw bad(locator, `a text has ${lost}`);
  }
  return { ...sample, description: { ...sample.description, captions } };
}

async function openAny(locator: Locator): Promise<OpenSample> {
  switch (locator.kind) {
    case 'json':
      return fromJson(await readRow(locator), locator);
    case 'table':
      return fromTable(await readRow(locator), locator);
    case 'listed':
      return openListed(locator.path, locator.description);
    case 'lost':
      throw bad(locator, locator.why);
    case 'tar':
      return fromTar(locator.file, locator.sample, locator.caption);
    case 'scene':
      return fromScene(locator);
  }
}

/** What messages call a sample that could not be read. */
export function nameOf(locator: Locator): string {
  switch (locator.kind) {
    case 'json':
    case 'table':
      return `${locator.context.file}, row ${locator.row + 1}`;
    case 'listed':
      return locator.path;
    case 'lost':
      return locator.name;
    case 'tar':
      return `${locator.file}, ${locator.sample.key}`;
    case 'scene':
      return `scene ${locator.index} of seed ${locator.seed}`;
  }
}

const bad = (locator: Locator, what: string, cause?: unknown): CocaError =>
  new CocaError('bad-data', `${nameOf(locator)}: ${what}`, undefined, { cause });

function fromJson(text: string, locator: Locator & { readonly context: RowContext }): OpenSample {
  const { context } = locator;
  const record = parse(text, locator);
  const path = record[context.fields.image];
  if (typeof path !== 'string') throw bad(locator, `no text "${context.fields.image}"`);
  return withImage(path, described(record, locator, context.fields.caption), context);
}

function parse(text: string, locator: Locator): Json {
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (cause) {
    throw bad(locator, `not JSON: ${(cause as Error).message}`, cause);
  }
  if (!isObject(value)) throw bad(locator, 'no JSON object');
  return value;
}

function described(record: Json, locator: Locator, captionField: string): Description {
  try {
    return describe(record, captionField);
  } catch (cause) {
    throw bad(locator, (cause as Error).message, cause);
  }
}

function fromTable(text: string, locator: Locator & { readonly context: TableContext }): OpenSample {
  const { columns, separator, fields } = locator.context;
  const cells = splitRow(text, separator);
  if (cells.length > columns.length) {
    throw bad(
      locator,
      `${cells.length} cells for ${columns.length} columns: text that has the separator in it needs quotes`,
    );
  }
  const cell = (column: string): string | undefined => cells[columns.indexOf(column)];
  const path = cell(fields.image);
  if (!path) throw bad(locator, `nothing in the column "${fields.image}"`);
  const caption = cell(fields.caption);
  const filled = (column: string) => cell(column) || undefined;
  // A table's cells are named as an object's fields are, but for its caption.
  const named = ['label', 'question', 'answer', 'question_type', 'answer_type'].map((name) => [name, filled(name)]);
  const description = described(Object.fromEntries(named), locator, 'caption');
  return withImage(path, { ...description, captions: caption === undefined ? [] : [caption] }, locator.context);
}

const withImage = (path: string, description: Description, { folder }: RowContext): OpenSample =>
  openListed(resolve(folder, path), description);

const openListed = (path: string, description: Description): OpenSample => ({
  name: path,
  description,
  readImage: () => readBytes(path, MAX_IMAGE_BYTES),
});

async function fromTar(path: string, sample: TarSample, captionField: string): Promise<OpenSample> {
  const locator: Locator = { kind: 'tar', file: path, sample, caption: captionField };
  const { members, unread } = sample;
  const missed = [...IMAGE_EXTENSIONS, ...TEXT_EXTENSIONS].find((candidate) => candidate in unread);
  if (missed !== undefined) throw bad(locator, unread[missed]!);
  const extension = IMAGE_EXTENSIONS.find((candidate) => candidate in members);
  if (extension === undefined) throw bad(locator, `no picture among its members (${Object.keys(members).join(', ')})`);
  const { json, txt, cls } = await readTexts(locator);
  let description: Description = { captions: [] };
  if (json !== undefined) description = described(parse(json, locator), locator, captionField);
  if (txt !== undefined) description = { ...description, captions: [txt.trim()] };
  if (cls !== undefined) description = { ...description, label: cls.trim() };
  return { name: nameOf(locator), description, readImage: () => readBytes(path, MAX_IMAGE_BYTES, members[extension]!) };
}

async function readRow(locator: RowLocator): Promise<string> {
  const { span, line, context } = locator;
  return decodePart(await readBytes(context.file, MAX_TEXT_BYTES, span), context.encoding, nameOf(locator), line);
}

/** Members of a shard that say something about the picture. */
async function readTexts({ file, sample: { key, members } }: Locator & { readonly kind: 'tar' }) {
  const read = async (extension: string): Promise<string | undefined> => {
    const span = members[extension];
    return span && decodeText(await readBytes(file, MAX_TEXT_BYTES, span), `${file}, ${key}.${extension}`);
  };
  return { json: await read('json'), txt: await read('txt'), cls: await read('cls') };
}

/**
 * The bytes of a part of a file, by default of all of it.
 * @throws CocaError `unreadable`, `not-found`
 */
async function readBytes(path: string, limit: number, span?: Span): Promise<Uint8Array> {
  const file = await RegularFile.open(path);
  try {
    const { start, end } = span ?? { start: 0, end: file.size };
    if (end - start > limit) {
      throw new CocaError(
        'unreadable',
        `${path}: ${end - start} bytes are more than the ${limit} that are read at once`,
      );
    }
    return await file.read(start, end - start);
  } finally {
    await file.close();
  }
}

type SceneLocator = Locator & { readonly kind: 'scene' };

/** The source of the scenes that were asked for last: its art is decoded once. */
let scenes: { readonly of: string; readonly at: Promise<(index: number) => SceneSample> } | undefined;

async function fromScene(locator: SceneLocator): Promise<OpenSample> {
  const { seed, index, mix } = locator;
  const [{ drawScene }, { trainingQuestion }] = await Promise.all([
    import('../scenes/world/draw.js'),
    import('../scenes/world/questions.js'),
  ]);
  const scene = drawScene(seed, index, { mix });
  const asked = trainingQuestion(seed, index, scene, mix);
  return {
    name: nameOf(locator),
    description: asked
      ? { captions: [], asked: { question: asked.question, answers: [asked.answer] } }
      : { captions: [scene.caption] },
    readImage: () => paintScene(locator),
  };
}

async function paintScene({ index, seed, size, mix }: SceneLocator): Promise<Picture> {
  const of = `${seed} ${size} ${JSON.stringify(mix)}`;
  if (scenes?.of !== of) {
    const { sceneSource } = await import('../scenes/world/source.js');
    scenes = { of, at: sceneSource(seed, { size, mix }) };
  }
  return (await scenes.at)(index).picture;
}

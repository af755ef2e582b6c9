import { basename, dirname, extname, resolve } from 'node:path';
import { CocaError } from '../base/errors.js';
import { isFolder } from '../base/folders.js';
import { parseJson, parsePythonJson } from '../base/json.js';
import { readNamedText } from '../base/text-file.js';
import { listedScenes } from '../scenes/listed-scenes.js';
import type { Dataset, DatasetUnit } from './dataset.js';
import { listedInCoco } from './formats/coco.js';
import { classFolders } from './formats/folders.js';
import { readJsonFile } from './formats/json-file.js';
import { isLanguageFile, type LanguageFile, listedByLanguage } from './formats/multilingual.js';
import { indexLines, indexTable, type RowIndex } from './formats/rows.js';
import { isSugarcrepe, listedInSugarcrepe } from './formats/sugarcrepe.js';
import { listedInWinoground } from './formats/winoground.js';
import { expandPaths } from './patterns.js';
import type { FieldNames, Locator, RowContext, TarSample } from './sample.js';

export interface DatasetOptions {
  /** What is asked of every sample; a data set that cannot have it is refused at once. */
  readonly needs: 'captions' | 'labels' | 'questions' | 'pairs';
  /** The field or column of the picture's path (default: `image`; of a table `filepath`). */
  readonly imageField?: string | undefined;
  /** The field or column of the caption (default: `caption`; of a table `title`). */
  readonly captionField?: string | undefined;
  /** Where relative paths of pictures start (default: the folder of the file that names them). */
  readonly imageFolder?: string | undefined;
}

const FORMATS =
  '.jsonl (image, caption), .tsv or .csv (filepath, title), .json (COCO captions, SugarCrepe, CLIP_benchmark by language, or a scenes.json), .tar (WebDataset shards)';

/** Shards whose samples are shuffled together. */
const SHARDS_MIXED = 16;

/**
 * Opens a data set by the ending of its name: a path, or several of one kind as a pattern with braces or a glob.
 * Files that list samples are gone through once for the places of their rows; shards are not touched yet.
 * @throws CocaError `not-found`, `unreadable`; `bad-data` for an unknown format, a missing column, nothing in it
 */
export async function openDataset(pattern: string, options: DatasetOptions): Promise<Dataset> {
  if (await isFolder(pattern)) return openFolder(pattern, options);
  const paths = (await expandPaths(pattern)).map((path) => resolve(path));
  if (options.needs === 'pairs') return openPairs(pattern, paths, options);
  const formats = new Set(paths.map((path) => extname(path).toLowerCase()));
  if (formats.size > 1) {
    throw new CocaError('bad-data', `${pattern} stands for files of several kinds (${[...formats].join(', ')})`);
  }
  const dataset = await openFiles([...formats][0]!, pattern, paths, options);
  if (dataset.size === 0) throw empty(pattern);
  return dataset;
}

async function openFiles(
  format: string,
  pattern: string,
  paths: readonly string[],
  options: DatasetOptions,
): Promise<Dataset> {
  switch (format) {
    case '.jsonl':
    case '.ndjson':
      return listed(pattern, await each(paths, (path) => openJsonLines(path, options)));
    case '.tsv':
    case '.csv':
      return listed(pattern, await each(paths, (path) => openTable(path, format, options)));
    case '.json':
      return listed(pattern, await openJsonFiles(paths, options));
    case '.tar':
      return shards(pattern, paths, options);
    case '.tgz':
    case '.gz':
    case '.zst':
      throw new CocaError(
        'bad-data',
        `${pattern} is compressed: its samples cannot be had in any order`,
        'unpack the archives once (gunzip, unzstd); the .tar files inside are read as they are',
      );
    default:
      throw new CocaError(
        'bad-data',
        `${pattern} is of an unknown format (${format || 'no ending'})`,
        `known: ${FORMATS}`,
      );
  }
}

const empty = (name: string): CocaError => new CocaError('bad-data', `there are no samples in ${name}`);

/** One after the other: each may read a large file. */
async function each<T>(paths: readonly string[], open: (path: string) => Promise<T>): Promise<T[]> {
  const opened: T[] = [];
  for (const path of paths) opened.push(await open(path));
  return opened;
}

/** Units whose size is known: all are shuffled together. */
function listed(pattern: string, units: readonly DatasetUnit[]): Dataset {
  return {
    name: basename(pattern),
    size: units.reduce((sum, { size }) => sum + size, 0),
    units: units.length,
    mix: units.length,
    shuffled: true,
    openUnit: async (unit) => units[unit]!,
  };
}

/** A unit whose samples are all lost has none, so that a data set without samples is refused. */
function listedUnit(locators: readonly Locator[]): DatasetUnit {
  const size = locators.every(({ kind }) => kind === 'lost') ? 0 : locators.length;
  return { size, locate: (index) => locators[index]! };
}

function rows(index: RowIndex, locate: (row: number) => Locator): DatasetUnit {
  return { size: index.size, locate };
}

function rowContext(
  file: string,
  fields: FieldNames,
  options: DatasetOptions,
  encoding: RowIndex['encoding'],
): RowContext {
  return { file, folder: pictureFolder(file, options), fields, encoding };
}

async function openJsonLines(path: string, options: DatasetOptions): Promise<DatasetUnit> {
  const { imageField = 'image', captionField = 'caption' } = options;
  const index = await indexLines(path);
  const context = rowContext(path, { image: imageField, caption: captionField }, options, index.encoding);
  return rows(index, (row) => ({ kind: 'json', row, ...index.at(row), context }));
}

async function openTable(path: string, format: string, options: DatasetOptions): Promise<DatasetUnit> {
  const { imageField = 'filepath', captionField = 'title', needs } = options;
  let separator = format === '.tsv' ? '\t' : ',';
  let { columns, index } = await indexTable(path, separator);
  // OpenCLIP's own default is a .csv with tabs.
  if (format === '.csv' && columns.length === 1 && columns[0]!.includes('\t')) {
    separator = '\t';
    ({ columns, index } = await indexTable(path, separator));
  }
  for (const column of [imageField, ...neededColumns(needs, columns, captionField)]) {
    if (columns.includes(column)) continue;
    throw new CocaError(
      'bad-data',
      `${path} has no column "${column}"; its first row is: ${columns.join(separator === ',' ? ', ' : ' | ')}`,
      'name the columns of the picture and the caption, or add a first row with these names',
    );
  }
  const fields = { image: imageField, caption: captionField };
  const context = { ...rowContext(path, fields, options, index.encoding), separator, columns };
  return rows(index, (row) => ({ kind: 'table', row, ...index.at(row), context }));
}

/** The columns that a table must have beside the picture's. Questions with answers are captions of a kind. */
function neededColumns(
  needs: DatasetOptions['needs'],
  columns: readonly string[],
  captionField: string,
): readonly string[] {
  if (needs === 'labels') return ['label'];
  if (needs === 'questions' || (columns.includes('question') && !columns.includes(captionField))) {
    return ['question', 'answer'];
  }
  return [captionField];
}

/** Says so where an option could change nothing. */
function refuse(
  options: DatasetOptions,
  names: readonly ('imageField' | 'captionField' | 'imageFolder')[],
  what: string,
) {
  const given = names.filter((name) => options[name] !== undefined);
  if (given.length === 0) return;
  const words = { imageField: 'image field', captionField: 'caption field', imageFolder: 'image folder' };
  throw new CocaError('usage', `${words[given[0]!]} means nothing to ${what}`, 'leave it out');
}

/** Files of one language each are one data set of the pictures that they share. */
async function openJsonFiles(paths: readonly string[], options: DatasetOptions): Promise<DatasetUnit[]> {
  refuse(options, ['imageField', 'captionField'], 'a .json, whose fields have fixed names');
  const folderOf = (path: string) => pictureFolder(path, options);
  const units: DatasetUnit[] = [];
  const languages: LanguageFile[] = [];
  for (const path of paths) {
    const json = await readJsonFile(path);
    const folder = folderOf(path);
    if (isLanguageFile(json)) languages.push({ path, json });
    else if (isSugarcrepe(json)) units.push(listedUnit(listedInSugarcrepe(path, json, folder)));
    else
      units.push(listedUnit(Array.isArray(json) ? listedScenes(path, json, folder) : listedInCoco(path, json, folder)));
  }
  return languages.length > 0 ? [...units, listedUnit(listedByLanguage(languages, folderOf))] : units;
}

/** Two pictures and two captions each; the file is small, and held. */
async function openPairs(pattern: string, paths: readonly string[], options: DatasetOptions): Promise<Dataset> {
  refuse(options, ['imageField', 'captionField'], 'pairs, whose fields have fixed names');
  const path = paths[0]!;
  if (paths.length > 1 || !['.jsonl', '.ndjson'].includes(extname(path).toLowerCase())) {
    throw new CocaError(
      'bad-data',
      `${pattern} is no .jsonl of pairs`,
      'a line is {"caption_0", "caption_1", "image_0", "image_1"}',
    );
  }
  const lines = (await readNamedText(path)).split('\n').filter((line) => line.trim() !== '');
  const parsed = lines.map((line, i) => parseJson(line, `${path}, line ${i + 1}`, 'bad-data', parsePythonJson));
  const unit = listedUnit(listedInWinoground(path, parsed, pictureFolder(path, options)));
  if (unit.size === 0) throw empty(pattern);
  return listed(pattern, [unit]);
}

const pictureFolder = (path: string, { imageFolder }: DatasetOptions) =>
  imageFolder === undefined ? dirname(path) : resolve(imageFolder);

async function openFolder(path: string, options: DatasetOptions): Promise<Dataset> {
  refuse(options, ['imageField', 'captionField', 'imageFolder'], 'a folder of pictures');
  if (options.needs !== 'labels') {
    throw new CocaError('bad-data', `${path} is a folder`, `name the file that lists its captions: ${FORMATS}`);
  }
  const unit = listedUnit(await classFolders(path));
  if (unit.size === 0) throw empty(path);
  return listed(resolve(path), [unit]);
}

function shards(pattern: string, paths: readonly string[], options: DatasetOptions): Dataset {
  refuse(options, ['imageField', 'imageFolder'], 'shards, which hold their pictures');
  const { captionField = 'caption' } = options;
  return {
    name: basename(pattern),
    size: undefined,
    units: paths.length,
    mix: SHARDS_MIXED,
    shuffled: true,
    async openUnit(unit, indexShard) {
      const file = paths[unit]!;
      const { samples, problem } = await indexShard(file);
      const locate = (index: number): Locator => ({
        kind: 'tar',
        file,
        sample: samples[index] as TarSample,
        caption: captionField,
      });
      return { size: samples.length, locate, ...(problem && { problem: new CocaError('bad-data', problem.message) }) };
    },
  };
}

import { CocaError } from '../base/errors.js';
import { requireSound } from '../base/text-decoding.js';
import { readNamedText } from '../base/text-file.js';
import type { Dataset } from './dataset.js';
import { descriptions } from './sequence.js';

/** A class: what samples call it, and its name as people do. */
export interface ClassRow {
  readonly label: string;
  readonly name: string;
}

/** The classes of a data set, and which of them a label means. */
export interface ClassNames {
  /** In the order of their indices. */
  readonly rows: readonly ClassRow[];
  /** As they are put into templates, by index. */
  readonly names: readonly string[];
  indexOf(label: string | number): number | undefined;
}

/**
 * Classes from a list of lines in the order of their numbers: `NAME`, or `LABEL<TAB>NAME` where labels in the data (folder
 * names, say) are not the names. Blank lines are left out.
 * @throws CocaError `bad-data` for an empty list and for a label that is there twice; `unreadable` for lost characters
 */
export function listedClasses(text: string, source: string): ClassNames {
  const all = text.split(/\r?\n/);
  for (const [i, line] of all.entries()) requireSound({ text: line, number: i + 1 }, source);
  const lines = all.filter((line) => line.trim() !== '');
  const rows = lines.map((line) => {
    const [label, ...rest] = line.split('\t');
    return { label: label!.trim(), name: (rest.length > 0 ? rest.join('\t') : label!).trim() };
  });
  return classesOf(rows, source);
}

/**
 * Classes from the labels of the data: sorted, each its own name, underscores read as spaces.
 * @param needNames whether names are read as words, which numbers are not
 * @throws CocaError `bad-data` where labels are numbers, and names are needed
 */
export function labelClasses(labels: Iterable<string | number>, source: string, needNames = true): ClassNames {
  const unique = [...new Set(Array.from(labels, String))].sort();
  if (needNames && unique.some((label) => /^\d+$/.test(label))) {
    throw new CocaError('bad-data', `the labels of ${source} are numbers`, 'name the classes with --classes FILE');
  }
  return classesOf(
    unique.map((label) => ({ label, name: label.replaceAll('_', ' ') })),
    source,
  );
}

/**
 * The classes of a file, or the labels of all samples: those take a pass of their own, without the pictures.
 * @throws CocaError `not-found`, `unreadable` for the file; `bad-data` as `listedClasses` and `labelClasses`
 */
export async function datasetClasses(
  dataset: Dataset,
  file: string | undefined,
  needNames = true,
): Promise<ClassNames> {
  if (file !== undefined) {
    return listedClasses(await readNamedText(file), file);
  }
  const labels = new Set<string | number>();
  // What cannot be read is told when its turn comes.
  for await (const { label } of descriptions(dataset, () => undefined)) if (label !== undefined) labels.add(label);
  return labelClasses(labels, dataset.name, needNames);
}

/** @throws CocaError `bad-data` for an empty list and for a label that is there twice */
export function classesOf(rows: readonly ClassRow[], source: string): ClassNames {
  if (rows.length === 0) throw new CocaError('bad-data', `there are no classes in ${source}`);
  const indexes = new Map<string, number>();
  for (const [i, { label }] of rows.entries()) {
    if (indexes.has(label)) throw new CocaError('bad-data', `the class ${JSON.stringify(label)} is twice in ${source}`);
    indexes.set(label, i);
  }
  const numbered = (label: string | number): number | undefined => {
    const index = Number(label);
    return /^\d+$/.test(String(label)) && index < rows.length ? index : undefined;
  };
  return {
    rows,
    names: rows.map(({ name }) => name),
    indexOf: (label) => indexes.get(String(label)) ?? numbered(label),
  };
}

/**
 * The index of a sample's class.
 * @throws CocaError `bad-data` where it has no label, or one that is no class
 */
export function classIndexOf(classes: ClassNames, label: string | number | undefined): number {
  if (label === undefined) throw new CocaError('bad-data', 'no label');
  const index = classes.indexOf(label);
  if (index === undefined) throw new CocaError('bad-data', `its label ${JSON.stringify(label)} is no class`);
  return index;
}

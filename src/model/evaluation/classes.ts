import { CocaError } from '../errors.js';

/** The classes of a data set, and which of them a label means. */
export interface ClassNames {
  /** As they are put into templates, by index. */
  readonly names: readonly string[];
  indexOf(label: string | number): number | undefined;
}

/**
 * Classes from a list of lines in the order of their numbers: `NAME`, or `LABEL<TAB>NAME` where labels in the data (folder
 * names, say) are not the names. Blank lines are left out.
 * @throws CocaError `bad-data` for an empty list and for a label that is there twice
 */
export function listedClasses(text: string, source: string): ClassNames {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const rows = lines.map((line) => {
    const [label, ...rest] = line.split('\t');
    return { label: label!.trim(), name: (rest.length > 0 ? rest.join('\t') : label!).trim() };
  });
  return classes(rows, source);
}

/**
 * Classes from the labels of the data: sorted, each its own name, underscores read as spaces.
 * @throws CocaError `bad-data` where labels are numbers, which name nothing
 */
export function labelClasses(labels: Iterable<string | number>, source: string): ClassNames {
  const unique = [...new Set(labels)].sort();
  if (unique.some((label) => /^\d+$/.test(String(label)))) {
    throw new CocaError('bad-data', `the labels of ${source} are numbers`, 'name the classes with --classes FILE');
  }
  return classes(
    unique.map((label) => ({ label: String(label), name: String(label).replaceAll('_', ' ') })),
    source,
  );
}

function classes(rows: readonly { readonly label: string; readonly name: string }[], source: string): ClassNames {
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
  return { names: rows.map(({ name }) => name), indexOf: (label) => indexes.get(String(label)) ?? numbered(label) };
}

import { readFile } from 'node:fs/promises';
import type { ResultWriter } from '../../../cli/answers.js';
import type { CommandContext } from '../../../cli/command.js';
import { VERSION } from '../../../cli/version.js';
import { writeWhole } from '../../../model/base/whole-file.js';
import { htmlPage, type PageResult, type PageView } from '../../../ui/page/page.js';
import type { Raster } from '../../../ui/picture/raster.js';
import { pngOf } from './png.js';

/** How the results of a command become a page. */
export interface PageDefinition<R> {
  readonly view: PageView;
  readonly objectOf: (result: R) => object | Promise<object>;
  /** The pictures that a result is about, as the model sees them. */
  readonly picturesOf: (result: R) => readonly NamedPicture[];
}

export interface NamedPicture {
  readonly name: string;
  readonly square: () => Promise<Raster>;
}

const ASSETS = new URL('../../../../assets/page/', import.meta.url);

/** Views that show a table of cells. */
const TABLES: readonly PageView[] = ['lens', 'heads', 'trace'];

/** Results as the text of one page. */
export async function pageOf<R>(
  { view, objectOf, picturesOf }: PageDefinition<R>,
  results: readonly R[],
): Promise<string> {
  const ofPage: PageResult[] = [];
  for (const result of results) {
    const pictures = picturesOf(result).map(async ({ name, square }) => {
      const raster = await square();
      return { name, png: await pngOf(raster), size: raster.size };
    });
    ofPage.push({ object: await objectOf(result), pictures: await Promise.all(pictures) });
  }
  const scripts = ['elements.js', 'page.js', ...(TABLES.includes(view) ? ['table.js'] : []), `${view}.js`];
  const [style, ...parts] = await Promise.all(
    ['page.css', ...scripts].map((name) => readFile(new URL(name, ASSETS), 'utf8')),
  );
  return htmlPage(view, ofPage, { style: style!, script: parts.join('\n'), version: VERSION });
}

/**
 * Writes results as a page, whole or not at all.
 * @throws CocaError `write-failed`
 */
export async function writePage<R>(file: string, page: PageDefinition<R>, results: readonly R[]): Promise<void> {
  const text = await pageOf(page, results);
  await writeWhole(file, (write) => write(Buffer.from(text)));
}

/** A writer that also writes what it is given as a page, once all of it is there; without a result, none. */
export function withPage<R, P>(
  writer: ResultWriter<R, P>,
  file: string,
  page: PageDefinition<R>,
  { notice }: Pick<CommandContext, 'notice'>,
): ResultWriter<R, P> {
  const results: R[] = [];
  return {
    ...writer,
    async result(result) {
      results.push(result);
      await writer.result(result);
    },
    async finish() {
      await writer.finish?.();
      if (results.length === 0) return;
      await writePage(file, page, results);
      notice(`the page is in ${file}`);
    },
  };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultWriter } from '../../cli/answers.js';
import type { CommandContext } from '../../cli/command.js';
import { makeFolder } from '../../model/base/folders.js';
import { orWriteFailed } from '../../model/base/whole-file.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { visible } from '../../ui/text.js';
import { STRICT_OPTION, ToldCuts } from '../io/cut-texts.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { findWithModel, MODEL_GLOBALS, variantOf } from '../io/model.js';
import { jsonWriter, toItemError } from '../io/results.js';
import { readImage } from '../io/sources.js';
import { FILTER_OPTIONS, filterOf, USED_INDEX_OPTIONS } from './options.js';

/** A group of pictures under a name. */
interface NamedCluster {
  readonly cluster: number;
  readonly name: string;
  readonly concepts: readonly { readonly text: string; readonly cosine: number }[];
  readonly images: readonly { readonly image: string; readonly cosine: number }[];
  /** Files of its contact sheet. */
  readonly sheets?: readonly string[];
  readonly model: string;
}

/** Concepts that are told of a group. */
const CONCEPTS = 3;
/** Pictures on a sheet. */
const PER_SHEET = 100;
const SIDE = 224;
/** Paths that a terminal shows of a group. */
const SHOWN = 5;

export const cluster = defineResults({
  name: 'cluster',
  summary: "groups a folder's pictures, each group named by what sets it apart",
  details: [
    'k-means over the embeddings (kmeans++ from --seed), --groups of them, or sqrt(n / 2). The pictures of a group are ordered by their cosine with its mean, and groups by their size.',
    'A group is called by the concept whose embedding is nearest to its mean less that of all pictures; no two have the same name. Concepts are those of coca explain, or --concepts.',
    '-o DIR: a contact sheet of each group, of 100 pictures at most; further ones are numbered.',
    'Piped: GROUP<TAB>NAME<TAB>COSINE<TAB>PATH. JSON, an object a group: {"cluster", "name", "concepts": [{"text", "cosine"}], "images": [{"image", "cosine"}], "model"}, with -o "sheets".',
  ].join('\n'),
  args: [{ name: 'DIR', description: 'a folder of pictures', kind: 'folder', required: true, variadic: false }],
  options: {
    groups: {
      type: 'integer',
      min: 1,
      max: 1000,
      placeholder: 'K',
      otherwise: 'sqrt(n / 2)',
      description: 'how many groups',
    },
    concepts: {
      type: 'text',
      kind: 'file',
      access: 'list',
      placeholder: 'FILE',
      description: 'texts to name groups by, one a line; - is stdin',
      otherwise: 'common words',
    },
    output: {
      type: 'text',
      kind: 'folder',
      short: 'o',
      placeholder: 'DIR',
      description: 'writes a contact sheet of each group there',
    },
    ...FILTER_OPTIONS,
    ...USED_INDEX_OPTIONS,
    ...STRICT_OPTION,
  },
  globals: [...MODEL_GLOBALS, 'seed'],
  examples: [
    { line: 'coca cluster ~/Pictures', does: 'what there is' },
    { line: 'coca cluster ~/Pictures --groups 12 -o sheets', does: 'twelve groups, with contact sheets' },
  ],
  async check({ options }) {
    filterOf(options);
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<NamedCluster>> {
    const folder = args[0]!;
    const { status, signal } = context;
    const { conceptListOf, embeddedConcepts } = await import('../explain/concepts.js');
    const typed = options.concepts === undefined ? undefined : await conceptListOf(options.concepts, context);
    yield* findWithModel(options, context, async function* (coca): AsyncGenerator<Finding<NamedCluster>> {
      yield { kind: 'ready' };
      const { withIndex } = await import('./open.js');
      yield* withIndex(folder, options, coca, context, async function* ({ collection, below, nameOf }): AsyncGenerator<
        Finding<NamedCluster>
      > {
        const [{ openVectors }, { clustersOf, defaultGroups, distinctionsOf, MOST_SAMPLED }] = await Promise.all([
          import('../../model/collection/vectors.js'),
          import('../../model/collection/clusters.js'),
        ]);
        const vectors = await openVectors(collection, filterOf(options, below));
        const count = vectors.facts.length;
        const groups = Math.min(count, options.groups ?? defaultGroups(count));
        if (options.groups !== undefined && groups < options.groups) {
          context.notice(`there are ${count} pictures, so ${groups} groups`);
        }
        if (count > MOST_SAMPLED) {
          context.notice(
            `the groups are found among ${MOST_SAMPLED} of the ${count} pictures, and the others put into the nearest`,
          );
        }
        const grouping = await clustersOf(vectors, groups, {
          seed: options.seed,
          signal,
          onProgress: (iteration) => status.show(`grouping ${count} pictures: round ${iteration}`),
        });
        const { BUNDLED_MODEL } = await import('../../model/store/locate.js');
        const isBundled = coca.name === BUNDLED_MODEL;
        const cuts = new ToldCuts(options.strict, context);
        const { list, embeddings } = await embeddedConcepts(typed, coca, isBundled, cuts, context);
        const distinctions = distinctionsOf(grouping, embeddings, CONCEPTS);
        for (const [i, { members }] of grouping.clusters.entries()) {
          const concepts = distinctions[i]!.map(({ concept, cosine }) => ({ text: list.texts[concept]!, cosine }));
          const images = members.map(({ facts: { path }, cosine }) => ({ image: nameOf(path), cosine }));
          const named = { cluster: i + 1, name: concepts[0]!.text, concepts, images };
          const sheets =
            options.output === undefined ? undefined : await writeSheets(options.output, named, coca, context);
          const result = { ...named, ...(sheets && { sheets }), model: coca.name, ...variantOf(coca) };
          yield { kind: 'result', result };
        }
      });
    });
  },
  async writer(format, _, { out, terminal }): Promise<ResultWriter<NamedCluster>> {
    if (format === 'json' || format === 'jsonl') return jsonWriter(out, format, (group: NamedCluster) => group);
    if (format === 'plain') {
      return {
        objects: undefined,
        result({ cluster: number, name, images }) {
          const lines = images.map(({ image, cosine }) =>
            [number, visible(name), cosine.toFixed(6), visible(image)].join('\t'),
          );
          return out.write(lines.map((line) => `${line}\n`).join(''));
        },
      };
    }
    const { painter } = await import('../../ui/palette.js');
    const { bold, dim } = painter(terminal.colors);
    return {
      objects: undefined,
      result({ cluster: number, name, concepts, images, sheets }) {
        const others = concepts.slice(1).map(({ text }) => visible(text));
        const shown = images.slice(0, SHOWN).map(({ image }) => `  ${visible(image)}`);
        const more = images.length > SHOWN ? [dim(`  and ${images.length - SHOWN} more`)] : [];
        const head = `${number}  ${bold(visible(name))}  ${dim(`${images.length} · ${others.join(', ')}`)}`;
        return out.write(
          `${[head, ...shown, ...more, ...(sheets ?? []).map((file) => dim(`  ${visible(file)}`)), ''].join('\n')}\n`,
        );
      },
    };
  },
});

/** @returns the files: one, or several of a large group */
async function writeSheets(
  folder: string,
  { cluster: number, name, images }: Omit<NamedCluster, 'model'>,
  { preprocess }: LoadedCoca,
  context: CommandContext,
): Promise<string[]> {
  const { loadPicture } = await import('../../model/image/load-picture.js');
  const { contactSheet } = await import('../attend/contact.js');
  const { safeName } = await import('../io/save-names.js');
  await orWriteFailed(folder, makeFolder(folder));
  const files: string[] = [];
  for (let start = 0; start < images.length; start += PER_SHEET) {
    context.status.show(`contact sheet of group ${number}`);
    const tiles: { picture: Picture; label: { number: number; text: string } }[] = [];
    for (const [i, { image }] of images.slice(start, start + PER_SHEET).entries()) {
      const input = await readImage(image, context);
      // What has gone since it was indexed is not on the sheet, and told.
      const picture =
        'error' in input
          ? input.error
          : await loadPicture(input.bytes, { ...preprocess, size: SIDE }).catch((error: unknown) => toItemError(error));
      if ('code' in picture) context.complain(picture.message);
      else tiles.push({ picture, label: { number: start + i + 1, text: image.split('/').at(-1)! } });
    }
    if (tiles.length === 0) continue;
    const page = start === 0 ? '' : `-${start / PER_SHEET + 1}`;
    const file = join(folder, `${String(number).padStart(2, '0')}-${safeName(name)}${page}.png`);
    await orWriteFailed(file, writeFile(file, await contactSheet(tiles)));
    files.push(file);
  }
  return files;
}

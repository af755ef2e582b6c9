import type { ResultWriter } from '../../cli/answers.js';
import { CocaError } from '../../model/base/errors.js';
import { durationText } from '../../ui/status.js';
import { visible } from '../../ui/text.js';
import { fixedBatchOption } from '../io/batch.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { findWithModel, MODEL_GLOBALS, variantOf } from '../io/model.js';
import { failure, jsonWriter } from '../io/results.js';
import { INDEX_BATCH, INDEX_OPTION } from './options.js';
import type { Updated } from './update.js';

/** A folder whose index is up to date. */
interface Indexed extends Omit<Updated, 'kind'> {
  readonly folder: string;
  /** Where the index lies. */
  readonly index: string;
  readonly model: string;
}

export const index = defineResults({
  name: 'index',
  summary: "keeps the embeddings of a folder's pictures, to search it",
  details: [
    'All pictures in DIR and below, told by the ends of their names; what begins with a dot is left out. The second time only new, changed and gone files are looked at: a file is as it was if its size and times are (where those cannot tell, its SHA-256). A link is followed where it leads out of DIR, and every folder is gone through once.',
    'A picture that cannot be read is told each time (exit code 1), and read again only once its file has changed.',
    'What is written stays, whatever ends this command: run again, it goes on from there. A second process on the same index waits.',
    'The index lies in the cache, by the real path of DIR and by weights, precision and pixels: one of another model is another beside it. With --index it lies in that folder, and any other model is refused.',
    '--import: embeddings of the same model, from img_emb/img_emb_N.npy and metadata/metadata_N.parquet (image_path absolute, or below DIR); the first four are compared with those that the model makes, and others than its own refused. --export writes such files.',
    'The store is LanceDB, which is to be installed once: npm install @lancedb/lancedb (coca help collections).',
    'Piped: DIR<TAB>PICTURES<TAB>NEW<TAB>CHANGED<TAB>GONE<TAB>BROKEN. JSON: {"folder", "pictures", "new", "changed", "gone", "unchanged", "broken", "seconds", "index", "model"}.',
  ].join('\n'),
  args: [{ name: 'DIR', description: 'a folder of pictures', kind: 'folder', required: true, variadic: true }],
  options: {
    captions: {
      type: 'flag',
      description: 'also a caption of each picture, as coca caption finds it: words are then searched in them, too',
    },
    ann: {
      type: 'flag',
      description: 'also an approximate index, for some 100,000 pictures and more (coca search --exact goes without)',
    },
    import: {
      type: 'text',
      kind: 'folder',
      access: 'read',
      placeholder: 'FOLDER',
      description: "takes embeddings from clip-retrieval's files there (img_emb, metadata) instead of making them",
    },
    export: {
      type: 'text',
      kind: 'folder',
      placeholder: 'FOLDER',
      description: 'also writes the index there as such files',
    },
    ...INDEX_OPTION,
    ...fixedBatchOption(INDEX_BATCH),
  },
  globals: MODEL_GLOBALS,
  examples: [
    { line: 'coca index ~/Pictures', does: 'what is new there since the last time' },
    { line: 'coca index ~/Pictures --captions', does: 'also captions, to search words in' },
  ],
  async check({ args, options }) {
    const single = (['index', 'import', 'export'] as const).find((name) => options[name] !== undefined);
    if (single !== undefined && args.length > 1) {
      throw new CocaError('usage', `--${single} is of one folder`, 'name each folder in a command of its own');
    }
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<Indexed>> {
    const { loadLance } = await import('../../model/collection/lancedb.js');
    const { defaultPlace, realFolder } = await import('../../model/collection/place.js');
    loadLance();
    const roots: string[] = [];
    for (const folder of args) roots.push(await realFolder(folder));
    yield* findWithModel(options, context, async function* (coca): AsyncGenerator<Finding<Indexed>> {
      yield { kind: 'ready' };
      const { makerOf } = await import('../../model/collection/manifest.js');
      const { namedIn } = await import('./open.js');
      const { updateIndex } = await import('./update.js');
      const maker = await makerOf(coca, options.pixels);
      const { import: source, export: exportTo } = options;
      const imported =
        source === undefined
          ? undefined
          : await (await import('../../model/collection/clip-retrieval/files.js')).readEmbeddings(source, maker.width);
      for (const [i, folder] of args.entries()) {
        const root = roots[i]!;
        const at = options.index ?? defaultPlace(root, maker);
        const wanted = { root, maker, captions: options.captions };
        const how = { nameOf: namedIn(folder), batch: options.batch, ann: options.ann, imported, exportTo };
        for await (const event of updateIndex(at, wanted, coca, context, how)) {
          if (event.kind === 'failure') {
            yield event;
            continue;
          }
          const { kind: _, ...updated } = event;
          if (updated.pictures + updated.gone + updated.broken === 0) {
            const hint = 'pictures are told by the ends of their names: .jpg, .png, .webp, ...';
            yield failure(folder, new CocaError('not-found', `there are no pictures in ${folder}`, hint));
          } else {
            yield { kind: 'result', result: { folder, ...updated, index: at, model: coca.name, ...variantOf(coca) } };
          }
        }
      }
    });
  },
  async writer(format, _, { out }): Promise<ResultWriter<Indexed>> {
    if (format === 'json' || format === 'jsonl') {
      return jsonWriter(out, format, ({ added, ...indexed }: Indexed) => {
        const { folder, pictures, ...others } = indexed;
        return { folder, pictures, new: added, ...others };
      });
    }
    if (format === 'plain') {
      return {
        objects: undefined,
        result: ({ folder, pictures, added, changed, gone, broken }) =>
          out.line([visible(folder), pictures, added, changed, gone, broken].join('\t')),
      };
    }
    return { objects: undefined, result: (indexed) => out.line(sentenceOf(indexed)) };
  },
});

function sentenceOf({ folder, pictures, added, changed, gone, broken, seconds }: Indexed): string {
  const parts = [
    `${pictures} ${pictures === 1 ? 'picture' : 'pictures'}`,
    ...[[added, 'new'] as const, [changed, 'changed'] as const, [gone, 'gone'] as const, [broken, 'broken'] as const]
      .filter(([count]) => count > 0)
      .map(([count, what]) => `${count} ${what}`),
  ];
  const encoded = added + changed;
  const speed = encoded > 1 ? `, ${(encoded / seconds).toFixed(1)} a second` : '';
  return `${visible(folder)}: ${parts.join(', ')} (${durationText(seconds)}${speed})`;
}

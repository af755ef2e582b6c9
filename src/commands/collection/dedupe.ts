import type { ResultWriter } from '../../cli/answers.js';
import { CocaError } from '../../model/base/errors.js';
import { encodeName } from '../../model/base/file-names.js';
import { bytesText } from '../../ui/status.js';
import { visible } from '../../ui/text.js';
import { defineResults, type Finding } from '../io/define-results.js';
import { findWithModel, MODEL_GLOBALS, variantOf } from '../io/model.js';
import { jsonWriter } from '../io/results.js';
import { FILTER_OPTIONS, filterOf, USED_INDEX_OPTIONS } from './options.js';

/** A group of near duplicates, the best first. */
interface DuplicateGroup {
  readonly images: readonly {
    readonly image: string;
    readonly cosine: number;
    readonly width: number;
    readonly height: number;
    readonly bytes: number;
  }[];
  readonly model: string;
}

export const dedupe = defineResults({
  name: 'dedupe',
  summary: "groups a folder's near duplicates, the best of each first, and deletes nothing",
  details: [
    'Two pictures whose embeddings have a cosine of --min-cosine or more are in one group, and so is whatever either is near to. The best of a group has most pixels, of those the largest file; cosine is that with the best.',
    'An embedding tells what a picture shows: crops, sizes, formats and qualities of one picture are near each other, but so are two pictures of one thing. Look before you delete.',
    'All pairs are compared, with 64 MiB of embeddings in memory at once. The index is that of coca index, made where there is none.',
    'Piped: GROUP<TAB>COSINE<TAB>WIDTHxHEIGHT<TAB>BYTES<TAB>PATH. --print0: the paths of all but the best of each group, NUL after each, for xargs -0.',
    'JSON, an object a group: {"images": [{"image", "cosine", "width", "height", "bytes"}], "model"}.',
  ].join('\n'),
  args: [{ name: 'DIR', description: 'a folder of pictures', kind: 'folder', required: true, variadic: false }],
  options: {
    minCosine: {
      type: 'number',
      min: 0,
      max: 1,
      default: 0.97,
      placeholder: 'C',
      description: 'how near two pictures are to be duplicates',
    },
    print0: { type: 'flag', description: 'only what could go, for xargs -0' },
    ...FILTER_OPTIONS,
    ...USED_INDEX_OPTIONS,
  },
  globals: MODEL_GLOBALS,
  examples: [
    { line: 'coca dedupe ~/Pictures', does: 'groups of near duplicates' },
    {
      line: 'coca dedupe ~/Pictures --print0 | xargs -0 -r mv -t ~/doubtful --',
      does: 'all but the best of each, elsewhere',
    },
  ],
  async check({ options }) {
    filterOf(options);
    if (options.print0 && (options.json || options.jsonl)) {
      throw new CocaError('usage', '--print0 and JSON are two forms of one output');
    }
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<DuplicateGroup>> {
    const folder = args[0]!;
    const { status, signal } = context;
    yield* findWithModel(options, context, async function* (coca): AsyncGenerator<Finding<DuplicateGroup>> {
      yield { kind: 'ready' };
      const { withIndex } = await import('./open.js');
      yield* withIndex(folder, options, coca, context, async function* ({ collection, below, nameOf }): AsyncGenerator<
        Finding<DuplicateGroup>
      > {
        const [{ openVectors }, { duplicateGroups }] = await Promise.all([
          import('../../model/collection/vectors.js'),
          import('../../model/collection/duplicates/duplicates.js'),
        ]);
        const vectors = await openVectors(collection, filterOf(options, below));
        const groups = await duplicateGroups(vectors, options.minCosine, {
          signal,
          onProgress: (part) => status.show(`comparing ${vectors.facts.length} pictures: ${Math.floor(100 * part)} %`),
        });
        status.clear();
        for (const group of groups) {
          const images = group.map(({ facts: { path, width, height, size }, cosine }) => {
            return { image: nameOf(path), cosine, width, height, bytes: size };
          });
          yield { kind: 'result', result: { images, model: coca.name, ...variantOf(coca) } };
        }
        if (groups.length === 0) {
          // That there are none is what was found, too.
          yield { kind: 'answered', done: 1, failed: 0 };
          yield { kind: 'notice', text: `no two of ${vectors.facts.length} pictures are that near` };
        }
      });
    });
  },
  async writer(format, { options }, { out, terminal }): Promise<ResultWriter<DuplicateGroup>> {
    if (options.print0) {
      return {
        objects: undefined,
        async result({ images }) {
          for (const { image } of images.slice(1)) {
            const name = encodeName(image);
            await out.write(Buffer.concat([typeof name === 'string' ? Buffer.from(name) : name, Buffer.of(0)]));
          }
        },
      };
    }
    if (format === 'json' || format === 'jsonl') return jsonWriter(out, format, (group: DuplicateGroup) => group);
    let count = 0;
    if (format === 'plain') {
      return {
        objects: undefined,
        result({ images }) {
          count++;
          const lines = images.map(({ image, cosine, width, height, bytes }) =>
            [count, cosine.toFixed(6), `${width}x${height}`, bytes, visible(image)].join('\t'),
          );
          return out.write(lines.map((line) => `${line}\n`).join(''));
        },
      };
    }
    const { painter } = await import('../../ui/palette.js');
    const { bold, dim } = painter(terminal.colors);
    return {
      objects: undefined,
      result({ images }) {
        const lines = images.map(({ image, cosine, width, height, bytes }, i) => {
          const facts = `${width} x ${height}, ${bytesText(bytes)}`;
          return i === 0
            ? `${bold(visible(image))}  ${dim(facts)}`
            : `  ${cosine.toFixed(3)}  ${visible(image)}  ${dim(facts)}`;
        });
        return out.write(`${count++ === 0 ? '' : '\n'}${lines.join('\n')}\n`);
      },
    };
  },
});

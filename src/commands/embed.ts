import type { ResultWriter } from '../cli/answers.js';
import type { CommandContext } from '../cli/command.js';
import type { Coca } from '../model/api.js';
import { CocaError } from '../model/base/errors.js';
import { dot, shortestFloat32 } from '../model/base/numbers/vectors.js';
import type { LoadedCoca } from '../model/store/load.js';
import { visible } from '../ui/text.js';
import { BATCH_OPTION, batchOf } from './io/batch.js';
import { clipFields, FRAMES_OPTION } from './io/clips/clips.js';
import { STRICT_OPTION, ToldCuts } from './io/cut-texts.js';
import { defineResults, type Finding } from './io/define-results.js';
import { checkDtype, DTYPE_OPTION, requireFormat } from './io/formats/format.js';
import { ABLATION_OPTIONS, checkAblation } from './io/inside/ablation.js';
import { findWithModel, MODEL_GLOBALS, type Variant, variantOf } from './io/model.js';
import { eachPicture, type ReadablePicture } from './io/pictures.js';
import { failure, jsonWriter, SILENT_WRITER } from './io/results.js';
import { checkSources, INPUT_OPTIONS, imagesArgument, sourcesOf } from './io/sources.js';
import { checkShard, findOfNamed, SHARD_OPTIONS, shardOf } from './shards/options.js';

/** More than these are not compared on a terminal: the matrix would be larger than it. */
const MOST_COMPARED = 12;

/** What pictures' embeddings can be written as. */
const FILES = ['npy', 'parquet', 'jsonl'] as const;

/** A picture or a text with its embedding. */
interface Embedded extends Variant {
  readonly of: 'image' | 'text';
  readonly name: string;
  readonly embedding: Float32Array;
  /** Of a clip: which of its frames were looked at. */
  readonly frames?: readonly object[];
  /** Whether the text was cut to the model's context. */
  readonly truncated?: boolean;
}

export const embed = defineResults({
  name: 'embed',
  summary: 'embeddings of pictures and texts, to be compared by their dot product',
  usage: 'embed [IMAGE...] [--text TEXT...]',
  details: [
    'Embeddings have unit length. Pictures come first, in the order given, then texts.',
    'Plain lines are NAME<TAB>numbers with a space between. JSON objects are {"image" or "text", "embedding"}, with "truncated": true for a text that was cut to the context.',
    '--output: NAME.npy is a matrix, row by row as in NAME.parquet beside it, which has image_path; img_emb/img_emb_0.npy has metadata/metadata_0.parquet, as clip-retrieval has it. What failed is in NAME.errors.jsonl. Until all is there, results are in FILE.partial.jsonl, which --resume goes on with.',
    'A terminal shows the first numbers of each, and the cosines between them where there are a few.',
  ].join('\n'),
  args: [imagesArgument(['files', 'files0', 'text'])],
  options: {
    text: { type: 'list', kind: 'text', rest: true, placeholder: 'TEXT', description: 'texts to embed' },
    ...STRICT_OPTION,
    ...BATCH_OPTION,
    ...FRAMES_OPTION,
    ...INPUT_OPTIONS,
    output: {
      type: 'text',
      kind: 'file',
      short: 'o',
      placeholder: 'FILE',
      description: 'embeddings of pictures into NAME.npy, NAME.parquet or NAME.jsonl; with --shard, a folder of parts',
    },
    resume: { type: 'flag', description: 'go on with what a killed run has left of FILE; without it, begin it' },
    ...DTYPE_OPTION,
    ...SHARD_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: MODEL_GLOBALS,
  examples: [
    { line: "coca embed 'photos/*.jpg' --jsonl > photos.jsonl", does: 'embeddings of pictures' },
    { line: 'coca embed photos -o photos.npy --dtype fp16', does: 'a matrix, and photos.parquet with its rows' },
    { line: 'coca embed --text "a dog" "a cat" --json', does: 'embeddings of texts' },
  ],
  async check({ args, options, typed }) {
    checkAblation(options, typed);
    checkShard(options, args, true);
    const { output, dtype, resume, text } = options;
    if (text.length > 0 && (output !== undefined || shardOf(options) !== undefined)) {
      throw new CocaError('usage', '--text goes to stdout; --output and --shard are for pictures', 'leave it out');
    }
    const isFile = output !== undefined && shardOf(options) === undefined;
    checkDtype(dtype, isFile ? requireFormat(output, FILES) : undefined);
    if (resume && output === undefined) {
      throw new CocaError('usage', '--resume goes on with a file of results', 'name it: --output FILE --resume');
    }
    if (isFile && (options.json || options.jsonl)) {
      throw new CocaError('usage', '--json and --jsonl are for stdout, and --output says its form by its name');
    }
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<Embedded, ReadablePicture>> {
    const sources = sourcesOf(args, options);
    const hasPictures = args.length + options.files.length + options.files0.length > 0;
    if (hasPictures) checkSources(sources, context.stdin);
    else if (options.text.length === 0) {
      throw new CocaError('usage', 'nothing to embed', 'name pictures, or texts after --text');
    }
    const { output, resume } = options;
    if (output !== undefined && shardOf(options) === undefined) {
      await (await import('./io/formats/into-file.js')).checkWholeFile({ output, resume });
    }
    async function* embeddings(coca: LoadedCoca): AsyncGenerator<Finding<Embedded, ReadablePicture>> {
      const cuts = new ToldCuts(options.strict, context);
      const part = { command: 'embed', options: {}, objectOf: embeddedObject, files: FILES };
      const found = findOfNamed<Embedded, ReadablePicture>({ options, sources, coca, context }, part, (names) =>
        eachPicture(
          names,
          coca,
          context,
          batchOf(options.batch, coca),
          async (group) => {
            const { features } = await coca.encodeImages(group.map(({ picture }) => picture));
            return group.map(({ name, picture }, i): Embedded => {
              return { of: 'image', name, embedding: features[i]!, ...clipFields(picture), ...variantOf(coca) };
            });
          },
          options,
        ),
      );
      for await (const finding of found) yield withTexts(finding, options.text.length);
      for (const name of options.text) {
        const embedding = await embeddingOf(name, coca, cuts);
        if (embedding instanceof CocaError) yield failure(name, embedding, 'text');
        else
          yield {
            kind: 'result',
            result: { of: 'text', name, embedding, truncated: cuts.has(name), ...variantOf(coca) },
          };
      }
    }
    yield* findWithModel(options, context, embeddings, options.batch === 1 && !options.frames);
  },
  async writer(format, { options }, context): Promise<ResultWriter<Embedded>> {
    const { out, terminal } = context;
    if (options.output !== undefined) return SILENT_WRITER;
    if (format === 'json' || format === 'jsonl') {
      return jsonWriter(out, format, embeddedObject);
    }
    if (format === 'plain') {
      const line = ({ name, embedding }: Embedded) => `${visible(name)}\t${numbersOf(embedding).join(' ')}`;
      return { objects: undefined, result: (embedded) => out.line(line(embedded)) };
    }
    const { embeddingLine } = await import('../ui/embed-view.js');
    const compared: Embedded[] = [];
    return {
      objects: undefined,
      async result(embedded) {
        const { name, embedding } = embedded;
        await out.line(embeddingLine(name, embedding, terminal.columns, terminal.colors));
        if (compared.length <= MOST_COMPARED) compared.push(embedded);
      },
      async finish() {
        if (compared.length > 1 && compared.length <= MOST_COMPARED) await writeCosines(context, compared);
      },
    };
  },
});

function embeddedObject({ of, name, embedding, truncated, ...variant }: Embedded): object {
  return { [of]: name, embedding: numbersOf(embedding), ...(truncated && { truncated }), ...variant };
}

/** Progress counts texts, too. */
function withTexts<R, P>(finding: Finding<R, P>, texts: number): Finding<R, P> {
  if (finding.kind !== 'ready') return finding;
  const countAll = () => {
    const pictures = finding.count?.();
    return pictures === undefined ? undefined : pictures + texts;
  };
  return { kind: 'ready', count: countAll };
}

const numbersOf = (embedding: Float32Array): number[] => Array.from(embedding, shortestFloat32);

/** A text's embedding, or why it cannot have one. */
async function embeddingOf(text: string, coca: Coca, cuts: ToldCuts): Promise<Float32Array | CocaError> {
  try {
    return (await coca.encodeTexts([text], cuts.options))[0]!;
  } catch (error) {
    if (error instanceof CocaError && error.code === 'bad-text') return error;
    throw error;
  }
}

/** A matrix of what was embedded by itself; the nearest other of each is starred. */
async function writeCosines({ out, terminal }: CommandContext, compared: readonly Embedded[]): Promise<void> {
  const { cosineLines } = await import('../ui/compare-view.js');
  const rows = compared.map((one, i) => ({
    name: `${i + 1} ${one.name}`,
    cosines: compared.map((other) => (other === one ? null : dot(one.embedding, other.embedding))),
  }));
  const lines = cosineLines(rows, compared.length, terminal.columns, terminal.colors);
  await out.write(`\n${lines.join('\n')}\n`);
}

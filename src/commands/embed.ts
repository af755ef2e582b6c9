import type { ResultWriter } from '../cli/answers.js';
import type { CommandContext } from '../cli/command.js';
import type { Coca } from '../model/api.js';
import { CocaError } from '../model/base/errors.js';
import { dot } from '../model/base/vectors.js';
import { shortestFloat32, visible } from '../ui/text.js';
import { BATCH_OPTION, batchOf } from './io/batch.js';
import { clipFields, FRAMES_OPTION } from './io/clips/clips.js';
import { STRICT_OPTION, ToldCuts } from './io/cut-texts.js';
import { defineResults, type Finding } from './io/define-results.js';
import { ABLATION_OPTIONS, checkAblation } from './io/inside/ablation.js';
import { findWithModel, MODEL_GLOBALS, type Variant, variantOf } from './io/model.js';
import { eachPicture, type ReadablePicture } from './io/pictures.js';
import { failure, jsonWriter } from './io/results.js';
import { checkSources, INPUT_OPTIONS, imagesArgument, sourcesOf, walkImages } from './io/sources.js';

/** More than these are not compared on a terminal: the matrix would be larger than it. */
const MOST_COMPARED = 12;

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
    'A terminal shows the first numbers of each, and the cosines between them where there are a few.',
  ].join('\n'),
  args: [imagesArgument(['files', 'files0', 'text'])],
  options: {
    text: { type: 'list', kind: 'text', rest: true, placeholder: 'TEXT', description: 'texts to embed' },
    ...STRICT_OPTION,
    ...BATCH_OPTION,
    ...FRAMES_OPTION,
    ...INPUT_OPTIONS,
    ...ABLATION_OPTIONS,
  },
  globals: MODEL_GLOBALS,
  examples: [
    { line: "coca embed 'photos/*.jpg' --jsonl > photos.jsonl", does: 'embeddings of pictures' },
    { line: 'coca embed --text "a dog" "a cat" --json', does: 'embeddings of texts' },
  ],
  async check({ options, typed }) {
    checkAblation(options, typed);
  },
  async *find({ args, options }, context): AsyncGenerator<Finding<Embedded, ReadablePicture>> {
    const sources = sourcesOf(args, options);
    const hasPictures = args.length + options.files.length + options.files0.length > 0;
    if (hasPictures) checkSources(sources, context.stdin);
    else if (options.text.length === 0) {
      throw new CocaError('usage', 'nothing to embed', 'name pictures, or texts after --text');
    }
    const { names, count } = walkImages(sources, context.stdin);
    const countAll = () => {
      const pictures = count();
      return pictures === undefined ? undefined : pictures + options.text.length;
    };
    yield* findWithModel(options, context, async function* (coca): AsyncGenerator<Finding<Embedded, ReadablePicture>> {
      yield { kind: 'ready', count: countAll };
      const cuts = new ToldCuts(options.strict, context);
      yield* eachPicture(
        names,
        coca,
        context,
        batchOf(options.batch, coca),
        async (found) => {
          const { features } = await coca.encodeImages(found.map(({ picture }) => picture));
          return found.map(({ name, picture }, i): Embedded => {
            return { of: 'image', name, embedding: features[i]!, ...clipFields(picture), ...variantOf(coca) };
          });
        },
        options,
      );
      for (const name of options.text) {
        const embedding = await embeddingOf(name, coca, cuts);
        if (embedding instanceof CocaError) yield failure(name, embedding, 'text');
        else
          yield {
            kind: 'result',
            result: { of: 'text', name, embedding, truncated: cuts.has(name), ...variantOf(coca) },
          };
      }
    });
  },
  async writer(format, _, context): Promise<ResultWriter<Embedded>> {
    const { out, terminal } = context;
    if (format === 'json' || format === 'jsonl') {
      return jsonWriter(out, format, ({ of, name, embedding, truncated, ...variant }: Embedded) => {
        return { [of]: name, embedding: numbersOf(embedding), ...(truncated && { truncated }), ...variant };
      });
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

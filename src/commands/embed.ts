import { type CommandContext, defineCommand } from '../cli/command.js';
import { CocaError } from '../model/base/errors.js';
import { dot } from '../model/base/vectors.js';
import { shortestFloat32, visible } from '../ui/text.js';
import { MODEL_GLOBALS, withModel } from './io/model.js';
import { encodedPictures } from './io/pictures.js';
import { progress } from './io/progress.js';
import { type Format, formatOf, type ObjectWriter, objectWriter, Tally } from './io/results.js';
import { BATCH_OPTION, checkSources, countAhead, INPUT_OPTIONS, imagesArgument } from './io/sources.js';

/** More than these are not compared on a terminal: the matrix would be larger than it. */
const MOST_COMPARED = 12;

interface Embedded {
  readonly name: string;
  readonly embedding: Float32Array;
}

export const embed = defineCommand({
  name: 'embed',
  summary: 'embeddings of pictures and texts, to be compared by their dot product',
  usage: 'embed [IMAGE...] [--text TEXT...]',
  details: [
    'Embeddings have unit length. Pictures come first, in the order given, then texts.',
    'Plain lines are NAME<TAB>numbers with a space between. JSON objects are {"image" or "text", "embedding"}.',
    'A terminal shows the first numbers of each, and the cosines between them where there are a few.',
  ].join('\n'),
  args: [imagesArgument(['files', 'files0', 'text'])],
  options: {
    text: { type: 'list', kind: 'text', rest: true, placeholder: 'TEXT', description: 'texts to embed' },
    ...BATCH_OPTION,
    ...INPUT_OPTIONS,
  },
  globals: MODEL_GLOBALS,
  examples: [
    { line: "coca embed 'photos/*.jpg' --jsonl > photos.jsonl", does: 'embeddings of pictures' },
    { line: 'coca embed --text "a dog" "a cat" --json', does: 'embeddings of texts' },
  ],
  async run({ args, options }, context) {
    const sources = { images: args, files: options.files, files0: options.files0 };
    const hasPictures = args.length + options.files.length + options.files0.length > 0;
    if (hasPictures) checkSources(sources, context.stdin);
    else if (options.text.length === 0) {
      throw new CocaError('usage', 'nothing to embed', 'name pictures, or texts after --text');
    }
    const format = formatOf(options, context);
    const objects = format === 'json' || format === 'jsonl' ? objectWriter(context.out, format) : undefined;
    return withModel(options, context, async (coca) => {
      const tally = new Tally(context, objects);
      const compared: Embedded[] = [];
      const pictureCount = countAhead(sources);
      const showProgress = progress(context, () => {
        const count = pictureCount();
        return count === undefined ? undefined : count + options.text.length;
      });
      const succeed = async (kind: 'image' | 'text', name: string, embedding: Float32Array): Promise<void> => {
        await writeEmbedding(context, format, objects, kind, name, embedding);
        if (format === 'terminal' && compared.length <= MOST_COMPARED) compared.push({ name, embedding });
        tally.succeed();
        showProgress(tally.finished);
      };
      try {
        for await (const item of encodedPictures(sources, coca, context, options.batch)) {
          if ('error' in item) await tally.fail(item.name, item.error);
          else await succeed('image', item.name, item.feature);
        }
        for (const text of options.text) {
          try {
            await succeed('text', text, (await coca.encodeTexts([text]))[0]!);
          } catch (error) {
            if (!(error instanceof CocaError) || error.code !== 'bad-text') throw error;
            await tally.fail(text, error, 'text');
          }
        }
        if (compared.length > 1 && compared.length <= MOST_COMPARED) await writeCosines(context, compared);
      } finally {
        await objects?.end();
      }
      return tally.outcome();
    });
  },
});

async function writeEmbedding(
  context: CommandContext,
  format: Format,
  objects: ObjectWriter | undefined,
  kind: 'image' | 'text',
  name: string,
  embedding: Float32Array,
): Promise<void> {
  if (format === 'terminal') {
    const { embeddingLine } = await import('../ui/embed-view.js');
    return context.out.line(embeddingLine(name, embedding, context.terminal.columns, context.terminal.colors));
  }
  const numbers = Array.from(embedding, shortestFloat32);
  if (objects) return objects.write({ [kind]: name, embedding: numbers });
  return context.out.line(`${visible(name)}\t${numbers.join(' ')}`);
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

import type { FastifyInstance } from 'fastify';
import { stopIfAborted } from '../../model/base/errors.js';
import { shortestFloat32 } from '../../model/base/numbers/vectors.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { unusableText } from '../../model/tokenizer/usable.js';
import { fieldsOf, inQueue, type Serving } from '../handling.js';
import { isPictureData, type PictureSources, pictureOf } from '../pictures.js';
import { badField } from '../refusal.js';
import { refuseOthers } from './fields.js';
import { textField } from './operations.js';

/** As many as OpenAI takes. */
const MOST_INPUTS = 2048;

/** Embeddings of unit length, of texts and of pictures as data URLs. */
export function embeddingsRoute(app: FastifyInstance, serving: Serving): void {
  app.post('/v1/embeddings', (request, reply) =>
    inQueue(serving, reply, async (signal) => {
      const fields = fieldsOf(request);
      refuseOthers(fields, ['model', 'input', 'encoding_format', 'user'], {
        dimensions: 'the embeddings of a model have one length; dimensions cannot be chosen',
      });
      const served = serving.models().get(textField(fields.model, 'model'));
      const inputs = inputsOf(fields.input);
      const form = formOf(fields.encoding_format);
      const coca = await served.borrow();
      const embeddings = await embed(inputs, coca, serving.sources, signal);
      const tokens = inputs.reduce((sum, text) => sum + (isPictureData(text) ? 0 : lengthOf(text, coca)), 0);
      return {
        object: 'list',
        data: embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding: form(embedding) })),
        model: coca.name,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
    }),
  );
}

function inputsOf(input: unknown): readonly string[] {
  const inputs = typeof input === 'string' ? [input] : input;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw badField('input', 'input is missing', 'give a text, a picture as a data URL, or a list of them');
  }
  if (inputs.some((one) => typeof one !== 'string')) {
    throw badField('input', 'input holds what is no text', "ids of another model's tokens mean nothing to this one");
  }
  if (inputs.length > MOST_INPUTS) throw badField('input', `input has more than ${MOST_INPUTS} entries`);
  return inputs as readonly string[];
}

type Form = (embedding: Float32Array) => readonly number[] | string;

function formOf(format: unknown): Form {
  if (format === undefined || format === null || format === 'float') {
    return (embedding) => Array.from(embedding, shortestFloat32);
  }
  if (format === 'base64') return base64Of;
  throw badField('encoding_format', 'encoding_format is neither float nor base64');
}

/** 32-bit numbers, the lowest byte first. */
function base64Of(embedding: Float32Array): string {
  const bytes = Buffer.alloc(4 * embedding.length);
  for (const [i, value] of embedding.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes.toString('base64');
}

/** An embedding of each, in their order. Pictures are all asked for at once, so that they join each other. */
async function embed(
  inputs: readonly string[],
  coca: LoadedCoca,
  sources: PictureSources,
  signal: AbortSignal,
): Promise<readonly Float32Array[]> {
  const texts = inputs.filter((text) => !isPictureData(text));
  for (const text of texts) {
    const error = unusableText(text, coca.tokenizer);
    if (error) throw error;
  }
  const embedPicture = async (url: string): Promise<Float32Array> => {
    const { bytes } = await pictureOf(url, 'input', sources, signal);
    const picture = await coca.decode!(bytes);
    stopIfAborted(signal);
    return (await coca.encodeImages([picture])).features[0]!;
  };
  const [pictures, ofTexts] = await Promise.all([
    Promise.all(inputs.filter(isPictureData).map(embedPicture)),
    texts.length > 0 ? coca.encodeTexts(texts) : [],
  ]);
  const next = { picture: pictures.values(), text: ofTexts.values() };
  return inputs.map((text) => (isPictureData(text) ? next.picture : next.text).next().value!);
}

/** Ids of a text, with its start and end. */
const lengthOf = (text: string, { tokenizer }: LoadedCoca): number => tokenizer.encode(text).length + 2;

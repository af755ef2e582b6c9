import type { FastifyInstance } from 'fastify';
import { joined } from '../../model/base/numbers/joined.js';
import { contextLength, requireCaptioner } from '../../model/config/config.js';
import { decodingOptions } from '../../model/decoding/index.js';
import { Encoding } from '../../model/encoding.js';
import type { Picture } from '../../model/image/picture.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { isClip } from '../../model/video/clip.js';
import { fieldsOf, inQueue, type Serving } from '../handling.js';
import type { Joint } from '../models/joined-coca.js';
import { badField } from '../refusal.js';
import { CALLS_PATH, type PlainEncoding, type ServerCall, type ServerCalls } from '../remote/protocol.js';
import { plain } from '../remote/remote-coca.js';
import { pack, unpack } from '../remote/wire.js';
import { textField } from './operations.js';

/** More at a time would keep others waiting. */
const MOST_PICTURES = 64;
const MOST_TEXTS = 4096;

/** What this program's own commands ask for: a loaded model's methods. They take turns, and nothing joins them. */
export function callRoutes(app: FastifyInstance, serving: Serving): void {
  app.get(CALLS_PATH, async () => serving.models().described());
  app.post(`${CALLS_PATH}/decode`, (request, reply) =>
    inQueue(serving, reply, async () => {
      const { image, model } = fieldsOf(request);
      const served = serving.models().get(textField(model, 'model'));
      if (!Buffer.isBuffer(image)) throw badField('image', 'the body is no picture');
      return pack(await (await served.joint()).decode(image));
    }),
  );
  for (const name of Object.keys(CALLS) as ServerCall[]) {
    app.post(`${CALLS_PATH}/${name}`, (request, reply) =>
      inQueue(serving, reply, async (signal) => {
        const { image } = fieldsOf(request);
        const asked = read(image);
        const served = serving.models().get(textField(asked.model, 'model'));
        return pack(await CALLS[name](await served.joint(), asked as never, signal));
      }),
    );
  }
}

function read(body: unknown): Readonly<Record<string, unknown>> {
  try {
    const value = unpack(body as Buffer);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw badField('body', 'the body is not what this version of the program sends');
}

type Answers = {
  readonly [N in ServerCall]: (
    joint: Joint,
    asked: Parameters<ServerCalls[N]>[0],
    signal: AbortSignal,
  ) => ReturnType<ServerCalls[N]>;
};

/** What comes is checked: whoever may ask may send anything. */
const CALLS: Answers = {
  async files({ files }) {
    return files;
  },
  async encodeImages({ coca }, { pictures }) {
    const isFit = Array.isArray(pictures) && pictures.length > 0 && pictures.length <= MOST_PICTURES;
    if (!isFit || !pictures.every((one) => isPictureOf(one, coca))) {
      throw badField('pictures', `pictures are not 1 to ${MOST_PICTURES} ${sizeFor(coca)}`);
    }
    return plain(await coca.encodeImages(pictures));
  },
  async encodeTexts({ coca }, { texts }) {
    return coca.encodeTexts(textsOf(texts), CUT);
  },
  async captionPicture({ coca, lone }, { picture, options }, signal) {
    requireCaptioner(coca.config, 'a caption');
    if (!isPictureOf(picture, coca)) throw badField('picture', `picture is none ${sizeFor(coca)}`);
    const { prompt, ...given } = Object(options) as ServerCallOptions;
    const search = decodingOptions(given, { contextLength: contextLength(coca.config) });
    const begin = textField(prompt, 'prompt');
    const asked = begin === undefined ? search : { ...search, prompt: begin };
    return lone.caption(picture, asked, { signal });
  },
  async captionLikelihoods(joint, { images, texts, given }, signal) {
    const list = textsOf(texts);
    if (
      given !== undefined &&
      (!Array.isArray(given) || given.length !== list.length || !given.every(Number.isInteger))
    ) {
      throw badField('given', 'given is no list of a number for each text');
    }
    return joint.coca.captionLikelihoods(encodingOf(images, joint), list, { signal, ...(given && { given }), ...CUT });
  },
};

type ServerCallOptions = Parameters<ServerCalls['captionPicture']>[0]['options'];

const isPictureOf = (one: Picture | null, { preprocess: { size } }: Pick<LoadedCoca, 'preprocess'>): boolean =>
  one?.rgb instanceof Uint8Array && one.rgb.length === size * size * 3 && one.size === size && !isClip(one);

const sizeFor = ({ preprocess: { size } }: Pick<LoadedCoca, 'preprocess'>): string => `of ${size} x ${size} pixels`;

/** The other end has seen which texts are too long, and told of it or refused them. */
const CUT = { onCut: () => undefined };

function textsOf(texts: unknown): readonly string[] {
  if (Array.isArray(texts) && texts.length <= MOST_TEXTS && texts.every((text) => typeof text === 'string'))
    return texts;
  throw badField('texts', `texts is no list of up to ${MOST_TEXTS} texts`);
}

function encodingOf(images: PlainEncoding, { coca, tokenLength }: Joint): Encoding {
  requireCaptioner(coca.config, 'a caption');
  const { count, features, latents, tokens, ms } = Object(images) as Partial<PlainEncoding>;
  const isRows = (rows: unknown): rows is readonly Float32Array[] =>
    Array.isArray(rows) && rows.length === count && rows.every((row) => row instanceof Float32Array);
  const isTokens =
    tokens?.data instanceof Float32Array && tokens.count === count && tokens.data.length === tokenLength * count!;
  if (!isRows(features) || !isRows(latents) || !isTokens || count! > MOST_PICTURES || typeof ms !== 'number') {
    throw badField('images', 'images are no encoding by this model');
  }
  return new Encoding(count!, { features: joined(features), latent: joined(latents), tokens: tokens! }, ms, undefined);
}

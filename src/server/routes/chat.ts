import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Caption, CaptionOptions } from '../../model/api.js';
import { stopIfAborted } from '../../model/base/errors.js';
import { contextLength, type ModelConfig, requireCaptioner } from '../../model/config/config.js';
import { decodingOptions } from '../../model/decoding/index.js';
import type { LoadedCoca } from '../../model/store/load.js';
import { EventStream, fieldsOf, inQueue, type Serving } from '../handling.js';
import { pictureOf } from '../pictures.js';
import { badField } from '../refusal.js';
import { SureWords } from '../words.js';
import { numberField, refuseOthers } from './fields.js';
import { type Conversation, conversationOf } from './messages.js';
import { flagField, textField } from './operations.js';

const KNOWN = [
  ...['model', 'messages', 'n', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'seed'],
  ...['stream', 'stream_options', 'user', 'store', 'metadata'],
];
const NO_TOOLS = 'this model calls no tools: it writes captions';
const UNSUPPORTED = {
  tools: NO_TOOLS,
  tool_choice: NO_TOOLS,
  functions: NO_TOOLS,
  response_format: 'this model writes captions, and no JSON',
  stop: 'captions end by themselves: stop cannot be chosen',
  logprobs: 'POST /v1/caption has log-probabilities',
  top_logprobs: 'POST /v1/caption has log-probabilities',
};
const LONGEST = 4096;

/** What is said where a client wrote more than a caption can begin with. */
const UNREAD =
  'a CoCa follows no instructions: of the messages it has seen the picture, and the last one where an assistant wrote it, which the caption continues';

/** A caption as the answer of a chat, of a picture in its messages. */
export function chatRoute(app: FastifyInstance, serving: Serving): void {
  app.post('/v1/chat/completions', (request, reply) =>
    inQueue(serving, reply, async (signal) => {
      const fields = fieldsOf(request);
      refuseOthers(fields, KNOWN, UNSUPPORTED);
      const served = serving.models().get(textField(fields.model, 'model'));
      const conversation = conversationOf(fields.messages);
      const isStreamed = flagField(fields.stream, 'stream');
      const { bytes } = await pictureOf(conversation.picture, 'messages', serving.sources, signal);
      const { config, name, tokenizer } = await served.borrow();
      requireCaptioner(config, 'a chat');
      const search = searchOf(fields, conversation, config);
      const answer = newAnswer(name, conversation);
      if (!isStreamed) return answer.whole(await captionsOf(await served.borrow(), bytes, search, signal), search);

      if (search.num > 1) throw badField('n', 'the words of one caption can be told as they are found, not of several');
      const wantsUsage = (fields.stream_options as { include_usage?: boolean } | null)?.include_usage === true;
      const events = new EventStream(reply);
      return events.run(async () => {
        const words = new SureWords(tokenizer, (content) => events.send(answer.piece({ content })));
        const coca = await served.borrow((ids) => words.step(ids));
        const [caption] = await captionsOf(coca, bytes, search, signal);
        words.finish(caption!.text);
        events.send(answer.piece({}, reasonOf(caption!, search)));
        if (wantsUsage) events.send(answer.usageOf([caption!]));
        events.send('[DONE]');
      });
    }),
  );
}

async function captionsOf(
  coca: LoadedCoca,
  bytes: Buffer,
  search: CaptionOptions,
  signal: AbortSignal,
): Promise<readonly Caption[]> {
  const picture = await coca.decode!(bytes);
  stopIfAborted(signal);
  return (await coca.captionPicture(picture, search, { signal })).captions;
}

/** The search that OpenAI's fields mean: beams, or samples where a temperature or top_p asks for chance. */
function searchOf(
  fields: Readonly<Record<string, unknown>>,
  { prefix }: Conversation,
  config: ModelConfig,
): CaptionOptions {
  const num = numberField(fields.n, 'n', { min: 1, max: 128, isWhole: true });
  const maxTokens =
    numberField(fields.max_completion_tokens, 'max_completion_tokens', { min: 1, max: 1e6, isWhole: true }) ??
    numberField(fields.max_tokens, 'max_tokens', { min: 1, max: 1e6, isWhole: true });
  const temperature = numberField(fields.temperature, 'temperature', { min: 0, max: 2 });
  const topP = numberField(fields.top_p, 'top_p', { min: 0, max: 1 });
  const seed = numberField(fields.seed, 'seed', { min: 0, max: 0xffff_ffff, isWhole: true });
  const isSample = (temperature !== undefined && temperature > 0) || (topP !== undefined && topP > 0 && topP < 1);
  const longest = contextLength(config);
  const search = decodingOptions(
    {
      ...(num !== undefined && { num }),
      ...(maxTokens !== undefined && { maxLength: Math.min(longest, Math.max(2, maxTokens + 1)) }),
      ...(isSample && { strategy: 'sample', seed: seed ?? 0 }),
      ...(isSample && temperature !== undefined && temperature > 0 && { temperature }),
      ...(isSample && topP !== undefined && topP > 0 && { topP }),
    },
    { contextLength: Math.min(longest, LONGEST) },
  );
  return prefix === undefined ? search : { ...search, prompt: prefix };
}

/** `length` where the search came to its longest caption before an end. */
const reasonOf = ({ ids }: Caption, { maxLength }: CaptionOptions): 'stop' | 'length' =>
  ids.length >= maxLength ? 'length' : 'stop';

/** The objects of one answer. */
function newAnswer(model: string, { hasOtherText }: Conversation) {
  const id = `chatcmpl-${randomUUID()}`;
  const created = Math.floor(Date.now() / 1000);
  const head = { id, created, model };
  const notice = hasOtherText ? { notice: UNREAD } : {};
  const usage = (captions: readonly Caption[]) => {
    const completion_tokens = captions.reduce((sum, { tokens }) => sum + tokens.length, 0);
    return { prompt_tokens: 0, completion_tokens, total_tokens: completion_tokens };
  };
  let isFirst = true;
  return {
    whole: (captions: readonly Caption[], search: CaptionOptions) => ({
      ...head,
      object: 'chat.completion',
      choices: captions.map((caption, index) => ({
        index,
        message: { role: 'assistant', content: caption.text, refusal: null },
        logprobs: null,
        finish_reason: reasonOf(caption, search),
      })),
      usage: usage(captions),
      ...notice,
    }),
    piece(delta: { readonly content?: string }, finish_reason: 'stop' | 'length' | null = null) {
      const role = isFirst ? { role: 'assistant' } : {};
      const said = isFirst ? notice : {};
      isFirst = false;
      const choice = { index: 0, delta: { ...role, ...delta }, logprobs: null, finish_reason };
      return { ...head, object: 'chat.completion.chunk', choices: [choice], ...said };
    },
    usageOf: (captions: readonly Caption[]) => ({
      ...head,
      object: 'chat.completion.chunk',
      choices: [],
      usage: usage(captions),
    }),
  };
}

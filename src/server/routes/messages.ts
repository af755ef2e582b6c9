import { badField } from '../refusal.js';

/** What a captioner makes of a chat. */
export interface Conversation {
  /** A data URL, or what else names the picture. */
  readonly picture: string;
  /** What the caption is to begin with. */
  readonly prefix: string | undefined;
  /** Whether there is text that nothing was made of. */
  readonly hasOtherText: boolean;
}

interface Part {
  readonly role: string;
  readonly text?: string;
  readonly picture?: string;
}

/**
 * Reads messages. A CoCa continues a text and follows no instructions: of all text, it can make something of the last message alone,
 * if that is the beginning of an assistant's answer.
 * @throws Refusal 400 for messages of another form, without a picture, or with several
 */
export function conversationOf(messages: unknown): Conversation {
  if (!Array.isArray(messages) || messages.length === 0) throw badField('messages', 'messages is no list of messages');
  const parts = messages.map(partsOf);
  const pictures = parts.flat().flatMap(({ picture }) => (picture === undefined ? [] : [picture]));
  if (pictures.length !== 1) {
    const hint = 'one message has it: {"type": "image_url", "image_url": {"url": "data:image/png;base64,..."}}';
    throw badField('messages', `a caption is of one picture, and messages has ${pictures.length || 'none'}`, hint);
  }
  const last = parts.at(-1)!;
  const isPrefix = last.length > 0 && last.every(({ role, text }) => role === 'assistant' && text !== undefined);
  const prefix = isPrefix ? last.map(({ text }) => text).join('') : '';
  const others = isPrefix ? parts.slice(0, -1) : parts;
  return {
    picture: pictures[0]!,
    prefix: prefix.trim() === '' ? undefined : prefix,
    hasOtherText: others.flat().some(({ text }) => text !== undefined && text.trim() !== ''),
  };
}

function partsOf(message: unknown): Part[] {
  const { role, content } = Object(message) as { readonly role?: unknown; readonly content?: unknown };
  if (typeof role !== 'string') throw badField('messages', 'a message has no role');
  if (typeof content === 'string') return [{ role, text: content }];
  if (!Array.isArray(content))
    throw badField('messages', 'the content of a message is neither a text nor a list of parts');
  return content.map((part: unknown) => {
    const { type, text, image_url } = Object(part) as Readonly<Record<string, unknown>>;
    if (type === 'text' && typeof text === 'string') return { role, text };
    const { url } = Object(image_url) as { readonly url?: unknown };
    if (type === 'image_url' && typeof url === 'string') return { role, picture: url };
    throw badField('messages', 'a part of a message is neither a text nor an image_url');
  });
}

import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { CocaError } from '../model/base/errors.js';
import { RegularFile } from '../model/base/regular-file.js';
import { isUrl } from '../model/net/address.js';
import { badField, Refusal } from './refusal.js';

/** What of a picture's many sources a server takes; the body of a request always. */
export interface PictureSources {
  /** The folder whose files may be named. */
  readonly allowPath?: string | undefined;
  /** Whether addresses may be named: of the public internet, or any. */
  readonly allowUrl?: 'public' | 'any' | undefined;
  /** The most bytes that a file or address may have. */
  readonly limit: number;
}

/** A picture that a request came with or named. */
export interface NamedPicture {
  /** As it was named; `-` for one that came with the request. */
  readonly name: string;
  readonly bytes: Buffer;
}

const FROM_BODY = '-';
const DATA_URL = /^data:([^,]*?)(;base64)?,/is;

/**
 * The picture that a field means: a data URL or bytes, or the name of one where the server takes names.
 * @throws Refusal 400, 403, 413; CocaError of the file or address
 */
export async function pictureOf(
  value: unknown,
  field: string,
  sources: PictureSources,
  signal: AbortSignal,
): Promise<NamedPicture> {
  if (Buffer.isBuffer(value)) return { name: FROM_BODY, bytes: value };
  if (typeof value !== 'string') {
    throw badField(field, `${field} is no picture`, 'give a data URL: data:image/png;base64,...');
  }
  if (value.startsWith('data:')) return { name: FROM_BODY, bytes: dataOf(value, field) };
  if (isUrl(value)) return { name: value, bytes: await fetched(value, sources, signal) };
  return { name: value, bytes: await opened(value, field, sources) };
}

/** Whether a text is a data URL of a picture. */
export const isPictureData = (text: string): boolean => /^data:image\//i.test(text);

function dataOf(url: string, field: string): Buffer {
  const head = DATA_URL.exec(url);
  if (head === null || head[2] === undefined) throw badField(field, `${field} is no data URL in base64`);
  const text = url.slice(head[0].length).trim();
  // Buffer leaves out what is no base64: a picture that was torn on the way would be told as a damaged one.
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw badField(field, `${field} has characters that are no base64`);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0) throw badField(field, `${field} is an empty picture`);
  return bytes;
}

async function fetched(url: string, { allowUrl, limit }: PictureSources, signal: AbortSignal): Promise<Buffer> {
  if (allowUrl === undefined) {
    throw new Refusal(403, 'denied', 'this server fetches no pictures', {
      hint: 'send the picture itself, or start the server with --allow-url public',
    });
  }
  const { fetchBytes } = await import('../model/net/fetch-bytes.js');
  const tooLarge = () => new CocaError('unreadable', `${url} is larger than ${limit} bytes`);
  return fetchBytes(url, { limit, tooLarge, signal, isPublic: allowUrl === 'public' });
}

async function opened(name: string, field: string, { allowPath, limit }: PictureSources): Promise<Buffer> {
  if (allowPath === undefined) {
    throw new Refusal(403, 'denied', `${field} names a file, and this server opens none`, {
      param: field,
      hint: 'send the picture as a data URL, or start the server with --allow-path DIR',
    });
  }
  const outside = () => new Refusal(403, 'denied', `${name} is not in the folder that this server opens files in`);
  const folder = await realpath(allowPath);
  // Links are resolved first. Whether something is there is told of what is inside alone.
  const named = resolve(folder, name);
  if (!isInside(named, folder)) throw outside();
  const path = await realpath(named).catch(() => {
    throw new Refusal(404, 'not-found', `${name}: no such file`);
  });
  if (!isInside(path, folder)) throw outside();
  const file = await RegularFile.open(path);
  try {
    if (file.size > limit) throw new Refusal(413, 'too-large', `${name} is larger than ${limit} bytes`);
    return Buffer.from((await file.read(0, file.size)).buffer);
  } finally {
    await file.close();
  }
}

const isInside = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

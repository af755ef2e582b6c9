import type { Coca } from '../model/api.js';

/**
 * Text from files, models and file names never reaches a terminal as it is: what could move the cursor, change
 * colours, set the clipboard or reorder a line is shown as a visible escape instead of being obeyed.
 */

/**
 * C0, DEL and C1 controls; Arabic letter mark; zero-width and directional marks, embeddings, overrides and isolates;
 * line and paragraph separators; byte order mark; interlinear annotations.
 */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/gu;

/** The same set without what JSON.stringify escapes by itself (C0). */
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g;

/** A surrogate without its partner. `\udc80`-`\udcff` stand for bytes that are not UTF-8 (see `decodeName`). */
const LONE_SURROGATE = /\p{Surrogate}/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function escapeControl(char: string): string {
  const code = char.charCodeAt(0);
  if (code <= 0x7f) return SHORT[char] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  return unicodeEscape(char);
}

function escapeSurrogate(char: string): string {
  const code = char.charCodeAt(0);
  return code >= 0xdc80 && code <= 0xdcff ? `\\x${(code - 0xdc00).toString(16)}` : unicodeEscape(char);
}

/** `text` for a person's eyes: controls, escapes, bidirectional characters and line ends as visible escapes. */
export function visible(text: string): string {
  return text.replace(UNSAFE, escapeControl).replace(LONE_SURROGATE, escapeSurrogate);
}

/** `value` as JSON on one line, harmless on a terminal too: what `visible` shows is `\uXXXX` here. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE_IN_JSON, unicodeEscape);
}

/** "scenes on cpu", "coca_ViT-B-32 on cpu in int8 without cross.2.h5": which model computes where, in what, and what it lacks. */
export function whatRuns(coca: Pick<Coca, 'name' | 'device' | 'precision' | 'ablated'>): string {
  const { name, device, precision } = coca;
  return visible(`${name} on ${device}${precision === 'fp32' ? '' : ` in ${precision}`}${withoutText(coca)}`);
}

/** " without cross.2.h5", " without text.1, self.0 (mean)"; nothing for a model as it was loaded. */
export function withoutText({ ablated }: Pick<Coca, 'ablated'>): string {
  if (ablated === undefined) return '';
  return ` without ${ablated.sites.join(', ')}${ablated.with === 'mean' ? ' (mean)' : ''}`;
}

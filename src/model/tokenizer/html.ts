import { loadOwn } from '../base/packages.js';

// Its tables take longer to unfold than most texts to be tokenized, and few have references.
const entities = () => loadOwn<typeof import('entities')>('entities');

const REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g;
const UNAMBIGUOUS = /&#?[0-9A-Za-z]{1,24};/g;

/** Windows-1252's bytes 0x80 to 0x9F; by hand, because TextDecoder('windows-1252') of Node 20 decodes Latin-1. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** What a C1 control character (U+0080 to U+009F) stands for on the web: the Windows-1252 character of that byte. */
export const fromC1 = (code: number): string => WINDOWS_1252[code - 0x80]!;

/** Code points that a numeric reference may not name (WHATWG): controls and noncharacters. */
function isForbidden(code: number): boolean {
  return (
    (code >= 0x01 && code <= 0x08) ||
    code === 0x0b ||
    (code >= 0x0e && code <= 0x1f) ||
    code === 0x7f ||
    (code >= 0xfdd0 && code <= 0xfdef) ||
    (code & 0xfffe) === 0xfffe
  );
}

function fromNumber(code: number): string {
  if (code >= 0x80 && code <= 0x9f) return fromC1(code);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  return isForbidden(code) ? '' : String.fromCodePoint(code);
}

/** HTML character references to characters, as Python's html.unescape: also `&ampx`, which ends without a semicolon. */
export function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (whole, body: string) => {
    if (!body.startsWith('#')) return entities().decodeHTML(whole);
    return fromNumber(/^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10));
  });
}

/** ftfy's more careful form: only references that end in a semicolon, and all-capitals names of letters (`&EACUTE;`). */
export function unescapeUnambiguous(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(UNAMBIGUOUS, (whole) => {
    if (whole.startsWith('&#')) {
      const plain = unescapeHtml(whole);
      return plain.includes(';') ? whole : plain;
    }
    const plain = entities().decodeHTMLStrict(whole);
    if (plain !== whole) return plain;
    const lower = whole.toLowerCase();
    if (lower.toUpperCase() !== whole || unescapeHtml(whole) !== whole) return whole;
    const small = entities().decodeHTMLStrict(lower);
    return small === lower ? whole : small.toUpperCase();
  });
}

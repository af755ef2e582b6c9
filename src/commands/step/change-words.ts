import { CocaError } from '../../model/base/errors.js';
import { type ChangeRequest, changeName, type WalkChange } from '../../model/stepper/changes.js';

/** The verbs that change the model or what it sees, with what each takes. */
export const CHANGE_VERBS = {
  erase: 'erase[@STEP]:WORD|WxH+X+Y|WxH+X+Ypx|[WORD]=CELL[ CELL]...',
  ablate: 'ablate[@STEP]:SITE[ SITE]...',
  patch: 'patch[@STEP]:FILE[ at SITE]',
} as const;

export type ChangeVerb = keyof typeof CHANGE_VERBS;

export const isChangeVerb = (verb: string): verb is ChangeVerb => Object.hasOwn(CHANGE_VERBS, verb);

/**
 * What follows the colon of such a verb. In quotes it is a word, or a file's name, and may be followed by the site.
 * @throws CocaError `usage` for what cannot be read
 */
export function readChange(verb: ChangeVerb, text: string): ChangeRequest {
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*(.*)$/s.exec(text);
  if (text.includes('"') && (!quoted || (quoted[2] !== '' && verb !== 'patch'))) {
    throw new CocaError('usage', 'quotes stand around the whole argument', `it is ${CHANGE_VERBS[verb]}`);
  }
  const inside = quoted?.[1]?.replace(/\\(.)/gs, '$1');
  if ((inside ?? text) === '') throw new CocaError('usage', 'nothing follows the colon', `it is ${CHANGE_VERBS[verb]}`);
  switch (verb) {
    case 'erase':
      return { type: 'erase', region: inside === undefined ? readRegion(text) : { word: inside } };
    case 'ablate':
      return { type: 'ablate', sites: inside ?? text };
    case 'patch':
      return { type: 'patch', ...readPatch(inside, quoted ? quoted[2]! : text) };
  }
}

function readRegion(text: string): Extract<ChangeRequest, { readonly type: 'erase' }>['region'] {
  const [, width, height, x, y, unit] = /^(\d{1,5})x(\d{1,5})\+(\d{1,5})\+(\d{1,5})(px)?$/.exec(text) ?? [];
  if (width !== undefined) {
    const place = { x: Number(x), y: Number(y), width: Number(width), height: Number(height) };
    return unit === undefined ? { rectangle: place } : { box: place };
  }
  const [, word, cells] = /^([^=]*)=\s*(\d{1,5}(?:\s+\d{1,5})*)$/.exec(text) ?? [];
  if (cells !== undefined) {
    const numbers = cells.split(/\s+/).map(Number);
    return { cells: numbers, ...(word!.trim() !== '' && { word: word!.trim() }) };
  }
  // What begins like a rectangle is meant as one; a word with such a name stands in quotes.
  if (/^\d+\s*[x,]|=/.test(text)) {
    throw new CocaError(
      'usage',
      `'${text}' is no region`,
      `it is ${CHANGE_VERBS.erase}: 3x2+1+0 is 3 cells wide, 2 high`,
    );
  }
  return { word: text };
}

/**
 * A file, and a site after `at`.
 * @param quoted the file, where it stood in quotes; then `text` is what follows it
 */
function readPatch(quoted: string | undefined, text: string): { readonly image: string; readonly site?: string } {
  const [, before, site] = /^(.*?)(?:^|\s+)at\s+(\S+)$/s.exec(text) ?? [];
  if (quoted !== undefined && text !== '' && before !== '') {
    throw new CocaError('usage', `'${text}' is no site`, `it is ${CHANGE_VERBS.patch}`);
  }
  const image = quoted ?? before ?? text;
  if (image === '') throw new CocaError('usage', 'no file is named', `it is ${CHANGE_VERBS.patch}`);
  return { image, ...(site !== undefined && { site }) };
}

/** A change as a script says it, without its step: whatever there is in its names. */
export function changeArgument(change: WalkChange): string {
  switch (change.type) {
    case 'erase': {
      if (!('cells' in change)) return changeName(change).slice('erase:'.length);
      const { word, cells } = change;
      // A word that would be read as something else is only a label.
      const label = word !== undefined && /^[\p{L}\p{N}'-]+$/u.test(word) ? word : '';
      return `${label}=${cells.join(' ')}`;
    }
    case 'ablate':
      return change.sites.join(' ');
    case 'patch':
      return `"${change.image.replace(/["\\]/g, '\\$&')}" at ${change.site}`;
  }
}

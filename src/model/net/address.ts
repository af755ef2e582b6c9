/** Web addresses as a person names them: what may be shown of one, and what only its server gets. */

const USER = /^(https?:\/\/)([^/?#]*)@/i;
const USER_ANYWHERE = /(https?:\/\/)[^\s/?#@]*@/gi;

/** Whether a word is fetched rather than opened. */
export function isUrl(word: string): boolean {
  return /^https?:\/\//i.test(word);
}

/** By address without a user: the `Authorization` for it. A session names a picture again by what it was called. */
const authorizations = new Map<string, string>();

/**
 * What an address is called in results, messages and files: itself without the user and password in it, which are kept for
 * `authorizationFor`. Other words are called what they are.
 */
export function publicName(word: string): string {
  const user = USER.exec(word)?.[2];
  if (user === undefined) return word;
  const name = word.replace(USER, '$1');
  const colon = user.indexOf(':');
  const parts = colon < 0 ? [user, ''] : [user.slice(0, colon), user.slice(colon + 1)];
  authorizations.set(name, `Basic ${Buffer.from(parts.map(decoded).join(':')).toString('base64')}`);
  return name;
}

/** The header for an address that had a user, when it was named. */
export function authorizationFor(name: string): string | undefined {
  return authorizations.get(name);
}

/** A text without the users and passwords of addresses in it. */
export function withoutPasswords(text: string): string {
  return text.replace(USER_ANYWHERE, '$1');
}

/** A stray % stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

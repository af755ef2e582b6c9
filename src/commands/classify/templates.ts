import { CocaError } from '../../model/base/errors.js';

/** What the name of a class is set into by default. */
const DEFAULT_TEMPLATE = 'a photo of a {}.';

/** Option of every command that makes texts of the names of classes. */
export const CLASS_TEMPLATE = {
  type: 'list',
  kind: 'text',
  placeholder: 'TEXT',
  otherwise: `"${DEFAULT_TEMPLATE}"`,
  description: 'class names take the place of {} in it; repeat it for several',
} as const;

/**
 * The templates that were given, or the default one.
 * @throws CocaError `usage` for one without `{}`
 */
export function checkTemplates(given: readonly string[]): readonly string[] {
  const bare = given.find((template) => !template.includes('{}'));
  if (bare !== undefined) throw new CocaError('usage', `--template '${bare}' has no {} for the name of the class`);
  return given.length > 0 ? given : [DEFAULT_TEMPLATE];
}

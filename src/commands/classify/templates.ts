import { readFileSync } from 'node:fs';
import { CocaError } from '../../model/base/errors.js';

/** What the name of a class is set into by default. */
const DEFAULT_TEMPLATE = 'a photo of a {}.';

/** Files of templates that come with the program, by the name of the set. */
const SETS = { openai: new URL('../../../assets/openai-templates.json', import.meta.url) } as const;
type TemplateSet = keyof typeof SETS;

/** Options of every command that makes texts of the names of classes. */
export const TEMPLATE_OPTIONS = {
  template: {
    type: 'list',
    kind: 'text',
    placeholder: 'TEXT',
    otherwise: `"${DEFAULT_TEMPLATE}"`,
    description: 'class names take the place of {} in it; repeat it for several',
  },
  templates: {
    type: 'choice',
    choices: Object.keys(SETS) as readonly TemplateSet[],
    placeholder: 'SET',
    description: "also a published set of templates: OpenAI's 80 for ImageNet",
  },
} as const;

interface TemplateValues {
  readonly template: readonly string[];
  readonly templates: TemplateSet | undefined;
}

/**
 * The templates that were given, those of a set behind them, or the default one.
 * @throws CocaError `usage` for one without `{}`
 */
export function templatesOf({ template: given, templates: set }: TemplateValues): readonly string[] {
  const bare = given.find((template) => !template.includes('{}'));
  if (bare !== undefined) throw new CocaError('usage', `--template '${bare}' has no {} for the name of the class`);
  const published = set === undefined ? [] : (JSON.parse(readFileSync(SETS[set], 'utf8')).templates as string[]);
  const all = [...new Set([...given, ...published])];
  return all.length > 0 ? all : [DEFAULT_TEMPLATE];
}

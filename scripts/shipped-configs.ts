/**
 * The list in docs/models.md of the configs that OpenCLIP ships: which load, which are refused and why.
 *
 *   node --import tsx scripts/shipped-configs.ts            # writes it anew
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { CocaError } from '../src/model/base/errors.js';
import { parseConfig } from '../src/model/config/config.js';
import { namedConfigs } from '../src/model/config/configs.js';

const DOCS = new URL('../docs/models.md', import.meta.url);
const BEGIN = '<!-- made by scripts/shipped-configs.ts -->\n';
const END = '<!-- end -->\n';

/** What becomes of a config, the same words for all that fare alike. */
function fate(name: string): string {
  try {
    const { multimodal, text } = parseConfig(namedConfigs()[name], name);
    const kind = multimodal ? 'loads, a CoCa' : 'loads, a dual encoder';
    return text.hf_tokenizer_name === null ? kind : `${kind}; its tokenizer.json must lie beside the weights`;
  } catch (error) {
    if (!(error instanceof CocaError)) throw error;
    // What the field says is the config's own.
    return `refused: ${error.message.slice(name.length + 2).replace(/ is "[^"]*"/, '')}`;
  }
}

/** The list, as Markdown. */
export function configList(): string {
  const groups = new Map<string, string[]>();
  for (const name of Object.keys(namedConfigs())) {
    const key = fate(name);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const rows = [...groups]
    .sort(([a], [b]) => Number(a.startsWith('refused')) - Number(b.startsWith('refused')) || a.length - b.length)
    .map(([what, names]) => `| ${what} | ${names.length} | ${names.map((name) => `\`${name}\``).join(', ')} |`);
  return ['| | | configs |', '|---|---|---|', ...rows, ''].join('\n');
}

/** docs/models.md with the list as it is now. */
export function withConfigList(docs: string): string {
  const [before, rest] = docs.split(BEGIN) as [string, string];
  return before + BEGIN + configList() + END + rest.split(END)[1];
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  writeFileSync(DOCS, withConfigList(readFileSync(DOCS, 'utf8')));
}

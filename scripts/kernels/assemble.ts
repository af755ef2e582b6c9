import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const source = (path: string): string => fileURLToPath(new URL(`../../src/model/${path}`, import.meta.url));

/** The texts of the kernels, and what their modules are named in the program. */
export const KERNELS: readonly { readonly text: string; readonly name: string }[] = [
  { text: source('image/resample/resampling.wat'), name: 'RESAMPLING' },
  { text: source('collection/duplicates/shadows.wat'), name: 'SHADOWS' },
];

/**
 * What is made of a WebAssembly text: a TypeScript module that exports the binary one, checked.
 * @returns where it belongs, and its source
 * @throws what the assembler says, with the line
 */
export async function assemble({ text, name }: (typeof KERNELS)[number]): Promise<{ path: string; source: string }> {
  const assembler = await wabt();
  const parsed = assembler.parseWat(text, readFileSync(text, 'utf8'), { simd: true });
  try {
    parsed.validate();
    const code = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
    const comment = `/** ${basename(text)}, assembled by \`npm run kernels\`, in base64. */`;
    return { path: text.replace(/\.wat$/, '-wasm.ts'), source: `${comment}\nexport const ${name} =\n  '${code}';\n` };
  } finally {
    parsed.destroy();
  }
}

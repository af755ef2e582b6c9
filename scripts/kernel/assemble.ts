import wabt from 'wabt';

/** The binary module of a WebAssembly text, checked. Throws where it is none, with the line. */
export async function assemble(name: string, text: string): Promise<Uint8Array> {
  const assembler = await wabt();
  const parsed = assembler.parseWat(name, text, { simd: true });
  try {
    parsed.validate();
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

/** The source of a TypeScript module that exports a binary one. */
export function asModule(exported: string, from: string, code: Uint8Array): string {
  return `/** ${from}, assembled by \`npm run kernel\`, in base64. */\nexport const ${exported} =\n  '${Buffer.from(code).toString('base64')}';\n`;
}

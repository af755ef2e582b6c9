import { Output } from '../../cli/output.js';
import type { Stage } from './context.js';

/** A context whose results are kept instead of shown, and the text of them. */
export function capturing<C extends Stage>(context: C): { readonly context: C; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const out = new Output(async (bytes) => {
    chunks.push(bytes);
  });
  return {
    context: { ...context, out, terminal: { ...context.terminal, interactive: false, colors: 'none' } },
    text: () => Buffer.concat(chunks).toString(),
  };
}

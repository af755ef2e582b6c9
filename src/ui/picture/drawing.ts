import { type KittyImage, showKitty } from './kitty.js';

/**
 * A picture as a terminal takes it: lines of cells; one of iTerm2 or in sixels, which takes the place of the cells below
 * it; or one that a terminal keeps apart from its text.
 */
export type Drawing =
  | { readonly cells: readonly string[] }
  | { readonly inline: string; readonly columns: number; readonly rows: number }
  | { readonly kitty: KittyImage };

/** A drawing as text that draws it at the cursor. */
export function printed(drawing: Drawing): string {
  if ('cells' in drawing) return drawing.cells.join('\n');
  return 'kitty' in drawing ? showKitty(drawing.kitty) : drawing.inline;
}

import { useEffect, useState } from 'react';
import { ASK_CELL_SIZE, answeredCellSize, type CellSize } from '../picture/cell-size.js';
import type { PictureKind } from '../picture/raster.js';
import type { ScreenSize, SizedScreen } from './use-screen-size.js';

/**
 * The size of the terminal's cells, for which it is asked where pictures are drawn in sixels; its answer comes among the
 * keys.
 * @returns it, once it is known; and `isAnswer`, to be asked of every input before it is taken for a key
 */
export function useCellSize(
  { screen, sizeOf }: SizedScreen,
  kind: PictureKind,
  size: ScreenSize,
): { readonly cell: CellSize | undefined; readonly isAnswer: (input: string) => boolean } {
  const [cell, setCell] = useState<ReturnType<typeof answeredCellSize>>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another size may be another font
  useEffect(() => {
    if (kind === 'sixel') screen.send(ASK_CELL_SIZE);
  }, [screen, kind, size]);
  const isAnswer = (input: string): boolean => {
    const answer = answeredCellSize(input, sizeOf());
    if (answer) setCell((known) => (known?.isExact && !answer.isExact ? known : answer));
    return answer !== undefined;
  };
  return { cell, isAnswer };
}

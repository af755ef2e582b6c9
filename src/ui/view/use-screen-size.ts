import { useEffect, useState } from 'react';
import type { Screen } from './screen.js';

/** A screen, as far as its size goes. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A screen, and how large it is now. */
export interface SizedScreen {
  readonly screen: Screen;
  readonly sizeOf: () => ScreenSize;
}

/** The size of a screen now: a component that uses it is drawn again when it changes. */
export function useScreenSize({ screen, sizeOf }: SizedScreen): ScreenSize {
  const [size, setSize] = useState(sizeOf);
  useEffect(() => {
    const onResize = () => setSize(sizeOf());
    screen.on('resize', onResize);
    return () => {
      screen.off('resize', onResize);
    };
  }, [screen, sizeOf]);
  return size;
}

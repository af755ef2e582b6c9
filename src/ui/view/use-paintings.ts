import { useEffect, useInsertionEffect } from 'react';
import type { Painting, Screen } from './screen.js';

/** Lays pictures over the text of a view; the same array is painted once. */
export function usePaintings(screen: Screen, paintings: readonly Painting[]): void {
  // Before Ink writes the text of this render, and after, should it be the same text as before.
  useInsertionEffect(() => screen.setPaintings(paintings), [screen, paintings]);
  useEffect(() => screen.flush());
}

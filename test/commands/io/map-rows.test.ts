import { expect, test } from 'vitest';
import { mapRows } from '../../../src/commands/io/map-rows.js';

test('rows from the top, floats in their shortest form', () => {
  expect(JSON.stringify(mapRows(Float32Array.of(0.1, 0.2, 0.3, 0.4), 2))).toBe('[[0.1,0.2],[0.3,0.4]]');
});

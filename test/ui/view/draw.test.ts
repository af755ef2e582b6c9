import { expect, test } from 'vitest';
import { renderAttend } from '../attend/render.js';
import { testSource } from '../attend/source.js';

test('a view that has ended leaves no listener on the process', async () => {
  const before = process.listenerCount('beforeExit');
  for (let i = 0; i < 3; i++) {
    const app = renderAttend(testSource(['dog']), 80, 24);
    await app.press('q');
    expect(await app.left).toBe('quit');
  }
  expect(process.listenerCount('beforeExit')).toBe(before);
});

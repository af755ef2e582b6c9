import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    include: ['test/**/*.test.{ts,tsx}'],
    // Native inference threads and two-core machines: more workers than this only take turns.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});

import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The program of a browser, with which its tests alone are run: `COCA_TEST_BROWSER=/usr/bin/chromium vitest run test/browser`. */
const browser = process.env.COCA_TEST_BROWSER;
/** The `bin` of a Python with Spark and others, for the examples that need it: see the last step of .ci/run. */
const python = process.env.COCA_TEST_PYTHON;
const nowhere = join(tmpdir(), 'coca-test-nowhere');

const WORKERS = 2;

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    include: ['test/**/*.test.{ts,tsx}'],
    exclude: [...(browser ? [] : ['test/browser/**']), ...(python ? [] : ['test/examples/python/**'])],
    // Native inference threads and two-core machines: more workers than this only take turns.
    maxWorkers: WORKERS,
    testTimeout: 60_000,
    env: {
      // Neither the settings nor the models of whoever runs the tests.
      COCA_CONFIG: nowhere,
      HF_HOME: nowhere,
      HF_HUB_CACHE: nowhere,
      NO_PROXY: '127.0.0.1,localhost',
      // A half of the machine for each worker: threads that wait for each other take a quarter of the time.
      COCA_THREADS: process.env.COCA_THREADS ?? String(Math.max(1, Math.floor(availableParallelism() / WORKERS))),
    },
  },
});

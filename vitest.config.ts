import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    globalSetup: ['test/support/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On two cores: tests of whole processes wait a good part of their time, and more at once would only fight for the cores.
    maxWorkers: 3,
  },
});

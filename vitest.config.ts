import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Tests change no module and no global, so files of one worker share what they import.
    isolate: false,
    maxWorkers: 2,
    // Also for the processes that tests start: graphs are verified behind every pass.
    env: { ORT_DISABLE_TELEMETRY: '1', DCRC_VERIFY: '1' },
    globalSetup: ['./test/cli/one-package.ts'],
  },
})

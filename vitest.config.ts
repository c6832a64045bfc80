import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.stryker-tmp/**', '**/cdk.out/**', '**/.cache/**', '**/.belay/**'],
    // Two workers suit two cores, and leave a larger machine to the emulators that some tests start.
    maxWorkers: 2,
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A test that reads a clock or the world belongs in no unit test; what it leaves behind is put back.
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});

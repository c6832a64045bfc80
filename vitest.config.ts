import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, longest first: begun last, one of them would run on beside an idle core. */
const LONGEST = [
  'infra/local/main.test.ts',
  'tests/parity/parity.test.ts',
  'tests/control/journey.test.ts',
  'tests/safety/truth-table.test.ts',
  'tests/journey/crash-points.test.ts',
  'tests/simulation/simulation.test.ts',
  'shared/core/order/advance-lattice.test.ts',
  'tests/slice/crash-points.test.ts',
];

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
  return place === -1 ? LONGEST.length : place;
};

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => placeOf(a) - placeOf(b));
  }
}

export default defineConfig({
  test: {
    environment: 'node',
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.stryker-tmp/**', '**/cdk.out/**', '**/.cache/**', '**/.belay/**'],
    sequence: { sequencer: LongestFirst },
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

import { describe, expect, it } from 'vitest';
import { checkContracts, type PortEntry } from './contract-law.ts';
import type { Files } from './house-law.ts';
import { parseSource } from './source-file.ts';

const SOUND = {
  'shared/ports/bell.ts': 'export interface Bell { ring(): void }\n',
  'shared/adapters/brass/bell.ts': '',
  'shared/adapters/memory/bell.ts': '',
  'tests/contract/bell.contract.ts': "import type { Bell } from '#shared/ports/bell.ts';\n",
  'tests/contract/open-bells.ts':
    "import '#shared/adapters/brass/bell.ts';\nimport '#shared/adapters/memory/bell.ts';\n",
  'tests/contract/bell.test.ts': "import './bell.contract.ts';\nimport './open-bells.ts';\n",
} as const;
const BELL: PortEntry = {
  suite: 'tests/contract/bell.contract.ts',
  over: ['shared/adapters/brass/bell.ts', 'shared/adapters/memory/bell.ts'],
};

function faultsOf(changes: Readonly<Record<string, string>>, entries: Readonly<Record<string, PortEntry>>) {
  const files: Files = new Map(
    Object.entries({ ...SOUND, ...changes }).map(([path, text]) => [path, parseSource(path, text)]),
  );
  return checkContracts(files, entries).map(({ message }) => message);
}

describe('the law of ports', () => {
  it('is kept by a port whose suite runs over all its adapters, and by one that says why not', () => {
    expect(faultsOf({}, { bell: BELL })).toEqual([]);
    expect(faultsOf({}, { bell: { reason: 'it rings by itself' } })).toEqual([]);
  });

  it.each<[string, string, Readonly<Record<string, string>>, Readonly<Record<string, PortEntry>>]>([
    ['that nobody listed', 'neither a suite nor a reason', {}, {}],
    ['whose reason is empty', 'neither a suite nor a reason', {}, { bell: { reason: ' ' } }],
    ['that is gone', 'no such port', {}, { bell: BELL, drum: BELL }],
    ['whose suite is gone', 'has no suite', {}, { bell: { ...BELL, suite: 'tests/contract/none.contract.ts' } }],
    ['that its suite does not speak of', 'not spoken of', { 'tests/contract/bell.contract.ts': '' }, { bell: BELL }],
    ['with one adapter alone', 'one adapter alone', {}, { bell: { ...BELL, over: ['shared/adapters/brass/bell.ts'] } }],
    [
      'whose suite one adapter does not see',
      'not run over shared/adapters/memory/bell.ts',
      { 'tests/contract/open-bells.ts': "import '#shared/adapters/brass/bell.ts';\n" },
      { bell: BELL },
    ],
    [
      'whose suite no test runs',
      'not run over shared/adapters/brass/bell.ts',
      { 'tests/contract/bell.test.ts': "import './open-bells.ts';\n" },
      { bell: BELL },
    ],
  ])('is broken by a port %s', (_, message, changes, entries) => {
    expect(faultsOf(changes, entries).join('\n')).toContain(message);
  });
});

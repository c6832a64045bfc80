import { describe, expect, it } from 'vitest';
import {
  type BrandMaker,
  checkBrandMakers,
  checkCatalogue,
  checkDataBeside,
  checkFunctionRooms,
  entriesOfScripts,
  type Files,
  findDeadFiles,
  findUnusedFiles,
} from './house-law.ts';
import { parseSource } from './source-file.ts';
import type { Violation } from './violation.ts';

const house = (texts: Readonly<Record<string, string>>): Files =>
  new Map(Object.entries(texts).map(([path, text]) => [path, parseSource(path, text)]));
const pathsOf = (violations: readonly Violation[]): readonly string[] => violations.map(({ path }) => path);

describe('unused files', () => {
  it('are product files that only tests reach, unless they serve tests by name or place', () => {
    const files = house({
      'functions/execute/handler.ts': "import { run } from './run.ts';\n",
      'functions/execute/run.ts': '',
      'shared/core/order/tested.ts': "import { inner } from './inner.ts';\n",
      'shared/core/order/inner.ts': '',
      'shared/core/order/tested.test.ts':
        "import { tested } from './tested.ts';\nimport { one } from './order-fixture.ts';\n",
      'shared/core/order/order-fixture.ts': '',
      'shared/adapters/memory/clock.ts': '',
      'tests/journey/world.ts': '',
    });
    expect(pathsOf(findUnusedFiles(files, []))).toEqual(['shared/core/order/tested.ts', 'shared/core/order/inner.ts']);
  });
});

describe('dead files', () => {
  it('are those that no entry reaches, through values, types, re-exports, dynamic imports and URLs', () => {
    const files = house({
      'functions/execute/handler.ts': "import { run } from './run.ts';\nimport type { T } from './types.ts';\n",
      'functions/execute/run.ts': "export * from '#shared/core/order/state.ts';\nconst it = import('./late.ts');\n",
      'functions/execute/types.ts': '',
      'functions/execute/late.ts': "const worker = new URL('./worker.mjs', import.meta.url);\n",
      'functions/execute/worker.mjs': '',
      'shared/core/order/state.ts': '',
      'shared/core/order/forgotten.ts': "import { also } from './also-forgotten.ts';\n",
      'shared/core/order/also-forgotten.ts': '',
      'shared/core/order/tested.ts': '',
      'shared/core/order/tested.test.ts': "import { tested } from './tested.ts';\n",
      'cli/main.ts': '',
      'tests/bench/main.ts': '',
      'tests/bench/orphan.ts': '',
      'infra/local/ensure.mjs': '',
    });
    expect(pathsOf(findDeadFiles(files, ['infra/local/ensure.mjs']))).toEqual([
      'shared/core/order/forgotten.ts',
      'shared/core/order/also-forgotten.ts',
      'tests/bench/orphan.ts',
    ]);
  });

  it('are not those that a script of package.json runs', () => {
    const scripts = JSON.stringify({
      scripts: { start: 'node infra/local/a.mjs && node --import tsx infra/main.ts x' },
    });
    expect(entriesOfScripts(scripts)).toEqual(['infra/local/a.mjs', 'infra/main.ts']);
  });
});

describe('a function room', () => {
  const files = house({
    'functions/slice/handler.ts': '',
    'functions/slice/wiring.ts': '',
    'functions/slice/cut.ts': '',
  });

  it('has a door, a workflow and a wiring', () => {
    expect(checkFunctionRooms(files)).toEqual([]);
  });

  it.each([
    ['functions/slice/handler.ts', 'has no functions/slice/handler.ts'],
    ['functions/slice/wiring.ts', 'has no functions/slice/wiring.ts'],
    ['functions/slice/cut.ts', 'has no functions/slice/<verb-object>.ts'],
  ])('is refused without %s', (missing, message) => {
    const rest = new Map([...files].filter(([path]) => path !== missing));
    expect(checkFunctionRooms(rest).map((violation) => violation.message)).toEqual([message]);
  });
});

describe('the catalogue', () => {
  const filled = { 'events/facts/order-filled.v1.ts': '', 'events/commands/submit-order.v1.ts': '' };

  it('lists every event', () => {
    const catalogue =
      "import { a } from '#events/facts/order-filled.v1.ts';\nimport { b } from '#events/commands/submit-order.v1.ts';\n";
    expect(checkCatalogue(house({ ...filled, 'events/catalogue.ts': catalogue }))).toEqual([]);
  });

  it('catches an event that is not listed, or whose type only is', () => {
    const catalogue = "import type { a } from '#events/facts/order-filled.v1.ts';\n";
    expect(pathsOf(checkCatalogue(house({ ...filled, 'events/catalogue.ts': catalogue })))).toEqual(
      Object.keys(filled),
    );
    expect(pathsOf(checkCatalogue(house(filled)))).toEqual(Object.keys(filled));
  });

  it('catches an event without a version', () => {
    const files = house({
      'events/facts/order-filled.ts': '',
      'events/catalogue.ts': "import { a } from '#events/facts/order-filled.ts';\n",
    });
    expect(checkCatalogue(files).map(({ message }) => message)).toEqual([
      expect.stringContaining('ends in its version'),
    ]);
  });
});

describe('the maker of a brand', () => {
  const module = 'shared/core/order/claimed.ts';
  const store = 'shared/adapters/stores/orders-store.ts';
  const makers: readonly BrandMaker[] = [{ module, name: 'markClaimed', importers: [store] }];
  const made = { [module]: 'export const markClaimed = 1;\nexport type ClaimedOrder = 1;\n' };
  const taking = (path: string, line: string) => checkBrandMakers(house({ ...made, [path]: line }), makers);

  it.each([
    "import { markClaimed } from '#shared/core/order/claimed.ts';",
    "import { markClaimed as innocent } from '#shared/core/order/claimed.ts';",
    "import * as claimed from '#shared/core/order/claimed.ts';",
    "export { markClaimed } from '#shared/core/order/claimed.ts';",
    "export * from '#shared/core/order/claimed.ts';",
    "const claimed = await import('#shared/core/order/claimed.ts');",
  ])('is taken only by whom the table lists: %s', (line) => {
    expect(pathsOf(taking('functions/execute/send-order.ts', line))).toEqual(['functions/execute/send-order.ts']);
    expect(taking(store, line)).toEqual([]);
    expect(taking('shared/adapters/alpaca/submit.test.ts', line)).toEqual([]);
  });

  it('leaves the type to everybody', () => {
    expect(
      taking('shared/ports/broker.ts', "import type { ClaimedOrder } from '#shared/core/order/claimed.ts';"),
    ).toEqual([]);
  });

  it('must be where the table says', () => {
    expect(pathsOf(checkBrandMakers(house({ [module]: 'export const markSent = 1;\n' }), makers))).toEqual([module]);
    expect(pathsOf(checkBrandMakers(house({}), makers))).toEqual([module]);
  });
});

describe('the data beside the project', () => {
  const beside = '../shared/data';

  it.each([`const path = '${beside}/bars.csv.gz';`, "const path = join('..', 'shared', 'data');"])(
    'is not read by product code: %s',
    (line) => {
      const planted = (path: string) => checkDataBeside(parseSource(path, `const first = 1;\n${line}\n`));
      expect(planted('infra/local/main.ts').map((violation) => violation.line)).toEqual([2]);
      expect(planted('shared/core/market/bars.ts')).toHaveLength(1);
      expect(planted('tests/journey/days.test.ts')).toEqual([]);
      expect(planted('infra/local/bars.test.ts')).toEqual([]);
    },
  );

  it('is another thing than shared code about data', () => {
    expect(
      checkDataBeside(parseSource('cli/a.ts', "import { a } from '#shared/core/market/data-quality.ts';\n")),
    ).toEqual([]);
    expect(checkDataBeside(parseSource('infra/local/a.ts', "const shared = 'data';\n"))).toEqual([]);
  });
});

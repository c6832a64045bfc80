import { describe, expect, it } from 'vitest';
import { checkImports } from './import-law.ts';
import { CORE_RANK } from './rooms.ts';
import { parseSource, type SourceFile } from './source-file.ts';

/** Files that the planted imports lead to. */
const HOUSE = [
  'shared/core/kernel/decimal.ts',
  'shared/core/kernel/identity.ts',
  'shared/core/market/types.ts',
  'shared/core/order/terms.ts',
  'shared/core/risk/limits.ts',
  'shared/core/access/roles.ts',
  'shared/ports/broker.ts',
  'shared/ports/table-catalogue.ts',
  'shared/adapters/dynamodb/client.ts',
  'shared/adapters/dynamodb/errors.ts',
  'shared/adapters/alpaca/client.ts',
  'shared/runtime/telemetry.ts',
  'shared/wiring/settings-tables.ts',
  'events/catalogue.ts',
  'functions/execute/claim-order.ts',
  'functions/execute/wiring.ts',
  'functions/signal/make-signals.ts',
  'functions/control/api-schemas.ts',
  'infra/cloud/state.ts',
  'infra/environments.ts',
  'infra/local/main.ts',
  'cli/main.ts',
  'tests/bench/main.ts',
].map((path) => parseSource(path, 'export const here = 1;\n'));

/** No descriptions, since they import values. */
const DOERS = ['functions/control/routes.ts', 'events/envelope.ts'].map((path) =>
  parseSource(path, "import { here } from '#shared/core/kernel/identity.ts';\n"),
);

function plant(path: string, ...imports: readonly string[]): readonly string[] {
  const planted = parseSource(path, `${imports.join('\n')}\n`);
  const files = new Map<string, SourceFile>([...HOUSE, ...DOERS, planted].map((file) => [file.path, file]));
  return checkImports(planted, files).map(({ line, rule, message }) => `${line} ${rule}: ${message}`);
}

const take = (specifier: string): string => `import { here } from '${specifier}';`;
const takeType = (specifier: string): string => `import type { Here } from '${specifier}';`;

/** Each row of the law: what it forbids, and what it lets pass. */
const ROWS: readonly { row: string; from: string; forbidden: readonly string[]; allowed: readonly string[] }[] = [
  {
    row: 'core/order',
    from: 'shared/core/order/planted.ts',
    forbidden: [
      take('#shared/core/risk/limits.ts'),
      takeType('#shared/core/risk/limits.ts'),
      take('../risk/limits.ts'),
      take('#shared/ports/broker.ts'),
      takeType('#shared/ports/broker.ts'),
      take('#events/catalogue.ts'),
      take('node:crypto'),
      take('zod'),
      "export * from '#shared/core/risk/limits.ts';",
      "export { here } from '#shared/core/risk/limits.ts';",
      "const later = import('#shared/core/risk/limits.ts');",
      "type Later = import('#shared/core/risk/limits.ts').Here;",
    ],
    allowed: [
      take('#shared/core/kernel/decimal.ts'),
      take('#shared/core/market/types.ts'),
      take('#shared/core/access/roles.ts'),
      take('./terms.ts'),
    ],
  },
  {
    row: 'core/kernel',
    from: 'shared/core/kernel/planted.ts',
    forbidden: [take('#shared/core/access/roles.ts'), take('#shared/core/market/types.ts'), take('node:crypto')],
    allowed: [take('./decimal.ts')],
  },
  {
    row: 'core/access',
    from: 'shared/core/access/planted.ts',
    forbidden: [take('#shared/core/market/types.ts')],
    allowed: [take('#shared/core/kernel/decimal.ts')],
  },
  {
    row: 'core/kernel/hash.ts',
    from: 'shared/core/kernel/hash.ts',
    forbidden: [take('node:fs')],
    allowed: [take('node:crypto')],
  },
  {
    row: 'ports',
    from: 'shared/ports/planted.ts',
    forbidden: [
      take('#shared/core/order/terms.ts'),
      "import { type Here } from '#shared/core/order/terms.ts';",
      take('#events/envelope.ts'),
      takeType('#shared/runtime/telemetry.ts'),
      takeType('zod'),
    ],
    allowed: [
      takeType('#shared/core/order/terms.ts'),
      "export type { Here } from '#shared/core/order/terms.ts';",
      takeType('#events/envelope.ts'),
    ],
  },
  {
    row: 'events',
    from: 'events/facts/planted.v1.ts',
    forbidden: [take('#shared/core/order/terms.ts'), takeType('#shared/ports/broker.ts'), take('node:crypto')],
    allowed: [
      take('zod'),
      take('#shared/core/kernel/identity.ts'),
      take('#events/envelope.ts'),
      takeType('#shared/core/order/terms.ts'),
    ],
  },
  {
    row: 'adapters/dynamodb',
    from: 'shared/adapters/dynamodb/planted.ts',
    forbidden: [
      take('#shared/adapters/alpaca/client.ts'),
      takeType('#shared/adapters/alpaca/client.ts'),
      take('@aws-sdk/client-sqs'),
      take('#shared/runtime/telemetry.ts'),
      take('#functions/execute/claim-order.ts'),
    ],
    allowed: [
      take('#shared/core/order/terms.ts'),
      take('#shared/ports/broker.ts'),
      take('#events/catalogue.ts'),
      take('@aws-sdk/client-dynamodb'),
      take('./errors.ts'),
    ],
  },
  {
    row: 'runtime',
    from: 'shared/runtime/planted.ts',
    forbidden: [
      take('#shared/core/order/terms.ts'),
      take('#shared/adapters/dynamodb/client.ts'),
      take('#functions/execute/claim-order.ts'),
      take('@aws-sdk/client-dynamodb'),
      take('aws-lambda'),
    ],
    allowed: [
      take('#shared/core/kernel/decimal.ts'),
      take('#shared/ports/broker.ts'),
      take('#events/envelope.ts'),
      take('@middy/core'),
      take('zod'),
      take('@aws-lambda-powertools/logger'),
      takeType('aws-lambda'),
    ],
  },
  {
    row: 'functions/execute',
    from: 'functions/execute/handler.ts',
    forbidden: [
      take('#shared/adapters/dynamodb/client.ts'),
      takeType('#shared/adapters/dynamodb/client.ts'),
      take('#shared/wiring/settings-tables.ts'),
      take('#functions/signal/make-signals.ts'),
      take('../signal/make-signals.ts'),
      take('#infra/environments.ts'),
      take('@aws-sdk/client-dynamodb'),
    ],
    allowed: [
      take('#shared/core/risk/limits.ts'),
      take('#shared/ports/broker.ts'),
      take('#shared/runtime/telemetry.ts'),
      take('#events/catalogue.ts'),
      take('./claim-order.ts'),
    ],
  },
  {
    row: 'functions/execute/wiring.ts',
    from: 'functions/execute/wiring.ts',
    forbidden: [take('#functions/signal/make-signals.ts'), take('@aws-sdk/client-dynamodb')],
    allowed: [
      take('#shared/adapters/dynamodb/client.ts'),
      take('#shared/adapters/alpaca/client.ts'),
      take('#shared/wiring/settings-tables.ts'),
    ],
  },
  {
    row: 'shared/wiring',
    from: 'shared/wiring/planted.ts',
    forbidden: [
      take('#functions/execute/claim-order.ts'),
      take('#infra/environments.ts'),
      take('@aws-sdk/client-dynamodb'),
      take('zod'),
    ],
    allowed: [
      take('#shared/core/order/terms.ts'),
      takeType('#shared/ports/broker.ts'),
      take('#shared/runtime/telemetry.ts'),
      take('#shared/adapters/dynamodb/client.ts'),
      take('#shared/adapters/alpaca/client.ts'),
    ],
  },
  {
    row: 'infra/cloud',
    from: 'infra/cloud/planted.ts',
    forbidden: [
      take('#shared/core/order/terms.ts'),
      take('#functions/control/routes.ts'),
      take('#events/envelope.ts'),
      take('#shared/adapters/dynamodb/client.ts'),
      take('#infra/local/main.ts'),
      take('@aws-sdk/client-dynamodb'),
    ],
    allowed: [
      take('aws-cdk-lib/aws-sqs'),
      take('constructs'),
      take('cdk-nag'),
      take('#events/catalogue.ts'),
      takeType('#events/envelope.ts'),
      take('#shared/ports/table-catalogue.ts'),
      take('#infra/environments.ts'),
      take('./state.ts'),
    ],
  },
  {
    row: 'infra/environments.ts',
    from: 'infra/environments.ts',
    forbidden: [take('#shared/core/order/terms.ts'), take('#cli/main.ts')],
    allowed: [take('aws-cdk-lib')],
  },
  {
    row: 'console',
    from: 'console/planted.ts',
    forbidden: [
      take('#events/envelope.ts'),
      take('#shared/core/order/terms.ts'),
      take('#functions/execute/claim-order.ts'),
      take('node:fs'),
      take('@aws-sdk/client-dynamodb'),
    ],
    allowed: [takeType('#events/envelope.ts'), take('#functions/control/api-schemas.ts'), take('preact')],
  },
  {
    row: 'infra/local',
    from: 'infra/local/planted.ts',
    forbidden: [take('#shared/core/order/gone.ts')],
    allowed: [take('#functions/execute/wiring.ts'), take('#cli/main.ts'), 'const it = import(name);'],
  },
  {
    row: 'cli',
    from: 'cli/planted.ts',
    forbidden: [take('./gone.ts')],
    allowed: [take('#shared/adapters/dynamodb/client.ts')],
  },
  {
    row: 'tests',
    from: 'tests/journey/planted.test.ts',
    forbidden: [take('#tests/gone.ts')],
    allowed: [take('#shared/adapters/dynamodb/client.ts'), take('#infra/local/main.ts')],
  },
];

describe.each(ROWS)('the row of $row', ({ from, forbidden, allowed }) => {
  it.each(forbidden)('catches %s', (planted) => {
    expect(plant(from, ...allowed, planted)).toEqual([
      expect.stringMatching(new RegExp(`^${allowed.length + 1} imports: (?:may not import|.* leads to no file)`)),
    ]);
  });

  it.each(allowed)('lets %s pass', (planted) => {
    expect(plant(from, planted)).toEqual([]);
  });
});

describe('core', () => {
  const rooms = Object.keys(CORE_RANK).filter((room) => room !== 'access');

  it('keeps the rank kernel < market < ... < report', () => {
    expect(rooms.join(' ')).toBe('kernel market signal order portfolio safety risk venue reconcile report');
  });

  it.each(rooms.flatMap((higher, at) => rooms.slice(0, at).map((lower) => ({ lower, higher }))))(
    'lets $higher import $lower and never the other way',
    ({ lower, higher }) => {
      const files = [lower, higher].map((room) =>
        parseSource(`shared/core/${room}/there.ts`, 'export const here = 1;\n'),
      );
      const down = parseSource(`shared/core/${higher}/planted.ts`, take(`#shared/core/${lower}/there.ts`));
      const up = parseSource(`shared/core/${lower}/planted.ts`, take(`#shared/core/${higher}/there.ts`));
      const house = new Map([...files, down, up].map((file) => [file.path, file]));
      expect(checkImports(down, house)).toEqual([]);
      expect(checkImports(up, house)).toHaveLength(1);
    },
  );
});

describe('a file', () => {
  it('is refused when it lies in no room', () => {
    expect(plant('shared/planted.ts')).toEqual([expect.stringContaining('lies in no room')]);
    expect(plant('shared/core/utils/planted.ts')).toEqual([expect.stringContaining('lies in no room')]);
    expect(plant('lambda/planted.ts')).toEqual([expect.stringContaining('lies in no room')]);
    expect(plant('shared/adapters/planted.ts')).toEqual([expect.stringContaining('lies in no room')]);
  });

  it('is refused when it computes the name of what it imports', () => {
    expect(plant('functions/execute/handler.ts', 'const it = import(name);')).toEqual([
      '1 imports: an import must name its module literally',
    ]);
  });

  it('may import anything when it is a unit test', () => {
    expect(plant('shared/core/order/planted.test.ts', take('vitest'), take('#shared/ports/broker.ts'))).toEqual([]);
  });

  it('is refused when it leaves the extension out', () => {
    expect(plant('shared/core/order/planted.ts', take('./terms'))).toEqual([
      expect.stringContaining('leads to no file'),
    ]);
  });
});

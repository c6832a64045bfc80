/** The law of ports: each is held by one suite over every adapter of it, or says why not. */
import type { Files } from './house-law.ts';
import { targetOf } from './import-law.ts';
import type { Violation } from './violation.ts';

export type PortEntry =
  /** The file of the suite, and the modules of the adapters that it is run over. */
  { readonly suite: string; readonly over: readonly string[] } | { readonly reason: string };

const CONTRACT = 'tests/contract';
const ADAPTERS = 'shared/adapters';
/** A store is one adapter over both tables, so that the tables tell it apart. */
const BOTH_TABLES = [`${ADAPTERS}/dynamodb/tables.ts`, `${ADAPTERS}/memory/tables.ts`];

const stored = (suite: string): PortEntry => ({ suite: `${CONTRACT}/${suite}.contract.ts`, over: BOTH_TABLES });

/** Every file of shared/ports. */
const PORT_SUITES: Readonly<Record<string, PortEntry>> = {
  adjustments: stored('books'),
  books: stored('books'),
  'broker-traffic': stored('request-gate'),
  broker: {
    reason: 'one broker is spoken to; tests/conformance holds its adapter to the simulator, and that to the broker',
  },
  bus: {
    suite: `${CONTRACT}/bus.contract.ts`,
    over: [`${ADAPTERS}/eventbridge/bus.ts`, `${ADAPTERS}/memory/bus.ts`],
  },
  clock: { suite: `${CONTRACT}/clock.test.ts`, over: [`${ADAPTERS}/system/clock.ts`, `${ADAPTERS}/memory/clock.ts`] },
  exits: stored('books'),
  journal: stored('journal'),
  lanes: { suite: `${CONTRACT}/lanes.contract.ts`, over: [`${ADAPTERS}/sqs/lanes.ts`, `${ADAPTERS}/memory/lanes.ts`] },
  'market-store': stored('records'),
  models: stored('models'),
  nonces: stored('records'),
  'order-requests': stored('records'),
  orders: stored('orders'),
  orphans: stored('books'),
  pacing: {
    suite: `${CONTRACT}/pacing.test.ts`,
    over: [`${ADAPTERS}/system/pacing.ts`, `${ADAPTERS}/memory/pacing.ts`],
  },
  policies: stored('policies'),
  'rate-limits': stored('records'),
  reconciliations: stored('records'),
  'request-gate': stored('request-gate'),
  runs: stored('records'),
  safety: stored('safety'),
  secrets: {
    suite: `${CONTRACT}/secrets.test.ts`,
    over: [`${ADAPTERS}/secrets/secrets.ts`, `${ADAPTERS}/memory/secrets.ts`],
  },
  'slice-plans': stored('slice-plans'),
  stops: stored('books'),
  'table-catalogue': { reason: 'a description that both tables are made from: nothing of it behaves' },
  tables: stored('tables'),
  telemetry: {
    suite: `${CONTRACT}/telemetry.test.ts`,
    over: ['shared/runtime/telemetry.ts', 'tests/wire/recorded-telemetry.ts'],
  },
  wakes: {
    suite: `${CONTRACT}/wakes.test.ts`,
    over: [`${ADAPTERS}/scheduler/wakes.ts`, `${ADAPTERS}/memory/wakes.ts`],
  },
  watches: stored('records'),
};

/** The files that a file imports, itself among them, as far as they lie beside the suites; and what those import. */
function importedBy(files: Files, entry: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    if (!path.startsWith(`${CONTRACT}/`)) continue;
    for (const { specifier } of files.get(path)?.imports ?? []) {
      const target = targetOf(path, specifier ?? '');
      if (target.kind === 'file') waiting.push(target.path);
    }
  }
  return seen;
}

function checkEntry(files: Files, port: string, entry: PortEntry): readonly string[] {
  if (!files.has(`shared/ports/${port}.ts`)) return ['is listed, and there is no such port'];
  if ('reason' in entry) return entry.reason.trim() === '' ? ['has neither a suite nor a reason'] : [];
  const { suite, over } = entry;
  const own = files.get(suite)?.imports.map(({ specifier }) => targetOf(suite, specifier ?? ''));
  if (own === undefined) return [`has no suite: ${suite} is not there`];
  const faults: string[] = [];
  if (!own.some((target) => target.kind === 'file' && target.path === `shared/ports/${port}.ts`)) {
    faults.push(`is not spoken of in its suite ${suite}: import its types there`);
  }
  if (new Set(over).size < 2)
    faults.push('is held over one adapter alone: list the other, or the reason why there is none');
  const tests = [...files.keys()].filter((path) => path.startsWith(`${CONTRACT}/`) && path.endsWith('.test.ts'));
  const runs = tests.map((path) => importedBy(files, path)).filter((reached) => reached.has(suite));
  for (const adapter of over) {
    if (!runs.some((reached) => reached.has(adapter))) faults.push(`is not run over ${adapter} by a test of ${suite}`);
  }
  return faults;
}

/** Ports without an entry, and entries that are not so. */
export function checkContracts(
  files: Files,
  entries: Readonly<Record<string, PortEntry>> = PORT_SUITES,
): readonly Violation[] {
  const ports = [...files.keys()].flatMap((path) => /^shared\/ports\/([^/]+)\.ts$/.exec(path)?.[1] ?? []);
  const listed = new Set(Object.keys(entries));
  const unlisted = ports
    .filter((port) => !listed.has(port))
    .map((port) => [port, 'has neither a suite nor a reason'] as const);
  const wrong = Object.entries(entries).flatMap(([port, entry]) =>
    checkEntry(files, port, entry).map((fault) => [port, fault] as const),
  );
  return [...unlisted, ...wrong].map(([port, fault]) => ({
    path: `shared/ports/${port}.ts`,
    line: 1,
    rule: 'contract',
    message: `the port ${fault}`,
  }));
}

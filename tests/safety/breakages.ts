/** Every way in which a fact is broken for the truth table, by name; the table says in words what each of them does. */
import { text, whole } from '#shared/adapters/stores/attributes.ts';
import { globalSafetyKey, journalKey } from '#shared/adapters/stores/keys.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { aggregateOf } from '#events/fact.ts';
import { parseMoney, formatMoney } from '#shared/core/kernel/decimal.ts';
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import { MODEL_BREAKAGES } from './model-breakages.ts';
import type { TableFault } from './broken-tables.ts';
import type { WireRule } from './broken-wire.ts';
import type { Breakage, Broken } from './truth-world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NONSENSE = text('nonsense');

type OwnItem = keyof Broken['keys'];
const tableOf = (item: OwnItem) => (item === 'book' || item === 'exposure' ? 'books' : 'safety');

const deleted =
  (item: OwnItem): Breakage =>
  ({ tables, keys }) =>
    tables.remove(tableOf(item), keys[item]);
const failing =
  (item: OwnItem, fault: TableFault): Breakage =>
  ({ tables, keys }) =>
    tables.fail({ table: tableOf(item), key: keys[item] }, fault);
const edited =
  (item: OwnItem, change: Parameters<Broken['tables']['edit']>[2]): Breakage =>
  ({ tables, keys }) =>
    tables.edit(tableOf(item), keys[item], change);
/** Whoever reads it sees it as it was before the change. */
const readLate =
  (item: OwnItem, change: Parameters<Broken['tables']['edit']>[2]): Breakage =>
  async ({ tables, keys }) => {
    await tables.readAsOf(tableOf(item), keys[item]);
    await tables.edit(tableOf(item), keys[item], change);
  };

const nowOf = ({ world }: Broken) => world.journey.clock.now();

/** A pass that began so long ago, or ahead. */
const reconciledAgo =
  (ms: number): Breakage =>
  (broken) =>
    edited('account', { reconciledAt: whole(addMs(nowOf(broken), -ms)) })(broken);
const STALE_PASS = reconciledAgo(181_000);

const both =
  (...breakages: readonly Breakage[]): Breakage =>
  async (broken) => {
    for (const breakage of breakages) await breakage(broken);
  };

const wire =
  (...rules: readonly WireRule[]): Breakage =>
  (broken) =>
    broken.wire(...rules);
const QUOTES = /^\/v2\/stocks\/quotes\/latest$/;
const ACCOUNT = /^\/v2\/account$/;
const ORDERS = /^\/v2\/orders/;
const POSITION = /^\/v2\/positions\//;

const page = (path: RegExp, status: number): Breakage => wire({ path, answer: { kind: 'page', status } });
const never = (path: RegExp): Breakage => wire({ path, answer: { kind: 'never' } });
const changed = (path: RegExp, change: (text: string) => string, method?: string): Breakage =>
  wire({ path, answer: { kind: 'changed', change }, ...(method === undefined ? {} : { method }) });

/** The policy that follows the first, with the symbol blacklisted. */
const narrowed = (): string => {
  const document = writePolicy(firstPolicy([SYMBOL], [STRATEGY], parseMoney('100000')));
  return JSON.stringify({ ...document, checks: { ...document.checks, blacklist: [SYMBOL] } });
};
const secondPolicy: Breakage = async ({ tables, keys }) => {
  await tables.put('safety', {
    pk: text(keys.nextPolicy.pk),
    sk: text(keys.nextPolicy.sk),
    version: whole(2),
    document: text(narrowed()),
    by: text('ops'),
    reason: text('narrower'),
    at: whole(0),
  });
};

/** Something else lies where the order's next fact belongs. */
const journalTaken: Breakage = async ({ tables, world, command }) => {
  const { data } = command;
  const id = 'clientOrderId' in data ? data.clientOrderId : '';
  const row = await world.execute.orders.get(clientOrderIdOf(id));
  const key = journalKey(aggregateOf.order(clientOrderIdOf(id)), (row?.journalSequence ?? 0) + 1);
  await tables.put('journal', { pk: text(key.pk), sk: text(key.sk), type: NONSENSE });
};

const onGlobal = (act: (broken: Broken) => Promise<void> | void): Breakage => act;

export const BREAKAGES = {
  'global deleted': onGlobal(({ tables }) => tables.remove('safety', globalSafetyKey)),
  'global unreadable': onGlobal(({ tables }) => tables.fail({ table: 'safety', key: globalSafetyKey }, 'unreadable')),
  'global slow': onGlobal(({ tables }) => tables.fail({ table: 'safety', key: globalSafetyKey }, 'slow')),
  'global read late': onGlobal(async ({ tables }) => {
    await tables.readAsOf('safety', globalSafetyKey);
    await tables.edit('safety', globalSafetyKey, { killEngaged: { BOOL: true } });
  }),
  'global switch nonsense': onGlobal(({ tables }) => tables.edit('safety', globalSafetyKey, { killEngaged: NONSENSE })),
  'global switch gone': onGlobal(({ tables }) => tables.edit('safety', globalSafetyKey, { killEngaged: undefined })),

  'account deleted': deleted('account'),
  'account unreadable': failing('account', 'unreadable'),
  'account slow': failing('account', 'slow'),
  'account read late': readLate('account', { breaker: text('TRIPPED') }),
  'account switch nonsense': edited('account', { killEngaged: NONSENSE }),
  'account breaker nonsense': edited('account', { breaker: NONSENSE }),
  'account breaker gone': edited('account', { breaker: undefined }),
  'account state nonsense': edited('account', { tradingState: NONSENSE }),
  'account live nonsense': edited('account', { live: NONSENSE }),
  'account quiet until tomorrow': (broken) =>
    edited('account', { breaker: text('QUIET_PERIOD'), quietUntil: whole(addMs(nowOf(broken), DAY_MS)) })(broken),

  'strategy deleted': deleted('strategy'),
  'strategy unreadable': failing('strategy', 'unreadable'),
  'strategy slow': failing('strategy', 'slow'),
  'strategy read late': readLate('strategy', { enabled: { BOOL: false } }),
  'strategy enabled nonsense': edited('strategy', { enabled: NONSENSE }),
  'strategy switch nonsense': edited('strategy', { killEngaged: NONSENSE }),

  'policy deleted': deleted('policy'),
  'policy unreadable': failing('policy', 'unreadable'),
  'policy slow': failing('policy', 'slow'),
  'policy read late': both(secondPolicy, readLate('account', { policyVersion: whole(2) })),
  'policy torn': edited('policy', { document: text('{"universe":[') }),
  'policy limit nonsense': edited('policy', {
    document: text(narrowed().replace('"positionsMax":12', '"positionsMax":"many"')),
  }),
  'policy number nonsense': edited('account', { policyVersion: NONSENSE }),

  'book deleted': deleted('book'),
  'book unreadable': failing('book', 'unreadable'),
  'book slow': failing('book', 'slow'),
  'book read late': readLate('book', { version: whole(99) }),
  'book shares nonsense': edited('book', { shares: NONSENSE }),
  'book filled tomorrow': (broken) => edited('book', { lastFillAt: whole(addMs(nowOf(broken), DAY_MS)) })(broken),

  'exposure deleted': deleted('exposure'),
  'exposure unreadable': failing('exposure', 'unreadable'),
  'exposure slow': failing('exposure', 'slow'),
  'exposure read late': readLate('exposure', { committed: { N: formatMoney(parseMoney('99999')) } }),
  'exposure committed nonsense': edited('exposure', { committed: NONSENSE }),
  'exposure of another session': edited('exposure', { session: text('2026-02-02') }),

  'quotes missing': changed(QUOTES, () => '{"quotes":{}}'),
  'quotes unreadable': page(QUOTES, 503),
  'quotes slow': never(QUOTES),
  'quotes old': ({ world }) => world.journey.simulator.faults.set('stale-quotes', { parameters: { ms: 31_000 } }),
  'quotes nonsense': changed(QUOTES, (body) => body.replaceAll('"ap":', '"ap":"x","was":')),
  'quotes crossed': changed(QUOTES, (body) => body.replaceAll(/"bp":[^,}]+/g, '"bp":9999')),
  'quotes ahead': changed(QUOTES, (body) => body.replaceAll(/"t":"[^"]+"/g, '"t":"2026-02-03T15:10:00Z"')),

  'unforeseen closing': ({ world }) =>
    world.journey.simulator.faults.set('stale-quotes', { parameters: { ms: 18 * 60 * MINUTE_MS } }),
  'year 2051': ({ skewClock }) => skewClock(25 * 365 * DAY_MS),

  'broker account missing': page(ACCOUNT, 404),
  'broker account unreadable': page(ACCOUNT, 503),
  'broker account slow': never(ACCOUNT),
  'broker account nonsense': changed(ACCOUNT, (body) => body.replaceAll('"cash":', '"cash":"x","was":')),
  'broker account torn': changed(ACCOUNT, (body) => body.slice(0, 40)),

  'orders API missing': page(ORDERS, 404),
  'orders API unreadable': page(ORDERS, 503),
  'orders API never': never(ORDERS),
  'orders API silent': wire({ path: ORDERS, answer: { kind: 'silent' } }),
  'orders API torn': wire(
    { path: ORDERS, method: 'GET', answer: { kind: 'page', status: 503 } },
    { path: ORDERS, answer: { kind: 'changed', change: (body) => body.slice(0, 40) } },
  ),
  'orders API forgetful': wire(
    { path: ORDERS, method: 'GET', answer: { kind: 'page', status: 404 } },
    { path: ORDERS, method: 'POST', answer: { kind: 'silent' } },
  ),

  'positions missing': both(STALE_PASS, page(POSITION, 404)),
  'positions unreadable': both(STALE_PASS, page(POSITION, 503)),
  'positions slow': both(STALE_PASS, never(POSITION)),
  'positions nonsense': both(
    STALE_PASS,
    changed(POSITION, (body) => body.replaceAll('"qty":', '"qty":"x","was":')),
  ),
  'positions say less': both(
    STALE_PASS,
    changed(POSITION, (body) => body.replaceAll(/"qty_available":"[^"]+"/g, '"qty_available":"0"')),
  ),

  'never reconciled': edited('account', { reconciledAt: { NULL: true } }),
  'pass too old': STALE_PASS,
  'pass of another session': edited('account', { reconciledSession: text('2026-02-02') }),
  'pass of another build': edited('account', { reconciledBuild: text('build-0') }),
  'pass nonsense': edited('account', { reconciledAt: NONSENSE }),
  'pass ahead': reconciledAgo(-1_000),

  'clock ahead': ({ skewClock }) => skewClock(2 * MINUTE_MS),
  'clock far ahead': ({ skewClock }) => skewClock(10 * MINUTE_MS),
  'clock behind': ({ skewClock }) => skewClock(-2 * MINUTE_MS),

  'journal gone': ({ tables }) => tables.fail({ table: 'journal' }, 'gone'),
  'journal unwritable': ({ tables }) => tables.fail({ table: 'journal' }, 'unreadable'),
  'journal slow': ({ tables }) => tables.fail({ table: 'journal' }, 'slow'),
  'journal place taken': journalTaken,

  ...MODEL_BREAKAGES,
} as const satisfies Readonly<Record<string, Breakage>>;

const engaged = { killEngaged: { BOOL: true } } as const;
const onSymbol = (change: Parameters<Broken['tables']['edit']>[2]): Breakage => edited('book', change);

/** Facts that are there, fresh and say no. */
export const NOES = {
  'global switch': onGlobal(({ tables }) => tables.edit('safety', globalSafetyKey, engaged)),
  'account switch': edited('account', engaged),
  'strategy switch': edited('strategy', engaged),
  'breaker tripped': edited('account', { breaker: text('TRIPPED') }),
  'quiet period': (broken) =>
    edited('account', { breaker: text('QUIET_PERIOD'), quietUntil: whole(addMs(nowOf(broken), 1)) })(broken),
  'state reducing': edited('account', { tradingState: text('REDUCING') }),
  'state halted': edited('account', { tradingState: text('HALTED') }),
  'not armed': edited('account', { live: { BOOL: true } }),
  'arming over': (broken) => edited('account', { live: { BOOL: true }, armedUntil: whole(nowOf(broken)) })(broken),
  'strategy disabled': edited('strategy', { enabled: { BOOL: false } }),
  'symbol quarantined': (broken) =>
    onSymbol({
      quarantine: { M: { code: text('split'), message: text('a split'), at: whole(nowOf(broken)) } },
    })(broken),
  'account blocked': ({ world }) => world.journey.simulator.faults.set('account-blocked'),
  'session closed': async ({ world, decideAgain }) => {
    const { clock } = world.journey;
    clock.moveTo(addMs(clock.now(), 7 * 60 * MINUTE_MS));
    await decideAgain();
  },
  'safe mode': (broken) => broken.switches({ safeMode: true }),
  'trading disabled': (broken) => broken.switches({ tradingDisabled: true }),
  'strategy on the list': (broken) => broken.switches({ strategiesDisabled: [STRATEGY] }),
} as const satisfies Readonly<Record<string, Breakage>>;

const late =
  (breakage: Breakage): Breakage =>
  (broken) =>
    broken.tables.onClaim(() => breakage(broken));

/** What breaks, or says no, between an order's claim and its last look. */
export const LATE = {
  'global switch': late(NOES['global switch']),
  'global deleted': late(BREAKAGES['global deleted']),
  'global unreadable': late(BREAKAGES['global unreadable']),
  'account switch': late(NOES['account switch']),
  'account deleted': late(BREAKAGES['account deleted']),
  'account slow': late(BREAKAGES['account slow']),
  'breaker tripped': late(NOES['breaker tripped']),
  'breaker nonsense': late(BREAKAGES['account breaker nonsense']),
  'state halted': late(NOES['state halted']),
  'not armed': late(NOES['not armed']),
  'strategy disabled': late(NOES['strategy disabled']),
  'strategy deleted': late(BREAKAGES['strategy deleted']),
  'policy changed': late(both(secondPolicy, edited('account', { policyVersion: whole(2) }))),
  'pass too old': late(STALE_PASS),
  'pass ahead': late(reconciledAgo(-1_000)),
  'safe mode': late(NOES['safe mode']),
  'trading disabled': late(NOES['trading disabled']),
  'clock far ahead': late(BREAKAGES['clock far ahead']),
  'look takes too long': late(({ tables, world }) => {
    const { clock } = world.journey;
    tables.whileWriting(() => clock.moveTo(addMs(clock.now(), 600)));
  }),
} as const satisfies Readonly<Record<string, Breakage>>;

export type BreakageName = keyof typeof BREAKAGES;
export type NoName = keyof typeof NOES;
export type LateName = keyof typeof LATE;

/** Whoever asks for an order, a run or a person, meets the same checks and gates: refused by one, refused by all, alike. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AnyCommand } from '#events/catalogue.ts';
import { readCommand } from '#events/command.ts';
import { answerRequest } from '#functions/control/answer-request.ts';
import { RATE_LIMITS } from '#functions/control/limits.ts';
import type { ControlDependencies } from '#functions/control/operation.ts';
import { ROUTES } from '#functions/control/routes.ts';
import { controlStores } from '#functions/control/wiring.ts';
import { MemoryFifoQueue } from '#shared/adapters/memory/fifo-queue.ts';
import { memoryLanes } from '#shared/adapters/memory/lanes.ts';
import { aggregateOf } from '#events/fact.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { text } from '#shared/adapters/stores/attributes.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { grantOf } from '#shared/core/access/permissions.ts';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { runId, strategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { type RefusalCode, REFUSALS } from '#shared/core/kernel/refusal.ts';
import { sessionBefore, sessionToReconcile } from '#shared/core/market/session-calendar.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { trainedThroughFor } from '#shared/core/signal/model/walk-forward.ts';
import { sampleModel } from '#tests/contract/sample-model.ts';
import { STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import { BREAKAGES, NOES } from './breakages.ts';
import { interceptWire } from './broken-wire.ts';
import type { SafetyWorld } from './safety-world.ts';
import { type Breakage, brokenOf, openBreakable } from './truth-world.ts';

let restore: () => void;
let worlds = 0;
beforeAll(() => {
  restore = interceptWire();
});
afterAll(() => restore());

/** The order is decided on before anything is broken, and is not decided on again. */
const UNCHANGED = { decideAgain: () => Promise.resolve(), tradeAs: () => Promise.resolve() };

type Document = ReturnType<typeof writePolicy>;
/** Other numbers in the version that is in force. */
const policy =
  (change: (document: Document) => Document): Breakage =>
  ({ tables, keys }) => {
    const document = writePolicy(firstPolicy([SYMBOL], [STRATEGY], parseMoney('100000')));
    return tables.edit('safety', keys.policy, { document: text(JSON.stringify(change(document))) });
  };
const checks = (changed: Partial<Document['checks']>): Breakage =>
  policy((document) => ({ ...document, checks: { ...document.checks, ...changed } }));
const limits = (changed: Partial<Document['limits']>): Breakage =>
  policy((document) => ({ ...document, limits: { ...document.limits, ...changed } }));

const SITUATIONS: readonly (readonly [string, Breakage, RefusalCode])[] = [
  ['the kill switch is engaged', NOES['account switch'], 'kill-switch-engaged'],
  ['the breaker is tripped', NOES['breaker tripped'], 'breaker-tripped'],
  ['the account is REDUCING', NOES['state reducing'], 'reducing-only'],
  ['the strategy is disabled', NOES['strategy disabled'], 'strategy-disabled'],
  ['the symbol is quarantined', NOES['symbol quarantined'], 'symbol-quarantined'],
  ['the broker has blocked the account', NOES['account blocked'], 'broker-account-restricted'],
  ['SAFE_MODE is on', NOES['safe mode'], 'safe-mode'],
  ['TRADING_DISABLED is on', NOES['trading disabled'], 'trading-disabled'],
  ['STRATEGY_DISABLED_LIST names the strategy', NOES['strategy on the list'], 'strategy-disabled'],
  ['the quote is old', BREAKAGES['quotes old'], 'quote-stale'],
  ['nobody quotes the symbol', BREAKAGES['quotes missing'], 'quote-missing'],
  ['the last pass is too old', BREAKAGES['pass too old'], 'reconciliation-stale'],
  ['the policy is gone', BREAKAGES['policy deleted'], 'policy-missing'],
  ['the book is gone', BREAKAGES['book deleted'], 'book-missing'],
  ['the symbol is blacklisted', checks({ blacklist: [SYMBOL] }), 'symbol-blacklisted'],
  ['the order is too large', checks({ orderQuantityMax: '9' }), 'quantity-above-maximum'],
  ['the order is worth too much', limits({ fatFingerNotionalMax: '10' }), 'fat-finger-notional'],
  ['too much is staked in the symbol', limits({ symbolExposureMax: '10' }), 'single-name-exposure'],
  ['the cash target would be broken', checks({ cashTargetBps: 10_000 }), 'cash-target'],
  ['too many entries a minute', checks({ submitsPerMinuteMax: 0 }), 'submit-rate-limit'],
];

function controlOver(world: SafetyWorld, tables: Parameters<typeof controlStores>[0]) {
  const { execute, journey } = world;
  const { clock } = execute;
  const queue = (name: string) => new MemoryFifoQueue({ name, clock, visibilityTimeoutMs: 180_000 });
  const queues = { orders: queue('orders'), urgent: queue('urgent') };
  const dependencies: ControlDependencies = {
    accountId: journey.account,
    environment: 'dev',
    dryRun: false,
    build: execute.build,
    rateLimits: RATE_LIMITS,
    inactiveAfterMs: 86_400_000,
    deployed: execute.deployed,
    clock,
    ...controlStores(tables, clock),
    broker: execute.broker,
    marketData: execute.marketData,
    lanes: memoryLanes({ queues }),
    internal: { secrets: () => Promise.resolve([]), role: 'trader', toleranceMs: 300_000 },
    performance: { daysMax: 90, keptMs: 0 },
    telemetry: execute.telemetry,
  };
  return { dependencies, queues };
}

const problem = z.looseObject({ code: z.string() });

const accepted = z.looseObject({ client_order_id: z.string(), warnings: z.array(z.string()) });

/** What the API answers to a request for ten shares. */
async function answer(dependencies: ControlDependencies, key: string, strategy = STRATEGY): Promise<unknown> {
  const { method, path } = ROUTES.submitOrder;
  const body = { symbol: SYMBOL, side: 'buy', qty: 10, type: 'market', time_in_force: 'day', strategy_id: strategy };
  const said = await answerRequest(dependencies, {
    route: `${method} ${path}`,
    line: { method, path, query: '' },
    parameters: {},
    query: {},
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: Buffer.from(JSON.stringify(body)),
    subject: 'ada',
    grant: grantOf(['admin']),
    requestId: 'request-1',
    receivedAt: dependencies.clock.now(),
  });
  return JSON.parse(said.body);
}

/** What the API refuses with, or null where it takes the request. */
async function post(dependencies: ControlDependencies, key: string, strategy = STRATEGY): Promise<string | null> {
  const said = await answer(dependencies, key, strategy);
  return accepted.safeParse(said).success ? null : problem.parse(said).code;
}

async function execute(world: SafetyWorld, command: AnyCommand): Promise<string> {
  const end = await world.answer(command);
  if (end.command !== 'submit-order.v1') throw new Error('an order was asked for');
  return end.submission.kind === 'refused' ? end.submission.refusal.code : end.submission.kind;
}

/** What each way to an order comes to: a run's command, a request, and a request that was accepted a moment before. */
async function allWays(breakage: Breakage) {
  worlds += 1;
  const { tables, world, clock } = await openBreakable(`list-${worlds}`);
  try {
    const wish = await world.intent({ decision: 'run-decides', purpose: 'entry', shares: '10' });
    const byRun = world.submitCommand({ ...wish, runId: runId('run-1') });
    const { dependencies, queues } = controlOver(world, tables);
    const before = await post(dependencies, 'before');
    const [message] = queues.orders.receive({ count: 1 });
    if (message === undefined) throw new Error(`the request was not accepted: ${before}`);
    await breakage(brokenOf({ world, tables, clock, command: byRun, ...UNCHANGED }));
    return {
      request: await post(dependencies, 'after'),
      run: await execute(world, byRun),
      accepted: await execute(world, readCommand(JSON.parse(message.body))),
      orders: world.journey.ledger().orders.length,
    };
  } finally {
    await world.close();
  }
}

describe('an order', () => {
  it.each(SITUATIONS)('is refused alike, whoever asks for it, when %s', async (_, breakage, code) => {
    expect(await allWays(breakage)).toEqual({ request: code, run: code, accepted: code, orders: 0 });
  });
});

describe('an entry of a strategy that trades by a model', () => {
  it('is refused alike, whoever asks for it, until the model that is stored is fresh', async () => {
    const { tables, world, clock } = await openBreakable('list-model');
    try {
      const byModel = strategyId('ml-momentum');
      const wish = await world.intent({ decision: 'by-model', purpose: 'entry', shares: '10' });
      const terms = { ...wish.terms, strategyId: byModel };
      const command = world.submitCommand({ ...wish, terms, runId: runId('run-1') });
      const { dependencies } = controlOver(world, tables);
      const both = async (key: string) => [await post(dependencies, key, byModel), await execute(world, command)];
      expect(await both('never')).toEqual(['model-unusable', 'model-unusable']);
      const due = trainedThroughFor(sessionBefore(sessionToReconcile(clock.now()).date).date);
      const put = async (trainedThrough: CalendarDate, expected: number) => {
        const model = sampleModel({ strategyId: byModel, trainedThrough });
        const models = modelsStore(tables, 'signal', clock);
        await models.keep({ ...model, policyVersion: 1, createdAt: clock.now() });
        const by = { by: 'signal', reason: 'a test', now: clock.now(), correlationId: 'c-1' };
        await models.move(byModel, { expected, version: model.version, pinned: false, ...by });
      };
      await put(trainedThroughFor(due), 0);
      expect(await both('old')).toEqual(['model-not-fresh', 'model-not-fresh']);
      await put(due, 1);
      // The next thing that is wrong: this account has no such strategy.
      expect(await both('fresh')).toEqual(['strategy-missing', 'strategy-missing']);
    } finally {
      await world.close();
    }
  });
});

describe('an order that comes near to a limit', () => {
  it('is answered with a warning, and journaled with it', async () => {
    const { tables, world, clock } = await openBreakable('list-near');
    try {
      const wish = await world.intent({ decision: 'unused', purpose: 'entry', shares: '10' });
      const command = world.submitCommand(wish);
      // Whatever uses a ten-thousandth of its limit comes near to it.
      const breakage = checks({ warnShareBps: 1 });
      await breakage(brokenOf({ world, tables, clock, command, ...UNCHANGED }));
      const { dependencies, queues } = controlOver(world, tables);
      const near = accepted.parse(await answer(dependencies, 'near'));
      expect(near.warnings).toContainEqual(
        expect.stringMatching(/^the exposure in KO would be .*, near its limit of /),
      );
      const [message] = queues.orders.receive({ count: 1 });
      if (message === undefined) throw new Error('the request is not on its lane');
      await execute(world, readCommand(JSON.parse(message.body)));
      const [claimed] = await journalStore(tables).byAggregate(aggregateOf.order(near.client_order_id));
      if (claimed?.type !== 'order.claimed.v1') throw new Error('the order was not claimed');
      expect(claimed.data.warnings?.map(({ code }) => code)).toContain('single-name-exposure');
      expect(claimed.data.warnings).toHaveLength(near.warnings.length);
    } finally {
      await world.close();
    }
  });
});

/** Sources whose tests count: all tests, this one aside. */
function testSources(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : testSources(path);
    const isTest = path.startsWith('tests/') ? path.endsWith('.ts') : path.endsWith('.test.ts');
    return isTest && !path.endsWith('one-list.test.ts') ? [readFileSync(path, 'utf8')] : [];
  });
}

describe('refusal codes', () => {
  const sources = ['shared', 'functions', 'infra', 'cli', 'events', 'tests'].flatMap(testSources).join('\n');
  const isTested = (code: string, all: string): boolean => new RegExp(`['" ]${code}['"]`).test(all);

  it('each have a test that names them', () => {
    expect(Object.keys(REFUSALS).length).toBeGreaterThan(90);
    expect(Object.keys(REFUSALS).filter((code) => !isTested(code, sources))).toEqual([]);
  });

  it('are missed where no test names them', () => {
    expect(isTested('quote-stale', "expect(code).toBe('quote-stalest')")).toBe(false);
    expect(isTested('quote-stale', "expect(code).toBe('refused quote-stale')")).toBe(true);
  });
});

/** For each operation: what makes it succeed, and what is wrong with a request for it. */
import { calendarDate, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { ControlOperation } from '#functions/control/routes.ts';
import * as z from 'zod';
import { parseMoney, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { text, textOrNull, whole } from '#shared/adapters/stores/attributes.ts';
import { orphanKey } from '#shared/adapters/stores/keys.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { orderPut } from '#shared/adapters/stores/order-item.ts';
import { bookItem } from '#shared/adapters/stores/book-item.ts';
import { MANUAL, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { withShare, shareOf } from '#shared/core/portfolio/book.ts';
import { sampleModel } from '#tests/contract/sample-model.ts';
import { unknown } from '#tests/order/sample-orders.ts';
import { type Ask, type ControlHouse, NOW, SESSION } from './control-house.ts';

export interface RouteCase {
  /** Brings the house to where the request succeeds, and says how to ask. */
  readonly success: (house: ControlHouse) => Ask | Promise<Ask>;
  /** A request that is malformed, and the field at fault. */
  readonly malformed: Ask;
  readonly field: string;
}

export const PLAIN_ORDER = { symbol: 'AAPL', side: 'buy', qty: 1, type: 'market', time_in_force: 'day' } as const;
const WHY = { reason: 'because a test asks' };
const UNKNOWN: Ask = { query: { unheard: 'x' } };
const nothing = (): Ask => ({});
const plain: RouteCase = { success: nothing, malformed: UNKNOWN, field: 'unheard' };

/** Gives the strategy "manual" so many shares of AAPL. */
export async function hold(house: ControlHouse, shares: string): Promise<void> {
  const book = await house.dependencies.books.get(house.account, ticker('AAPL'));
  if (book === null) throw new Error('the house has no book');
  const share = {
    ...shareOf(book, MANUAL),
    quantity: parseQuantity(shares),
    cost: parseMoney('1000'),
    openedOn: SESSION,
  };
  const next = { ...withShare(book, share), version: book.version + 1 };
  await house.tables.write({ kind: 'put', table: 'books', item: bookItem(next), conditions: [] });
}

const clientOrderOf = (body: unknown): string => z.object({ client_order_id: z.string() }).parse(body).client_order_id;

/** An order that was asked for and has not been claimed. */
export async function asked(house: ControlHouse): Promise<Ask> {
  const answer = await house.ask('submitOrder', { body: PLAIN_ORDER });
  return { params: { client_order_id: clientOrderOf(answer.json()) } };
}

export const SLICED_ORDER = {
  symbol: 'AAPL',
  side: 'buy',
  qty: '100',
  duration_minutes: 50,
  interval_seconds: 300,
} as const;

/** A parent order that was asked for and of which nothing is sent. */
export async function sliced(house: ControlHouse): Promise<Ask> {
  const answer = await house.ask('sliceOrder', { body: SLICED_ORDER });
  const { plan } = z.object({ plan: z.object({ parent_order_id: z.string() }) }).parse(answer.json());
  return { params: { parent_id: plan.parent_order_id } };
}

async function withRun(house: ControlHouse): Promise<Ask> {
  const runId = 'control-1:20260309T093500';
  const place = {
    room: 'orchestrate',
    aggregateId: aggregateOf.run(runId),
    sequence: 1,
    occurredAt: NOW,
    correlationId: runId,
    causationId: null,
  } as const;
  const committed = makeFact('run.committed.v1', place, {
    accountId: house.account,
    runId,
    slot: formatEpochMs(NOW),
    session: SESSION,
    policyVersion: 1,
    signals: 1,
    commands: 0,
    refused: 1,
  });
  const refused = makeFact(
    'signal.rejected.v1',
    { ...place, sequence: 2 },
    {
      accountId: house.account,
      runId,
      strategyId: 'ma-crossover',
      symbol: 'AAPL',
      kind: 'entry',
      asOf: '2026-03-06',
      stage: 'risk',
      reason: { code: 'strategy-cash', message: 'no cash left', context: {} },
    },
  );
  await house.dependencies.journal.append([committed, refused]);
  return { params: { run_id: runId } };
}

async function quarantined(house: ControlHouse): Promise<Ask> {
  const quarantine = { code: 'position-mismatch', message: 'the books differ', at: NOW };
  await house.dependencies.books.quarantine(house.account, ticker('AAPL'), quarantine, 'pass-1');
  return { params: { symbol: 'AAPL' }, body: WHY };
}

async function withOrphan(house: ControlHouse): Promise<Ask> {
  const key = orphanKey(house.account, 'broker-1');
  const item = {
    pk: text(key.pk),
    sk: text(key.sk),
    brokerOrderId: text('broker-1'),
    clientOrderId: textOrNull(null),
    status: text('new'),
    cumulativeQuantity: textOrNull(null),
    firstSeenAt: whole(NOW),
  };
  await house.tables.write({ kind: 'put', table: 'books', item, conditions: [] });
  return { params: { broker_order_id: 'broker-1' }, body: WHY };
}
const orphanCase: RouteCase = {
  success: withOrphan,
  malformed: { params: { broker_order_id: 'broker-1' }, body: {} },
  field: 'reason',
};

const held: RouteCase = {
  success: async (house) => {
    await hold(house, '10');
    return {};
  },
  malformed: UNKNOWN,
  field: 'unheard',
};

const strategyChange: RouteCase = {
  success: () => ({ params: { strategy_id: 'ma-crossover' }, body: WHY }),
  malformed: { params: { strategy_id: 'ma-crossover' }, body: {} },
  field: 'reason',
};
const killChange: RouteCase = {
  success: () => ({ body: WHY }),
  malformed: { body: { reason: 'no' } },
  field: 'reason',
};

const documentOf = async (house: ControlHouse): Promise<Record<string, unknown>> => {
  const { policies, documentOf: write } = house.dependencies;
  const active = await policies.active(house.account);
  if (active === null) throw new Error('the house has no policy');
  return { ...write(active) };
};

const order: RouteCase = {
  success: () => ({ body: PLAIN_ORDER }),
  malformed: { body: { ...PLAIN_ORDER, qty: -1 } },
  field: 'qty',
};

const BY_MODEL = strategyId('ml-momentum');

/** A version that may speak for the strategy, which nobody has put to use. @returns its name */
export async function keepModel(house: ControlHouse, trainedThrough: string, intercept = 0): Promise<string> {
  const model = sampleModel({
    strategyId: BY_MODEL,
    trainedThrough: calendarDate(trainedThrough),
    intercept,
    fit: true,
  });
  return await modelsStore(house.tables, 'signal', house.clock).keep({ ...model, policyVersion: 1, createdAt: NOW });
}

/** One case an operation: a route without one does not compile. */
export const ROUTE_CASES: Readonly<Record<ControlOperation, RouteCase>> = {
  getRoot: plain,
  getHealth: plain,
  getMetrics: plain,
  getConfig: plain,
  getOpenApi: plain,
  getDocs: plain,
  getStrategies: plain,
  getStrategy: {
    success: () => ({ params: { strategy_id: 'ma-crossover' } }),
    malformed: { params: { strategy_id: 'No Strategy' } },
    field: 'strategy_id',
  },
  getModels: {
    success: async (house) => {
      await keepModel(house, '2025-12-31');
      return { params: { strategy_id: BY_MODEL } };
    },
    malformed: { params: { strategy_id: BY_MODEL }, query: { limit: '0' } },
    field: 'limit',
  },
  getModel: {
    success: async (house) => ({
      params: { strategy_id: BY_MODEL, version: await keepModel(house, '2025-12-31') },
    }),
    malformed: { params: { strategy_id: BY_MODEL, version: 'latest' } },
    field: 'version',
  },
  getActiveModel: {
    success: () => ({ params: { strategy_id: BY_MODEL } }),
    malformed: { params: { strategy_id: BY_MODEL }, query: { cursor: '%' } },
    field: 'cursor',
  },
  setActiveModel: {
    success: async (house) => ({
      params: { strategy_id: BY_MODEL },
      body: { pinned: true, version: await keepModel(house, '2025-12-31'), ...WHY },
    }),
    malformed: { params: { strategy_id: BY_MODEL }, body: { pinned: true, ...WHY } },
    field: 'version',
  },
  enableStrategy: strategyChange,
  disableStrategy: strategyChange,
  getKillSwitch: plain,
  engageKillSwitch: killChange,
  disengageKillSwitch: killChange,
  getCircuitBreaker: plain,
  getCircuitBreakerHistory: { success: nothing, malformed: { query: { limit: '0' } }, field: 'limit' },
  tripCircuitBreaker: killChange,
  resetCircuitBreaker: {
    success: async (house) => {
      await house.ask('tripCircuitBreaker', { body: WHY });
      return { body: WHY };
    },
    malformed: { body: {} },
    field: 'reason',
  },
  armLive: {
    success: () => ({ body: { minutes: 30, ...WHY } }),
    malformed: { body: { minutes: 1441, ...WHY } },
    field: 'minutes',
  },
  getReconciliation: plain,
  submitOrder: order,
  submitManualOrder: order,
  getPendingOrders: { success: nothing, malformed: { query: { symbol: 'not a symbol' } }, field: 'symbol' },
  getRecentFills: { success: nothing, malformed: { query: { limit: 'many' } }, field: 'limit' },
  cancelAllOrders: {
    success: nothing,
    malformed: { body: { include_protective_stops: 'yes' } },
    field: 'include_protective_stops',
  },
  sliceOrder: {
    success: () => ({ body: SLICED_ORDER }),
    malformed: { body: { ...SLICED_ORDER, interval_seconds: 420 } },
    field: 'interval_seconds',
  },
  getSlices: { success: sliced, malformed: { params: { parent_id: 'no plan' } }, field: 'parent_id' },
  cancelSlices: {
    success: sliced,
    malformed: { params: { parent_id: 'x' }, body: { reason: '' } },
    field: 'reason',
  },
  getOrder: { success: asked, malformed: { params: { client_order_id: 'no order' } }, field: 'client_order_id' },
  cancelOrder: {
    success: asked,
    malformed: { params: { client_order_id: 'x' }, body: { reason: '' } },
    field: 'reason',
  },
  getPositions: held,
  getRealtimePnl: held,
  closePosition: {
    success: async (house) => {
      await hold(house, '10');
      return { params: { symbol: 'AAPL' } };
    },
    malformed: { params: { symbol: 'aapl' } },
    field: 'symbol',
  },
  adjustPosition: {
    success: () => ({ params: { symbol: 'AAPL' }, body: { target_qty: '3' } }),
    malformed: { params: { symbol: 'AAPL' }, body: { target_qty: 'three' } },
    field: 'target_qty',
  },
  flattenAll: {
    success: async (house) => {
      await hold(house, '10');
      return { body: WHY };
    },
    malformed: { body: {} },
    field: 'reason',
  },
  getDailyPerformance: { success: nothing, malformed: { query: { days: '91' } }, field: 'days' },
  getFunnel: { success: withRun, malformed: { params: { run_id: 'no run' } }, field: 'run_id' },
  getWhy: {
    success: () => ({ params: { symbol: 'AAPL' } }),
    malformed: { params: { symbol: 'AAPL' }, query: { session: 'today' } },
    field: 'session',
  },
  getFatFingerThresholds: plain,
  putFatFingerThresholds: {
    success: () => ({ body: { notional_max: '5000', expected_version: 1, ...WHY } }),
    malformed: { body: WHY },
    field: 'notional_max',
  },
  getPolicy: { success: nothing, malformed: { query: { version: 'first' } }, field: 'version' },
  putPolicy: {
    success: async (house) => ({ body: { document: await documentOf(house), expected_version: 1, ...WHY } }),
    malformed: { body: { document: {}, ...WHY } },
    field: 'document.universe',
  },
  getPolicyDiff: {
    success: () => ({ query: { from: '1', to: '1' } }),
    malformed: { query: { from: '1', to: 'two' } },
    field: 'to',
  },
  getPolicyVersions: { success: nothing, malformed: { query: { cursor: '%' } }, field: 'cursor' },
  rollBackPolicy: {
    success: () => ({ body: { version: 1, ...WHY } }),
    malformed: { body: { version: 0, ...WHY } },
    field: 'version',
  },
  getQuarantine: plain,
  liftQuarantine: { success: quarantined, malformed: { params: { symbol: 'AAPL' }, body: {} }, field: 'reason' },
  giveUpOrder: {
    success: async (house) => {
      const order = unknown();
      await house.tables.write(orderPut(order));
      return { params: { client_order_id: order.clientOrderId }, body: WHY };
    },
    malformed: { params: { client_order_id: 'x' }, body: {} },
    field: 'reason',
  },
  restatePosition: {
    success: () => ({
      params: { symbol: 'AAPL' },
      body: { strategy_id: 'ma-crossover', qty: '4', cost: '400', ...WHY },
    }),
    malformed: { params: { symbol: 'AAPL' }, body: { strategy_id: 'ma-crossover', qty: '4', cost: '-400', ...WHY } },
    field: 'cost',
  },
  getOrphans: plain,
  adoptOrphan: orphanCase,
  cancelOrphan: orphanCase,
  dismissOrphan: orphanCase,
  runReconciliation: { success: nothing, malformed: { body: { reason: 'x' } }, field: 'reason' },
  backfillFills: {
    success: (house) => {
      // A dry run books nothing, and says so.
      house.dependencies = { ...house.dependencies, dryRun: false };
      return { body: { after: '2026-03-08T00:00:00Z', until: '2026-03-09T00:00:00Z' } };
    },
    malformed: { body: { after: '2026-02-30T00:00:00Z' } },
    field: 'after',
  },
  generateSignals: { success: nothing, malformed: { body: { reason: 7 } }, field: 'reason' },
  forceReconciliation: {
    success: () => ({ body: { minutes: 10, ...WHY } }),
    malformed: { body: { minutes: 61, ...WHY } },
    field: 'minutes',
  },
  getJournal: {
    success: () => ({ query: { day: '2026-03-09' } }),
    malformed: { query: { day: '2026-03-09', run: 'r-1' } },
    field: 'day',
  },
};

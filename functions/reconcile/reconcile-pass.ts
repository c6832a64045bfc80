/**
 * One pass: read what the broker has, settle it, look up what it did not show, compare. Only a pass in which all of that
 * succeeded opens the gate; what it could not do, it leaves to the next, and the gate goes stale by itself.
 */
import { approximateMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { BuildId, Ticker } from '#shared/core/kernel/identity.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionOf } from '#shared/core/market/session-calendar.ts';
import type { Order } from '#shared/core/order/order.ts';
import { ordersToLookUp } from '#shared/core/reconcile/lookups.ts';
import { newsByOrder } from '#shared/core/reconcile/news-by-order.ts';
import { windowStart } from '#shared/core/reconcile/news-window.ts';
import {
  type PositionDifference,
  positionDifferences,
  standingDifferences,
} from '#shared/core/reconcile/position-differences.ts';
import type { BrokerAccount } from '#shared/ports/broker.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { PassReport, Reconciliations } from '#shared/ports/reconciliations.ts';
import type { Safety } from '#shared/ports/safety.ts';
import { type ComparingDependencies, openBooks, quarantineDifferences } from './compare-books.ts';
import { lookUp } from './look-up-missing.ts';
import { type NewsWindow, readNews } from './read-broker.ts';
import { settleNews, type SettlingDependencies, type Tally } from './settle-news.ts';

export interface ReconcileDependencies extends SettlingDependencies, ComparingDependencies {
  readonly build: BuildId;
  readonly policies: Policies;
  readonly safety: Safety;
  readonly reconciliations: Reconciliations;
}

export type PassOutcome = { readonly kind: 'no-session' } | { readonly kind: 'checked'; readonly report: PassReport };

/** What a pass stands on. */
interface Ground {
  readonly universe: readonly Ticker[];
  readonly window: NewsWindow;
  readonly tally: Tally;
}

/** @throws Fault when something could not be read or written: the pass counts for nothing. */
export async function reconcilePass(dependencies: ReconcileDependencies): Promise<PassOutcome> {
  const { accountId, clock, policies, reconciliations, telemetry } = dependencies;
  const startedAt = clock.now();
  telemetry.count('Heartbeat');
  const session = sessionOf(newYorkDate(startedAt));
  if (session === null) return { kind: 'no-session' };
  const [policy, mark, account] = await Promise.all([
    policies.active(accountId),
    reconciliations.mark(accountId),
    dependencies.broker.account(),
  ]);
  if (policy === null) {
    throw new Fault('permanent', 'policy-missing', `${accountId} has no policy; \`belay init\` makes the first`);
  }
  const tally: Tally = { ordersSettled: 0, fillsBooked: 0, orphans: 0 };
  const window = {
    ordersAfter: windowStart(mark?.ordersSeenTo ?? epochMs(0), startedAt),
    activitiesAfter: windowStart(mark?.activitiesSeenTo ?? epochMs(0), startedAt),
  };
  await dependencies.books.beginSession(accountId, session.date, account.equity);
  const differences = await settleAndCompare(dependencies, { universe: policy.universe, window, tally });
  const reported = await quarantineDifferences(dependencies, differences, `reconcile:${startedAt}`);
  const { build } = dependencies;
  const report: PassReport = {
    session: session.date,
    build,
    startedAt,
    complete: true,
    ...tally,
    differences: reported,
  };
  await reconciliations.record(accountId, report, clock.now());
  await dependencies.safety.recordPass(accountId, { startedAt, session: session.date, build });
  await measure(dependencies, report, account);
  return { kind: 'checked', report };
}

/**
 * Positions are read before the orders: what they show, the orders explain. What differs all the same is looked at once
 * more, and counts when it stood both times.
 */
async function settleAndCompare(
  dependencies: ReconcileDependencies,
  ground: Ground,
): Promise<readonly PositionDifference[]> {
  const first = await look(dependencies, ground);
  return first.length === 0 ? [] : standingDifferences(first, await look(dependencies, ground));
}

async function look(dependencies: ReconcileDependencies, ground: Ground): Promise<readonly PositionDifference[]> {
  const { broker } = dependencies;
  const positions = await broker.positions();
  const open = await openOrders(dependencies);
  const read = await readNews(broker, ground.window);
  const news = newsByOrder(read.orders, read.activities);
  const symbols = [...ground.universe, ...positions.map(({ ticker }) => ticker)];
  await openBooks(dependencies, symbols);
  for (const one of news) await settleNews(dependencies, one, ground.tally);
  const listed = new Set(news.flatMap((one) => one.clientOrderId ?? []));
  const now = dependencies.clock.now();
  for (const order of ordersToLookUp(open, listed, now)) await lookUp(dependencies, order, ground.tally);
  return positionDifferences(await dependencies.books.all(dependencies.accountId), positions);
}

/** Read before the broker's lists: an order that is claimed after that is none that they lack. */
async function openOrders({ accountId, orders }: ReconcileDependencies): Promise<readonly Order[]> {
  const found: Order[] = [];
  let cursor: string | null = null;
  do {
    const page = await orders.listOpen(accountId, cursor ?? undefined);
    found.push(...page.orders);
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

async function measure(
  { accountId, books, clock, orders, safety, telemetry }: ReconcileDependencies,
  report: PassReport,
  account: BrokerAccount,
): Promise<void> {
  const [facts, exposure, open] = await Promise.all([
    safety.read(accountId),
    books.exposure(accountId),
    orders.listOpen(accountId),
  ]);
  const killed = facts.global?.killSwitch.engaged !== false || facts.account?.killSwitch.engaged !== false;
  const equityAtOpen = exposure?.equityAtOpen ?? null;
  telemetry.measure('OrdersUnknown', open.orders.filter((order) => order.state === 'unknown').length);
  telemetry.measure('PositionMismatches', report.differences.length);
  telemetry.measure('ReconciliationAgeS', ageS(report.startedAt, clock.now()));
  telemetry.measure('BreakerTripped', facts.account?.breaker.state === 'TRIPPED' ? 1 : 0);
  telemetry.measure('KillSwitchEngaged', killed ? 1 : 0);
  telemetry.measure('Equity', approximateMoney(account.equity));
  if (equityAtOpen !== null) {
    telemetry.measure('ProfitAndLoss', approximateMoney(subtractMoney(account.equity, equityAtOpen)));
  }
}

const ageS = (startedAt: EpochMs, now: EpochMs): number => (now - startedAt) / 1000;

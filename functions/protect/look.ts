/** What protect looks at, read here and now. */
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { currentSession, sessionOf } from '#shared/core/market/session-calendar.ts';
import type { Session } from '#shared/core/market/types.ts';
import type { Order } from '#shared/core/order/order.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { AccountSafety, GlobalSafety, StrategySafety } from '#shared/core/safety/safety-facts.ts';
import { firstWatch, type Watch } from '#shared/core/safety/watch.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Exits, StoredExit } from '#shared/ports/exits.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { Lanes } from '#shared/ports/lanes.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { BrokerTraffic } from '#shared/ports/broker-traffic.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { SlicePlans } from '#shared/ports/slice-plans.ts';
import type { Stops } from '#shared/ports/stops.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { Watches } from '#shared/ports/watches.ts';
import type { RangeMemory } from './range-memory.ts';

export interface ProtectDependencies {
  readonly accountId: AccountId;
  /** Nothing is held in a dry run, so that nothing is protected, closed or canceled. */
  readonly dryRun: boolean;
  /** False where the deployment has switched the monitor's trips off: it still looks and says. */
  readonly tripsBreaker: boolean;
  readonly clock: Clock;
  readonly policies: Policies;
  readonly safety: Safety;
  readonly books: Books;
  readonly orders: Orders;
  readonly exits: Exits;
  readonly stops: Stops;
  readonly watches: Watches;
  readonly plans: Pick<SlicePlans, 'open'>;
  readonly journal: Journal;
  readonly marketStore: MarketStore;
  readonly ranges: RangeMemory;
  readonly broker: Pick<Broker, 'clock'>;
  /** What all functions together know of the broker. */
  readonly traffic: BrokerTraffic;
  readonly lanes: Pick<Lanes, 'send'>;
  readonly telemetry: Telemetry;
}

/** What woke protect: its minute, new prices, a kill switch, a fill. */
export const OCCASIONS = ['guard', 'price-updated', 'kill-switch', 'filled'] as const;
export type Occasion = (typeof OCCASIONS)[number];

export interface Look {
  readonly now: EpochMs;
  readonly occasion: Occasion;
  /** The session that is open now. */
  readonly open: Session | null;
  /** The session of this day, open or not. */
  readonly today: Session | null;
  readonly policy: Policy;
  readonly global: GlobalSafety | null;
  readonly account: AccountSafety;
  readonly strategies: readonly StrategySafety[];
  readonly books: readonly Book[];
  readonly exposure: Exposure;
  /** Orders that have not ended, by the marks of the books. */
  readonly orders: readonly Order[];
  readonly exits: readonly StoredExit[];
  readonly watch: Watch;
  /** Symbols whose position is being built in slices. */
  readonly building: readonly Ticker[];
}

/** @returns null where `belay init` has not been, or no pass of reconciliation */
export async function takeLook(dependencies: ProtectDependencies, occasion: Occasion): Promise<Look | null> {
  const { accountId, clock, policies, safety, books, exits, watches, plans } = dependencies;
  const now = clock.now();
  const [policy, { global, account }, strategies, ledger, open, watch, sliced] = await Promise.all([
    policies.active(accountId),
    safety.read(accountId),
    safety.strategies(accountId),
    books.ofAccount(accountId),
    exits.all(accountId),
    watches.read(accountId),
    plans.open(accountId),
  ]);
  if (policy === null || account === null || ledger.exposure === null) return null;
  return {
    now,
    occasion,
    open: currentSession(now),
    today: sessionOf(newYorkDate(now)),
    policy,
    global,
    account,
    strategies,
    books: ledger.books,
    exposure: ledger.exposure,
    orders: await openOrdersOf(dependencies, ledger.books),
    exits: open,
    watch: watch ?? firstWatch(now),
    building: sliced.filter(({ terms }) => !isClosing(terms.positionIntent)).map(({ terms }) => terms.ticker),
  };
}

/** Each row by itself: an index lags, and an order that it shows as claimed may be on its way. */
async function openOrdersOf({ orders }: ProtectDependencies, books: readonly Book[]): Promise<readonly Order[]> {
  const ids = books.flatMap((book) => book.openOrders.map(({ clientOrderId }) => clientOrderId));
  const rows = await Promise.all(ids.map((id) => orders.get(id)));
  return rows.filter((row) => row !== null);
}

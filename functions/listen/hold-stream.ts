/**
 * Holds the broker's own stream for one slot. The stream has no replay: once it is open, what happened since the last
 * slot is read from the broker, so that an update is told by the one or by the other, or by both.
 */
import type { AccountId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';
import type { Broker, OrderStream } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Orphans } from '#shared/ports/orphans.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

/** How long one slot holds its connection; the next slot opens before it ends. */
const SLOT_MS = 150_000;
const BACKFILL_ORDERS_MAX = 500;
/** Our clock and the broker's, and its bound that leaves out the instant itself. */
const CLOCKS_DIFFER_MS = 5_000;

export interface ListenDependencies {
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly stream: OrderStream;
  readonly broker: Broker;
  readonly orders: Orders;
  readonly orphans: Orphans;
  readonly telemetry: Telemetry;
}

export interface Listened {
  readonly updates: number;
  readonly backfilled: number;
  readonly endedBy: 'slot' | 'connection';
  readonly reason: string;
}

/**
 * @param remainingMs what the invocation has left; the slot ends before it does
 * @throws Fault when the stream could not be opened: the next slot tries again, and reconciliation sees what was missed
 */
export async function holdStream(dependencies: ListenDependencies, remainingMs: number): Promise<Listened> {
  const { clock, stream, telemetry } = dependencies;
  const until: EpochMs = addMs(clock.now(), Math.min(SLOT_MS, Math.max(0, remainingMs - 10_000)));
  let updates = 0;
  const connection = await stream.open({
    onUpdate: async (update) => {
      updates += 1;
      await settle(dependencies, update);
    },
    onUnreadable: (news) => {
      telemetry.error('the stream said something that could not be read', { reason: news.cause });
      return Promise.resolve();
    },
  });
  telemetry.measure('StreamConnected', 1);
  const backfilled = await backfill(dependencies);
  const waiting = new AbortController();
  const slot = clock
    .sleepUntil(until, waiting.signal)
    .then(() => ({ by: 'slot', reason: 'the slot is over' }) as const);
  const ended = connection.ended.then(({ reason }) => ({ by: 'connection', reason }) as const);
  const first = await Promise.race([slot, ended]);
  if (first.by === 'slot') {
    await connection.close();
    await connection.ended;
  } else {
    telemetry.warn('the stream ended before its slot', { reason: first.reason });
    slot.catch(() => undefined);
    waiting.abort();
  }
  return { updates, backfilled, endedBy: first.by, reason: first.reason };
}

async function settle(
  { accountId, orders, orphans, telemetry }: ListenDependencies,
  update: OrderUpdate,
): Promise<void> {
  const settled = await orders.settle(update);
  if (settled !== null) return;
  await orphans.keep(accountId, update);
  telemetry.warn('news of an order that is not in the table was kept', { brokerOrderId: update.brokerOrderId });
}

/**
 * Asks the broker what became of the orders that are open here: whatever it said while nobody listened is in the answer.
 * One page is enough for the news of a slot; what is older is reconciliation's.
 */
async function backfill({ accountId, broker, orders, clock }: ListenDependencies): Promise<number> {
  const page = await orders.listOpen(accountId);
  const oldest = page.orders.reduce<EpochMs | null>(
    (first, order) => (order.sentAt !== null && (first === null || order.sentAt < first) ? order.sentAt : first),
    null,
  );
  if (oldest === null) return 0;
  const submittedAfter = epochMs(Math.max(0, oldest - CLOCKS_DIFFER_MS));
  const found = await broker.listOrders({ status: 'all', submittedAfter, limit: BACKFILL_ORDERS_MAX });
  const ours = new Set<string>(page.orders.map((order) => order.clientOrderId));
  let changed = 0;
  for (const order of found) {
    if (order.clientOrderId === null || !ours.has(order.clientOrderId)) continue;
    const settled = await orders.settle(updateFromSnapshot(order, 'reconciliation', clock.now()));
    if (settled?.changed === true) changed += 1;
  }
  return changed;
}

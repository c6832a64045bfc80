/**
 * Holds the broker's own stream for one slot. The stream has no replay: each time it is open, what happened since the
 * oldest order that has not ended is read from the broker, so that an update is told by the one or by the other, or by
 * both. The slot before holds its own connection until this one has its echo.
 */
import { Fault } from '#shared/core/kernel/fault.ts';
import { addMs, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { isOwnClientOrderId } from '#shared/core/order/client-order-id.ts';
import type { Order } from '#shared/core/order/order.ts';
import { mayBeThereSince } from '#shared/core/order/unknown-fate.ts';
import type { Broker, OrderStream, OrderStreamConnection } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders } from '#shared/ports/orders.ts';
import { askForPass, type NewsDependencies, takeIn } from '#shared/runtime/order-news.ts';

/** How long one slot holds its connection; the next slot opens before it ends. */
const SLOT_MS = 150_000;
const BACKFILL_PAGE = 500;
/** Our clock and the broker's, and its bound that leaves out the instant itself. */
const CLOCKS_DIFFER_MS = 5_000;
/** A connection that is lost is opened again after this, as often as the slot bears. */
const REOPEN_PAUSE_MS = 1_000;
const OPENINGS_MAX = 10;

export interface ListenDependencies extends NewsDependencies {
  readonly clock: Clock;
  readonly stream: OrderStream;
  readonly broker: Broker;
  readonly orders: Orders;
}

export interface Listened {
  readonly updates: number;
  readonly backfilled: number;
  /** How often the stream was opened. */
  readonly openings: number;
  readonly endedBy: 'slot' | 'connection';
  readonly reason: string;
}

/** What happened in one slot so far. */
interface Tally {
  updates: number;
  backfilled: number;
}

/**
 * @param remainingMs what the invocation has left; the slot ends before it does
 * @throws Fault when the stream could not be opened: the next slot tries again, and reconciliation sees what was missed
 */
export async function holdStream(dependencies: ListenDependencies, remainingMs: number): Promise<Listened> {
  const { clock, telemetry } = dependencies;
  const until: EpochMs = addMs(clock.now(), Math.min(SLOT_MS, Math.max(0, remainingMs - 10_000)));
  const tally: Tally = { updates: 0, backfilled: 0 };
  for (let openings = 1; ; openings += 1) {
    const reopenAt = (): EpochMs | null => {
      const at = addMs(clock.now(), REOPEN_PAUSE_MS);
      return openings === OPENINGS_MAX || at >= until ? null : at;
    };
    const held = await holdOnce(dependencies, tally, until);
    if (held.by === 'slot') return { ...tally, openings, endedBy: 'slot', reason: held.reason };
    telemetry.measure('StreamConnected', 0);
    const again = reopenAt();
    if (held.fault !== null && again === null) throw held.fault;
    telemetry.warn('the stream ended before its slot', { reason: held.reason });
    if (again === null) return { ...tally, openings, endedBy: 'connection', reason: held.reason };
    await clock.sleepUntil(again);
  }
}

interface Held {
  readonly by: Listened['endedBy'];
  readonly reason: string;
  /** Where the stream could not even be opened. */
  readonly fault: Fault | null;
}

/** One connection from its opening to its end. @throws Fault `permanent` for refused credentials */
async function holdOnce(dependencies: ListenDependencies, tally: Tally, until: EpochMs): Promise<Held> {
  let connection: OrderStreamConnection;
  try {
    connection = await open(dependencies, tally);
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.kind !== 'transient') throw thrown;
    return { by: 'connection', reason: thrown.message, fault: thrown };
  }
  dependencies.telemetry.measure('StreamConnected', 1);
  try {
    tally.backfilled += await backfill(dependencies);
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    // A stream that is open is worth more than the look back, which reconciliation takes each minute.
    dependencies.telemetry.error('what happened before the stream was open could not be read', {}, thrown);
  }
  return { ...(await untilEnd(dependencies, connection, until)), fault: null };
}

const open = (dependencies: ListenDependencies, tally: Tally): Promise<OrderStreamConnection> =>
  dependencies.stream.open({
    onUpdate: async (update) => {
      tally.updates += 1;
      await takeIn(dependencies, 'listen', update);
    },
    onUnreadable: async (news) => {
      dependencies.telemetry.error('the stream said something that could not be read', { reason: news.cause });
      await askForPass(dependencies, 'listen', 'unreadable', '');
    },
  });

/** Waits for the end of the slot or of the connection; whichever comes first, the connection is over when it resolves. */
async function untilEnd(
  { clock }: ListenDependencies,
  connection: OrderStreamConnection,
  until: EpochMs,
): Promise<{ readonly by: Listened['endedBy']; readonly reason: string }> {
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
    slot.catch(() => undefined);
    waiting.abort();
  }
  return first;
}

/** Every order that is open here. */
async function openOrders({ accountId, orders }: ListenDependencies): Promise<readonly Order[]> {
  const open: Order[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Orders['listOpen']>> = await orders.listOpen(accountId, cursor ?? undefined);
    open.push(...page.orders);
    cursor = page.cursor;
  } while (cursor !== null);
  return open;
}

/**
 * Asks the broker what became of our orders since the oldest that is open here was sent: whatever it said while nobody
 * listened is in the answer. Orders of others are reconciliation's.
 */
async function backfill(dependencies: ListenDependencies): Promise<number> {
  const { broker, clock } = dependencies;
  const sent = (await openOrders(dependencies)).filter(({ sentAt }) => sentAt !== null);
  if (sent.length === 0) return 0;
  const submittedAfter = epochMs(Math.max(0, Math.min(...sent.map(mayBeThereSince)) - CLOCKS_DIFFER_MS));
  let changed = 0;
  let page = await broker.listOrders({ status: 'all', submittedAfter, limit: BACKFILL_PAGE });
  while (page.length > 0) {
    for (const order of page) {
      if (order.clientOrderId === null || !isOwnClientOrderId(order.clientOrderId)) continue;
      const came = await takeIn(dependencies, 'listen', updateFromSnapshot(order, 'reconciliation', clock.now()));
      if (came !== 'unchanged') changed += 1;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < BACKFILL_PAGE) return changed;
    page = await broker.listOrders({ status: 'all', afterOrder: last.brokerOrderId, limit: BACKFILL_PAGE });
  }
  return changed;
}

/**
 * The decision: from a snapshot and a policy to orders, with a reason for every signal that becomes none. Pure, and the
 * same function live, in a dry run and in a backtest.
 *
 * A signal passes the stages raw, regime, correlation, risk and cash, executed. The first refusal is its answer, with
 * the numbers and the smallest change of a limit that would have let it pass.
 */
import { absoluteQuantity, formatQuantity, subtractQuantity } from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import { type Refusal, refusal, refusalStage } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import { entryBoundsOf, exposureBy, type RunGround, wishToEnter } from '#shared/core/portfolio/decide-entry.ts';
import { bookOf, type Candidate, tradableFor, type Wish, wishFor } from '#shared/core/portfolio/order-wish.ts';
import { decidedRecord, duePending, expiryOf, freshRecord } from '#shared/core/portfolio/pending-signals.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { regimeOf } from '#shared/core/portfolio/regime.ts';
import { openLedger, type RunLedger, withCutOff, withExit } from '#shared/core/portfolio/run-ledger.ts';
import type { Decision, FunnelEntry, Snapshot } from '#shared/core/portfolio/snapshot.ts';
import type { Signal, SignalRecord } from '#shared/core/signal/types.ts';

interface Queued extends Candidate {
  readonly record: SignalRecord;
}

/** The symbols that a decision needs prices of. */
export const symbolsOf = (snapshot: Pick<Snapshot, 'signals' | 'pending'>): readonly Ticker[] =>
  [
    ...new Set([...snapshot.signals, ...snapshot.pending.map((record) => record.signal)].map(({ ticker }) => ticker)),
  ].sort();

/**
 * Decides on every signal of the snapshot, exits first, then entries by confidence, ties by strategy and symbol: the
 * order in which limits are drawn on is part of the decision and depends on nothing else.
 */
export function decide(snapshot: Snapshot, policy: Policy): Decision {
  const { volatility } = snapshot;
  const regime = volatility === null ? null : regimeOf(volatility, policy.decision.regime);
  const ground: RunGround = { snapshot, policy, regime, entryBounds: entryBoundsOf(snapshot, policy) };
  const { queue, over } = candidatesOf(snapshot);
  const intents: OrderIntent[] = [];
  const funnel: FunnelEntry[] = [];
  const records: SignalRecord[] = [];
  let ledger = openLedger(snapshot, policy);
  for (const candidate of queue) {
    const { signal, record } = candidate;
    const step = stepOf(candidate, ground, ledger);
    const refused = step.ok ? null : step.error;
    records.push(decidedRecord(record, { refusal: refused }, snapshot.session, snapshot.now));
    if (!step.ok) {
      funnel.push(refusedEntry(signal, step.error));
      if (step.error.code === 'top-n-cutoff') ledger = withCutOff(ledger, exposureBy(signal));
      continue;
    }
    const { intent } = step.value.wish;
    ledger = step.value.ledger;
    intents.push(intent);
    funnel.push({ signal, outcome: 'executed', clientOrderId: clientOrderIdFor(intent.terms, intent.decision) });
  }
  for (const record of over) {
    records.push(record);
    if (record.blockedBy !== null) funnel.push(refusedEntry(record.signal, record.blockedBy));
  }
  return { intents, funnel, records };
}

export const refusedEntry = (signal: Signal, why: Refusal): FunnelEntry => ({
  signal,
  outcome: 'refused',
  stage: refusalStage(why.code),
  refusal: why,
});

/** Which symbols each strategy has said something of. */
function placesOf(signals: readonly Signal[]): (signal: Signal) => boolean {
  const places = new Map<StrategyId, Set<Ticker>>();
  for (const { strategyId, ticker } of signals) {
    const known = places.get(strategyId);
    if (known === undefined) places.set(strategyId, new Set([ticker]));
    else known.add(ticker);
  }
  return ({ strategyId, ticker }) => places.get(strategyId)?.has(ticker) === true;
}

/** Fresh signals and those that still wait, in the order of drawing; and those whose time is over. */
function candidatesOf({ signals, pending, session, now }: Snapshot): {
  readonly queue: readonly Queued[];
  readonly over: readonly SignalRecord[];
} {
  const isFresh = placesOf(signals);
  const { due, expired } = duePending(pending, session, now);
  const superseded = due
    .filter(({ signal }) => isFresh(signal))
    .map((record) => ended(record, 'the strategy has said something newer of the symbol', now));
  const expiries = new Map([...new Set(signals.map(({ asOf }) => asOf))].map((asOf) => [asOf, expiryOf(asOf)]));
  const queue = [
    ...signals.map(
      (signal): Queued => ({ signal, waited: false, record: freshRecord(signal, now, expiries.get(signal.asOf)) }),
    ),
    ...due
      .filter(({ signal }) => !isFresh(signal))
      .map((record): Queued => ({ signal: record.signal, waited: true, record })),
  ];
  const over = [...superseded, ...expired.map((record) => ended(record, 'its sessions are over', now))];
  return { queue: inDrawingOrder(queue), over: over.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

const ended = (record: SignalRecord, why: string, now: SignalRecord['at']): SignalRecord => ({
  ...record,
  state: 'expired',
  blockedBy: refusal('pending-expired', `the signal on ${record.signal.ticker} waits no longer: ${why}`, {
    asOf: record.signal.asOf,
    expiresOn: record.expiresOn,
    lastBlockedBy: record.blockedBy?.code ?? 'nothing',
  }),
  at: now,
});

const inDrawingOrder = (queue: Queued[]): readonly Queued[] =>
  queue.sort(({ signal: one }, { signal: other }) => {
    if (one.kind !== other.kind) return one.kind === 'exit' ? -1 : 1;
    if (one.confidence !== other.confidence) return other.confidence - one.confidence;
    if (one.strategyId !== other.strategyId) return one.strategyId < other.strategyId ? -1 : 1;
    if (one.ticker !== other.ticker) return one.ticker < other.ticker ? -1 : 1;
    return one.asOf < other.asOf ? -1 : 1;
  });

function stepOf(
  candidate: Candidate,
  ground: RunGround,
  ledger: RunLedger,
): Result<{ readonly wish: Wish; readonly ledger: RunLedger }, Refusal> {
  if (candidate.signal.kind === 'entry') return wishToEnter(candidate, ground, ledger);
  const wish = wishToExit(candidate, ground);
  return wish.ok ? succeed({ wish: wish.value, ledger: withExit(ledger, candidate.signal.ticker) }) : wish;
}

function wishToExit(candidate: Candidate, { snapshot, policy }: RunGround): Result<Wish, Refusal> {
  const { signal } = candidate;
  if (snapshot.gates.exit !== null) return fail(snapshot.gates.exit);
  const book = bookOf(signal, snapshot);
  const position = shareOf(book, signal.strategyId).quantity;
  const held = signal.side === 'sell' ? position > 0n : position < 0n;
  if (!held) {
    const message = `${signal.strategyId} holds nothing of ${signal.ticker} that a ${signal.side} closes`;
    return fail(refusal('no-position-to-close', message, { position: formatQuantity(position) }));
  }
  // A stop that rests at the broker gives way to the exit.
  const closing = book.openOrders.filter(
    ({ strategyId, side, purpose }) =>
      strategyId === signal.strategyId && side === signal.side && purpose !== 'protective-stop',
  );
  const quantity = closing.reduce((left, mark) => subtractQuantity(left, mark.remaining), absoluteQuantity(position));
  if (quantity <= 0n) {
    return fail(
      refusal('twin-order', `open orders close all of ${signal.ticker} already`, { orders: String(closing.length) }),
    );
  }
  const tradable = tradableFor(candidate, snapshot, policy);
  if (!tradable.ok) return tradable;
  const positionIntent = signal.side === 'sell' ? 'sell_to_close' : 'buy_to_close';
  return succeed(wishFor(signal, snapshot, policy, { quantity, price: tradable.value.price, positionIntent }));
}

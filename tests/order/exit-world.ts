/**
 * A small world to drive an exit through: a book, a broker that takes whatever it is sent, and all that goes wrong
 * between them. The broker checks nothing, so whatever keeps the position from crossing zero is the exit's own care.
 */
import {
  addQuantity,
  minQuantity,
  negateQuantity,
  parsePrice,
  subtractQuantity,
  wholeQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { Quantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, correlationId, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import type { ClientOrderId, StrategyId } from '#shared/core/kernel/identity.ts';
import { addMs, epochNs, nsOf } from '#shared/core/kernel/instant.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Refusal, RefusalCode } from '#shared/core/kernel/refusal.ts';
import { advance } from '#shared/core/order/advance.ts';
import type { BrokerStatus } from '#shared/core/order/broker-order.ts';
import { requestCancel } from '#shared/core/order/cancel.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { driveExit } from '#shared/core/order/exit-drive.ts';
import { openExit } from '#shared/core/order/exit.ts';
import type { Exit, ExitStep } from '#shared/core/order/exit.ts';
import { isOpen, orderedQuantity } from '#shared/core/order/order.ts';
import type { Order, OrderIntent } from '#shared/core/order/order.ts';
import { reservationFor } from '#shared/core/order/reservation.ts';
import { claimOrder, lastLook, markTaken, markUnknown, refusedByBroker, resend } from '#shared/core/order/sending.ts';
import { abandon } from '#shared/core/order/unknown-fate.ts';
import { CLAIMED_AT, REASON, sampleIntent, taken } from '#tests/order/sample-orders.ts';

const STRATEGY = strategyId('momentum');
const OTHER = strategyId('other');
const AAPL = ticker('AAPL');

/** What happens to the command of an order, or of a cancel, in one tick; request-lost: it was sent and never arrived. */
export type Fate = 'done' | 'lost' | 'request-lost' | 'answer-lost' | 'refused' | RefusalCode;

/** So long an order of unknown fate is watched here. */
const WATCH_MS = 300_000;

export interface Tick {
  /** A crash before the exit is written, or after it and before the action. */
  readonly crash: 'none' | 'before-write' | 'before-action';
  readonly fate: Fate;
  /** Twentieths of each working order that fill; a stop fills only where `stops` is set. */
  readonly fills: number;
  readonly stops: boolean;
  /** Whether the broker's news, and its answers to lookups, reach the house. */
  readonly news: boolean;
  readonly booksFresh: boolean;
  readonly session: boolean;
}

export const FAIR: Tick = {
  crash: 'none',
  fate: 'done',
  fills: 20,
  stops: false,
  news: true,
  booksFresh: true,
  session: true,
};

interface AtBroker {
  readonly id: string;
  filled: Quantity;
  status: BrokerStatus;
  changedAt: EpochMs;
}

export class ExitWorld {
  exit: Exit;
  now: EpochMs = CLAIMED_AT;
  readonly rows = new Map<ClientOrderId, Order>();
  readonly atBroker = new Map<ClientOrderId, AtBroker>();
  /** Orders of the exit that the broker took, by generation. */
  readonly sent: number[] = [];
  readonly #start: Quantity;
  readonly #side: 'long' | 'short';
  #refusals = new Map<ClientOrderId, Refusal>();
  #queue: { readonly intent: OrderIntent; readonly attempt: number }[] = [];
  #attempts = new Set<number>();

  constructor(side: 'long' | 'short') {
    this.#side = side;
    this.#start = side === 'long' ? wholeQuantity(10) : wholeQuantity(-10);
    this.exit = openExit({
      exitId: decisionId('exit-1'),
      accountId: sampleIntent().terms.accountId,
      strategyId: STRATEGY,
      ticker: AAPL,
      purpose: 'exit',
      by: 'protect',
      reason: REASON,
      correlationId: correlationId('exit-1'),
      openedAt: CLAIMED_AT,
    });
  }

  /** An order of ours that rests at the broker before the exit begins; unknown where its answer was lost. */
  rest(kind: 'stop' | 'entry' | 'entry-of-another', known: boolean): void {
    const closes = this.#side === 'long' ? 'sell' : 'buy';
    const opens = this.#side === 'long' ? 'buy' : 'sell';
    const side = kind === 'stop' ? closes : opens;
    const intent = sampleIntent(
      {
        strategyId: kind === 'entry-of-another' ? OTHER : STRATEGY,
        side,
        positionIntent: kind === 'stop' ? `${side}_to_close` : `${side}_to_open`,
        type: kind === 'stop' ? 'stop' : 'limit',
        timeInForce: kind === 'stop' ? 'gtc' : 'day',
        size: { kind: 'quantity', quantity: wholeQuantity(kind === 'stop' ? 10 : 3) },
        limitPrice: kind === 'stop' ? null : parsePrice('99'),
        stopPrice: kind === 'stop' ? parsePrice('95') : null,
      },
      {
        purpose: kind === 'stop' ? 'protective-stop' : 'entry',
        decision: { decisionId: decisionId(kind), generation: 0, slice: 0 },
      },
    );
    this.#claim(intent, known ? 'done' : 'answer-lost');
  }

  /** The position of the exit's strategy as the broker has it; other strategies hold nothing before they fill. */
  brokerPosition(of: StrategyId | null = null): Quantity {
    const filled = [...this.atBroker].reduce((sum, [id, { filled: units }]) => {
      const terms = this.rows.get(id)?.intent.terms;
      if (terms === undefined || (of !== null && terms.strategyId !== of)) return sum;
      return terms.side === 'buy' ? addQuantity(sum, units) : subtractQuantity(sum, units);
    }, ZERO_QUANTITY);
    return of === OTHER ? filled : addQuantity(this.#start, filled);
  }

  /** What the exit's orders at the broker may still fill. */
  workingUnits(): Quantity {
    return [...this.atBroker].reduce((sum, [id, { status, filled }]) => {
      const intent = this.rows.get(id)?.intent;
      return status === 'new' && intent?.purpose === 'exit'
        ? addQuantity(sum, subtractQuantity(orderedQuantity(intent.terms) ?? ZERO_QUANTITY, filled))
        : sum;
    }, ZERO_QUANTITY);
  }

  /** Whether an order of an earlier generation is still of unknown fate beside the one that was submitted. */
  lostBeside(): boolean {
    const generation = this.exit.submitted?.decision.generation ?? 0;
    return [...this.rows.values()].some(
      ({ state, intent }) =>
        state === 'unknown' && intent.purpose === 'exit' && intent.decision.generation < generation,
    );
  }

  tick(tick: Tick): ExitStep {
    this.now = addMs(this.now, 20_000);
    const step = this.#drive(tick);
    for (const [id, order] of this.atBroker) this.#work(id, order, tick);
    if (tick.news) for (const [id, order] of this.atBroker) this.#tell(id, order);
    if (tick.news) for (const row of this.rows.values()) this.#giveUp(row);
    return step;
  }

  #drive(tick: Tick): ExitStep {
    let step = driveExit(this.exit, this.#view(tick, false));
    if (tick.crash === 'before-write') return step;
    if (step.changed) this.exit = step.exit;
    if (step.action.kind === 'read-position') {
      step = driveExit(this.exit, this.#view(tick, true));
      if (step.changed) this.exit = step.exit;
    }
    if (tick.crash === 'before-action') return step;
    const { action } = step;
    if (action.kind === 'cancel') for (const id of action.orders) this.#cancel(id, tick.fate);
    if (action.kind === 'submit' && !this.#attempts.has(action.attempt) && tick.fate !== 'lost') {
      this.#attempts.add(action.attempt);
      this.#queue.push(action);
    }
    for (const { intent } of this.#queue.splice(0)) this.#submit(intent, tick.fate);
    if (action.kind === 'submit') this.#repeat(action.intent, tick.fate);
    return step;
  }

  #view(tick: Tick, read: boolean): Parameters<typeof driveExit>[1] {
    const { submitted } = this.exit;
    const id = submitted === null ? null : clientOrderIdFor(submitted.terms, submitted.decision);
    const position = this.brokerPosition();
    const held = [...this.atBroker].reduce((sum, [other, { status, filled }]) => {
      const terms = this.rows.get(other)?.intent.terms;
      if (status !== 'new' || terms === undefined || (terms.side === 'sell') !== (this.#side === 'long')) return sum;
      return addQuantity(sum, subtractQuantity(orderedQuantity(terms) ?? ZERO_QUANTITY, filled));
    }, ZERO_QUANTITY);
    const long = position > 0n;
    const free = subtractQuantity(long ? position : negateQuantity(position), held);
    const units = free > 0n ? free : ZERO_QUANTITY;
    return {
      now: this.now,
      sessionOpen: tick.session,
      share: this.#booked(STRATEGY),
      othersShare: this.#booked(OTHER),
      booksFresh: tick.booksFresh,
      brokerPosition: read
        ? { quantity: position, available: long ? units : negateQuantity(units), readAt: this.now }
        : null,
      openOrders: [...this.rows.values()].filter(isOpen),
      current: id === null ? null : (this.rows.get(id) ?? null),
      currentRefusal: id === null ? null : (this.#refusals.get(id) ?? null),
      pricing: { arrivalPrice: parsePrice('100'), limitPrice: null },
      policyVersion: 1,
    };
  }

  #booked(strategy: StrategyId): Quantity {
    const start = strategy === STRATEGY ? this.#start : ZERO_QUANTITY;
    return [...this.rows.values()]
      .filter((order) => order.intent.terms.strategyId === strategy)
      .reduce(
        (sum, { intent, filledQuantity }) =>
          intent.terms.side === 'buy' ? addQuantity(sum, filledQuantity) : subtractQuantity(sum, filledQuantity),
        start,
      );
  }

  #submit(intent: OrderIntent, fate: Fate): void {
    const id = clientOrderIdFor(intent.terms, intent.decision);
    if (this.rows.has(id) || this.now >= intent.validUntil) return;
    this.#refusals.delete(id);
    if (fate === 'refused') this.#refusals.set(id, refusal('quote-stale', 'no quote'));
    else this.#claim(intent, fate);
  }

  /** One of unknown fate that is submitted in a later tick is sent once more, unless its row forbids that. */
  #repeat(intent: OrderIntent, fate: Fate): void {
    const id = clientOrderIdFor(intent.terms, intent.decision);
    const row = this.rows.get(id);
    if (row === undefined || row.sentAt === this.now) return;
    const again = resend(row, 'h', this.now);
    if (!again.ok) return;
    const { order } = again.value;
    // The broker guards ids: it says that it has the order, whether it shows it or not.
    if (this.atBroker.has(id)) this.rows.set(id, taken(markTaken(order, REASON, this.now)).order);
    else this.#send(order, fate);
  }

  #claim(intent: OrderIntent, fate: Fate): void {
    const reservation = reservationFor(intent.terms, parsePrice('103'));
    const { order } = claimOrder({ intent, reservation, holder: 'h', at: this.now, dryRun: false });
    this.#send(taken(lastLook({ ...order, cancelRequested: null }, 'h', this.now)).order, fate);
  }

  #send(sending: Order, fate: Fate): void {
    const { clientOrderId: id, intent } = sending;
    if (fate === 'done' || fate === 'answer-lost') {
      if (intent.purpose === 'exit') this.sent.push(intent.decision.generation);
      this.atBroker.set(id, {
        id: `b-${this.atBroker.size}`,
        filled: ZERO_QUANTITY,
        status: 'new',
        changedAt: this.now,
      });
    }
    if (fate === 'done') this.rows.set(id, this.#news(sending, this.atBroker.get(id)));
    else if (fate === 'answer-lost' || fate === 'request-lost' || fate === 'lost' || fate === 'refused') {
      this.rows.set(id, taken(markUnknown(sending, REASON, this.now)).order);
    } else this.rows.set(id, taken(refusedByBroker(sending, refusal(fate, 'no'), this.now)).order);
  }

  /** The request is written down; whether the broker hears of it is the fate's. */
  #cancel(id: ClientOrderId, fate: Fate): void {
    const row = this.rows.get(id);
    if (row === undefined || !isOpen(row)) return;
    this.rows.set(id, taken(requestCancel(row, 'exit', REASON, this.now)).order);
    const order = this.atBroker.get(id);
    if (order?.status === 'new' && fate !== 'lost' && row.state !== 'unknown') {
      order.status = 'canceled';
      order.changedAt = this.now;
    }
  }

  #work(id: ClientOrderId, order: AtBroker, tick: Tick): void {
    const row = this.rows.get(id);
    if (row === undefined || order.status !== 'new') return;
    const { terms, purpose } = row.intent;
    if (purpose === 'protective-stop' ? !tick.stops : purpose === 'entry' && tick.fills < 10) return;
    const ordered = orderedQuantity(terms) ?? ZERO_QUANTITY;
    const units = (Number(ordered / 1_000_000_000n) * tick.fills) / 20;
    const part = wholeQuantity(Math.ceil(units));
    if (part === 0n) return;
    order.filled = minQuantity(ordered, addQuantity(order.filled, part));
    if (order.filled === ordered) order.status = 'filled';
    order.changedAt = this.now;
  }

  #news(row: Order, order: AtBroker | undefined): Order {
    if (order === undefined) return row;
    return advance(row, {
      source: 'stream',
      clientOrderId: row.clientOrderId,
      brokerOrderId: brokerOrderId(order.id),
      status: order.status === 'new' && order.filled > 0n ? 'partially_filled' : order.status,
      cumulativeQuantity: order.filled,
      averagePrice: null,
      execution: null,
      brokerTime: epochNs(nsOf(order.changedAt)),
      receivedAt: this.now,
      detail: null,
    }).order;
  }

  #tell(id: ClientOrderId, order: AtBroker): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    const told = this.#news(row, order);
    this.rows.set(id, told);
    // What turns up with a cancel requested is canceled.
    if (told.state === 'pending_cancel' && order.status === 'new') this.#cancel(id, 'done');
  }

  /** An order of unknown fate that never reached the broker is found out after its watch. */
  #giveUp(row: Order): void {
    if (row.state !== 'unknown' || this.atBroker.has(row.clientOrderId)) return;
    if (this.now - row.claimedAt < WATCH_MS) return;
    const watch = { kind: 'until', at: this.now } as const;
    const facts = { watch, lastMissAt: this.now, operator: null, now: this.now };
    this.rows.set(row.clientOrderId, taken(abandon(row, facts)).order);
  }
}

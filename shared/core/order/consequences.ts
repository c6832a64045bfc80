/**
 * What follows from a change of an order, as values: facts for the journal, what the book gains, what is set free, what
 * has to be asked for. All of it is the difference between how the order stood and how it stands, so that the effects of
 * any number of changes add up to the effect of the last one.
 */
import type { Money, Quantity } from '#shared/core/kernel/decimal.ts';
import {
  negateMoney,
  negateQuantity,
  subtractMoney,
  subtractQuantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { BrokerOrderId } from '#shared/core/kernel/identity.ts';
import { linesOf } from '#shared/core/order/evidence.ts';
import type { Execution, Order, OrderEnd, Reason, Reserved } from '#shared/core/order/order.ts';
import { isEnd, isOpen, orderedQuantity } from '#shared/core/order/order.ts';

interface FillData {
  readonly brokerOrderId: BrokerOrderId | null;
  readonly cumulativeQuantity: Quantity;
  readonly filledCost: Money;
  /** Those that became known by this change. */
  readonly executions: readonly Execution[];
  readonly provisional: boolean;
}

/** An entry of the journal in the order's own words; whose order it is, the order says. */
export type OrderFact =
  | { readonly kind: 'claimed' }
  | { readonly kind: 'adopted'; readonly brokerOrderId: BrokerOrderId; readonly reason: Reason }
  | { readonly kind: 'submitted'; readonly attempt: number }
  | { readonly kind: 'unknown'; readonly reason: Reason }
  | { readonly kind: 'cancel-requested'; readonly by: string; readonly reason: Reason }
  | { readonly kind: 'acknowledged'; readonly brokerOrderId: BrokerOrderId }
  | { readonly kind: 'resurrected'; readonly brokerOrderId: BrokerOrderId; readonly reason: Reason }
  | ({ readonly kind: 'partially-filled' | 'filled' | 'execution-recorded' } & FillData)
  | {
      readonly kind: 'execution-revised';
      readonly epoch: number;
      readonly cumulativeQuantity: Quantity;
      readonly filledCost: Money;
      /** All that count now. */
      readonly executions: readonly Execution[];
      readonly reason: Reason;
    }
  | {
      readonly kind: 'ended';
      readonly end: Exclude<OrderEnd, 'filled'>;
      readonly cumulativeQuantity: Quantity;
      readonly reason: Reason | null;
    };

/** What the strategy's share in the book gains. Signed as the book is: a buy adds units and takes cash. */
export interface BookEffect {
  readonly position: Quantity;
  /** Cash moved by executions that are known; exact, without fees. */
  readonly cash: Money;
  /** Change of the cash that units without a known execution are valued at, at the reservation's price. */
  readonly provisionalCash: Money;
  readonly added: readonly Execution[];
  /** Executions that count no longer, after a bust, a correction or a contradiction. */
  readonly removed: readonly Execution[];
}

/** The ways in which an order that has ended, or an execution that was booked, may change all the same. */
export type NamedTransition =
  | 'late-fill'
  | 'trade-bust'
  | 'trade-correction'
  | 'contradiction'
  | 'second-broker-order'
  | 'resurrected'
  | 'end-outranked';

export type AlarmCode = NamedTransition | 'overfilled' | 'unsent-order-known' | 'unknown' | 'abandoned' | 'failed';

/** average-differs: the broker's own average is not that of the executions, so one of them is not as it was told. */
export type ReconcileReason = 'unknown' | 'rejected' | 'restated' | 'gap' | 'resurrected' | 'average-differs';

/** What somebody has to do because of the change. */
export type FollowUp =
  /** Read the account's activities of this order; so many units lack their execution. */
  | { readonly kind: 'backfill'; readonly gapQuantity: Quantity }
  | { readonly kind: 'reconcile'; readonly because: ReconcileReason }
  | {
      readonly kind: 'quarantine';
      readonly because: 'contradiction' | 'resurrected' | 'second-broker-order' | 'overfilled';
    }
  | { readonly kind: 'cancel-at-broker'; readonly because: 'resurrected' }
  | { readonly kind: 'alarm'; readonly code: AlarmCode };

export interface Consequences {
  readonly facts: readonly OrderFact[];
  readonly book: BookEffect;
  /** What the account and the book get back; negative where it is set aside, at the claim or by a resurrection. */
  readonly released: Reserved;
  readonly named: readonly NamedTransition[];
  readonly followUps: readonly FollowUp[];
}

/** The order as it stands after a change. Unchanged means that there is nothing to write. */
export interface Step {
  readonly order: Order;
  readonly changed: boolean;
  readonly consequences: Consequences;
}

export const NO_CONSEQUENCES: Consequences = {
  facts: [],
  book: { position: ZERO_QUANTITY, cash: ZERO_MONEY, provisionalCash: ZERO_MONEY, added: [], removed: [] },
  released: { quantity: ZERO_QUANTITY, money: ZERO_MONEY },
  named: [],
  followUps: [],
};

/** Whether two tiles are one execution: they share a name; where either has none, they begin at the same unit. */
const same = (a: Execution, b: Execution): boolean =>
  a.quantity === b.quantity &&
  a.price === b.price &&
  (a.ids.length > 0 && b.ids.length > 0 ? a.ids.some((id) => b.ids.includes(id)) : a.start === b.start);

/** Tiles of `list` that have no counterpart in `other`; each counterpart is used once. */
function without(list: readonly Execution[], other: readonly Execution[]): readonly Execution[] {
  const left = [...other];
  return list.filter((tile) => {
    const index = left.findIndex((candidate) => same(tile, candidate));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

const signed = (order: Order, quantity: Quantity): Quantity =>
  order.intent.terms.side === 'buy' ? quantity : negateQuantity(quantity);
const paid = (order: Order, cost: Money): Money => (order.intent.terms.side === 'buy' ? negateMoney(cost) : cost);

function bookEffect(before: Order | null, after: Order): BookEffect {
  const executions = before?.executions ?? [];
  return {
    position: signed(after, subtractQuantity(after.filledQuantity, before?.filledQuantity ?? ZERO_QUANTITY)),
    cash: paid(after, subtractMoney(after.filledCost, before?.filledCost ?? ZERO_MONEY)),
    provisionalCash: paid(after, subtractMoney(after.gapCost, before?.gapCost ?? ZERO_MONEY)),
    added: without(after.executions, executions),
    removed: without(executions, after.executions),
  };
}

const revisionsOf = (order: Order | null, kind: 'bust' | 'correct'): number =>
  (order?.evidence ?? []).flatMap((line) => line.revisions).filter((revision) => revision.kind === kind).length;

function namedTransitions(before: Order | null, after: Order): readonly NamedTransition[] {
  const named: NamedTransition[] = [];
  const heard = after.evidence.length > 0 && (before?.evidence.length ?? 0) === 0;
  if (after.resurrected && heard) named.push('resurrected');
  if (revisionsOf(after, 'bust') > revisionsOf(before, 'bust')) named.push('trade-bust');
  if (revisionsOf(after, 'correct') > revisionsOf(before, 'correct')) named.push('trade-correction');
  if (after.contradicted && before?.contradicted !== true) named.push('contradiction');
  const lines = linesOf(after.evidence).length;
  if (lines > 1 && lines > linesOf(before?.evidence ?? []).length) named.push('second-broker-order');
  const wasEnded = before !== null && isEnd(before.state);
  if (wasEnded && after.filledQuantity > before.filledQuantity) named.push('late-fill');
  const other = wasEnded && isEnd(after.state) && after.state !== before.state;
  if (other && !named.includes('late-fill') && !named.includes('resurrected')) named.push('end-outranked');
  return named;
}

/** Why the past was restated, for the journal. */
function restatementReason(named: readonly NamedTransition[], after: Order): Reason {
  const code = named.find((name) => name !== 'late-fill' && name !== 'end-outranked') ?? 'execution-named';
  return {
    code,
    message: 'What had been booked of this order was restated by the broker.',
    context: { epoch: String(after.epoch) },
  };
}

function fillFacts(
  before: Order | null,
  after: Order,
  named: readonly NamedTransition[],
  book: BookEffect,
): readonly OrderFact[] {
  const counts = { cumulativeQuantity: after.filledQuantity, filledCost: after.filledCost };
  const fill = {
    ...counts,
    brokerOrderId: after.brokerOrderId,
    executions: book.added,
    provisional: after.provisional,
  };
  const facts: OrderFact[] = [];
  const restated = after.epoch > (before?.epoch ?? 0);
  const booked = before !== null && (before.filledQuantity > 0n || after.filledQuantity > 0n);
  if (restated && booked) {
    const reason = restatementReason(named, after);
    facts.push({ kind: 'execution-revised', epoch: after.epoch, ...counts, executions: after.executions, reason });
  }
  const became = after.state === 'filled' && before?.state !== 'filled';
  const grew = after.filledQuantity > (before?.filledQuantity ?? ZERO_QUANTITY);
  if (became) facts.push({ kind: 'filled', ...fill });
  else if (restated && booked) return facts;
  else if (grew) facts.push({ kind: 'partially-filled', ...fill });
  else if (book.added.length > 0 || (before?.provisional !== after.provisional && after.filledQuantity > 0n)) {
    facts.push({ kind: 'execution-recorded', ...fill });
  }
  return facts;
}

function ownFacts(before: Order | null, after: Order): readonly OrderFact[] {
  const facts: OrderFact[] = [];
  if (before === null) facts.push({ kind: 'claimed' });
  const cancel = after.cancelRequested;
  if (cancel !== null && (before?.cancelRequested ?? null) === null) {
    facts.push({ kind: 'cancel-requested', by: cancel.by, reason: cancel.reason });
  }
  if (after.attempt > (before?.attempt ?? 0)) facts.push({ kind: 'submitted', attempt: after.attempt });
  if (after.state === 'unknown' && before?.state !== 'unknown' && after.ambiguity !== null) {
    facts.push({ kind: 'unknown', reason: after.ambiguity.answer ?? after.ambiguity.reason });
  }
  return facts;
}

function factsOf(
  before: Order | null,
  after: Order,
  named: readonly NamedTransition[],
  book: BookEffect,
): readonly OrderFact[] {
  const facts: OrderFact[] = [...ownFacts(before, after)];
  const id = after.brokerOrderId;
  if (id !== null && named.includes('resurrected') && after.houseEnded !== null) {
    facts.push({ kind: 'resurrected', brokerOrderId: id, reason: after.houseEnded.reason });
  } else if (id !== null && (before?.brokerOrderId ?? null) === null) {
    facts.push({ kind: 'acknowledged', brokerOrderId: id });
  }
  facts.push(...fillFacts(before, after, named, book));
  if (isEnd(after.state) && after.state !== 'filled' && after.state !== before?.state) {
    const reason = after.ended?.reason ?? null;
    facts.push({ kind: 'ended', end: after.state, cumulativeQuantity: after.filledQuantity, reason });
  }
  return facts;
}

function alarmsOf(before: Order | null, after: Order, named: readonly NamedTransition[]): readonly AlarmCode[] {
  const ordered = orderedQuantity(after.intent.terms);
  const over = (order: Order | null): boolean => ordered !== null && order !== null && order.filledQuantity > ordered;
  const entered = (state: Order['state']): boolean => after.state === state && before?.state !== state;
  const alarms: AlarmCode[] = [...named];
  if (over(after) && !over(before)) alarms.push('overfilled');
  if (before?.state === 'claimed' && before.attempt === 0 && after.evidence.length > 0)
    alarms.push('unsent-order-known');
  if (entered('unknown')) alarms.push('unknown');
  if (entered('abandoned')) alarms.push('abandoned');
  if (entered('failed')) alarms.push('failed');
  return alarms;
}

function followUpsOf(before: Order | null, after: Order, named: readonly NamedTransition[]): readonly FollowUp[] {
  const alarms = alarmsOf(before, after, named);
  const followUps: FollowUp[] = [];
  if (after.provisional) followUps.push({ kind: 'backfill', gapQuantity: after.gapQuantity });
  if (after.provisional && before?.provisional !== true) followUps.push({ kind: 'reconcile', because: 'gap' });
  if (after.epoch > (before?.epoch ?? 0)) followUps.push({ kind: 'reconcile', because: 'restated' });
  if (alarms.includes('unknown')) followUps.push({ kind: 'reconcile', because: 'unknown' });
  if (after.state === 'rejected' && before?.state !== 'rejected')
    followUps.push({ kind: 'reconcile', because: 'rejected' });
  for (const because of ['contradiction', 'resurrected', 'second-broker-order', 'overfilled'] as const) {
    if (alarms.includes(because)) followUps.push({ kind: 'quarantine', because });
  }
  if (named.includes('resurrected')) {
    followUps.push({ kind: 'reconcile', because: 'resurrected' });
    if (isOpen(after)) followUps.push({ kind: 'cancel-at-broker', because: 'resurrected' });
  }
  return [...followUps, ...alarms.map((code): FollowUp => ({ kind: 'alarm', code }))];
}

/** What follows from the change. `before` is null for an order that was just made. */
export function consequencesOf(before: Order | null, after: Order): Consequences {
  const named = namedTransitions(before, after);
  const book = bookEffect(before, after);
  return {
    facts: factsOf(before, after, named, book),
    book,
    released: {
      quantity: subtractQuantity(before?.reserved.quantity ?? ZERO_QUANTITY, after.reserved.quantity),
      money: subtractMoney(before?.reserved.money ?? ZERO_MONEY, after.reserved.money),
    },
    named,
    followUps: followUpsOf(before, after, named),
  };
}

/**
 * What must hold in every world, whatever goes wrong in it. The first six are held against each commit and each order
 * that reaches the broker, the others against the world once it has come to rest.
 */
import type { BrokerLedger } from '#infra/local/alpaca/embedding.ts';
import {
  absoluteMoney,
  addMoney,
  formatMoney,
  formatQuantity,
  type Money,
  parseQuantity,
  subtractQuantity,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { endRank } from '#shared/core/order/evidence.ts';
import { BROKER_ENDS, type BrokerEnd, isEnd, isOpen, type Order, orderedQuantity } from '#shared/core/order/order.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import { exposureOf } from '#shared/core/portfolio/book.ts';
import { type OrderClass, orderClassOf } from '#shared/core/safety/order-class.ts';
import type { Observed, OrderChange, SeenCommit } from './observed.ts';

export const INVARIANTS = {
  1: 'at most one broker order per client order id and per decision, and none that is not written down',
  2: 'no send whose last look committed after a kill or a trip did, and none without a last look of its own',
  3: 'no claim takes exposure beyond its limit, counting unknown orders as live',
  4: 'ends never change but by the named transitions, and no order ends here that lives at the broker',
  5: 'fills tile their order: no broker fill unbooked, no booked fill without the broker’s',
  6: 'reservations sum to what is open and remains',
  7: 'every signal ends in an order or a refusal',
  8: 'every command ends',
  9: 'facts reach the bus at least once, gapless by aggregate, and the journal rebuilds orders, books and profit',
  10: 'once faults stop, the system comes to rest in bounded time, in agreement or in quarantine',
  11: 'an exit never opens a position on the other side',
  12: 'the same seed is the same world, to the byte',
  13: 'at rest, each position has a stop at the broker for exactly its units, or is closed, stopped or told of',
} as const;
export type InvariantNumber = keyof typeof INVARIANTS;

export interface Violation {
  /** Zero for what no function may throw. */
  readonly invariant: InvariantNumber | 0;
  readonly what: string;
}

const broken = (invariant: InvariantNumber, what: string): Violation => ({ invariant, what });
const classOf = ({ intent }: Order): OrderClass =>
  orderClassOf({ purpose: intent.purpose, positionIntent: intent.terms.positionIntent });

/** Why nothing of a class may be sent as the safety facts stand, in the words of the rules and not of their code. */
function shutFor(seen: Observed, order: Order): string | null {
  const orderClass = classOf(order);
  if (orderClass === 'flatten') return null;
  const strategy = seen.strategies.get(order.intent.terms.strategyId);
  if (seen.global?.killSwitch.engaged !== false) return 'the global kill switch is engaged or missing';
  if (seen.account?.killSwitch.engaged !== false) return "the account's kill switch is engaged or missing";
  if (strategy?.killSwitch.engaged !== false) return "the strategy's kill switch is engaged or missing";
  if (seen.account.tradingState === 'HALTED') return 'the account is halted';
  if (orderClass === 'reducing') return null;
  if (seen.account.breaker.state === 'TRIPPED') return 'the breaker is tripped';
  if (seen.account.tradingState !== 'ACTIVE') return 'the account takes orders that reduce only';
  return strategy.enabled ? null : 'the strategy is disabled';
}

/** What a watch over a world remembers beside what it sees. */
export class Sends {
  /** Last looks by order: how many, and what was shut at the last of them. */
  readonly #looks = new Map<string, { readonly count: number; readonly shut: string | null }>();
  readonly #sent = new Map<string, number>();
  readonly #byDecision = new Map<string, string>();

  look(order: Order, shut: string | null): void {
    this.#looks.set(order.clientOrderId, { count: (this.#looks.get(order.clientOrderId)?.count ?? 0) + 1, shut });
  }

  /** An order reaches the broker. */
  send(seen: Observed, clientOrderId: string): Violation | null {
    const order = seen.orders.get(clientOrderId);
    if (order === undefined) return broken(1, `${clientOrderId} is sent and was never written down`);
    const { terms, decision } = order.intent;
    const key = [
      terms.strategyId,
      terms.ticker,
      terms.side,
      decision.decisionId,
      decision.generation,
      decision.slice,
    ].join();
    const other = this.#byDecision.get(key) ?? clientOrderId;
    if (other !== clientOrderId) return broken(1, `${clientOrderId} and ${other} are of one decision`);
    this.#byDecision.set(key, clientOrderId);
    const look = this.#looks.get(clientOrderId);
    const sends = (this.#sent.get(clientOrderId) ?? 0) + 1;
    this.#sent.set(clientOrderId, sends);
    if (look === undefined || look.count < sends) return broken(2, `${clientOrderId} is sent without a last look`);
    return look.shut === null ? null : broken(2, `${clientOrderId} was looked at last when ${look.shut}`);
  }
}

const isBrokerEnd = (end: string): end is BrokerEnd => BROKER_ENDS.some((known) => known === end);

/** Why an order that had ended may stand as it does now, or null. */
function nameOf(before: Order, after: Order): string | null {
  if (after.resurrected) return 'resurrected';
  if (after.epoch > before.epoch) return 'bust or correction';
  if (after.filledQuantity > before.filledQuantity) return 'late fill';
  const [from, to] = [before.state, after.state];
  return isBrokerEnd(from) && isBrokerEnd(to) && endRank(to) > endRank(from) ? 'end of a higher rank' : null;
}

const ENDED_AT_BROKER: ReadonlySet<string> = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);

/** What a broker said that it had not, although it had: no house can know better than its answer. */
export interface Denials {
  /** Orders whose submit it refused or throttled, having taken it. */
  readonly submits: ReadonlySet<string>;
  /** Orders that it was asked for by their id. */
  readonly lookUps: ReadonlySet<string>;
}

/** Whether the house ended an order on the broker's own word. */
const isMisled = ({ clientOrderId, houseEnded }: Order, { submits, lookUps }: Denials): boolean =>
  houseEnded !== null && (houseEnded.end === 'abandoned' ? lookUps : submits).has(clientOrderId);

/** 4, of one order. @param ledger the broker's own, asked for only where an order ends */
function endsHold({ before, after }: OrderChange, { ledger, denied }: BrokerView): Violation | null {
  const id = after.clientOrderId;
  if (before !== null && after.epoch === before.epoch && after.filledQuantity < before.filledQuantity) {
    return broken(
      4,
      `${id} had ${formatQuantity(before.filledQuantity)} filled and has ${formatQuantity(after.filledQuantity)}`,
    );
  }
  if (before !== null && isEnd(before.state) && before.state !== after.state && nameOf(before, after) === null) {
    return broken(4, `${id} was ${before.state} and is ${after.state}`);
  }
  if (!isEnd(after.state) || before?.state === after.state || isMisled(after, denied)) return null;
  const wire = ledger().orders.find(({ clientOrderId }) => clientOrderId === id);
  const works = wire !== undefined && !ENDED_AT_BROKER.has(wire.status);
  if (works) return broken(4, `${id} is ${after.state} here and ${wire.status} at the broker`);
  const unhoped = wire !== undefined && wire.status !== 'rejected' && after.houseEnded !== null;
  return unhoped ? broken(4, `${id} is ${after.state} here and was at the broker`) : null;
}

/** 3, right after a claim of an entry. */
function exposureHolds(seen: Observed, claimed: Order, limit: Money | null): Violation | null {
  // What was found at the broker is no claim: nobody could ask whether there was room for it.
  if (limit === null || claimed.state !== 'claimed' || classOf(claimed) !== 'entry') return null;
  let committed = ZERO_MONEY;
  for (const book of seen.books.values()) {
    for (const share of book.shares) committed = addMoney(committed, absoluteMoney(share.cost));
  }
  for (const order of seen.orders.values()) if (isOpen(order)) committed = addMoney(committed, order.reserved.money);
  return committed <= limit
    ? null
    : broken(3, `${claimed.clientOrderId} brings ${formatMoney(committed)} against a limit of ${formatMoney(limit)}`);
}

/** 6: the exposure is the sum of the books, each book's marks are its open orders, each order reserves what remains. */
function reservationsHold(seen: Observed): Violation | null {
  const { exposure } = seen;
  if (exposure === null) return null;
  const open = [...seen.orders.values()].filter(isOpen);
  const books = [...seen.books.values()];
  const committed = books.reduce((sum, book) => addMoney(sum, exposureOf(book)), ZERO_MONEY);
  if (committed !== exposure.committed) {
    return broken(
      6,
      `the books come to ${formatMoney(committed)}, the account has committed ${formatMoney(exposure.committed)}`,
    );
  }
  if (open.length !== exposure.ordersOpen) {
    return broken(6, `${open.length} orders are open, the account counts ${exposure.ordersOpen}`);
  }
  const marks = books.flatMap(({ openOrders }) => openOrders);
  if (marks.length !== open.length) return broken(6, `${open.length} orders are open, the books mark ${marks.length}`);
  for (const order of open) {
    const mark = marks.find(({ clientOrderId }) => clientOrderId === order.clientOrderId);
    const ordered = orderedQuantity(order.intent.terms);
    const remains = ordered === null ? null : subtractQuantity(ordered, order.filledQuantity);
    if (remains !== null && remains !== order.reserved.quantity) {
      return broken(
        6,
        `${order.clientOrderId} reserves ${formatQuantity(order.reserved.quantity)}, ${formatQuantity(remains)} remains`,
      );
    }
    if (mark?.remaining !== order.reserved.quantity || mark.reservedMoney !== order.reserved.money) {
      return broken(6, `the mark of ${order.clientOrderId} is not what it reserves`);
    }
  }
  return null;
}

/** 9, of one commit: an order and its facts are written together, each sequence once and none left out. */
function factsHold(seen: Observed, commit: SeenCommit, before: ReadonlyMap<string, number>): Violation | null {
  if (commit.rewritten > 0) return broken(9, 'an entry of the journal was taken away');
  const last = new Map<string, number>();
  for (const { aggregateId, sequence, type } of [...commit.facts].sort((a, b) => a.sequence - b.sequence)) {
    const expected = (last.get(aggregateId) ?? before.get(aggregateId) ?? 0) + 1;
    last.set(aggregateId, sequence);
    if (sequence !== expected && !aggregateId.startsWith('run:')) {
      return broken(9, `${type} is number ${sequence} of ${aggregateId}, not ${expected}`);
    }
  }
  for (const { after } of commit.orders) {
    const journal = seen.sequences.get(`order:${after.clientOrderId}`) ?? 0;
    if (journal !== after.journalSequence) {
      return broken(9, `${after.clientOrderId} counts ${after.journalSequence} facts, its journal ends at ${journal}`);
    }
  }
  return null;
}

/** What the broker itself knows. */
export interface BrokerView {
  readonly ledger: () => BrokerLedger;
  readonly denied: Denials;
}

export interface CommitView extends BrokerView {
  readonly seen: Observed;
  readonly commit: SeenCommit;
  readonly sends: Sends;
  /** Sequences by aggregate before the commit. */
  readonly sequencesBefore: ReadonlyMap<string, number>;
  readonly exposureLimit: Money | null;
}

/** Holds one commit to everything that must hold at each moment. */
export function afterCommit(view: CommitView): Violation | null {
  const { seen, commit, sends } = view;
  for (const change of commit.orders) {
    const { before, after } = change;
    if (after.attempt > (before?.attempt ?? 0)) sends.look(after, shutFor(seen, after));
    const found = endsHold(change, view) ?? (before === null ? exposureHolds(seen, after, view.exposureLimit) : null);
    if (found !== null) return found;
  }
  const [again] = commit.decidedAgain;
  if (again !== undefined) return broken(7, `${again} was decided and is decided again`);
  const booked = commit.orders.length > 0 || commit.touchesBooks ? reservationsHold(seen) : null;
  return booked ?? factsHold(seen, commit, view.sequencesBefore);
}

/**
 * 11, by the broker's own executions in their order.
 * @param others symbols that somebody else trades too: what he does between an exit and its fill nobody can know
 */
export function exitsHold(seen: Observed, ledger: BrokerLedger, others: ReadonlySet<string>): Violation | null {
  const positions = new Map<string, bigint>();
  const revised = new Set(others);
  for (const { symbol, side, kind, quantity, clientOrderId } of ledger.executions) {
    // A fill that was taken back after an exit had counted on it is no fault of the exit.
    if (kind !== 'fill') revised.add(symbol);
    if (revised.has(symbol)) continue;
    const before = positions.get(symbol) ?? 0n;
    const after = side === 'buy' ? before + parseQuantity(quantity) : before - parseQuantity(quantity);
    positions.set(symbol, after);
    const order = seen.orders.get(clientOrderId);
    if (order === undefined || !isClosing(order.intent.terms.positionIntent)) continue;
    const crosses = side === 'sell' ? after < 0n : after > 0n;
    if (crosses) return broken(11, `${order.clientOrderId} closes ${symbol} from ${before} to ${after}`);
  }
  return null;
}

/** What an observer below all functions sees of a world: each commit as it is made, and each order as it reaches the broker. */
import { isRecord } from '#infra/local/alpaca/stream-frames.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { readExposure } from '#shared/adapters/stores/exposure-item.ts';
import { readPolicyText } from '#shared/adapters/stores/policy-document.ts';
import { readOrderItem } from '#shared/adapters/stores/order-item.ts';
import { readAccountSafety, readGlobalSafety, readStrategy } from '#shared/adapters/stores/safety-item.ts';
import type { TableChange } from '#shared/adapters/memory/tables.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import type { Order } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Money } from '#shared/core/kernel/decimal.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { AccountSafety, GlobalSafety, StrategySafety } from '#shared/core/safety/safety-facts.ts';

/** A fact as it lies in the journal, read no further than this: what is in it, the writer has checked. */
export interface JournaledFact {
  readonly aggregateId: string;
  readonly sequence: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const isFact = (value: unknown): value is readonly [string, Readonly<Record<string, unknown>>] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && isRecord(value[1]);

/** The text of an attribute, empty where there is none. */
export const textOf = (item: Item | null, attribute: string): string => {
  const value = item?.[attribute];
  return value !== undefined && 'S' in value ? value.S : '';
};

/** The facts of an entry: the first at the entry's own sequence, the others behind it. */
function factsOf(aggregateId: string, sequence: number, item: Item): readonly JournaledFact[] {
  const entry: unknown = JSON.parse(textOf(item, 'facts'));
  const facts: unknown = isRecord(entry) ? entry['facts'] : null;
  if (!Array.isArray(facts) || !facts.every(isFact)) throw new TypeError(`an entry of ${aggregateId} has no facts`);
  return facts.map(([type, data], index) => ({ aggregateId, sequence: sequence + index, type, data }));
}

export interface OrderChange {
  readonly before: Order | null;
  readonly after: Order;
}

/** One commit, as far as the invariants look at it. */
export interface SeenCommit {
  readonly orders: readonly OrderChange[];
  readonly touchesBooks: boolean;
  readonly facts: readonly JournaledFact[];
  /** Runs whose decision is another one now. */
  readonly decidedAgain: readonly string[];
  /** Journal items that were changed or deleted, which never may be. */
  readonly rewritten: number;
}

export class Observed {
  readonly orders = new Map<string, Order>();
  readonly books = new Map<string, Book>();
  readonly strategies = new Map<string, StrategySafety>();
  /** Last sequence by aggregate, as the journal has it. */
  readonly sequences = new Map<string, number>();
  /** What each version of the policy allows in all. */
  readonly exposureLimits = new Map<number, Money>();
  readonly facts: JournaledFact[] = [];
  readonly #decisions = new Map<string, string>();
  readonly #versions = new Map<string, Order>();
  exposure: Exposure | null = null;
  account: AccountSafety | null = null;
  global: GlobalSafety | null = null;
  commits = 0;

  take(changes: readonly TableChange[]): SeenCommit {
    this.commits += 1;
    const orders: OrderChange[] = [];
    const facts: JournaledFact[] = [];
    let touchesBooks = false;
    const decidedAgain: string[] = [];
    let rewritten = 0;
    for (const { table, key, after } of changes) {
      if (after === null) {
        if (table === 'journal') rewritten += 1;
        continue;
      }
      if (table === 'orders' && key.sk === 'ORDER') {
        const order = readOrderItem(after);
        orders.push({ before: this.orders.get(order.clientOrderId) ?? null, after: order });
        this.orders.set(order.clientOrderId, order);
        this.#versions.set(`${order.clientOrderId} ${order.version}`, order);
      } else if (table === 'books') touchesBooks = this.#takeBook(key.sk, after) || touchesBooks;
      else if (table === 'safety' && key.sk.startsWith('RUN#')) {
        if (this.#isDecidedAgain(key.sk, textOf(after, 'decision'))) decidedAgain.push(key.sk);
      } else if (table === 'safety') this.#takeSafety(key, after);
      else if (table === 'journal') {
        facts.push(...factsOf(key.pk, Number(key.sk), after));
      }
    }
    for (const { aggregateId, sequence } of facts) {
      this.sequences.set(aggregateId, Math.max(this.sequences.get(aggregateId) ?? 0, sequence));
    }
    this.facts.push(...facts);
    return { orders, facts, touchesBooks, decidedAgain, rewritten };
  }

  /** An order as one of its versions had it. */
  versionOf(id: string, version: number): Order | null {
    return this.#versions.get(`${id} ${version}`) ?? null;
  }

  #isDecidedAgain(run: string, decision: string): boolean {
    const before = this.#decisions.get(run) ?? '';
    this.#decisions.set(run, decision);
    return before !== '' && before !== decision;
  }

  #takeBook(sk: string, item: Item): boolean {
    if (sk === 'EXPOSURE') {
      this.exposure = readExposure(item);
      return true;
    }
    if (!sk.startsWith('BOOK#')) return false;
    const book = readBook(item);
    this.books.set(book.ticker, book);
    return true;
  }

  /** The gross exposure that the policy in force allows. */
  get exposureLimit(): Money | null {
    return this.account === null ? null : (this.exposureLimits.get(this.account.policyVersion) ?? null);
  }

  #takeSafety({ pk, sk }: { readonly pk: string; readonly sk: string }, item: Item): void {
    if (sk.startsWith('POLICY#')) {
      const version = Number(sk.slice('POLICY#'.length));
      this.exposureLimits.set(version, readPolicyText(textOf(item, 'document'), version).limits.grossExposureMax);
    } else if (pk === 'GLOBAL') this.global = readGlobalSafety(item);
    else if (pk.startsWith('ACCOUNT#') && sk === 'SAFETY') this.account = readAccountSafety(item);
    else if (sk.startsWith('STRATEGY#')) {
      const strategy = readStrategy(item);
      this.strategies.set(strategy.strategyId, strategy);
    }
  }
}

/** An account with its safety items, a book and a fresh reconciliation pass, over any tables. */
import { OneOffSchedules } from '#infra/local/schedules/one-off-schedules.ts';
import { Agenda } from '#infra/local/time/agenda.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { parseMoney, parsePrice, parseQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { accountId, buildId, correlationId, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { openQuantityOf } from '#shared/core/portfolio/book.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';
import type { ClearedOrder } from '#shared/core/risk/cleared.ts';
import { type Headroom, headroomOf } from '#shared/core/risk/headroom.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { ClaimRequest } from '#shared/ports/orders.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { sampleFacts } from '#tests/risk/sample-facts.ts';

export const STRATEGY = strategyId('ma-crossover');
export const SYMBOL = ticker('AAPL');
export const SESSION = calendarDate('2026-03-09');
const BUILD = buildId('build-1');
/** 10:00 in New York. */
export const NOW: EpochMs = parseEpochMs('2026-03-09T14:00:00Z');
const EQUITY = parseMoney('100000');

/** A clock that a test moves. */
export class TestClock {
  at: EpochMs = NOW;
  now(): EpochMs {
    return this.at;
  }
  sleepUntil(): Promise<void> {
    return Promise.resolve();
  }
}

export interface IntentOptions {
  readonly decision?: string;
  readonly side?: Side;
  readonly shares?: string;
  readonly purpose?: OrderIntent['purpose'];
}

export class HouseFixture {
  readonly account;
  readonly clock = new TestClock();
  readonly orders;
  readonly books;
  readonly safety;
  readonly policy = firstPolicy([SYMBOL], [STRATEGY], EQUITY);
  readonly #tables: Tables;

  /** @param name keeps the accounts of one table apart */
  constructor(tables: Tables, name: string) {
    this.#tables = tables;
    this.account = accountId(name);
    this.orders = ordersStore(tables, 'execute', this.clock);
    this.books = booksStore(tables, 'reconcile');
    this.safety = safetyStore(tables, 'control');
  }

  async open(): Promise<this> {
    await initialiseAccount(this.#tables, 'control', {
      accountId: this.account,
      live: false,
      document: writePolicy(this.policy),
      equity: EQUITY,
      opening: { at: NOW, positions: [] },
      by: 'tests',
      now: NOW,
    });
    await this.books.open(this.account, [SYMBOL]);
    await this.books.beginSession(this.account, SESSION, EQUITY);
    await this.safety.recordPass(this.account, { startedAt: addMs(NOW, -30_000), session: SESSION, build: BUILD });
    return this;
  }

  get gates(): GateReference {
    return {
      now: this.clock.at,
      session: SESSION,
      build: BUILD,
      policyVersion: 1,
      reconciliationAgeMsMax: this.policy.limits.reconciliationAgeMsMax,
    };
  }

  intent({ decision = 'd-1', side = 'buy', shares = '10', purpose = 'entry' }: IntentOptions = {}): OrderIntent {
    const closing = purpose !== 'entry';
    return {
      terms: {
        accountId: this.account,
        strategyId: STRATEGY,
        ticker: SYMBOL,
        side,
        type: 'market',
        timeInForce: 'day',
        positionIntent: closing ? `${side}_to_close` : `${side}_to_open`,
        size: { kind: 'quantity', quantity: parseQuantity(shares) },
        limitPrice: null,
        stopPrice: null,
      },
      decision: { decisionId: decisionId(decision), generation: 0, slice: 0 },
      purpose,
      correlationId: correlationId('run-1'),
      runId: null,
      decidedAt: NOW,
      validUntil: addMs(NOW, 300_000),
      arrivalPrice: parsePrice('100'),
      policyVersion: 1,
      basis: { position: ZERO_QUANTITY, openQuantity: ZERO_QUANTITY },
    };
  }

  /** Clears an order on the book as it is, with the basis that the book has. */
  async clear(options: IntentOptions = {}): Promise<{ cleared: ClearedOrder; request: ClaimRequest }> {
    const { books, exposure } = await this.books.ofAccount(this.account);
    const book = books.find((one) => one.ticker === SYMBOL) ?? null;
    const strategy = (await this.safety.strategies(this.account)).find((one) => one.strategyId === STRATEGY) ?? null;
    const intent = this.intent(options);
    const share = book?.shares.find((own) => own.strategyId === STRATEGY);
    const based: OrderIntent = {
      ...intent,
      basis: {
        position: share?.quantity ?? ZERO_QUANTITY,
        openQuantity: book === null ? ZERO_QUANTITY : openQuantityOf(book, STRATEGY),
      },
    };
    const cleared = clearOrder(
      sampleFacts({
        intent: based,
        orderClass: orderClassOf({ purpose: intent.purpose, positionIntent: intent.terms.positionIntent }),
        now: this.clock.at,
        policy: this.policy,
        strategy,
        book,
        books,
        exposure,
      }),
    );
    if (!cleared.ok) throw new Error(`the fixture's order was refused: ${cleared.error.code} ${cleared.error.message}`);
    if (book === null) throw new Error('the fixture has no book');
    const headroom = headroomOf(this.policy, { exposure, strategy }, this.clock.at);
    return { cleared: cleared.value, request: this.claimRequest(cleared.value, book, { headroom }) };
  }

  /** The limits of a claim with the counters as they stand. */
  async headroom(): Promise<Headroom> {
    const exposure = await this.books.exposure(this.account);
    const strategy = (await this.safety.strategies(this.account)).find((one) => one.strategyId === STRATEGY) ?? null;
    return headroomOf(this.policy, { exposure, strategy }, this.clock.at);
  }

  claimRequest(order: ClearedOrder, book: ClaimRequest['book'], changes: Partial<ClaimRequest> = {}): ClaimRequest {
    return {
      order,
      book,
      holder: 'sender-1',
      gates: this.gates,
      headroom: headroomOf(this.policy, { exposure: null, strategy: null }, this.clock.at),
      dryRun: false,
      ...changes,
    };
  }
}

/** A local house's one-off schedules where there is nothing to wake. */
export const noSchedules = (): OneOffSchedules =>
  new OneOffSchedules({
    agenda: new Agenda(),
    invoker: { invoke: () => Promise.resolve() },
    groups: [],
    functions: [],
  });

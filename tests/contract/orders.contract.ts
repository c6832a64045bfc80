/** What the order store must do, whatever tables stand behind it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { accountSafetyKey, exposureKey, globalSafetyKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import { aggregateOf } from '#events/fact.ts';
import { formatMoney, formatQuantity, parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, executionId } from '#shared/core/kernel/identity.ts';
import { addMs, nsOf } from '#shared/core/kernel/instant.ts';
import type { ItemValue } from '#shared/core/kernel/item.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Order, OrderUpdate } from '#shared/core/order/order.ts';
import { markUnknown, withdraw } from '#shared/core/order/sending.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import type { ClaimRequest } from '#shared/ports/orders.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { HouseFixture, NOW, SESSION, STRATEGY, SYMBOL } from './house-fixture.ts';

let fixtures = 0;

/** One value of a safety item changed under the claim's feet. */
async function change(
  tables: Tables,
  table: 'safety' | 'books',
  key: { pk: string; sk: string },
  set: Record<string, ItemValue>,
) {
  const outcome = await tables.write({ kind: 'update', table, key, set, conditions: [] });
  expect(outcome.ok).toBe(true);
}

const news = (house: HouseFixture, order: Order, told: Partial<OrderUpdate>): OrderUpdate => ({
  source: 'stream',
  clientOrderId: order.clientOrderId,
  brokerOrderId: brokerOrderId(`b-${order.clientOrderId}`),
  status: 'new',
  cumulativeQuantity: parseQuantity('0'),
  averagePrice: null,
  execution: null,
  brokerTime: nsOf(house.clock.at),
  receivedAt: house.clock.at,
  detail: null,
  ...told,
});

const filled = (
  house: HouseFixture,
  order: Order,
  quantity: string,
  cumulative: string,
  price: string,
  whole: boolean,
) =>
  news(house, order, {
    status: whole ? 'filled' : 'partially_filled',
    cumulativeQuantity: parseQuantity(cumulative),
    execution: {
      id: executionId(`x-${cumulative}`),
      quantity: parseQuantity(quantity),
      price: parsePrice(price),
      at: nsOf(house.clock.at),
      kind: 'fill',
      previousExecutionId: null,
    },
  });

async function claimed(house: HouseFixture, options: Parameters<HouseFixture['clear']>[0] = {}): Promise<Order> {
  const { request } = await house.clear(options);
  const outcome = await house.orders.claim(request);
  if (outcome.kind !== 'claimed') throw new Error(`expected a claim, got ${JSON.stringify(outcome)}`);
  return outcome.order;
}

const look = (house: HouseFixture, holder = 'sender-1') =>
  ({ holder, orderClass: 'entry', gates: house.gates, repeat: false }) as const;

export function describeOrders(name: string, open: () => Promise<Tables>): void {
  describe(`orders over ${name}`, () => {
    let tables: Tables;
    let house: HouseFixture;

    beforeEach(async () => {
      tables = await open();
      fixtures += 1;
      house = await new HouseFixture(tables, `account-${fixtures}`).open();
    });

    it('claims an order with its reservation, its mark in the book and its first fact', async () => {
      const order = await claimed(house);
      // Ten shares at the ask of 100 and four percent above it.
      expect(formatMoney(order.reservation.money)).toBe('1040');
      expect(await house.orders.get(order.clientOrderId)).toEqual(order);
      const book = await house.books.get(house.account, SYMBOL);
      expect(book?.openOrders.map((mark) => [mark.clientOrderId, formatQuantity(mark.remaining)])).toEqual([
        [order.clientOrderId, '10'],
      ]);
      const exposure = await house.books.exposure(house.account);
      expect(exposure).toMatchObject({ ordersOpen: 1, ordersToday: 1, committed: parseMoney('1040') });
      const [strategy] = (await house.safety.strategies(house.account)).filter(
        (entry) => entry.strategyId === STRATEGY,
      );
      expect(strategy?.cashAvailable).toBe(parseMoney('88960'));
      const facts = await journalStore(tables).byAggregate(aggregateOf.order(order.clientOrderId));
      expect(facts.map((fact) => [fact.meta.sequence, fact.type])).toEqual([[1, 'order.claimed.v1']]);
    });

    const closed: readonly [string, (house: HouseFixture) => Promise<unknown>, string][] = [
      [
        'the global kill switch is engaged',
        () => change(tables, 'safety', globalSafetyKey, { killEngaged: { BOOL: true } }),
        'kill-switch-engaged',
      ],
      [
        "the account's kill switch is engaged",
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { killEngaged: { BOOL: true } }),
        'kill-switch-engaged',
      ],
      [
        'the breaker is tripped',
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { breaker: { S: 'TRIPPED' } }),
        'breaker-tripped',
      ],
      [
        'the quiet period is not over',
        (h) =>
          change(tables, 'safety', accountSafetyKey(h.account), {
            breaker: { S: 'QUIET_PERIOD' },
            quietUntil: { N: String(NOW + 1) },
          }),
        'quiet-period',
      ],
      [
        'the account is only reducing',
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { tradingState: { S: 'REDUCING' } }),
        'reducing-only',
      ],
      [
        'a live account is not armed',
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { live: { BOOL: true } }),
        'not-armed',
      ],
      [
        'the arming has run out',
        (h) =>
          change(tables, 'safety', accountSafetyKey(h.account), {
            live: { BOOL: true },
            armedUntil: { N: String(NOW) },
          }),
        'not-armed',
      ],
      [
        'no pass has ever succeeded',
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { reconciledAt: { NULL: true } }),
        'reconciliation-stale',
      ],
      [
        'the last pass is too old',
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { reconciledAt: { N: String(NOW - 180_000) } }),
        'reconciliation-stale',
      ],
      [
        'the last pass lies in the future',
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { reconciledAt: { N: String(NOW + 1) } }),
        'reconciliation-stale',
      ],
      [
        'the last pass was of another session',
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { reconciledSession: { S: '2026-03-06' } }),
        'reconciliation-other-session',
      ],
      [
        'the last pass was of another build',
        (h) => change(tables, 'safety', accountSafetyKey(h.account), { reconciledBuild: { S: 'build-0' } }),
        'reconciliation-other-build',
      ],
      [
        'the strategy is disabled',
        (h) => change(tables, 'safety', strategyKey(h.account, STRATEGY), { enabled: { BOOL: false } }),
        'strategy-disabled',
      ],
      [
        'the strategy has no cash left',
        (h) =>
          change(tables, 'safety', strategyKey(h.account, STRATEGY), {
            cashAvailable: { N: '1039.999999999999999999' },
          }),
        'strategy-cash',
      ],
      [
        'the exposure has no headroom',
        (h) => change(tables, 'books', exposureKey(h.account), { committed: { N: '98960.000000000000000001' } }),
        'headroom-exceeded',
      ],
      [
        'too many orders are open',
        (h) => change(tables, 'books', exposureKey(h.account), { ordersOpen: { N: '40' } }),
        'orders-open-limit',
      ],
      [
        'too many orders were placed today',
        (h) => change(tables, 'books', exposureKey(h.account), { ordersToday: { N: '100' } }),
        'orders-per-day-limit',
      ],
      [
        'the exposure counts another session',
        (h) => change(tables, 'books', exposureKey(h.account), { session: { S: '2026-03-06' } }),
        'reconciliation-other-session',
      ],
    ];
    it.each(closed)('refuses an entry when %s', async (_, close, code) => {
      const { cleared, request } = await house.clear();
      await close(house);
      expect(await house.orders.claim(request)).toMatchObject({ kind: 'refused', refusal: { code } });
      expect(await house.orders.get(cleared.clientOrderId)).toBeNull();
      await change(tables, 'safety', globalSafetyKey, { killEngaged: { BOOL: false } });
    });

    it.each([
      ['the account safety item', 'safety', 'safety-item-missing'],
      ['the strategy item', 'strategy', 'strategy-missing'],
      ['the exposure item', 'exposure', 'exposure-missing'],
    ] as const)('refuses when %s is missing', async (_, which, code) => {
      const { request } = await house.clear();
      const key =
        which === 'safety'
          ? accountSafetyKey(house.account)
          : which === 'strategy'
            ? strategyKey(house.account, STRATEGY)
            : exposureKey(house.account);
      await tables.write({ kind: 'delete', table: which === 'exposure' ? 'books' : 'safety', key, conditions: [] });
      expect(await house.orders.claim(request)).toMatchObject({ kind: 'refused', refusal: { code } });
    });

    it('asks for another clearing when the book moved, or the policy', async () => {
      const { request } = await house.clear();
      await claimed(house, { decision: 'd-other' });
      expect(await house.orders.claim(request)).toMatchObject({
        kind: 'stale',
        refusal: { code: 'book-version-changed' },
      });
      const second = await house.clear({ decision: 'd-3' });
      await change(tables, 'safety', accountSafetyKey(house.account), { policyVersion: { N: '2' } });
      expect(await house.orders.claim(second.request)).toMatchObject({
        kind: 'stale',
        refusal: { code: 'policy-version-changed' },
      });
    });

    it('answers with the row when the order exists, even when a gate has closed since', async () => {
      const { request } = await house.clear();
      const first = await house.orders.claim(request);
      await change(tables, 'safety', accountSafetyKey(house.account), { killEngaged: { BOOL: true } });
      const again = await house.orders.claim(request);
      expect(first.kind).toBe('claimed');
      expect(again).toMatchObject({ kind: 'exists', order: { version: 1 } });
    });

    it('never claims an order whose command was refused before', async () => {
      const { cleared, request } = await house.clear();
      expect(await house.orders.refuse(cleared.intent, refusal('quote-stale', 'the quote is old'), NOW)).toBe(true);
      expect(await house.orders.refuse(cleared.intent, refusal('quote-stale', 'the quote is old'), NOW)).toBe(false);
      expect(await house.orders.claim(request)).toMatchObject({
        kind: 'refused',
        refusal: { code: 'already-refused' },
      });
      expect((await house.books.exposure(house.account))?.ordersOpen).toBe(0);
    });

    it('lets exactly as many of fifty claims win as the headroom holds', async () => {
      const requests = await Promise.all(
        Array.from({ length: 50 }, (_, index) => house.clear({ decision: `d-${index}` })),
      );
      await change(tables, 'books', exposureKey(house.account), { committed: { N: '96000' } });
      // 4,000 of headroom at 1,040 each: three fit. Each round the losers clear again on the book that moved.
      const outcomes: string[] = [];
      const claimOnce = (request: ClaimRequest) => persistently(() => house.orders.claim(request));
      await Promise.all(
        requests.map(async ({ cleared, request }) => {
          let outcome = await claimOnce(request);
          while (outcome.kind === 'stale') {
            const book = await house.books.get(house.account, SYMBOL);
            if (book === null) throw new Error('the book is gone');
            outcome = await claimOnce(house.claimRequest(cleared, book, { headroom: await house.headroom() }));
          }
          outcomes.push(outcome.kind === 'refused' ? outcome.refusal.code : outcome.kind);
        }),
      );
      expect(outcomes.filter((kind) => kind === 'claimed')).toHaveLength(3);
      expect(outcomes.filter((kind) => kind === 'headroom-exceeded')).toHaveLength(47);
      const exposure = await house.books.exposure(house.account);
      expect(exposure?.committed).toBe(parseMoney('99120'));
    });

    it('lets an order be sent after its last look, and by its own sender alone', async () => {
      const order = await claimed(house);
      expect(await house.orders.lastLook(order, look(house, 'sender-2'))).toMatchObject({
        ok: false,
        error: { code: 'lease-lost' },
      });
      const looked = await house.orders.lastLook(order, look(house));
      expect(looked).toMatchObject({ ok: true, value: { state: 'sending', attempt: 1 } });
      // The second look at the same row is lost: the row has moved on.
      expect(await house.orders.lastLook(order, look(house))).toMatchObject({
        ok: false,
        error: { code: 'lease-lost' },
      });
    });

    it('refuses the last look when the kill switch was engaged after the claim, and a withdrawal releases all', async () => {
      const order = await claimed(house);
      const engaged = await house.safety.engageKillSwitch(house.account, {
        scope: { kind: 'account' },
        by: 'ops',
        reason: 'drill',
        cancels: 'risk-increasing',
        now: NOW,
        correlationId: 'c',
      });
      expect(engaged.ok).toBe(true);
      const looked = await house.orders.lastLook(order, look(house));
      expect(looked).toMatchObject({ ok: false, error: { code: 'kill-switch-engaged' } });
      const ended = await house.orders.step(order.clientOrderId, (row) =>
        withdraw(row, refusal('kill-switch-engaged', 'engaged'), NOW),
      );
      expect(ended?.order.state).toBe('withdrawn');
      expect(await house.books.exposure(house.account)).toMatchObject({ committed: parseMoney('0'), ordersOpen: 0 });
      expect((await house.books.get(house.account, SYMBOL))?.openOrders).toEqual([]);
      const strategies = await house.safety.strategies(house.account);
      expect(strategies.find((entry) => entry.strategyId === STRATEGY)?.cashAvailable).toBe(parseMoney('90000'));
    });

    it('settles news in any order into the same row, book, exposure and cash', async () => {
      const order = await claimed(house);
      const looked = await house.orders.lastLook(order, look(house));
      if (!looked.ok) throw new Error(looked.error.message);
      await house.orders.settle(filled(house, order, '4', '10', '101', true));
      await house.orders.settle(news(house, order, { status: 'new' }));
      await house.orders.settle(filled(house, order, '6', '6', '100', false));
      const repeated = await house.orders.settle(filled(house, order, '6', '6', '100', false));
      expect(repeated?.changed).toBe(false);
      const row = await house.orders.get(order.clientOrderId);
      expect(row).toMatchObject({ state: 'filled', provisional: false, filledCost: parseMoney('1004') });
      const book = await house.books.get(house.account, SYMBOL);
      if (book === null) throw new Error('the book is gone');
      expect(shareOf(book, STRATEGY)).toMatchObject({
        quantity: parseQuantity('10'),
        cost: parseMoney('1004'),
        realizedProfit: 0n,
        openedOn: SESSION,
      });
      expect(book.openOrders).toEqual([]);
      expect(await house.books.exposure(house.account)).toMatchObject({ committed: parseMoney('1004'), ordersOpen: 0 });
      const strategies = await house.safety.strategies(house.account);
      expect(strategies.find((entry) => entry.strategyId === STRATEGY)?.cashAvailable).toBe(parseMoney('88996'));
      const facts = await journalStore(tables).byAggregate(aggregateOf.order(order.clientOrderId));
      expect(facts.map((fact) => fact.meta.sequence)).toEqual(facts.map((_, index) => index + 1));
      const ofBook = await journalStore(tables).byAggregate(aggregateOf.book(house.account, SYMBOL));
      expect(ofBook.map((fact) => fact.type)).toEqual([
        'position.booked.v1',
        'position.opened.v1',
        'position.booked.v1',
      ]);
    });

    it('realizes the profit when an exit fills, and never lets it sell more than is held', async () => {
      const entry = await claimed(house);
      await house.orders.lastLook(entry, look(house));
      await house.orders.settle(filled(house, entry, '10', '10', '100', true));
      await expect(house.clear({ decision: 'x-0', side: 'sell', shares: '10.5', purpose: 'exit' })).rejects.toThrow(
        'quantity-not-available',
      );
      const exit = await claimed(house, { decision: 'x-1', side: 'sell', purpose: 'exit' });
      expect(exit.reservation.money).toBe(0n);
      await expect(house.clear({ decision: 'x-2', side: 'sell', shares: '1', purpose: 'exit' })).rejects.toThrow(
        'quantity-not-available',
      );
      await house.orders.lastLook(exit, { ...look(house), orderClass: 'reducing' });
      await house.orders.settle(filled(house, exit, '10', '10', '103', true));
      const book = await house.books.get(house.account, SYMBOL);
      if (book === null) throw new Error('the book is gone');
      expect(shareOf(book, STRATEGY)).toMatchObject({ quantity: 0n, cost: 0n, realizedProfit: parseMoney('30') });
      expect(await house.books.exposure(house.account)).toMatchObject({ committed: parseMoney('0'), ordersOpen: 0 });
      const strategies = await house.safety.strategies(house.account);
      expect(strategies.find((entry) => entry.strategyId === STRATEGY)?.cashAvailable).toBe(parseMoney('90030'));
    });

    it('marks the book when the fate of an order is unknown, and lists the order as open', async () => {
      const order = await claimed(house);
      await house.orders.lastLook(order, look(house));
      house.clock.at = addMs(NOW, 1000);
      await house.orders.step(order.clientOrderId, (row) =>
        markUnknown(row, { code: 'timeout', message: 'no answer', context: {} }, house.clock.at),
      );
      const book = await house.books.get(house.account, SYMBOL);
      expect(book?.openOrders.map((mark) => mark.unknown)).toEqual([true]);
      await expect(house.clear({ decision: 'd-2' })).rejects.toThrow('symbol-has-unknown-order');
      const open = await house.orders.listOpen(house.account);
      expect(open.orders.map((row) => row.state)).toEqual(['unknown']);
    });

    it('keeps nothing reserved in a dry run', async () => {
      const { request } = await house.clear();
      const outcome = await house.orders.claim({ ...request, dryRun: true });
      expect(outcome).toMatchObject({ kind: 'claimed', order: { state: 'dry_run' } });
      expect(await house.books.exposure(house.account)).toMatchObject({ committed: parseMoney('0'), ordersOpen: 0 });
      expect((await house.books.get(house.account, SYMBOL))?.openOrders).toEqual([]);
    });

    it('finds an order by the id that the broker gave it', async () => {
      const order = await claimed(house);
      await house.orders.lastLook(order, look(house));
      await house.orders.settle(news(house, order, {}));
      const found = await house.orders.findByBrokerId(brokerOrderId(`b-${order.clientOrderId}`));
      expect(found?.clientOrderId).toBe(order.clientOrderId);
      expect(
        await house.orders.settle(news(house, order, { clientOrderId: null, brokerOrderId: brokerOrderId('nobody') })),
      ).toBeNull();
    });
  });
}

/** Every sender comes again when another transaction was in its way. */
async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      if (!(thrown instanceof Error && 'kind' in thrown && thrown.kind === 'transient')) throw thrown;
    }
  }
}

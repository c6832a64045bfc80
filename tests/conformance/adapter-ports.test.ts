/** Every method of the broker's ports, answered by the Alpaca adapter at the broker simulator. */
import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { type AlpacaEndpoints, alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaOrderStream } from '#shared/adapters/alpaca/order-stream.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import {
  addQuantity,
  formatMoney,
  formatQuantity,
  parseMoney,
  parsePrice,
  parseQuantity,
  wholeQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, clientOrderIdOf, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import type { OrderTerms } from '#shared/core/order/order.ts';
import type { BrokerActivity } from '#shared/ports/broker.ts';
import { type AdapterDesk, lookUp, openDesk, RESTING } from './adapter-desk.ts';

let desk: AdapterDesk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(async () => {
  await desk.close();
});

const KO = ticker('KO');
const strangerEndpoints = (): AlpacaEndpoints =>
  alpacaEndpoints({ paper: true, baseUrl: desk.simulator.url, key: desk.simulator.key, secret: 'another' });
const SOLD: Partial<OrderTerms> = { side: 'sell', positionIntent: 'sell_to_close' };

describe('submit, find and list', () => {
  it('places an order once, and finds it by both of its ids', async () => {
    const { sent, taken } = await desk.place();
    expect(taken).toMatchObject({ status: 'pending', clientOrderId: sent.clientOrderId, type: 'market', ticker: 'KO' });
    desk.pass(0);
    const byClientId = await desk.broker.findByClientId(sent.clientOrderId);
    expect(byClientId).toMatchObject({ brokerOrderId: taken.brokerOrderId, status: 'filled' });
    expect(await lookUp(desk, taken.brokerOrderId)).toEqual(byClientId);
    expect(desk.simulator.ledger().orders).toHaveLength(1);
  });

  it('calls the same order again a duplicate, whatever has become of it', async () => {
    const { sent, taken } = await desk.place(RESTING);
    expect((await desk.broker.submit(sent)).kind).toBe('duplicate');
    await desk.broker.cancel(taken.brokerOrderId);
    desk.pass(0);
    expect((await desk.broker.submit(sent)).kind).toBe('duplicate');
    expect(desk.simulator.ledger().orders).toHaveLength(1);
  });

  it('sends every kind of order in words that the broker takes', async () => {
    const kinds: readonly Partial<OrderTerms>[] = [
      { size: { kind: 'notional', notional: parseMoney('123.45') } },
      { size: { kind: 'quantity', quantity: parseQuantity('0.123456789') } },
      { ...RESTING, timeInForce: 'gtc' },
      { ...RESTING, timeInForce: 'ioc' },
      { ...RESTING, timeInForce: 'fok' },
      { type: 'stop', stopPrice: parsePrice('900.01') },
      { type: 'stop_limit', stopPrice: parsePrice('900.01'), limitPrice: parsePrice('901.02') },
    ];
    for (const kind of kinds) {
      const { sent, taken } = await desk.place(kind);
      const { terms } = sent.intent;
      const found = await lookUp(desk, taken.brokerOrderId);
      expect(found).toMatchObject({
        side: terms.side,
        type: terms.type,
        timeInForce: terms.timeInForce,
        positionIntent: terms.positionIntent,
        limitPrice: terms.limitPrice,
        stopPrice: terms.stopPrice,
        [terms.size.kind]: terms.size.kind === 'notional' ? terms.size.notional : terms.size.quantity,
      });
    }
  });

  it('does not know an order that nobody placed', async () => {
    expect(await desk.broker.findByClientId(clientOrderIdOf('belay-nobody'))).toBeNull();
    expect(await desk.broker.findById(brokerOrderId('61e69015-8549-4bfd-b9c3-01e75843f47d'))).toBeNull();
    expect(await desk.broker.findById(brokerOrderId('not-a-uuid'))).toBeNull();
  });

  it('lists orders oldest first, and pages behind the last one to an empty page', async () => {
    const placed: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      placed.push((await desk.place(n === 2 ? {} : RESTING)).taken.brokerOrderId);
      desk.pass(1);
    }
    const seen: BrokerOrder[] = [];
    for (let page: readonly BrokerOrder[] | null = null; page === null || page.length > 0; seen.push(...page)) {
      const last = seen.at(-1);
      const afterOrder = last === undefined ? {} : { afterOrder: last.brokerOrderId };
      page = await desk.broker.listOrders({ status: 'all', limit: 2, ...afterOrder });
    }
    expect(seen.map((order) => order.brokerOrderId)).toEqual(placed);
    const open = await desk.broker.listOrders({ status: 'open', limit: 500 });
    expect(open.map((order) => order.brokerOrderId)).toEqual(placed.filter((_, n) => n !== 2));
    const later = await desk.broker.listOrders({ status: 'all', limit: 500, submittedAfter: desk.now() });
    expect(later).toEqual([]);
  });
});

describe('cancel', () => {
  it('asks, and leaves it to the order’s own news to tell the end', async () => {
    const { taken } = await desk.place(RESTING);
    desk.pass(0);
    expect(await desk.broker.cancel(taken.brokerOrderId)).toEqual({ kind: 'requested' });
    expect((await lookUp(desk, taken.brokerOrderId)).status).toBe('pending_cancel');
    desk.pass(0);
    expect((await lookUp(desk, taken.brokerOrderId)).status).toBe('canceled');
    expect(await desk.broker.cancel(taken.brokerOrderId)).toEqual({
      kind: 'already-ended',
      detail: 'order is already in "canceled" state',
    });
  });

  it('finds a filled order ended, and an unknown one not at all', async () => {
    const { taken } = await desk.place();
    desk.pass(0);
    expect(await desk.broker.cancel(taken.brokerOrderId)).toMatchObject({ kind: 'already-ended' });
    const unknown = brokerOrderId('61e69015-8549-4bfd-b9c3-01e75843f47d');
    expect(await desk.broker.cancel(unknown)).toEqual({ kind: 'not-found' });
    expect(await desk.broker.cancel(brokerOrderId('not-a-uuid'))).toEqual({ kind: 'not-found' });
  });
});

describe('refusals', () => {
  it.each<readonly [string, Partial<OrderTerms>, string]>([
    [
      'buying power',
      { size: { kind: 'quantity', quantity: wholeQuantity(1_000_000) } },
      'broker-insufficient-buying-power',
    ],
    ['a sub-penny price', { type: 'limit', limitPrice: parsePrice('10.001') }, 'broker-price-increment'],
    ['an unknown asset', { ticker: ticker('NOSUCH') }, 'broker-instrument-unknown'],
    [
      'a fractional order that is not for the day',
      { ...RESTING, timeInForce: 'gtc', size: { kind: 'quantity', quantity: parseQuantity('0.5') } },
      'broker-fractional-rule',
    ],
    [
      'a fractional short sale',
      { side: 'sell', positionIntent: 'sell_to_open', size: { kind: 'quantity', quantity: parseQuantity('0.5') } },
      'broker-fractional-rule',
    ],
    ['a sale of what nobody holds', SOLD, 'broker-position-intent'],
    [
      'an amount below the least',
      { size: { kind: 'notional', notional: parseMoney('0.5') } },
      'broker-notional-minimum',
    ],
  ])('name %s', async (_what, terms, code) => {
    expect(await desk.broker.submit(desk.order(terms))).toMatchObject({ kind: 'refused', refusal: { code } });
    expect(desk.simulator.ledger().orders).toHaveLength(0);
  });

  it('name a wash trade, and a sale of shares that another order holds', async () => {
    await desk.place();
    desk.pass(0);
    await desk.place({ ...SOLD, type: 'limit', limitPrice: parsePrice('900') });
    expect(await desk.broker.submit(desk.order(SOLD))).toMatchObject({
      refusal: { code: 'broker-insufficient-quantity', context: { existing_qty: '10', available: '0' } },
    });
    expect(await desk.broker.submit(desk.order())).toMatchObject({ refusal: { code: 'broker-wash-trade' } });
  });

  it('come of wrong credentials as such', async () => {
    const broker = alpacaBroker({ endpoints: strangerEndpoints(), telemetry: desk.telemetry });
    expect(await broker.submit(desk.order())).toMatchObject({ refusal: { code: 'broker-credentials' } });
    await expect(broker.account()).rejects.toMatchObject({ kind: 'permanent', code: 'broker-credentials' });
    expect(await broker.cancel(brokerOrderId('x'))).toMatchObject({ refusal: { code: 'broker-credentials' } });
  });
});

describe('the request budget', () => {
  it('is told after each answer, and ends in a throttled submit that reached no book', async () => {
    const narrow = await openDesk({ requestsPerMinute: 2 });
    try {
      await narrow.broker.clock();
      await narrow.place(RESTING);
      expect(narrow.outcomes.map(({ rateLimit }) => rateLimit?.remaining)).toEqual([1, 0]);
      expect((await narrow.broker.submit(narrow.order(RESTING))).kind).toBe('throttled');
      await expect(narrow.broker.clock()).rejects.toMatchObject({ kind: 'transient', code: 'broker-throttled' });
      const resetAt = narrow.outcomes.at(-1)?.rateLimit?.resetAt ?? 0;
      expect(resetAt - narrow.now()).toBeGreaterThan(0);
      expect(resetAt - narrow.now()).toBeLessThanOrEqual(60_000);
      expect(narrow.simulator.ledger().orders).toHaveLength(1);
      narrow.pass(60_000);
      expect((await narrow.broker.submit(narrow.order(RESTING))).kind).toBe('acknowledged');
    } finally {
      await narrow.close();
    }
  });
});

describe('positions, activities and the account', () => {
  it('tell what was bought, what of it may be sold, and what it cost', async () => {
    await desk.place();
    desk.pass(0);
    await desk.place({
      ...SOLD,
      type: 'limit',
      limitPrice: parsePrice('900'),
      size: { kind: 'quantity', quantity: wholeQuantity(4) },
    });
    const [held] = await desk.broker.positions();
    expect(
      held === undefined ? [] : [held.ticker, formatQuantity(held.quantity), formatQuantity(held.available)],
    ).toEqual(['KO', '10', '6']);
    expect(await desk.broker.position(KO)).toEqual(held);
    expect(await desk.broker.position(ticker('MSFT'))).toBeNull();
    const account = await desk.broker.account();
    expect(account).toMatchObject({ tradable: true, restriction: null, currency: 'USD' });
    expect(formatMoney(account.cash)).toBe(desk.simulator.ledger().cash);
  });

  it('tell a short position as negative', async () => {
    await desk.place({ side: 'sell', positionIntent: 'sell_to_open' });
    desk.pass(0);
    const short = await desk.broker.position(KO);
    expect(short === null ? '' : formatQuantity(short.quantity)).toBe('-10');
  });

  it('page through the executions, which add up to what the orders filled', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      ids.push((await desk.place()).taken.brokerOrderId);
      desk.pass(1_000);
    }
    const seen: BrokerActivity[] = [];
    for (let page: readonly BrokerActivity[] | null = null; page === null || page.length > 0; seen.push(...page)) {
      const last = seen.at(-1);
      page = await desk.broker.listActivities({
        limit: 2,
        ...(last === undefined ? {} : { pageToken: last.activityId }),
      });
    }
    expect(seen.map(({ brokerOrderId: id }) => id)).toEqual(ids);
    expect(formatQuantity(seen.reduce((sum, { quantity }) => addQuantity(sum, quantity), ZERO_QUANTITY))).toBe('50');
    const date = calendarDate('2026-01-06');
    expect(await desk.broker.listActivities({ limit: 100, date })).toHaveLength(5);
    expect(await desk.broker.listActivities({ limit: 100, after: desk.now() })).toHaveLength(0);
  });
});

describe('clock, calendar and instruments', () => {
  it('tell the broker’s time and its sessions', async () => {
    const clock = await desk.broker.clock();
    expect(clock).toMatchObject({ at: desk.now(), isOpen: true });
    expect(formatEpochMs(clock.nextCloseAt)).toBe('2026-01-06T21:00:00.000Z');
    const sessions = await desk.broker.calendar(calendarDate('2026-01-05'), calendarDate('2026-01-11'));
    expect(sessions.map(({ date }) => date)).toEqual([
      '2026-01-05',
      '2026-01-06',
      '2026-01-07',
      '2026-01-08',
      '2026-01-09',
    ]);
    expect(sessions.every(({ halfDay }) => !halfDay)).toBe(true);
  });

  it('tell what may be ordered of a share, one by one and in a list alike', async () => {
    const few = await desk.broker.instruments([KO, ticker('NOSUCH')]);
    expect([...few.keys()]).toEqual(['KO']);
    const many = await desk.broker.instruments([KO, ...Array.from({ length: 9 }, (_, n) => ticker(`NOSUCH${n}`))]);
    expect(many).toEqual(few);
  });
});

describe('market data', () => {
  it('gives the daily bars of the sessions that are over and of the one that runs', async () => {
    desk.pass(2 * 86_400_000);
    const bars = await desk.marketData.dailyBars(
      [KO, ticker('F')],
      calendarDate('2026-01-05'),
      calendarDate('2026-01-07'),
    );
    expect(bars.map((bar) => `${bar.ticker} ${bar.date}`)).toEqual([
      'KO 2026-01-05',
      'KO 2026-01-06',
      'KO 2026-01-07',
      'F 2026-01-05',
      'F 2026-01-06',
      'F 2026-01-07',
    ]);
    for (const bar of bars) expect(bar.low).toBeLessThanOrEqual(bar.high);
  });

  it('gives quotes and prints with their time', async () => {
    const quote = (await desk.marketData.latestQuotes([KO])).get(KO);
    const print = (await desk.marketData.latestTrades([KO])).get(KO);
    expect(quote?.bid !== null && quote?.ask !== null && (quote?.bid ?? 0n) <= (quote?.ask ?? -1n)).toBe(true);
    expect(print?.price).toBeGreaterThan(0n);
    expect(Number((quote?.at ?? 0n) / 1_000_000n)).toBeLessThanOrEqual(desk.now());
    expect((await desk.marketData.latestQuotes([ticker('NOSUCH')])).size).toBe(0);
  });
});

describe('the order stream', () => {
  it('tells an order’s life in its order, down to the execution', async () => {
    const listening = await desk.listen();
    const { sent, taken } = await desk.place();
    desk.pass(0);
    await listening.heard(3);
    expect(listening.updates.map(({ status }) => status)).toEqual(['pending', 'new', 'filled']);
    const [execution] = desk.simulator.ledger().executions;
    expect(listening.updates.at(-1)).toMatchObject({
      source: 'stream',
      clientOrderId: sent.clientOrderId,
      brokerOrderId: taken.brokerOrderId,
      cumulativeQuantity: wholeQuantity(10),
      receivedAt: desk.now(),
      execution: {
        id: execution?.id,
        kind: 'fill',
        quantity: wholeQuantity(10),
        price: parsePrice(execution?.price ?? ''),
      },
    });
    expect(listening.unreadable).toEqual([]);
  });

  it('tells a bust and a correction with the execution that they undo', async () => {
    const listening = await desk.listen();
    await desk.place();
    desk.pass(0);
    await listening.heard(3);
    const id = desk.simulator.ledger().executions[0]?.id ?? '';
    desk.simulator.correct(id, { price: '1.23' });
    await listening.heard(4);
    const corrected = listening.updates[3]?.execution;
    expect(corrected).toMatchObject({ kind: 'correct', previousExecutionId: id, price: parsePrice('1.23') });
    desk.simulator.bust(corrected?.id ?? '');
    await listening.heard(5);
    expect(listening.updates[4]).toMatchObject({
      cumulativeQuantity: ZERO_QUANTITY,
      execution: { kind: 'bust', previousExecutionId: corrected?.id, quantity: wholeQuantity(10) },
    });
    const told = await desk.broker.listActivities({ limit: 100 });
    expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(['fill', 'bust', 'correct']));
    const sum = told.reduce((total, { quantity }) => addQuantity(total, quantity), ZERO_QUANTITY);
    expect(sum).toBe(ZERO_QUANTITY);
  });

  it('refuses wrong credentials for good', async () => {
    const stream = alpacaOrderStream({ endpoints: strangerEndpoints(), telemetry: desk.telemetry, now: desk.now });
    const opening = stream.open({ onUpdate: () => Promise.resolve(), onUnreadable: () => Promise.resolve() });
    const fault: unknown = await opening.catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ kind: 'permanent', code: 'broker-credentials' });
  });

  it('handles as many frames as the broker has sent', async () => {
    let handled = 0;
    const count = (message: unknown): void => {
      if (JSON.stringify(message) === '{"phase":"handled"}') handled += 1;
    };
    channel('belay.stream.frame').subscribe(count);
    try {
      const listening = await desk.listen();
      await desk.place();
      desk.pass(0);
      await listening.heard(3);
      await listening.connection.close();
      expect(desk.simulator.streams().map(({ framesSent }) => framesSent)).toEqual([handled]);
    } finally {
      channel('belay.stream.frame').unsubscribe(count);
    }
  });
});

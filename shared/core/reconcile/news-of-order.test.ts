import { describe, expect, it } from 'vitest';
import { parsePrice, type Price, type Quantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, executionId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, epochNs, nsOf } from '#shared/core/kernel/instant.ts';
import { advanceAll } from '#shared/core/order/advance.ts';
import type { Order, OrderUpdate } from '#shared/core/order/order.ts';
import { CLAIMED_AT, sending, told, units } from '#tests/order/sample-orders.ts';
import type { ActivityNews } from './news-by-order.ts';
import { mayWait, newsOfOrder } from './news-of-order.ts';

const ID = brokerOrderId('b-1');
const START = nsOf(CLAIMED_AT);
const at = (count: number) => epochNs(START + BigInt(count) * 1_000_000_000n);
const LONG_AFTER = addMs(CLAIMED_AT, 3_600_000);
const HUNDRED = parsePrice('100');

const activity = (
  kind: ActivityNews['kind'],
  name: string,
  numbers: {
    readonly quantity: Quantity;
    readonly price?: Price;
    readonly cumulative: number;
    readonly second: number;
  },
): ActivityNews => ({
  activityId: name,
  executionId: null,
  brokerOrderId: ID,
  ticker: ticker('AAPL'),
  side: 'buy',
  kind,
  quantity: numbers.quantity,
  price: numbers.price ?? HUNDRED,
  cumulativeQuantity: units(numbers.cumulative),
  at: at(numbers.second),
});
const fill = (name: string, quantity: number, cumulative: number, second: number, price?: Price): ActivityNews =>
  activity('fill', name, { quantity: units(quantity), cumulative, second, ...(price === undefined ? {} : { price }) });
const bust = (name: string, quantity: number, cumulative: number, second: number): ActivityNews =>
  activity('bust', name, { quantity: units(-quantity), cumulative, second });
const correct = (name: string, quantity: number, price: string, cumulative: number, second: number): ActivityNews =>
  activity('correct', name, { quantity: units(quantity), price: parsePrice(price), cumulative, second });

const byStream = (
  kind: 'fill' | 'bust' | 'correct',
  id: string,
  numbers: {
    readonly quantity: number;
    readonly second: number;
    readonly cumulative?: number;
    readonly price?: string;
    readonly undoes?: string;
  },
): Partial<OrderUpdate> => ({
  source: 'stream',
  cumulativeQuantity: numbers.cumulative === undefined ? null : units(numbers.cumulative),
  brokerTime: at(numbers.second),
  execution: {
    id: executionId(id),
    quantity: units(numbers.quantity),
    price: parsePrice(numbers.price ?? '100'),
    at: at(numbers.second),
    kind,
    previousExecutionId: numbers.undoes === undefined ? null : executionId(numbers.undoes),
  },
});

/** Reads the activities into the order, as a pass does. */
function read(order: Order, activities: readonly ActivityNews[], now = LONG_AFTER): Order {
  const news = { brokerOrderId: ID, clientOrderId: order.clientOrderId, snapshots: [], activities };
  const updates = newsOfOrder(order.evidence, news, now);
  return advanceAll(
    order,
    updates.map((update) => ({ ...update, clientOrderId: order.clientOrderId })),
  ).order;
}

const pricesOf = (order: Order): readonly string[] =>
  order.executions.map(({ quantity, price }) => `${quantity / 1_000_000_000n} at ${Number(price) / 1e9}`);

describe('activities', () => {
  it('are fills, each once, however often they are read', () => {
    const fills = [fill('a', 4, 4, 1), fill('b', 6, 10, 2)];
    const once = read(sending(), fills);
    expect(pricesOf(once)).toEqual(['4 at 100', '6 at 100']);
    expect(read(once, fills)).toBe(once);
  });

  it('meet the fills of the stream in their tiles', () => {
    const order = read(told(sending(), byStream('fill', 'x', { quantity: 4, cumulative: 4, second: 1 })), [
      fill('a', 4, 4, 1),
    ]);
    expect(order.executions).toMatchObject([{ ids: ['activity:a', 'x'] }]);
  });

  it('take back what a bust undoes, once, whoever tells it first', () => {
    const fills = [fill('a', 4, 4, 1), fill('b', 6, 10, 2)];
    const ofStream = [
      byStream('fill', 'x', { quantity: 4, cumulative: 4, second: 1 }),
      byStream('bust', 'y', { quantity: 4, second: 3, undoes: 'x' }),
    ];
    const activitiesFirst = told(read(read(sending(), fills), [...fills, bust('c', 4, 6, 3)]), ...ofStream);
    const streamFirst = read(told(sending(), ...ofStream), [...fills, bust('c', 4, 6, 3)]);
    for (const order of [activitiesFirst, streamFirst, read(activitiesFirst, fills)]) {
      expect(pricesOf(order)).toEqual(['6 at 100']);
      expect(order.provisional).toBe(false);
    }
    expect(streamFirst.filledQuantity).toBe(units(6));
  });

  it('restate what a correction stands in for, and a correction of that', () => {
    const all = [
      fill('a', 4, 4, 1),
      bust('b', 4, 4, 3),
      correct('c', 4, '90', 4, 3),
      activity('bust', 'd', { quantity: units(-4), price: parsePrice('90'), cumulative: 4, second: 5 }),
      correct('e', 4, '95', 4, 5),
    ];
    expect(pricesOf(read(sending(), all))).toEqual(['4 at 95']);
    expect(pricesOf(read(read(sending(), all.slice(0, 3)), all))).toEqual(['4 at 95']);
    expect(read(sending(), all).provisional).toBe(false);
  });

  it('meet the correction of a correction by the stream, where both came to the same price', () => {
    const first = [fill('a', 4, 4, 1), bust('b', 4, 4, 3), correct('c', 4, '90', 4, 3)];
    const second = [
      activity('bust', 'd', { quantity: units(-4), price: parsePrice('90'), cumulative: 4, second: 5 }),
      correct('e', 4, '90', 4, 5),
    ];
    const corrected = read(
      told(
        sending(),
        byStream('fill', 'x', { quantity: 4, cumulative: 4, second: 1 }),
        byStream('correct', 'y', { quantity: 4, second: 3, price: '90', undoes: 'x' }),
      ),
      first,
    );
    const again = told(corrected, byStream('correct', 'z', { quantity: 4, second: 5, price: '90', undoes: 'y' }));
    const order = read(again, [...first, ...second]);
    const undone = told(order, byStream('bust', 'u', { quantity: 4, second: 7, undoes: 'z' }));
    for (const one of [order, undone]) {
      const ids = one.evidence.flatMap(({ revisions }) => revisions).map((revision) => revision.ids);
      expect(ids).toContainEqual(['activity:e', 'z']);
      expect(one.provisional).toBe(false);
    }
    expect([pricesOf(order), pricesOf(undone)]).toEqual([['4 at 90'], []]);
  });

  it('restate an execution that is told later than its correction, and than a correction of that', () => {
    const all = [fill('a', 4, 4, 1), bust('b', 4, 4, 3), correct('c', 4, '90', 4, 3)];
    const early = read(sending(), all.slice(1));
    expect(early.provisional).toBe(true);
    expect(pricesOf(read(early, all))).toEqual(['4 at 90']);
    expect(read(early, all).provisional).toBe(false);
    const again = [
      activity('bust', 'd', { quantity: units(-4), price: parsePrice('90'), cumulative: 4, second: 5 }),
      correct('e', 4, '95', 4, 5),
    ];
    const later = read(read(early, [...all.slice(1), ...again]), [...all, ...again]);
    expect(pricesOf(later)).toEqual(['4 at 95']);
    expect(later.provisional).toBe(false);
    expect(read(later, [...all, ...again])).toBe(later);
  });

  it('take off once what a bust takes back, told before its execution and again behind it', () => {
    const all = [fill('a', 4, 4, 1), fill('b', 6, 10, 2), bust('c', 4, 6, 3)];
    const early = read(sending(), all.slice(1));
    const whole = read(early, all);
    expect(pricesOf(whole)).toEqual(['6 at 100']);
    expect(whole).toMatchObject({ filledQuantity: units(6), provisional: false });
  });

  it('name an execution that the stream points at and never told', () => {
    const order = told(sending(), byStream('correct', 'y', { quantity: 4, price: '90', second: 3, undoes: 'x' }));
    const all = [fill('a', 4, 4, 1), bust('b', 4, 4, 3), correct('c', 4, '90', 4, 3)];
    expect(pricesOf(read(order, all))).toEqual(['4 at 90']);
    expect(read(order, all).provisional).toBe(false);
    // The stream speaks only after the activities have.
    const late = told(
      read(sending(), all),
      byStream('correct', 'y', { quantity: 4, price: '90', second: 3, undoes: 'x' }),
    );
    expect(late.provisional).toBe(true);
    expect(read(late, all)).toMatchObject({ provisional: false });
    expect(pricesOf(read(late, all))).toEqual(['4 at 90']);
  });

  it('name an execution that the stream points at and never told, where its correction was read before it', () => {
    const corrected = told(sending(), byStream('correct', 'y', { quantity: 4, second: 3, price: '90', undoes: 'x' }));
    const correction = [bust('b', 4, 4, 3), correct('c', 4, '90', 4, 3)];
    const early = read(corrected, correction);
    expect(early.provisional).toBe(true);
    const order = read(early, [fill('a', 4, 4, 1), ...correction]);
    expect(pricesOf(order)).toEqual(['4 at 90']);
    expect(order.provisional).toBe(false);
    expect(read(order, [fill('a', 4, 4, 1), ...correction])).toBe(order);
  });

  it('undo only what was there before', () => {
    const all = [fill('a', 4, 4, 1), bust('b', 4, 4, 3), correct('c', 4, '90', 4, 3), fill('d', 4, 8, 5)];
    expect(pricesOf(read(sending(), all))).toEqual(['4 at 90', '4 at 100']);
  });

  it('wait for the stream to say which of two like executions was undone, but not for long', () => {
    const alike = [fill('a', 4, 4, 1), fill('b', 4, 8, 2), bust('c', 4, 4, 3)];
    const news = { brokerOrderId: ID, clientOrderId: null, snapshots: [], activities: alike };
    const soon = addMs(CLAIMED_AT, 3_000 + 59_999);
    const order = read(sending(), alike, soon);
    expect(pricesOf(order)).toEqual(['4 at 100', '4 at 100']);
    expect(mayWait(news, soon)).toBe(true);
    expect(mayWait(news, LONG_AFTER)).toBe(true);
    expect(mayWait(news, addMs(LONG_AFTER, 3_000))).toBe(false);
    expect(pricesOf(read(order, alike, addMs(soon, 1)))).toEqual(['4 at 100']);
    // Where the stream has spoken there is nothing to wait for.
    const known = told(
      sending(),
      byStream('fill', 'x', { quantity: 4, cumulative: 8, second: 2 }),
      byStream('bust', 'y', { quantity: 4, second: 3, undoes: 'x' }),
    );
    expect(pricesOf(read(known, alike, soon))).toEqual(['4 at 100']);
  });

  const twins = [
    byStream('fill', 'x', { quantity: 4, cumulative: 4, second: 1 }),
    byStream('fill', 'y', { quantity: 4, cumulative: 8, second: 2 }),
  ];
  const twinFills = [fill('a', 4, 4, 1), fill('b', 4, 8, 2)];

  it.each(['x', 'y'])('restate the one of two like executions that the stream names, however late: %s', (named) => {
    const correction = [...twinFills, bust('c', 4, 8, 3), correct('d', 4, '90', 8, 3)];
    const guessed = read(told(sending(), ...twins), correction);
    expect(pricesOf(guessed)).toEqual(['4 at 90', '4 at 100']);
    const corrects = byStream('correct', 'z', { quantity: 4, price: '90', second: 3, undoes: named });
    const chosen = read(told(guessed, corrects), correction);
    expect(pricesOf(chosen)).toEqual(named === 'x' ? ['4 at 90', '4 at 100'] : ['4 at 100', '4 at 90']);
    expect(chosen.provisional).toBe(false);
    expect(read(chosen, correction)).toBe(chosen);
    // The other one may be restated in its turn.
    const more = [...correction, bust('e', 4, 8, 5), correct('f', 4, '80', 8, 5)];
    for (const order of [chosen, told(guessed, corrects)]) {
      expect([...pricesOf(read(order, more))].sort()).toEqual(['4 at 80', '4 at 90']);
    }
  });

  it('take back the one of two like executions that the stream names, however late, and no other', () => {
    const busted = [...twinFills, bust('c', 4, 4, 3)];
    const guessed = read(told(sending(), ...twins), busted);
    expect(guessed.executions).toMatchObject([{ ids: ['activity:b', 'y'] }]);
    const chosen = read(told(guessed, byStream('bust', 'z', { quantity: 4, second: 3, undoes: 'y' })), busted);
    expect(chosen.executions).toMatchObject([{ ids: ['activity:a', 'x'] }]);
    expect(chosen.filledQuantity).toBe(units(4));
    expect(chosen.provisional).toBe(false);
  });

  it('of two like corrections of two like executions both count', () => {
    const first = [...twinFills, bust('c', 4, 8, 3), correct('d', 4, '90', 8, 3)];
    const both = [...first, bust('e', 4, 8, 4), correct('f', 4, '90', 8, 4)];
    const guessed = read(told(sending(), ...twins), first);
    const late = byStream('correct', 'w', { quantity: 4, price: '90', second: 4, undoes: 'y' });
    const corrects = [
      byStream('correct', 'z', { quantity: 4, price: '90', second: 3, undoes: 'y' }),
      byStream('correct', 'w', { quantity: 4, price: '90', second: 4, undoes: 'x' }),
    ];
    for (const order of [
      read(guessed, both),
      read(told(guessed, late), both),
      read(told(read(guessed, both), ...corrects), both),
      read(told(sending(), ...twins, ...corrects), both),
    ]) {
      expect(pricesOf(order)).toEqual(['4 at 90', '4 at 90']);
      expect(order.provisional).toBe(false);
    }
  });

  it('of a bust without its execution leave the order provisional', () => {
    expect(
      read(told(sending(), byStream('fill', 'x', { quantity: 5, cumulative: 5, second: 1 })), [bust('c', 4, 1, 3)])
        .provisional,
    ).toBe(true);
  });
});

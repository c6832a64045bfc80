import { describe, expect, it } from 'vitest';
import { parseMoney, parsePrice } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, clientOrderIdOf, executionId } from '#shared/core/kernel/identity.ts';
import { addMs, epochNs } from '#shared/core/kernel/instant.ts';
import { advance } from '#shared/core/order/advance.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import type { Order, OrderUpdate, UpdateExecution } from '#shared/core/order/order.ts';
import { HOUSE_STARTS, news, RECEIVED_AT, sampleIntent, sending, told, units } from '#tests/order/sample-orders.ts';

const at = (second: number) => epochNs(1_700_000_001_000_000_000n + BigInt(second) * 1_000_000_000n);

const execution = (id: string, quantity: number, price: string, second: number): UpdateExecution => ({
  id: executionId(id),
  quantity: units(quantity),
  price: parsePrice(price),
  at: at(second),
  kind: 'fill',
  previousExecutionId: null,
});

/** A fill as the stream tells it. */
const fill = (
  id: string,
  quantity: number,
  cumulative: number,
  price = '100',
  second = cumulative,
): Partial<OrderUpdate> => ({
  status: 'partially_filled',
  cumulativeQuantity: units(cumulative),
  execution: execution(id, quantity, price, second),
  brokerTime: at(second),
});

/** The same fill as the account's activities tell it: another name, no status, coarser time. */
const activity = (
  id: string,
  quantity: number,
  cumulative: number,
  price = '100',
  second = cumulative,
): Partial<OrderUpdate> => ({
  source: 'reconciliation',
  clientOrderId: null,
  cumulativeQuantity: units(cumulative),
  execution: { ...execution(id, quantity, price, second), at: epochNs(at(second) - 500n) },
  brokerTime: null,
});

const revision = (
  kind: 'bust' | 'correct',
  previous: string,
  quantity: number,
  cumulative: number | null,
  price = '100',
): Partial<OrderUpdate> => ({
  cumulativeQuantity: cumulative === null ? null : units(cumulative),
  execution: {
    ...execution(`r-${previous}`, quantity, price, 100),
    kind,
    previousExecutionId: executionId(previous),
  },
  brokerTime: at(100),
});

const step = (order: Order, changes: Partial<OrderUpdate>): Step => advance(order, news(order, changes));
const kinds = (of: Step): readonly string[] => of.consequences.facts.map((fact) => fact.kind);
const followUps = (of: Step): readonly string[] =>
  of.consequences.followUps.map((followUp) => Object.values(followUp).join(':'));

describe('fills', () => {
  it('books position, cost and reservation with the first partial fill', () => {
    const first = step(sending(), fill('x-1', 5, 5));
    expect(first.order).toMatchObject({ state: 'partially_filled', filledQuantity: units(5), brokerOrderId: 'b-1' });
    expect(kinds(first)).toEqual(['acknowledged', 'partially-filled']);
    expect(first.consequences.book).toMatchObject({
      position: units(5),
      cash: parseMoney('-500'),
      provisionalCash: 0n,
    });
    expect(first.consequences.released).toEqual({ quantity: units(5), money: parseMoney('505') });
  });

  it('takes shares off and brings cash in for a sell', () => {
    const sell = sending(sampleIntent({ side: 'sell', positionIntent: 'sell_to_close' }));
    expect(step(sell, fill('x-1', 5, 5)).consequences.book).toMatchObject({
      position: units(-5),
      cash: parseMoney('500'),
    });
  });

  it('knows one execution by both of its names', () => {
    const order = told(sending(), fill('x-1', 5, 5), activity('a-1', 5, 5));
    expect(order.executions).toMatchObject([{ ids: ['a-1', 'x-1'], start: 0n, quantity: units(5) }]);
    expect(order.filledCost).toBe(parseMoney('500'));
  });

  it('moves the position with a snapshot at once, and books the cost when the execution comes', () => {
    const seen = step(sending(), {
      status: 'partially_filled',
      cumulativeQuantity: units(8),
      source: 'reconciliation',
    });
    expect(seen.order).toMatchObject({ filledQuantity: units(8), gapQuantity: units(8), provisional: true });
    expect(seen.consequences.book).toMatchObject({ position: units(8), cash: 0n, provisionalCash: parseMoney('-808') });
    expect(followUps(seen)).toContain(`backfill:${units(8)}`);
    const explained = step(seen.order, fill('x-1', 8, 8));
    expect(explained.order).toMatchObject({ gapQuantity: 0n, provisional: false, filledCost: parseMoney('800') });
    expect(explained.consequences.book).toMatchObject({
      position: 0n,
      cash: parseMoney('-800'),
      provisionalCash: parseMoney('808'),
    });
    expect(kinds(explained)).toEqual(['execution-recorded']);
  });

  it('finds a gap before a fill that it did hear of', () => {
    const order = told(sending(), fill('x-2', 4, 9));
    expect(order).toMatchObject({ filledQuantity: units(9), gapQuantity: units(5), provisional: true });
    expect(order.executions).toMatchObject([{ start: units(5), quantity: units(4) }]);
  });

  it('makes no tile of an execution whose place nobody told, and finds its place by its name later', () => {
    const lost = step(sending(), { ...fill('x-1', 5, 5), cumulativeQuantity: null });
    expect(lost.order).toMatchObject({ filledQuantity: 0n, executions: [] });
    expect(told(lost.order, fill('x-1', 5, 5)).executions).toHaveLength(1);
  });

  it('invents nothing from a snapshot that is older than what it knows', () => {
    const order = told(sending(), fill('x-1', 5, 5), fill('x-2', 4, 9));
    const stale = step(order, {
      status: 'new',
      cumulativeQuantity: units(0),
      brokerTime: at(1),
      source: 'reconciliation',
    });
    expect(stale.order).toMatchObject({ state: 'partially_filled', filledQuantity: units(9) });
    expect(stale.consequences.facts).toEqual([]);
  });

  it('is filled when all its units are, whatever the status says', () => {
    expect(told(sending(), fill('x-1', 20, 20))).toMatchObject({ state: 'filled', reserved: { quantity: 0n } });
  });

  it('never ends a notional order by its quantity', () => {
    const notional = sending(
      sampleIntent({ type: 'market', limitPrice: null, size: { kind: 'notional', notional: parseMoney('2000') } }),
    );
    const order = told(notional, fill('x-1', 20, 20));
    expect(order.state).toBe('partially_filled');
    expect(told(order, { status: 'filled', cumulativeQuantity: units(20) }).state).toBe('filled');
  });

  it('asks for the activities when the average that the broker tells is not that of the executions', () => {
    const order = told(sending(), fill('x-1', 5, 5, '100'));
    const averaged = (averagePrice: string, cumulative = 5, source: OrderUpdate['source'] = 'reconciliation') =>
      followUps(
        step(order, {
          source,
          cumulativeQuantity: units(cumulative),
          averagePrice: parsePrice(averagePrice),
          brokerTime: at(9),
        }),
      );
    expect(averaged('100.006')).toEqual(['backfill:0', 'reconcile:average-differs']);
    expect(averaged('99.994')).toEqual(['backfill:0', 'reconcile:average-differs']);
    expect(averaged('100.005')).toEqual([]);
    expect(averaged('99.995')).toEqual([]);
    expect(averaged('90', 6)).not.toContain('reconcile:average-differs');
    const penny = told(sending(sampleIntent({ limitPrice: parsePrice('0.5') })), fill('x-1', 5, 5, '0.4'));
    const seen = { cumulativeQuantity: units(5), averagePrice: parsePrice('0.4001'), brokerTime: at(9) };
    expect(followUps(step(penny, seen))).toContain('reconcile:average-differs');
  });

  it('alarms and quarantines when more fills than was ordered', () => {
    const over = step(sending(), { status: 'filled', cumulativeQuantity: units(21) });
    expect(followUps(over)).toEqual(expect.arrayContaining(['quarantine:overfilled', 'alarm:overfilled']));
  });
});

describe('open states', () => {
  it('goes back from pending_cancel when the broker later says that it works on', () => {
    const pending = told(sending(), { status: 'pending_cancel', brokerTime: at(1) });
    expect(pending.state).toBe('pending_cancel');
    expect(told(pending, { status: 'new', brokerTime: at(2) }).state).toBe('acknowledged');
  });

  it('keeps an order open under a status that nobody knows', () => {
    expect(told(sending(), { status: 'open-unrecognised' })).toMatchObject({
      state: 'acknowledged',
      brokerStatus: 'open-unrecognised',
    });
  });

  it('takes the same status from another source for the same news', () => {
    const once = told(sending(), { source: 'submit-answer', status: 'new' });
    for (const source of ['webhook', 'stream', 'reconciliation'] as const) {
      expect(told(once, { source, status: 'new' }).version).toBe(once.version);
    }
  });

  it('forgets open states from before a bust, and takes the one that the bust itself told', () => {
    const before = told(sending(), { ...fill('x-1', 12, 12), status: 'pending_replace' });
    expect(before.brokerStatus).toBe('pending_replace');
    expect(told(before, { ...revision('bust', 'x-1', 12, 0), status: 'suspended' }).brokerStatus).toBe('suspended');
  });

  it('takes the later of two instants within one millisecond', () => {
    const order = told(
      sending(),
      { status: 'pending_replace', brokerTime: epochNs(at(1) + 2n) },
      { status: 'suspended', brokerTime: epochNs(at(1) + 1n) },
    );
    expect(order.brokerStatus).toBe('pending_replace');
  });
});

describe('what touches an end', () => {
  it('books a fill that comes after the cancel, under its name', () => {
    const canceled = told(sending(), fill('x-1', 5, 5), {
      status: 'canceled',
      cumulativeQuantity: units(5),
      brokerTime: at(6),
    });
    const late = step(canceled, { ...fill('x-2', 3, 8), status: 'canceled' });
    expect(late.order).toMatchObject({ state: 'canceled', filledQuantity: units(8), reserved: { quantity: 0n } });
    expect(late.consequences.named).toEqual(['late-fill']);
    expect(kinds(late)).toEqual(['partially-filled']);
    expect(late.consequences.book.position).toBe(units(3));
    expect(late.consequences.released).toEqual({ quantity: 0n, money: 0n });
  });

  it('fills a canceled order after all', () => {
    const canceled = told(sending(), { status: 'canceled', brokerTime: at(1) });
    const late = step(canceled, { ...fill('x-1', 20, 20), status: 'filled' });
    expect(late.order.state).toBe('filled');
    expect(late.consequences.named).toEqual(['late-fill']);
    expect(kinds(late)).toEqual(['filled']);
  });

  it('takes a busted execution back out of position and cost', () => {
    const filled = told(sending(), fill('x-1', 12, 12), fill('x-2', 8, 20));
    const bust = step(filled, revision('bust', 'x-1', -12, 8));
    expect(bust.order).toMatchObject({
      state: 'filled',
      filledQuantity: units(8),
      filledCost: parseMoney('800'),
      provisional: false,
    });
    expect(bust.order.executions).toMatchObject([{ ids: ['x-2'], start: 0n }]);
    expect(bust.order.epoch).toBeGreaterThan(filled.epoch);
    expect(bust.consequences.named).toEqual(['trade-bust']);
    expect(bust.consequences.book).toMatchObject({ position: units(-12), cash: parseMoney('1200') });
    expect(bust.consequences.book.removed).toMatchObject([{ ids: ['x-1'] }]);
    expect(kinds(bust)).toEqual(['execution-revised']);
    expect(followUps(bust)).toEqual(expect.arrayContaining(['reconcile:restated', 'alarm:trade-bust']));
  });

  it('names the one that went of two executions that are alike', () => {
    const order = told(sending(), fill('x-1', 5, 5), fill('x-2', 5, 10), activity('a-2', 5, 10));
    const bust = step(order, revision('bust', 'x-1', 5, 5));
    expect(bust.consequences.book.removed).toMatchObject([{ ids: ['x-1'] }]);
    expect(bust.consequences.book.added).toEqual([]);
  });

  it('knows an execution that nobody named by where it lies', () => {
    const unnamed = (quantity: number, cumulative: number): Partial<OrderUpdate> => {
      const told = fill('x', quantity, cumulative);
      return {
        ...told,
        execution: told.execution === null || told.execution === undefined ? null : { ...told.execution, id: null },
      };
    };
    const order = told(sending(), unnamed(5, 5));
    const second = step(order, unnamed(5, 10));
    expect(second.consequences.book.added).toMatchObject([{ ids: [], start: units(5) }]);
    expect(second.consequences.book.removed).toEqual([]);
    expect(step(second.order, fill('x-1', 5, 5)).consequences.book).toMatchObject({ added: [], removed: [] });
  });

  it('finds the busted execution by what the bust says of it, where only the activities named it', () => {
    const order = told(
      sending(),
      activity('a-1', 12, 12, '100'),
      activity('a-2', 8, 20, '101'),
      revision('bust', 'x-9', 12, 8, '100'),
    );
    expect(order).toMatchObject({ filledQuantity: units(8), filledCost: parseMoney('808'), provisional: false });
  });

  it('takes no other execution for the busted one: quantity and price must both be as it says', () => {
    const order = told(
      sending(),
      activity('a-1', 12, 12, '101'),
      activity('a-2', 8, 20, '100'),
      revision('bust', 'x-9', 12, 8, '100'),
    );
    expect(order).toMatchObject({ filledQuantity: units(8), provisional: true });
  });

  it('takes no execution for the busted one that came after the bust', () => {
    const order = told(sending(), revision('bust', 'x-9', 5, 0), activity('a-2', 5, 5, '100', 200));
    expect(order).toMatchObject({ filledQuantity: units(5), filledCost: parseMoney('500'), provisional: true });
  });

  it('knows the execution that a correction restates where the activities tell it as corrected already', () => {
    const clash = told(sending(), fill('x-1', 20, 20, '100'), activity('a-1', 20, 20, '99'));
    expect(clash.executions).toMatchObject([{ ids: ['a-1', 'x-1'], price: parsePrice('99') }]);
    const corrected = told(clash, revision('correct', 'x-1', 20, 20, '99'));
    expect(corrected).toMatchObject({ provisional: false, filledCost: parseMoney('1980') });
  });

  it('stays provisional while a correction speaks of an execution that nobody knows', () => {
    const order = told(sending(), activity('a-1', 20, 20), revision('correct', 'x-9', 20, 20, '99'));
    expect(order).toMatchObject({ filledQuantity: units(20), filledCost: parseMoney('2000'), provisional: true });
    expect(told(order, fill('x-9', 20, 20))).toMatchObject({ filledCost: parseMoney('1980'), provisional: false });
  });

  it('restates a price, and a price again, and follows a bust of the correction', () => {
    const first = told(sending(), fill('x-1', 20, 20), revision('correct', 'x-1', 20, 20, '99'));
    expect(first.filledCost).toBe(parseMoney('1980'));
    const again = { ...revision('correct', 'r-x-1', 20, 20, '98'), brokerTime: at(200) };
    const second = told(first, {
      ...again,
      execution: again.execution === undefined || again.execution === null ? null : { ...again.execution, at: at(200) },
    });
    expect(second.filledCost).toBe(parseMoney('1960'));
    const bust = revision('bust', 'r-r-x-1', 20, 0, '98');
    const gone = told(second, {
      ...bust,
      execution: bust.execution === undefined || bust.execution === null ? null : { ...bust.execution, at: at(300) },
      brokerTime: at(300),
    });
    expect(gone).toMatchObject({ filledQuantity: 0n, filledCost: 0n, state: 'filled', provisional: false });
  });

  it('takes a bust that is told twice as one', () => {
    const filled = told(sending(), fill('x-1', 12, 12), fill('x-2', 8, 20));
    const bust = revision('bust', 'x-1', 12, null);
    const again = {
      ...bust,
      source: 'reconciliation',
      execution:
        bust.execution === undefined || bust.execution === null
          ? null
          : { ...bust.execution, id: executionId('other'), at: epochNs(at(100) - 7n) },
    } as const;
    expect(told(filled, bust, again)).toMatchObject({ filledQuantity: units(8), filledCost: parseMoney('800') });
  });

  it('takes a bust of what was busted already for settled, though it is told otherwise', () => {
    const filled = told(sending(), fill('x-1', 12, 12), fill('x-2', 8, 20), revision('bust', 'x-1', 12, 8));
    expect(told(filled, revision('bust', 'x-1', 12, 8, '99'))).toMatchObject({
      filledQuantity: units(8),
      provisional: false,
    });
    expect(told(filled, revision('correct', 'x-1', 12, 8, '99'))).toMatchObject({ provisional: true });
  });

  it('does not settle a bust that was not heard of before the correction of the same execution', () => {
    const corrected = told(sending(), fill('x-1', 12, 12), revision('correct', 'x-1', 10, 10, '99'));
    expect(corrected).toMatchObject({ filledQuantity: units(10), filledCost: parseMoney('990'), provisional: false });
  });

  it('fills on after a bust of an order that still works', () => {
    const order = told(sending(), fill('x-1', 12, 12), revision('bust', 'x-1', 12, 0), fill('x-2', 20, 20, '101', 200));
    expect(order).toMatchObject({
      state: 'filled',
      filledQuantity: units(20),
      filledCost: parseMoney('2020'),
      provisional: false,
      contradicted: false,
    });
  });

  it('brings back an order that the house had given up: reserved, quarantined, canceled, alarmed', () => {
    const abandoned = HOUSE_STARTS['abandoned']?.() ?? sending();
    const back = step(abandoned, { status: 'new' });
    expect(back.order).toMatchObject({ state: 'acknowledged', resurrected: true });
    expect(back.consequences.released.quantity).toBe(units(-20));
    expect(kinds(back)).toEqual(['resurrected']);
    expect(followUps(back)).toEqual([
      'quarantine:resurrected',
      'reconcile:resurrected',
      'cancel-at-broker:resurrected',
      'alarm:resurrected',
    ]);
  });

  it('lets a higher end outrank a lower one, and never the other way', () => {
    const expired = told(sending(), { status: 'expired' });
    expect(step(expired, { status: 'canceled' }).consequences.named).toEqual(['end-outranked']);
    expect(told(expired, { status: 'canceled' }, { status: 'expired', source: 'reconciliation' }).state).toBe(
      'canceled',
    );
  });

  it('keeps the words of the rejection and the earliest time of the end, whoever told which', () => {
    const order = told(
      sending(),
      { status: 'rejected', brokerTime: at(3) },
      { status: 'rejected', brokerTime: at(2), source: 'webhook', detail: 'no funds' },
    );
    expect(order.ended).toMatchObject({ end: 'rejected', at: at(2), reason: { message: 'no funds' } });
  });
});

describe('sources that contradict each other', () => {
  it('asks the activities when tiles overlap, quarantines, and settles once they are read', () => {
    const heard = told(sending(), fill('x-1', 5, 8));
    const clash = step(heard, fill('x-2', 3, 8));
    expect(clash.order).toMatchObject({
      contradicted: true,
      provisional: true,
      executions: [],
      filledQuantity: units(8),
    });
    expect(clash.consequences.named).toEqual(['contradiction']);
    expect(followUps(clash)).toEqual(
      expect.arrayContaining([`backfill:${units(8)}`, 'quarantine:contradiction', 'alarm:contradiction']),
    );
    const settled = told(clash.order, activity('a-1', 5, 5), activity('a-2', 3, 8));
    expect(settled).toMatchObject({ provisional: false, filledCost: parseMoney('800'), gapQuantity: 0n });
    expect(settled.executions).toMatchObject([{ ids: ['a-1', 'x-1'] }, { ids: ['a-2', 'x-2'] }]);
  });

  it('takes the price of the activities where two sources differ on one tile', () => {
    const order = told(sending(), fill('x-1', 5, 5, '100'), activity('a-1', 5, 5, '99'));
    expect(order).toMatchObject({ contradicted: true, provisional: false, filledCost: parseMoney('495') });
  });

  it('stays provisional while the activities contradict themselves', () => {
    const order = told(sending(), activity('a-1', 5, 8), activity('a-2', 3, 8));
    expect(order).toMatchObject({ contradicted: true, provisional: true });
  });

  it('is contradicted when what is told of either of two broker orders is', () => {
    const b2 = { brokerOrderId: brokerOrderId('b-2') };
    const order = told(sending(), fill('x-1', 5, 5), { ...fill('x-7', 3, 3), ...b2 }, { ...fill('x-8', 2, 3), ...b2 });
    expect(order).toMatchObject({ contradicted: true, provisional: true });
  });

  it('counts both of two broker orders under one id, and alarms', () => {
    const one = told(sending(), fill('x-1', 5, 5));
    const two = step(one, { ...fill('x-7', 3, 3), brokerOrderId: brokerOrderId('b-2') });
    expect(two.order).toMatchObject({ filledQuantity: units(8), provisional: false });
    expect(two.order.executions).toMatchObject([{ start: 0n }, { start: units(5) }]);
    expect(followUps(two)).toEqual(
      expect.arrayContaining(['quarantine:second-broker-order', 'alarm:second-broker-order']),
    );
  });
});

describe('whose news it is', () => {
  it('throws on news of another order', () => {
    const other = clientOrderIdOf('belay-00000000000000000000000000000000');
    expect(() => step(sending(), { clientOrderId: other, status: 'new' })).toThrow('was given to order');
  });

  it('alarms when the broker knows an order that was never sent', () => {
    const claimedOnly = HOUSE_STARTS['claimed']?.() ?? sending();
    expect(followUps(step(claimedOnly, { status: 'new' }))).toContain('alarm:unsent-order-known');
    expect(followUps(step(sending(), { status: 'new' }))).toEqual([]);
  });

  it('remembers when it first heard and when it last changed, by its own clock', () => {
    const first = told(sending(), { status: 'new' });
    expect(first).toMatchObject({ acknowledgedAt: RECEIVED_AT, updatedAt: RECEIVED_AT, endedAt: null });
    const later = told(first, { status: 'canceled', receivedAt: addMs(RECEIVED_AT, 5) });
    expect(later).toMatchObject({ acknowledgedAt: RECEIVED_AT, endedAt: addMs(RECEIVED_AT, 5) });
    const earlier = told(later, { ...fill('x-1', 1, 1), receivedAt: addMs(RECEIVED_AT, -5) });
    expect(earlier.updatedAt).toBe(addMs(RECEIVED_AT, 5));
  });
});

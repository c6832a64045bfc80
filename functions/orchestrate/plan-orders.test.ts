/** Resting entries in front of a run, over the real order store. */
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { parseQuantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, decisionId, runId, type Ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, epochNs, nsOf } from '#shared/core/kernel/instant.ts';
import type { BrokerStatus } from '#shared/core/order/broker-order.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { type Order, type OrderIntent, orderedQuantity } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import { freshRecord } from '#shared/core/portfolio/pending-signals.ts';
import type { Decision } from '#shared/core/portfolio/snapshot.ts';
import { type Signal, signalId } from '#shared/core/signal/types.ts';
import { HouseFixture, SESSION, STRATEGY, SYMBOL, TestClock } from '#tests/contract/house-fixture.ts';
import { openOrdersOf, planOrders, withoutResting } from './plan-orders.ts';
import { runDecisionOf } from './run-decision.ts';

let house: HouseFixture;

beforeEach(async () => {
  house = await new HouseFixture(new MemoryTables({ clock: new TestClock() }), 'resting').open();
});

const signal: Signal = {
  strategyId: STRATEGY,
  ticker: SYMBOL,
  kind: 'entry',
  side: 'buy',
  confidence: 0.5,
  reason: { code: 'crossed-up', text: 'crossed', numbers: {} },
  price: 100,
  atr: 2,
  modelVersion: null,
  asOf: calendarDate('2026-03-06'),
};

/** What the broker says of an order, at the house's own time. */
const tell = async (order: Order, status: BrokerStatus, filled: string): Promise<void> => {
  await house.orders.settle({
    source: 'stream',
    clientOrderId: order.clientOrderId,
    brokerOrderId: brokerOrderId(`b-${order.clientOrderId}`),
    status,
    cumulativeQuantity: parseQuantity(filled),
    averagePrice: null,
    execution: null,
    brokerTime: epochNs(nsOf(house.clock.at)),
    receivedAt: house.clock.at,
    detail: null,
  });
};

/** An entry that the broker has and nobody fills. */
async function rest(decision: string): Promise<Order> {
  const { request } = await house.clear({ decision });
  const claim = await house.orders.claim(request);
  if (claim.kind !== 'claimed') throw new Error(`the claim ended as ${claim.kind}`);
  const look = { holder: 'sender-1', orderClass: 'entry', gates: house.gates, repeat: false } as const;
  const sent = await house.orders.lastLook(claim.order, look);
  if (!sent.ok) throw new Error(sent.error.message);
  await tell(claim.order, 'new', '0');
  return claim.order;
}

function decisionOn(intent: OrderIntent | null): Decision {
  if (intent === null) return { intents: [], funnel: [], records: [] };
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  return {
    intents: [intent],
    funnel: [{ signal, outcome: 'executed', clientOrderId }],
    records: [{ ...freshRecord(signal, house.clock.at), state: 'executed', attempts: 1 }],
  };
}

const plan = async (intent: OrderIntent | null) =>
  planOrders(house.orders, await openOrdersOf(house.orders, house.account), decisionOn(intent), {
    session: SESSION,
    now: house.clock.at,
  });

describe('planOrders', () => {
  it('leaves a decision as it is where nothing rests', async () => {
    const intent = house.intent();
    expect(await plan(intent)).toEqual({ ...decisionOn(intent), cancels: [] });
  });

  it('cancels an entry that rests for too long, before anything else is sent', async () => {
    const order = await rest('d-old');
    expect((await plan(null)).cancels).toEqual([]);
    house.clock.at = addMs(house.clock.at, 15 * 60_000 + 1);
    const planned = await plan(null);
    expect(planned.cancels.map(({ step, clientOrderId }) => [step, clientOrderId])).toEqual([
      ['stale-cancel', order.clientOrderId],
    ]);
    const slot = { accountId: house.account, runId: runId('run-1'), slot: house.clock.at, session: SESSION };
    const exit = house.intent({ decision: 'd-x', side: 'sell', purpose: 'exit' });
    const { commands } = runDecisionOf(slot, { ...planned, intents: [exit] }, 1, house.clock.at);
    expect(commands.map(({ type }) => type)).toEqual(['cancel-order.v1', 'submit-order.v1']);
    expect(commands[0]?.data).toMatchObject({ clientOrderId: order.clientOrderId, by: 'orchestrate' });
  });

  it('replaces what rests by canceling it, and lets the signal wait for its end', async () => {
    const order = await rest('d-old');
    const intent = house.intent({ decision: 'd-new' });
    const planned = await plan(intent);
    expect(planned.cancels.map(({ step }) => step)).toEqual(['replace-cancel']);
    expect(planned.intents).toEqual([]);
    expect(planned.funnel).toMatchObject([{ outcome: 'refused', refusal: { code: 'replaced-order-open' } }]);
    expect(planned.records).toMatchObject([{ id: signalId(signal), state: 'pending', attempts: 1 }]);
    await tell(order, 'canceled', '0');
    const next = await plan(intent);
    expect([next.cancels, next.intents]).toEqual([[], [intent]]);
  });

  it('places the next generation of a decision, for what remains of it and nothing more', async () => {
    const order = await rest('d-1');
    await tell(order, 'canceled', '4');
    const planned = await plan(house.intent({ decision: 'd-1' }));
    const [intent] = planned.intents;
    expect(intent?.decision).toEqual({ decisionId: decisionId('d-1'), generation: 1, slice: 0 });
    expect(intent === undefined ? null : orderedQuantity(intent.terms)).toBe(parseQuantity('6'));
    expect(planned.funnel).toMatchObject([
      { outcome: 'executed', clientOrderId: intent && clientOrderIdFor(intent.terms, intent.decision) },
    ]);
  });

  it('places nothing where the decision has bought all that it wanted', async () => {
    const order = await rest('d-1');
    await tell(order, 'filled', '10');
    const planned = await plan(house.intent({ decision: 'd-1' }));
    expect(planned.intents).toEqual([]);
    expect(planned.funnel).toMatchObject([{ outcome: 'refused', refusal: { code: 'already-positioned' } }]);
  });
});

describe('withoutResting', () => {
  const marksOf = async (signals: readonly Signal[], open: readonly Order[]) => {
    const book = await house.books.get(house.account, SYMBOL);
    if (book === null) throw new Error('the book is gone');
    const books = withoutResting(new Map<Ticker, Book>([[SYMBOL, book]]), open, { signals, pending: [] });
    return books.get(SYMBOL)?.openOrders.length;
  };

  it('takes out the mark of an entry that a signal would place anew, and no other', async () => {
    const order = await rest('d-1');
    const open = await openOrdersOf(house.orders, house.account);
    expect(await marksOf([signal], open)).toBe(0);
    expect(await marksOf([], open)).toBe(1);
    expect(await marksOf([{ ...signal, side: 'sell' }], open)).toBe(1);
    await tell(order, 'partially_filled', '3');
    expect(await marksOf([signal], await openOrdersOf(house.orders, house.account))).toBe(1);
  });

  it('leaves the mark of an order that is on its way', async () => {
    const { request } = await house.clear({ decision: 'd-1' });
    await house.orders.claim(request);
    expect(await marksOf([signal], await openOrdersOf(house.orders, house.account))).toBe(1);
  });
});

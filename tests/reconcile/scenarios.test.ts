import { afterEach, describe, expect, it } from 'vitest';
import { wholeQuantity, parsePrice } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk } from './desk.ts';
import { inventedFills, journalDifferences, openMismatches, orderDifferences } from './ledger-check.ts';

const open: Desk[] = [];
afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close();
});

async function start(options: DeskOptions = {}, fresh = false): Promise<Desk> {
  const desk = await openDesk(options, fresh);
  open.push(desk);
  return desk;
}

function expectAgreement(desk: Desk): void {
  expect(inventedFills(desk)).toEqual([]);
  expect(orderDifferences(desk)).toEqual([]);
  expect(openMismatches(desk)).toEqual([]);
  expect(journalDifferences(desk)).toEqual([]);
}

const RESTING = { type: 'limit', limitPrice: parsePrice('1') } as const;

describe('one pass', () => {
  it('books a fill that no stream told of', async () => {
    const desk = await start();
    const id = await desk.place();
    desk.pass(MINUTE_MS);
    const report = await desk.reconcile();
    expect(report).toMatchObject({ complete: true, ordersSettled: 1, fillsBooked: 1, differences: [], violations: [] });
    expect((await desk.order(id)).state).toBe('filled');
    expectAgreement(desk);
  });

  it('finds an order whose answer was lost', async () => {
    const desk = await start();
    const id = await desk.place({ ...RESTING, ticker: ticker('AAPL') }, 'answer-lost');
    expect((await desk.order(id)).state).toBe('unknown');
    await desk.reconcile();
    expect((await desk.order(id)).state).toBe('acknowledged');
    expectAgreement(desk);
  });

  it('changes nothing when it is run again', async () => {
    const desk = await start();
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ ordersSettled: 0, fillsBooked: 0 });
    expectAgreement(desk);
  });

  it('quarantines a symbol that the broker holds more of, and says why', async () => {
    const desk = await start();
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect(wholeQuantity(10)).toBe(10_000_000_000n);
  });
});

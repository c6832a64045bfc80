/** Splits over night, seen in the broker's position or in the price. */
import { afterEach, describe, expect, it } from 'vitest';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { parsePrice, wholeQuantity, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { ACCOUNT, MOMENTUM } from './account.ts';
import { type Desk, type DeskOptions, MINUTE_MS, openDesk } from './desk.ts';
import { expectAgreement, expectNothingInvented } from './expectations.ts';

const desks: Desk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

async function start(options: DeskOptions = {}): Promise<Desk> {
  const desk = await openDesk(options);
  desks.push(desk);
  return desk;
}

const KO = ticker('KO');
const NEXT_MORNING = parseEpochMs('2026-01-07T09:31:00-05:00');

describe('a split over night', () => {
  it('stops the symbol, books nothing, and is over when a person has restated it', async () => {
    const split = { ticker: KO, date: calendarDate('2026-01-07'), to: 4, from: 1 };
    const desk = await start({ market: tinyMarket({ seed: 7, splits: [split] }) });
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    desk.pass(NEXT_MORNING - desk.now());
    const report = await desk.reconcile();
    expect(report.differences).toMatchObject([
      { ticker: 'KO', ours: wholeQuantity(10), broker: wholeQuantity(40), cause: expect.stringContaining('split') },
    ]);
    expect((await desk.book('KO')).quarantine?.code).toBe('split');
    expectNothingInvented(desk);
    const [share] = (await desk.book('KO')).shares;
    await desk.room.adjustments.adjust({
      accountId: ACCOUNT,
      ticker: KO,
      strategyId: MOMENTUM,
      quantity: wholeQuantity(40),
      cost: share?.cost ?? ZERO_MONEY,
      by: 'operator',
      reason: 'four for one',
      now: desk.now(),
    });
    desk.pass(MINUTE_MS);
    expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [], quarantined: [], violations: [] });
    const facts = await desk.room.journal.byAggregate(`book:${ACCOUNT}:KO`);
    expect(facts.filter(({ type }) => type === 'position.adjusted.v1')).toHaveLength(1);
    expect(facts.at(-1)?.type).toBe('quarantine.lifted.v1');
  });

  it('is seen in the first price of the session before the broker has changed anything', async () => {
    const desk = await start();
    await desk.place();
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    const one = (value: number): Float64Array => Float64Array.of(value);
    const prices = { open: one(60), high: one(61), low: one(59), close: one(60), volume: one(1e6) };
    await desk.market.saveBars([{ ticker: KO, dates: [calendarDate('2026-01-06')], ...prices }]);
    desk.pass(NEXT_MORNING - desk.now());
    const quote = {
      ticker: KO,
      bid: parsePrice('14.99'),
      bidSize: wholeQuantity(1),
      ask: parsePrice('15.03'),
      askSize: wholeQuantity(1),
      at: nsOf(desk.now()),
    };
    await desk.reconcile();
    expect((await desk.book('KO')).quarantine).toBeNull();
    await desk.market.saveQuotes([{ quote, readAt: desk.now() }]);
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    expect((await desk.book('KO')).quarantine).toMatchObject({
      code: 'price-jump',
      message: expect.stringContaining('4 for 1'),
    });
    expectAgreement(desk);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import { openRawDesk, type RawDesk, rowsOf } from '#tests/venue/raw-desk.ts';
import { ordinaryAsset } from './bar-feed.ts';
import { tinyMarket } from './tiny-market.ts';
import { assetId } from './wire-order.ts';

const desks: RawDesk[] = [];
async function open(...given: Parameters<typeof openRawDesk>): Promise<RawDesk> {
  const desk = await openRawDesk(...given);
  desks.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

describe('the clock', () => {
  it.each([
    ['2026-01-06T10:00:00-05:00', true, '2026-01-07T09:30:00-05:00', '2026-01-06T16:00:00-05:00'],
    ['2026-01-06T09:29:59-05:00', false, '2026-01-06T09:30:00-05:00', '2026-01-06T16:00:00-05:00'],
    ['2026-01-06T16:00:00-05:00', false, '2026-01-07T09:30:00-05:00', '2026-01-07T16:00:00-05:00'],
    ['2026-01-16T20:00:00-05:00', false, '2026-01-20T09:30:00-05:00', '2026-01-20T16:00:00-05:00'],
    ['2026-03-09T10:00:00-04:00', true, '2026-03-10T09:30:00-04:00', '2026-03-09T16:00:00-04:00'],
  ])('at %s', async (at, isOpen, nextOpen, nextClose) => {
    const desk = await open({}, parseEpochMs(at));
    expect(await desk.get('/v2/clock')).toEqual({
      timestamp: at,
      is_open: isOpen,
      next_open: nextOpen,
      next_close: nextClose,
    });
  });
});

describe('the calendar', () => {
  it('has sessions with half days, in two formats of time', async () => {
    const desk = await open({ market: tinyMarket({ seed: 7, from: '2025-12-22' }) });
    expect(await desk.get('/v2/calendar?start=2025-12-24&end=2025-12-28')).toEqual([
      {
        date: '2025-12-24',
        open: '09:30',
        close: '13:00',
        session_open: '0400',
        session_close: '1700',
        settlement_date: '2025-12-26',
      },
      {
        date: '2025-12-26',
        open: '09:30',
        close: '16:00',
        session_open: '0400',
        session_close: '2000',
        settlement_date: '2025-12-29',
      },
    ]);
  });

  it('is whole without a start and an end, and refuses a start after its end', async () => {
    const desk = await open();
    expect(rowsOf(await desk.get('/v2/calendar')).length).toBeGreaterThan(150);
    expect((await desk.call('GET', '/v2/calendar?start=2026-02-01&end=2026-01-01')).status).toBe(422);
    expect((await desk.call('GET', '/v2/calendar?start=tomorrow')).status).toBe(422);
  });
});

describe('assets', () => {
  const assets = [
    { ...ordinaryAsset(ticker('OLD')), active: false, tradable: false },
    { ...ordinaryAsset(ticker('F')), exchange: 'NYSE', easyToBorrow: false, fractionable: false },
  ];

  it('are listed by status and exchange', async () => {
    const desk = await open({ market: tinyMarket({ seed: 7, assets }) });
    const symbols = async (query: string): Promise<readonly unknown[]> =>
      rowsOf(await desk.get(`/v2/assets${query}`)).map((asset) => asset['symbol']);
    expect(await symbols('')).toEqual(['AAPL', 'MSFT', 'KO', 'F', 'OLD']);
    expect(await symbols('?status=active')).toEqual(['AAPL', 'MSFT', 'KO', 'F']);
    expect(await symbols('?status=inactive')).toEqual(['OLD']);
    expect(await symbols('?exchange=NYSE')).toEqual(['F']);
    expect(await symbols('?attributes=fractional_eh_enabled')).toEqual(['AAPL', 'MSFT', 'KO', 'OLD']);
    expect(await symbols('?asset_class=crypto')).toEqual([]);
  });

  it('are found by symbol and by id, and tell who may borrow them', async () => {
    const desk = await open({ market: tinyMarket({ seed: 7, assets }) });
    const id = assetId(ticker('F'));
    const found = await desk.get('/v2/assets/F');
    expect(found).toMatchObject({
      id,
      class: 'us_equity',
      symbol: 'F',
      shortable: true,
      borrow_status: 'hard_to_borrow',
    });
    expect(found).toMatchObject({ easy_to_borrow: false, fractionable: false, marginable: true, tradable: true });
    expect(await desk.get(`/v2/assets/${id}`)).toEqual(found);
    expect(await desk.get('/v2/assets/KO')).toMatchObject({ borrow_status: 'easy_to_borrow', fractionable: true });
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { fieldOf, openRawDesk, type RawDesk, recordOf, rowsOf } from '#tests/venue/raw-desk.ts';
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

const LATE = { acknowledgeMs: 0, fillMs: 0, cancelMs: 0, requoteMs: 0, activityMs: 400 };

describe('the account', () => {
  it('buys for four times its equity until something is bought or held back', async () => {
    const desk = await open();
    expect(await desk.get('/v2/account')).toMatchObject({
      status: 'ACTIVE',
      currency: 'USD',
      cash: '100000',
      equity: '100000',
      last_equity: '100000',
      buying_power: '400000',
      regt_buying_power: '200000',
      non_marginable_buying_power: '100000',
      multiplier: '4',
      account_blocked: false,
      trading_blocked: false,
      trade_suspended_by_user: false,
      shorting_enabled: true,
    });
    await desk.place({ qty: '100' });
    await desk.place({ qty: '10', type: 'limit', limit_price: '40' });
    // 100 KO at 46.57, now printing 46.56; 400 held back.
    expect(await desk.get('/v2/account')).toMatchObject({
      cash: '95343',
      long_market_value: '4656',
      equity: '99999',
      buying_power: '394940',
      initial_margin: '2528',
      maintenance_margin: '1164',
    });
  });

  it('has no field of the day trading rules that are gone', async () => {
    const desk = await open();
    const names = Object.keys(recordOf(await desk.get('/v2/account')));
    for (const gone of ['pattern_day_trader', 'daytrade_count', 'daytrading_buying_power'])
      expect(names).not.toContain(gone);
  });

  it('takes the multiplier of its configuration, and 1 below 2,000 dollars of equity', async () => {
    const desk = await open();
    await desk.call('PATCH', '/v2/account/configurations', { max_margin_multiplier: '1' });
    expect(await desk.get('/v2/account')).toMatchObject({ multiplier: '1', buying_power: '100000' });
    const poor = await open({ accounts: [{ key: 'PKRAWDESK', secret: 'raw-desk-secret', cash: '1999' }] });
    expect(await poor.get('/v2/account')).toMatchObject({ multiplier: '1', buying_power: '1999' });
    expect(await poor.order({ side: 'sell', qty: '1' })).toMatchObject({
      status: 403,
      body: { message: 'account is not allowed to short' },
    });
  });

  it('keeps what its owner sets, and refuses values that are none', async () => {
    const desk = await open();
    const set = { no_shorting: true, trade_confirm_email: 'none', max_margin_multiplier: '2', never_heard_of: 1 };
    expect(await desk.call('PATCH', '/v2/account/configurations', set)).toMatchObject({
      status: 200,
      body: { no_shorting: true, trade_confirm_email: 'none', max_margin_multiplier: '2', suspend_trade: false },
    });
    expect(await desk.get('/v2/account/configurations')).toMatchObject({ no_shorting: true });
    expect(await desk.get('/v2/account')).toMatchObject({ shorting_enabled: false });
    for (const wrong of [{ suspend_trade: 'yes' }, { max_margin_multiplier: '3' }, { trade_confirm_email: 'some' }]) {
      expect((await desk.call('PATCH', '/v2/account/configurations', wrong)).status).toBe(422);
    }
  });
});

describe('positions', () => {
  it('tell what is held, what it cost and what may be sold', async () => {
    const desk = await open();
    await desk.place({ qty: '10' });
    await desk.place({ side: 'sell', qty: '4', type: 'limit', limit_price: '900' });
    const expected = {
      asset_id: assetId(ticker('KO')),
      symbol: 'KO',
      exchange: 'NASDAQ',
      asset_class: 'us_equity',
      asset_marginable: true,
      qty: '10',
      qty_available: '6',
      avg_entry_price: '46.57',
      side: 'long',
      market_value: '465.6',
      cost_basis: '465.7',
      unrealized_pl: '-0.1',
      unrealized_plpc: '-0.0002147305132059',
      unrealized_intraday_pl: '3.5',
      unrealized_intraday_plpc: '0.0075741181562432',
      current_price: '46.56',
      lastday_price: '46.21',
      change_today: '0.0075741181562432',
    };
    expect(await desk.get('/v2/positions')).toEqual([expected]);
    expect(await desk.get('/v2/positions/KO')).toEqual(expected);
    expect(await desk.get(`/v2/positions/${assetId(ticker('KO'))}`)).toEqual(expected);
  });

  it('are negative when short', async () => {
    const desk = await open();
    await desk.place({ side: 'sell', qty: '10' });
    await desk.place({ side: 'buy', qty: '4', type: 'limit', limit_price: '1' });
    expect(await desk.get('/v2/positions/KO')).toMatchObject({
      qty: '-10',
      qty_available: '-6',
      side: 'short',
      cost_basis: '-465.4',
      avg_entry_price: '46.54',
    });
  });

  it('are closed with a market order under an id of the broker: asked twice, it is done twice', async () => {
    const desk = await open();
    await desk.place({ qty: '10' });
    const first = await desk.call('DELETE', '/v2/positions/KO?percentage=25');
    expect(first).toMatchObject({
      status: 200,
      body: { side: 'sell', qty: '2.5', type: 'market', position_intent: 'sell_to_close' },
    });
    const second = await desk.call('DELETE', '/v2/positions/KO?qty=2.5');
    expect(recordOf(second.body)['client_order_id']).not.toBe(recordOf(first.body)['client_order_id']);
    desk.settle();
    expect(await desk.get('/v2/positions/KO')).toMatchObject({ qty: '5' });
  });

  it('cannot be closed while their shares are held for other orders', async () => {
    const desk = await open();
    await desk.place({ qty: '10' });
    await desk.place({ side: 'sell', qty: '4', type: 'limit', limit_price: '900' });
    expect(await desk.call('DELETE', '/v2/positions/KO')).toMatchObject({
      status: 403,
      body: { available: '6', existing_qty: '10', held_for_orders: '4' },
    });
  });

  it('are all closed at once, with what rests canceled first where that is asked for', async () => {
    const desk = await open();
    await desk.place({ qty: '10' });
    await desk.place({ qty: '3', symbol: 'F' });
    await desk.place({ side: 'sell', qty: '4', type: 'limit', limit_price: '900' });
    const plain = await desk.call('DELETE', '/v2/positions');
    expect(plain.status).toBe(207);
    expect(fieldOf(plain.body, 'status')).toEqual([403, 200]);
    desk.settle();
    const thorough = await desk.call('DELETE', '/v2/positions?cancel_orders=true');
    expect(rowsOf(thorough.body)).toMatchObject([{ symbol: 'KO', status: 200, body: { side: 'sell', qty: '10' } }]);
    desk.settle();
    expect(await desk.get('/v2/positions')).toEqual([]);
  });

  it('are restated overnight by a split, which is told as an activity', async () => {
    const split = { ticker: ticker('KO'), date: calendarDate('2026-01-07'), to: 2, from: 1 };
    const desk = await open({ market: tinyMarket({ seed: 7, splits: [split] }) });
    await desk.place({ qty: '10' });
    desk.moveTo(parseEpochMs('2026-01-07T08:00:00-05:00'));
    expect(await desk.get('/v2/positions/KO')).toMatchObject({
      qty: '20',
      avg_entry_price: '23.285',
      cost_basis: '465.7',
    });
    expect(await desk.get('/v2/account/activities/SPLIT')).toMatchObject([
      { activity_type: 'SPLIT', symbol: 'KO', qty: '10' },
    ]);
  });
});

describe('activities', () => {
  it('tell each execution, with an id of New York time', async () => {
    const desk = await open();
    const id = await desk.place();
    expect(await desk.get('/v2/account/activities')).toEqual([
      {
        activity_type: 'FILL',
        cum_qty: '10',
        id: expect.stringMatching(/^20260106100000000::[0-9a-f-]{36}$/),
        leaves_qty: '0',
        order_id: id,
        order_status: 'filled',
        price: '46.57',
        qty: '10',
        side: 'buy',
        symbol: 'KO',
        transaction_time: expect.stringMatching(/^2026-01-06T15:00:00\.\d{1,9}Z$/),
        type: 'fill',
      },
    ]);
  });

  it('come later than the fill where the venue has latency', async () => {
    const desk = await open({ latency: LATE });
    await desk.place();
    desk.pass(399);
    expect(await desk.get('/v2/account/activities/FILL')).toEqual([]);
    desk.pass(1);
    expect(await desk.get('/v2/account/activities/FILL')).toHaveLength(1);
  });

  it('page by the id of the last item, losing none within one millisecond', async () => {
    const desk = await open();
    for (let index = 0; index < 7; index += 1) await desk.place({ qty: '1' });
    const all = fieldOf(await desk.get('/v2/account/activities/FILL?direction=asc'), 'id');
    expect(new Set(all).size).toBe(7);
    const pages: unknown[] = [];
    for (let token = '', page = 0; page < 4; page += 1) {
      const rows = fieldOf(
        await desk.get(
          `/v2/account/activities/FILL?direction=asc&page_size=2${token === '' ? '' : `&page_token=${token}`}`,
        ),
        'id',
      );
      pages.push(...rows);
      token = String(rows.at(-1));
    }
    expect(pages).toEqual(all);
  });

  it('are not ordered by time within one millisecond', async () => {
    const desk = await open();
    const placed: string[] = [];
    for (let index = 0; index < 12; index += 1) placed.push(await desk.place({ qty: '1' }));
    const told = fieldOf(await desk.get('/v2/account/activities/FILL?direction=asc'), 'order_id');
    expect(new Set(told)).toEqual(new Set(placed));
    expect(told).not.toEqual(placed);
  });

  it('are chosen by type, time and date', async () => {
    const desk = await open();
    await desk.place();
    desk.pass(60_000);
    const second = await desk.place();
    const path = '/v2/account/activities';
    const orders = async (query: string): Promise<readonly unknown[]> =>
      fieldOf(await desk.get(path + query), 'order_id');
    expect(await orders('?after=2026-01-06T15:00:00Z')).toEqual([second]);
    expect(await orders('?until=2026-01-06T15:01:00Z&direction=asc')).toHaveLength(1);
    expect(await orders('?date=2026-01-06')).toHaveLength(2);
    expect(await orders('?date=2026-01-05')).toHaveLength(0);
    expect(await orders('?activity_types=FEE')).toHaveLength(0);
    expect(await orders('?category=trade_activity')).toHaveLength(2);
    expect((await desk.call('GET', `${path}?category=trade_activity&activity_types=FILL`)).status).toBe(422);
  });

  it('add up to the filled quantity through a bust and a correction', async () => {
    const desk = await open();
    const busted = await desk.place();
    const corrected = await desk.place();
    const [first, second] = desk.broker.ledger().executions;
    desk.broker.bust(first?.id ?? '');
    desk.broker.correct(second?.id ?? '', { quantity: '8', price: '46.5' });
    const rows = rowsOf(await desk.get('/v2/account/activities/FILL'));
    const sum = (id: string): number =>
      rows.filter((row) => row['order_id'] === id).reduce((total, row) => total + Number(row['qty']), 0);
    expect([sum(busted), sum(corrected)]).toEqual([0, 8]);
    const kinds = rows.map((row) => String(row['type']));
    expect(kinds.sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'fill',
      'fill',
      'trade_bust',
      'trade_bust',
      'trade_correct',
    ]);
    expect(await desk.get(`/v2/orders/${busted}`)).toMatchObject({
      status: 'filled',
      filled_qty: '0',
      filled_avg_price: null,
    });
    expect(() => desk.broker.bust('nothing')).toThrow('no execution has the id nothing');
  });
});

describe('the portfolio history', () => {
  it('has the equity of each session, counted from the start of the span', async () => {
    const desk = await open();
    await desk.place({ qty: '100' });
    desk.moveTo(parseEpochMs('2026-01-08T18:00:00-05:00'));
    const history = recordOf(await desk.get('/v2/account/portfolio/history?period=1W&timeframe=1D'));
    const closes = desk.broker.ledger();
    expect(history).toMatchObject({
      timeframe: '1D',
      base_value: 100_000,
      base_value_asof: '2026-01-06',
      cashflow: {},
    });
    expect(history['timestamp']).toEqual(
      ['2026-01-06', '2026-01-07', '2026-01-08'].map((day) => parseEpochMs(`${day}T16:00:00-05:00`) / 1000),
    );
    const equity = history['equity'];
    expect(Array.isArray(equity) ? equity.at(-1) : null).toBe(Number(closes.equity));
  });

  it('has the minutes of a session, before and after a fill', async () => {
    const desk = await open();
    await desk.place({ qty: '1000' });
    desk.pass(120_000);
    const history = recordOf(await desk.get('/v2/account/portfolio/history?period=1D'));
    expect(history['timeframe']).toBe('1Min');
    expect(history['equity']).toMatchObject([99_990, expect.any(Number), expect.any(Number)]);
    expect((await desk.call('GET', '/v2/account/portfolio/history?period=soon')).status).toBe(422);
  });
});

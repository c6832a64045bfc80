import { afterEach, describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { openRawDesk, type RawDesk, recordOf, rowsOf } from '#tests/venue/raw-desk.ts';
import { tinyMarket } from './tiny-market.ts';

const desks: RawDesk[] = [];
async function open(...given: Parameters<typeof openRawDesk>): Promise<RawDesk> {
  const desk = await openRawDesk(...given);
  desks.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

const WEEK = '&start=2026-01-05&end=2026-01-09';
const FRIDAY_EVENING = parseEpochMs('2026-01-09T18:00:00-05:00');

type Row = Readonly<Record<string, unknown>>;

async function barsOf(desk: RawDesk, query: string): Promise<Readonly<Record<string, readonly Row[]>>> {
  const body = recordOf(await desk.get(`/v2/stocks/bars?${query}`));
  return Object.fromEntries(Object.entries(recordOf(body['bars'])).map(([symbol, rows]) => [symbol, rowsOf(rows)]));
}

const numbers = (rows: readonly Row[], name: string): readonly number[] => rows.map((row) => Number(row[name]));

describe('daily bars', () => {
  it('start at midnight in New York, and both ends are inclusive', async () => {
    const desk = await open({}, FRIDAY_EVENING);
    const { KO: bars = [] } = await barsOf(desk, `symbols=KO&timeframe=1Day${WEEK}`);
    expect(bars.map((bar) => bar['t'])).toEqual(
      ['05', '06', '07', '08', '09'].map((day) => `2026-01-${day}T05:00:00Z`),
    );
    expect(bars[0]).toEqual({
      c: 46.21,
      h: 47.06,
      l: 46.17,
      n: 22_537,
      o: 46.63,
      t: '2026-01-05T05:00:00Z',
      v: 2_253_700,
      vw: 46.5175,
    });
  });

  it('tell the session in progress so far, and nothing of tomorrow', async () => {
    const desk = await open();
    const { KO: bars = [] } = await barsOf(desk, `symbols=KO&timeframe=1Day${WEEK}`);
    expect(bars.map((bar) => bar['t'])).toEqual(['2026-01-05T05:00:00Z', '2026-01-06T05:00:00Z']);
    const soFar = bars[1];
    desk.moveTo(FRIDAY_EVENING);
    const { KO: later = [] } = await barsOf(desk, `symbols=KO&timeframe=1Day${WEEK}`);
    expect(soFar?.['o']).toBe(later[1]?.['o']);
    expect(Number(soFar?.['h'])).toBeLessThanOrEqual(Number(later[1]?.['h']));
    expect(Number(soFar?.['v'])).toBeLessThan(Number(later[1]?.['v']));
  });

  it('are sorted by symbol and page across them', async () => {
    const desk = await open({}, FRIDAY_EVENING);
    const collected: string[] = [];
    let token = '';
    for (let page = 0; page < 5; page += 1) {
      const path = `/v2/stocks/bars?symbols=KO,AAPL,NOPE&timeframe=1Day&limit=3${WEEK}${token === '' ? '' : `&page_token=${token}`}`;
      const body = recordOf(await desk.get(path));
      for (const [symbol, rows] of Object.entries(recordOf(body['bars']))) {
        for (const row of rowsOf(rows)) collected.push(`${symbol} ${String(row['t']).slice(8, 10)}`);
      }
      const next = body['next_page_token'];
      if (typeof next !== 'string') break;
      token = next;
    }
    const days = ['05', '06', '07', '08', '09'];
    expect(collected).toEqual([...days.map((day) => `AAPL ${day}`), ...days.map((day) => `KO ${day}`)]);
  });

  it('are restated by a split once it has taken place, and raw as they were traded', async () => {
    const split = { ticker: ticker('KO'), date: calendarDate('2026-01-07'), to: 2, from: 1 };
    const desk = await open({ market: tinyMarket({ seed: 7, splits: [split] }) });
    const opens = async (adjustment: string): Promise<readonly number[]> =>
      numbers((await barsOf(desk, `symbols=KO&timeframe=1Day&adjustment=${adjustment}${WEEK}`))['KO'] ?? [], 'o');
    expect(await opens('split')).toEqual([46.63, 46.42]);
    desk.moveTo(parseEpochMs('2026-01-07T08:00:00-05:00'));
    expect(await opens('split')).toEqual([23.315, 23.21]);
    expect(await opens('raw')).toEqual([46.63, 46.42]);
  });

  it('join into weeks and months', async () => {
    const desk = await open({}, parseEpochMs('2026-02-27T18:00:00-05:00'));
    const days = (await barsOf(desk, `symbols=KO&timeframe=1Day${WEEK}`))['KO'] ?? [];
    const [week] = (await barsOf(desk, `symbols=KO&timeframe=1Week&start=2026-01-05&end=2026-01-09`))['KO'] ?? [];
    expect(week).toMatchObject({
      t: '2026-01-05T05:00:00Z',
      o: days[0]?.['o'],
      c: days[4]?.['c'],
      h: Math.max(...numbers(days, 'h')),
      l: Math.min(...numbers(days, 'l')),
      v: numbers(days, 'v').reduce((sum, volume) => sum + volume, 0),
    });
    const months = (await barsOf(desk, 'symbols=KO&timeframe=1Month&start=2026-01-01&end=2026-02-27'))['KO'] ?? [];
    expect(months.map((bar) => bar['t'])).toEqual(['2026-01-01T05:00:00Z', '2026-02-01T05:00:00Z']);
  });

  it('of one symbol have a path of their own', async () => {
    const desk = await open({}, FRIDAY_EVENING);
    const body = await desk.get(`/v2/stocks/KO/bars?timeframe=1Day&sort=desc&limit=1${WEEK}`);
    expect(body).toMatchObject({
      symbol: 'KO',
      bars: [{ t: '2026-01-09T05:00:00Z' }],
      next_page_token: expect.any(String),
    });
  });
});

describe('minute bars', () => {
  const DAY = '&start=2026-01-05T14:30:00Z&end=2026-01-05T21:00:00Z&limit=1000';

  it('add up to the day: its open, close, extremes and volume', async () => {
    const desk = await open();
    const [day] = (await barsOf(desk, 'symbols=KO&timeframe=1Day&start=2026-01-05&end=2026-01-05'))['KO'] ?? [];
    const minutes = (await barsOf(desk, `symbols=KO&timeframe=1Min${DAY}`))['KO'] ?? [];
    expect(minutes).toHaveLength(390);
    expect({
      o: minutes[0]?.['o'],
      c: minutes.at(-1)?.['c'],
      h: Math.max(...numbers(minutes, 'h')),
      l: Math.min(...numbers(minutes, 'l')),
      v: numbers(minutes, 'v').reduce((sum, volume) => sum + volume, 0),
    }).toEqual({ o: day?.['o'], c: day?.['c'], h: day?.['h'], l: day?.['l'], v: day?.['v'] });
  });

  it('join into any number of minutes and hours', async () => {
    const desk = await open();
    expect((await barsOf(desk, `symbols=KO&timeframe=15Min${DAY}`))['KO']).toHaveLength(26);
    // From 14:30 UTC the hours are cut at full hours; the first one starts before the span and is left out.
    expect((await barsOf(desk, `symbols=KO&timeframe=1Hour${DAY}`))['KO']?.[0]?.['t']).toBe('2026-01-05T15:00:00Z');
  });
});

describe('the latest', () => {
  it('quote, print and minute are of this instant', async () => {
    const desk = await open();
    expect(await desk.get('/v2/stocks/quotes/latest?symbols=KO,NOPE')).toEqual({
      quotes: {
        KO: { ap: 46.57, as: 600, ax: 'V', bp: 46.54, bs: 600, bx: 'V', c: ['R'], t: '2026-01-06T15:00:00Z', z: 'C' },
      },
    });
    expect(await desk.get('/v2/stocks/trades/latest?symbols=KO')).toMatchObject({
      trades: { KO: { p: 46.56, s: 600, t: '2026-01-06T15:00:00Z', x: 'V' } },
    });
    expect(await desk.get('/v2/stocks/bars/latest?symbols=KO')).toMatchObject({
      bars: { KO: { t: '2026-01-06T15:00:00Z' } },
    });
    expect(await desk.get('/v2/stocks/KO/quotes/latest')).toMatchObject({ symbol: 'KO', quote: { bp: 46.54 } });
    expect((await desk.call('GET', '/v2/stocks/NOPE/trades/latest')).status).toBe(400);
  });

  it('quote outside sessions is the last one of the session before', async () => {
    const desk = await open({}, parseEpochMs('2026-01-06T03:00:00-05:00'));
    expect(await desk.get('/v2/stocks/trades/latest?symbols=KO')).toMatchObject({
      trades: { KO: { p: 46.21, t: '2026-01-05T21:00:00Z' } },
    });
  });

  it('snapshot has them all, with yesterday beside today', async () => {
    const desk = await open();
    const snapshot = recordOf(recordOf(await desk.get('/v2/stocks/snapshots?symbols=KO,AAPL'))['KO']);
    expect(snapshot).toMatchObject({
      dailyBar: { t: '2026-01-06T05:00:00Z' },
      prevDailyBar: { t: '2026-01-05T05:00:00Z', c: 46.21 },
      latestTrade: { p: 46.56 },
      latestQuote: { bp: 46.54, ap: 46.57 },
      minuteBar: { t: '2026-01-06T15:00:00Z' },
    });
    expect(await desk.get('/v2/stocks/KO/snapshot')).toMatchObject({ symbol: 'KO', latestTrade: { p: 46.56 } });
  });
});

describe('the free plan', () => {
  const path = '/v2/stocks/bars?symbols=KO&timeframe=1Day&start=2026-01-05&feed=sip';

  it('has SIP data that is older than 15 minutes', async () => {
    const desk = await open();
    expect((await desk.call('GET', `${path}&end=2026-01-06T14:44:59Z`)).status).toBe(200);
    expect((await desk.call('GET', `${path}&end=2026-01-06T14:45:01Z`)).status).toBe(403);
    expect((await desk.call('GET', path)).status).toBe(403);
  });

  it('is not asked where the plan is unlimited', async () => {
    const desk = await open({ behaviour: { dataPlan: 'unlimited' } });
    expect((await desk.call('GET', path)).status).toBe(200);
  });
});

describe('a data request that cannot be read', () => {
  it.each([
    ['/v2/stocks/bars?timeframe=1Day', 'symbols'],
    ['/v2/stocks/bars?symbols=KO&timeframe=60Min', 'timeframe'],
    ['/v2/stocks/bars?symbols=KO&timeframe=1Day&start=soon', 'start'],
    ['/v2/stocks/bars?symbols=KO&timeframe=1Day&start=2026-01-06&end=2026-01-05', 'end'],
    ['/v2/stocks/bars?symbols=KO&timeframe=1Day&limit=10001', 'limit'],
    ['/v2/stocks/bars?symbols=KO&timeframe=1Day&page_token=bm8', 'page_token'],
    ['/v2/stocks/quotes/latest?symbols=KO&feed=best', 'feed'],
  ])('%s is a 400 that names %s, with a message only', async (path, parameter) => {
    const desk = await open();
    const { status, body } = await desk.call('GET', path);
    expect(status).toBe(400);
    expect(body).toEqual({ message: expect.stringContaining(`invalid ${parameter}: `) });
  });
});

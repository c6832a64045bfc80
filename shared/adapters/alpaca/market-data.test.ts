import { afterEach, describe, expect, it } from 'vitest';
import { formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import type { MarketData } from '#shared/ports/broker.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { answerJson, answerText, type Behaviour, type WireServer, wireServer } from '#tests/wire/wire-server.ts';
import { alpacaEndpoints } from './endpoints.ts';
import { alpacaMarketData } from './market-data.ts';

const servers: WireServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function desk(
  ...behaviours: readonly Behaviour[]
): Promise<{ readonly data: MarketData; readonly server: WireServer }> {
  const server = await wireServer(...behaviours);
  servers.push(server);
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: server.url, key: 'PKTEST', secret: 'secret' });
  return { data: alpacaMarketData({ endpoints, telemetry: recordedTelemetry(), feed: 'iex' }), server };
}

const bar = (t: string, c = 178.21) => ({ t, o: 178.26, h: 178.26, l: 178.21, c, v: 1118, n: 65, vw: 178.235733 });
const FROM = calendarDate('2026-01-05');
const TO = calendarDate('2026-07-01');
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no fault',
    (error: unknown) => (error instanceof Fault ? `${error.kind} ${error.code}` : error),
  );

describe('daily bars', () => {
  it('are read page after page, and dated by New York’s day in winter and in summer', async () => {
    const { data, server } = await desk(
      answerJson(200, { bars: { AAPL: [bar('2026-01-05T05:00:00Z')] }, next_page_token: 'page 2' }),
      answerJson(200, {
        bars: { AAPL: [bar('2026-07-01T04:00:00Z', 0.1)], KO: [bar('2026-01-05T05:00:00Z')] },
        next_page_token: null,
      }),
    );
    const bars = await data.dailyBars([ticker('KO'), ticker('AAPL')], FROM, TO);
    expect(bars.map(({ ticker: symbol, date, close }) => [symbol, date, close])).toEqual([
      ['KO', '2026-01-05', 178.21],
      ['AAPL', '2026-01-05', 178.21],
      ['AAPL', '2026-07-01', 0.1],
    ]);
    const [first, second] = server.heard.map(({ target }) => new URL(target, 'http://x').searchParams);
    expect(Object.fromEntries(first ?? [])).toEqual({
      feed: 'iex',
      timeframe: '1Day',
      adjustment: 'split',
      limit: '10000',
      start: '2026-01-05T05:00:00.000Z',
      end: '2026-07-01T04:00:00.000Z',
      symbols: 'KO,AAPL',
    });
    expect(second?.get('page_token')).toBe('page 2');
  });

  it('ask for a hundred symbols at a time', async () => {
    const { data, server } = await desk(answerJson(200, { bars: null }));
    const symbols = Array.from({ length: 150 }, (_, index) => ticker(`T${index}`));
    expect(await data.dailyBars([...symbols, ...symbols], FROM, TO)).toEqual([]);
    const asked = server.heard.map(({ target }) => new URL(target, 'http://x').searchParams.get('symbols')?.split(','));
    expect(asked.map((chunk) => chunk?.length)).toEqual([100, 50]);
  });

  it.each([
    ['told twice', [bar('2026-01-05T05:00:00Z'), bar('2026-01-05T05:00:00Z')]],
    ['out of order', [bar('2026-01-06T05:00:00Z'), bar('2026-01-05T05:00:00Z')]],
  ])('are a transient fault when %s', async (_how, bars) => {
    const { data } = await desk(answerJson(200, { bars: { KO: bars } }));
    expect(await codeOf(data.dailyBars([ticker('KO')], FROM, TO))).toBe('transient broker-answer-inconsistent');
  });

  it('are a fault when their pages lead in a circle', async () => {
    const { data } = await desk(answerJson(200, { bars: {}, next_page_token: 'again' }));
    expect(await codeOf(data.dailyBars([ticker('KO')], FROM, TO))).toBe('permanent broker-answer-inconsistent');
  });

  it('are a fault when a number is missing', async () => {
    const { data } = await desk(answerJson(200, { bars: { KO: [{ ...bar('2026-01-05T05:00:00Z'), c: null }] } }));
    expect(await codeOf(data.dailyBars([ticker('KO')], FROM, TO))).toBe('permanent broker-answer-unreadable');
  });
});

describe('latest quotes', () => {
  it('are read exactly; a side at zero is one that nobody quotes', async () => {
    const { data, server } = await desk(
      answerText(
        200,
        '{"quotes":{"KO":{"t":"2026-01-05T15:00:00.123456789Z","bp":70.29,"bs":300,"ap":70.1234567,"as":1.5e2,"c":["R"]},' +
          '"F":{"t":"2026-01-05T15:00:00Z","bp":0,"bs":0,"ap":10.01,"as":100}}}',
      ),
    );
    const quotes = await data.latestQuotes([ticker('KO'), ticker('F'), ticker('GONE')]);
    expect([...quotes.keys()]).toEqual(['KO', 'F']);
    const ko = quotes.get(ticker('KO'));
    expect(ko?.at).toBe(1767625200123456789n);
    expect([ko?.bid, ko?.ask].map((side) => (side === null || side === undefined ? '' : formatPrice(side)))).toEqual([
      '70.29',
      '70.1234567',
    ]);
    expect(ko === undefined ? '' : formatQuantity(ko.askSize)).toBe('150');
    expect(quotes.get(ticker('F'))?.bid).toBeNull();
    expect(server.heard[0]?.target).toBe('/v2/stocks/quotes/latest?feed=iex&symbols=KO%2CF%2CGONE');
  });
});

describe('latest trades', () => {
  it('are read exactly', async () => {
    const { data } = await desk(
      answerJson(200, { trades: { KO: { t: '2026-01-05T15:00:00Z', p: 0.1, s: 100, x: 'V' } } }),
    );
    const print = (await data.latestTrades([ticker('KO')])).get(ticker('KO'));
    expect(print === undefined ? [] : [formatPrice(print.price), formatQuantity(print.size)]).toEqual(['0.1', '100']);
  });

  it('are a fault at a price of nothing', async () => {
    const { data } = await desk(answerJson(200, { trades: { KO: { t: '2026-01-05T15:00:00Z', p: 0, s: 100 } } }));
    expect(await codeOf(data.latestTrades([ticker('KO')]))).toBe('permanent broker-answer-unreadable');
  });

  it('of a recent time that the plan does not cover are a permanent fault', async () => {
    const message = 'subscription does not permit querying recent SIP data';
    const { data } = await desk(answerJson(403, { message }));
    expect(await codeOf(data.latestTrades([ticker('KO')]))).toBe('permanent broker-read-refused');
  });
});

/** Alpaca's own JavaScript client at the simulator: what it can do with the real service it does here, unchanged. */
import { EventEmitter, once } from 'node:events';
import {
  Alpaca,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ValidationError,
  TimeFrameUnit,
  timeFrame,
  type trading,
} from '@alpacahq/alpaca-trade-api';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';
import { KEY, openRawDesk, type RawDesk, SECRET } from '#tests/venue/raw-desk.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Client {
  readonly desk: RawDesk;
  readonly alpaca: Alpaca;
}

/** The client with nothing changed but where its requests go. */
async function open(options: Parameters<typeof openRawDesk>[0] = {}): Promise<Client> {
  const desk = await openRawDesk(options);
  closers.push(() => desk.close());
  const alpaca = new Alpaca({
    keyId: KEY,
    secret: SECRET,
    paper: true,
    retry: false,
    fetchApi: (input, init) => {
      const url = new URL(input);
      return fetch(new URL(url.pathname + url.search, desk.broker.url), init);
    },
  });
  return { desk, alpaca };
}

type Updates = { readonly events: string[]; readonly orders: trading.Order[]; until(count: number): Promise<void> };

/** The client's order stream, listening. */
async function listen({ desk, alpaca }: Client): Promise<Updates> {
  const stream = alpaca.trading.stream({ url: desk.broker.orderStreamUrl, reconnect: false, pingIntervalMs: 0 });
  closers.push(() => stream.disconnect());
  const events: string[] = [];
  const orders: trading.Order[] = [];
  const news = new EventEmitter();
  stream.onTradeUpdate((update) => {
    events.push(update.event);
    orders.push(update.order);
    news.emit('update');
  });
  await new Promise<void>((resolve, reject) => {
    stream.on('error', (message: string) => reject(new Error(message)));
    stream.on('subscription', () => resolve());
    stream.onConnect(() => stream.subscribeTradeUpdates());
    stream.connect();
  });
  return {
    events,
    orders,
    async until(count) {
      while (events.length < count) await once(news, 'update');
    },
  };
}

describe('the official client places orders', () => {
  it('of every type and size that is traded, and reads them back', async () => {
    const { desk, alpaca } = await open();
    const { orders } = alpaca.trading;
    const market = await orders.market({ symbol: 'KO', qty: 10, side: 'buy', clientOrderId: 'market' });
    expect(market).toMatchObject({ status: 'pending_new', qty: '10', symbol: 'KO', positionIntent: 'buy_to_open' });
    expect(market.expiresAt).toEqual(new Date('2026-01-06T21:00:00Z'));
    await orders.market({ symbol: 'AAPL', notional: '250.50', side: 'buy', clientOrderId: 'notional' });
    await orders.limit({
      symbol: 'F',
      qty: '2',
      side: 'buy',
      limitPrice: 1,
      timeInForce: 'gtc',
      clientOrderId: 'limit',
    });
    await orders.stop({ symbol: 'F', qty: 2, side: 'buy', stopPrice: 900, clientOrderId: 'stop' });
    await orders.stopLimit({
      symbol: 'F',
      qty: 2,
      side: 'buy',
      stopPrice: 900,
      limitPrice: 901,
      clientOrderId: 'both',
    });
    desk.settle();
    expect(await orders.getOrderByClientOrderId({ clientOrderId: 'market' })).toMatchObject({
      status: 'filled',
      filledQty: '10',
      filledAvgPrice: '46.57',
      filledAt: expect.any(Date),
    });
    expect(await orders.getOrderByOrderID({ orderId: market.id ?? '' })).toMatchObject({ clientOrderId: 'market' });
    const working = await orders.getAllOrders({ status: 'open', direction: 'asc' });
    expect(working.map((order) => [order.clientOrderId, order.type])).toEqual([
      ['limit', 'limit'],
      ['stop', 'stop'],
      ['both', 'stop_limit'],
    ]);
  });

  it('cancels one, and then all', async () => {
    const { desk, alpaca } = await open();
    const { orders } = alpaca.trading;
    const limits = ['a', 'b', 'c'].map((clientOrderId) =>
      orders.limit({ symbol: 'KO', qty: 1, side: 'buy', limitPrice: 1, clientOrderId }),
    );
    const [first] = await Promise.all(limits);
    desk.settle();
    await orders.deleteOrderByOrderID({ orderId: first?.id ?? '' });
    const all = await orders.deleteAllOrders();
    expect(all.map((item) => item.status)).toEqual([200, 200, 200]);
    desk.settle();
    expect(await orders.getAllOrders({ status: 'open' })).toEqual([]);
    expect(await orders.getOrderByOrderID({ orderId: first?.id ?? '' })).toMatchObject({
      status: 'canceled',
      canceledAt: expect.any(Date),
    });
  });

  it('reads refusals as what they are', async () => {
    const { desk, alpaca } = await open({ requestsPerMinute: 6 });
    const { orders } = alpaca.trading;
    const buy = { symbol: 'KO', qty: 1, side: 'buy', clientOrderId: 'mine' } as const;
    await orders.market(buy);
    await expect(orders.market(buy)).rejects.toMatchObject({
      name: 'ValidationError',
      status: 422,
      code: 40010001,
      message: 'client_order_id must be unique',
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    await expect(orders.limit({ ...buy, clientOrderId: 'x', limitPrice: 290.123 })).rejects.toThrow(ValidationError);
    await expect(orders.market({ ...buy, clientOrderId: 'y', qty: 100_000 })).rejects.toThrow(PermissionError);
    await expect(orders.getOrderByClientOrderId({ clientOrderId: 'nobody' })).rejects.toThrow(NotFoundError);
    await alpaca.trading.clock.legacyClock();
    await expect(alpaca.trading.clock.legacyClock()).rejects.toMatchObject({
      status: 429,
      rateLimit: { limit: 6, remaining: 0, reset: new Date('2026-01-06T15:01:00Z') },
    });
    await expect(alpaca.trading.clock.legacyClock()).rejects.toThrow(RateLimitError);
    desk.pass(60_000);
    expect((await alpaca.trading.clock.legacyClock()).isOpen).toBe(true);
    const stranger = await new Alpaca({
      keyId: 'PKNOBODY',
      secret: 'x',
      retry: false,
      fetchApi: (_, init) => fetch(`${desk.broker.url}/v2/account`, init),
    }).trading.validateConnection();
    expect(stranger).toMatchObject({ ok: false, status: 401, message: 'unauthorized.' });
  });
});

describe('the official client streams', () => {
  it('news of orders', async () => {
    const client = await open();
    const updates = await listen(client);
    await client.alpaca.trading.orders.market({ symbol: 'KO', qty: 3, side: 'buy', clientOrderId: 'mine' });
    client.desk.settle();
    await updates.until(3);
    expect(updates.events).toEqual(['pending_new', 'new', 'fill']);
    expect(updates.orders.at(-1)).toMatchObject({ clientOrderId: 'mine', status: 'filled', filledQty: '3' });
    // Offsets are mixed within one order; the client must read the same instant from both.
    expect(updates.orders.at(-1)?.submittedAt?.toISOString()).toBe('2026-01-06T15:00:00.000Z');
  });

  it('a whole order by its own workflow: subscribe, submit, await the end', async () => {
    const { desk, alpaca } = await open({ drive: 'self' });
    const stream = alpaca.trading.stream({ url: desk.broker.orderStreamUrl, reconnect: false, pingIntervalMs: 0 });
    closers.push(() => stream.disconnect());
    const ended = alpaca.trading.submitAndWait({ symbol: 'KO', qty: 3, side: 'buy', type: 'market' }, { stream });
    stream.connect();
    expect(await ended).toMatchObject({ status: 'filled', filledQty: '3', filledAvgPrice: '46.57' });
  });

  it('is told when it may not', async () => {
    const { desk } = await open();
    const stranger = new Alpaca({ keyId: KEY, secret: 'wrong' });
    const stream = stranger.trading.stream({ url: desk.broker.orderStreamUrl, reconnect: false, pingIntervalMs: 0 });
    closers.push(() => stream.disconnect());
    const failed = new Promise((resolve) => {
      stream.on('error', resolve);
    });
    stream.connect();
    expect(await failed).toBe('auth failed');
  });

  it('quotes, prints and bars, in MessagePack with times to the nanosecond', async () => {
    const { desk, alpaca } = await open();
    const stream = alpaca.marketData.stockStream({
      url: desk.broker.dataStreamUrl,
      reconnect: false,
      pingIntervalMs: 0,
    });
    closers.push(() => stream.disconnect());
    const trades: unknown[] = [];
    const quotes: unknown[] = [];
    stream.onTrade((trade) => trades.push(trade));
    stream.onQuote((quote) => quotes.push(quote));
    const bar = new Promise((resolve) => {
      stream.onBar(resolve);
    });
    await new Promise<void>((resolve, reject) => {
      stream.on('error', (message: string) => reject(new Error(message)));
      stream.on('subscription', () => {
        const { trades: t, quotes: q, bars: b } = stream.getSubscriptions();
        if (t.length > 0 && q.length > 0 && b.length > 0) resolve();
      });
      stream.onConnect(() => {
        stream.subscribeForTrades(['KO']);
        stream.subscribeForQuotes(['KO']);
        stream.subscribeForBars(['KO']);
      });
      stream.connect();
    });
    desk.pass(60_000);
    expect(await bar).toMatchObject({ symbol: 'KO', timestamp: new Date('2026-01-06T15:00:00Z') });
    const at = { timestamp: new Date('2026-01-06T15:01:00Z'), timestampRaw: '2026-01-06T15:01:00.000000000Z' };
    expect(trades).toEqual([expect.objectContaining({ symbol: 'KO', price: expect.any(Number), ...at })]);
    expect(quotes).toEqual([expect.objectContaining({ symbol: 'KO', bidPrice: expect.any(Number), ...at })]);
  });
});

describe('the official client reads', () => {
  it('positions and the account', async () => {
    const { desk, alpaca } = await open();
    await desk.place({ qty: '10' });
    await desk.place({ qty: '4', side: 'sell', type: 'limit', limit_price: '900' });
    const [position] = await alpaca.trading.positions.getAllOpenPositions();
    expect(position).toMatchObject({
      symbol: 'KO',
      qty: '10',
      qtyAvailable: '6',
      side: 'long',
      avgEntryPrice: '46.57',
    });
    expect(await alpaca.trading.positions.getOpenPosition({ symbolOrAssetId: 'KO' })).toEqual(position);
    await expect(alpaca.trading.positions.getOpenPosition({ symbolOrAssetId: 'F' })).rejects.toThrow(NotFoundError);
    expect(await alpaca.trading.account.getAccount()).toMatchObject({
      status: 'ACTIVE',
      cash: '99534.3',
      multiplier: '4',
      accountBlocked: false,
      createdAt: new Date('2026-01-06T15:00:00Z'),
    });
    const closed = await alpaca.trading.closeAllPositions({ cancelOrders: true });
    expect(closed).toMatchObject([{ symbol: 'KO', status: 200 }]);
    desk.settle();
    expect(await alpaca.trading.positions.getAllOpenPositions()).toEqual([]);
  });

  it('and changes the configuration of the account', async () => {
    const { alpaca } = await open();
    const { accountConfigurations } = alpaca.trading;
    await accountConfigurations.patchAccountConfig({ accountConfigurations: { noShorting: true } });
    expect(await accountConfigurations.getAccountConfig()).toMatchObject({ noShorting: true, suspendTrade: false });
    await expect(alpaca.trading.orders.market({ symbol: 'KO', qty: 1, side: 'sell' })).rejects.toThrow(
      'account is not allowed to short',
    );
  });

  it('clock, calendar and assets', async () => {
    const { alpaca } = await open();
    expect(await alpaca.trading.clock.legacyClock()).toEqual({
      timestamp: new Date('2026-01-06T15:00:00Z'),
      isOpen: true,
      nextOpen: new Date('2026-01-07T14:30:00Z'),
      nextClose: new Date('2026-01-06T21:00:00Z'),
    });
    const days = await alpaca.trading.calendar.legacyCalendar({
      start: new Date('2026-01-16T00:00:00Z'),
      end: new Date('2026-01-20T00:00:00Z'),
    });
    expect(days.map((day) => [day.date.toISOString().slice(0, 10), day.open, day.close])).toEqual([
      ['2026-01-16', '09:30', '16:00'],
      ['2026-01-20', '09:30', '16:00'],
    ]);
    const assets = await alpaca.trading.assets.getV2Assets({ status: 'active' });
    expect(assets.map((asset) => asset.symbol)).toEqual(['AAPL', 'MSFT', 'KO', 'F']);
    const asset = await alpaca.trading.assets.getV2AssetsSymbolOrAssetId({ symbolOrAssetId: 'KO' });
    expect(asset).toMatchObject({ symbol: 'KO', tradable: true, fractionable: true, borrowStatus: 'easy_to_borrow' });
  });

  it('activities over all their pages, and the portfolio history', async () => {
    const { desk, alpaca } = await open();
    for (let index = 0; index < 7; index += 1) await desk.place({ qty: '1' });
    const activities = await alpaca.trading.collectActivities({ pageSize: 3 });
    expect(activities).toHaveLength(7);
    expect(activities[0]).toMatchObject({ activityType: 'FILL', qty: '1', price: '46.57', side: 'buy', symbol: 'KO' });
    desk.moveTo(parseEpochMs('2026-01-07T18:00:00-05:00'));
    const history = await alpaca.trading.portfolioHistory.getAccountPortfolioHistory({ period: '1W', timeframe: '1D' });
    expect(history).toMatchObject({ timeframe: '1D', baseValue: 100_000 });
    expect(history.equity).toHaveLength(2);
  });

  it('bars over all their pages, the latest of everything, and snapshots', async () => {
    const { desk, alpaca } = await open();
    desk.moveTo(parseEpochMs('2026-01-09T15:00:00-05:00'));
    const bars = await alpaca.marketData.getStockBars({
      symbols: ['KO', 'F'],
      timeframe: timeFrame(1, TimeFrameUnit.Day),
      start: new Date('2026-01-05T00:00:00Z'),
      end: new Date('2026-01-08T12:00:00Z'),
      limit: 3,
    });
    expect(Object.keys(bars)).toEqual(['F', 'KO']);
    expect(bars['KO']?.map((bar) => [bar.timestamp.toISOString().slice(0, 10), bar.open])).toEqual([
      ['2026-01-05', 46.63],
      ['2026-01-06', 46.42],
      ['2026-01-07', expect.any(Number)],
      ['2026-01-08', expect.any(Number)],
    ]);
    const { stocks } = alpaca.marketData;
    const [quotes, trades, snapshots] = await Promise.all([
      stocks.stockLatestQuotes({ symbols: 'KO' }),
      stocks.stockLatestTrades({ symbols: 'KO' }),
      stocks.stockSnapshots({ symbols: 'KO' }),
    ]);
    const price = trades.trades['KO']?.p ?? 0;
    expect(quotes.quotes['KO']?.bp).toBeLessThanOrEqual(price);
    expect(quotes.quotes['KO']?.ap).toBeGreaterThanOrEqual(price);
    expect(snapshots['KO']?.latestTrade?.p).toBe(price);
    expect(snapshots['KO']?.prevDailyBar?.t).toEqual(new Date('2026-01-08T05:00:00Z'));
    expect(await alpaca.marketData.getLatestPrice('KO')).toBe(price);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { Bug, Fault } from '#shared/core/kernel/fault.ts';
import { brokerOrderId, clientOrderIdOf, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, epochMs } from '#shared/core/kernel/instant.ts';
import type { Broker } from '#shared/ports/broker.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { answerJson, answerText, type Behaviour, type WireServer, wireServer } from '#tests/wire/wire-server.ts';
import { alpacaBroker } from './broker.ts';
import { alpacaEndpoints } from './endpoints.ts';

const servers: WireServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function desk(
  ...behaviours: readonly Behaviour[]
): Promise<{ readonly broker: Broker; readonly server: WireServer }> {
  const server = await wireServer(...behaviours);
  servers.push(server);
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: server.url, key: 'PKTEST', secret: 'secret' });
  return { broker: alpacaBroker({ endpoints, telemetry: recordedTelemetry() }), server };
}

const ID = '7b08df51-c1ac-453c-99f9-323a5f075f0d';
const ORDER = { id: ID, client_order_id: 'belay-1', symbol: 'KO', side: 'buy', status: 'new', filled_qty: '0' };
const targets = (server: WireServer): readonly string[] => server.heard.map(({ target }) => target);
const faulty = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no fault',
    (error: unknown) => (error instanceof Fault ? `${error.kind} ${error.code}` : error),
  );

describe('a lookup', () => {
  it('by client order id asks at the path with the colon', async () => {
    const { broker, server } = await desk(answerJson(200, ORDER));
    expect(await broker.findByClientId(clientOrderIdOf('belay-1'))).toMatchObject({ brokerOrderId: ID });
    expect(targets(server)).toEqual(['/v2/orders:by_client_order_id?client_order_id=belay-1']);
  });

  it('is null only in the broker’s own words', async () => {
    const missing = answerJson(404, { code: 40410000, message: 'order not found for belay-1' });
    const { broker } = await desk(
      missing,
      missing,
      answerJson(422, { code: 40010001, message: 'order_id is missing' }),
    );
    expect(await broker.findByClientId(clientOrderIdOf('belay-1'))).toBeNull();
    expect(await broker.findById(brokerOrderId(ID))).toBeNull();
    expect(await broker.findById(brokerOrderId('no-uuid'))).toBeNull();
  });

  it.each<readonly [string, Behaviour, string]>([
    [
      'a wrong address',
      answerJson(404, { code: 40410000, message: 'endpoint not found' }),
      'permanent broker-read-refused',
    ],
    ['a page of a proxy', answerText(404, '<html>not found</html>'), 'transient broker-answer-garbled'],
    [
      'the order of somebody else',
      answerJson(200, { ...ORDER, id: 'x', client_order_id: 'y' }),
      'permanent broker-answer-mismatch',
    ],
  ])('takes %s for no absence', async (_what, behaviour, fault) => {
    const { broker } = await desk(behaviour);
    expect(await faulty(broker.findByClientId(clientOrderIdOf('belay-1')))).toBe(fault);
    expect(await faulty(broker.findById(brokerOrderId(ID)))).toBe(fault);
  });
});

describe('a list of orders', () => {
  it('is asked for from the oldest on, flat, by time or behind an order', async () => {
    const { broker, server } = await desk(answerJson(200, [ORDER]));
    expect(await broker.listOrders({ status: 'all', limit: 500 })).toHaveLength(1);
    const submittedAfter = epochMs(1767625200123);
    await broker.listOrders({ status: 'open', limit: 50, submittedAfter });
    await broker.listOrders({ status: 'open', limit: 50, submittedAfter, afterOrder: brokerOrderId(ID) });
    expect(targets(server)).toEqual([
      '/v2/orders?status=all&limit=500&direction=asc&nested=false',
      '/v2/orders?status=open&limit=50&direction=asc&nested=false&after=2026-01-05T15%3A00%3A00.123Z',
      `/v2/orders?status=open&limit=50&direction=asc&nested=false&after_order_id=${ID}`,
    ]);
  });

  it('refuses a page that the broker does not give', async () => {
    const { broker, server } = await desk(answerJson(200, []));
    for (const limit of [0, 501, 1.5]) {
      await expect(broker.listOrders({ status: 'all', limit })).rejects.toBeInstanceOf(Bug);
      await expect(broker.listActivities({ limit: limit === 501 ? 101 : limit })).rejects.toBeInstanceOf(Bug);
    }
    expect(server.heard).toHaveLength(0);
  });

  it('is a fault as a whole when one order of it cannot be read', async () => {
    const { broker } = await desk(answerJson(200, [ORDER, { ...ORDER, filled_qty: null }]));
    expect(await faulty(broker.listOrders({ status: 'all', limit: 500 }))).toBe('permanent broker-answer-unreadable');
  });
});

describe('a list of activities', () => {
  it('asks for fills from the oldest on, page after page', async () => {
    const { broker, server } = await desk(answerJson(200, []));
    await broker.listActivities({ limit: 100, after: epochMs(0), until: epochMs(1000), pageToken: '2022::a b' });
    await broker.listActivities({ limit: 1, date: calendarDate('2026-01-05') });
    expect(targets(server)).toEqual([
      '/v2/account/activities/FILL?direction=asc&page_size=100&after=1970-01-01T00%3A00%3A00.000Z&until=1970-01-01T00%3A00%3A01.000Z&page_token=2022%3A%3Aa+b',
      '/v2/account/activities/FILL?direction=asc&page_size=1&date=2026-01-05',
    ]);
  });
});

describe('a position', () => {
  it('is null when there is none, and a fault when that is not what was said', async () => {
    const { broker, server } = await desk(
      answerJson(404, { code: 40410000, message: 'position does not exist' }),
      answerJson(404, { code: 40410000, message: 'endpoint not found' }),
    );
    expect(await broker.position(ticker('BTC/USD'))).toBeNull();
    expect(await faulty(broker.position(ticker('KO')))).toBe('permanent broker-read-refused');
    expect(targets(server)).toEqual(['/v2/positions/BTC%2FUSD', '/v2/positions/KO']);
  });
});

describe('instruments', () => {
  const asset = (symbol: string, change: object = {}) => ({
    class: 'us_equity',
    symbol,
    name: symbol,
    status: 'active',
    tradable: true,
    fractionable: true,
    ...change,
  });

  it('are read one by one when they are few, without those that are unknown or inactive', async () => {
    const { broker, server } = await desk((heard, response, request) => {
      const symbol = heard.target.split('/').at(-1) ?? '';
      const answer =
        symbol === 'GONE'
          ? answerJson(404, { code: 40410000, message: 'asset not found for GONE' })
          : answerJson(200, asset(symbol, symbol === 'DEAD' ? { status: 'inactive' } : {}));
      answer(heard, response, request);
    });
    const found = await broker.instruments(['KO', 'GONE', 'DEAD', 'KO'].map(ticker));
    expect([...found.keys()]).toEqual(['KO']);
    expect([...targets(server)].sort()).toEqual(['/v2/assets/DEAD', '/v2/assets/GONE', '/v2/assets/KO']);
  });

  it('are read in one list when they are many', async () => {
    const wanted: readonly Ticker[] = Array.from({ length: 9 }, (_, index) => ticker(`T${index}`));
    const { broker, server } = await desk(
      answerJson(
        200,
        [...wanted.slice(1), 'OTHER', 'A_B C'].map((symbol) => asset(symbol)),
      ),
    );
    expect([...(await broker.instruments(wanted)).keys()]).toEqual(wanted.slice(1));
    expect(targets(server)).toEqual(['/v2/assets?status=active&asset_class=us_equity']);
  });
});

describe('account, clock and calendar', () => {
  it('ask at their own addresses', async () => {
    const { broker, server } = await desk(
      answerJson(200, {
        account_number: 'PA1',
        currency: 'USD',
        status: 'ACTIVE',
        cash: '1',
        equity: '1',
        last_equity: '1',
        buying_power: '4',
        account_blocked: false,
        trading_blocked: false,
        trade_suspended_by_user: true,
      }),
      answerJson(200, {
        timestamp: '2026-01-05T10:00:00-05:00',
        is_open: true,
        next_open: '2026-01-06T09:30:00-05:00',
        next_close: '2026-01-05T16:00:00-05:00',
      }),
      answerJson(200, [{ date: '2026-01-05', open: '09:30', close: '16:00' }]),
      answerJson(200, []),
    );
    expect(await broker.account()).toMatchObject({ tradable: false, restriction: 'trade_suspended_by_user' });
    expect(await broker.clock()).toMatchObject({ isOpen: true, at: 1767625200000 });
    expect(await broker.calendar(calendarDate('2026-01-05'), calendarDate('2026-01-09'))).toHaveLength(1);
    expect(await broker.positions()).toEqual([]);
    expect(targets(server)).toEqual([
      '/v2/account',
      '/v2/clock',
      '/v2/calendar?start=2026-01-05&end=2026-01-09',
      '/v2/positions',
    ]);
  });
});

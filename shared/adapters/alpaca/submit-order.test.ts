import { afterEach, describe, expect, it } from 'vitest';
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type ClaimedOrder, markClaimed } from '#shared/core/order/claimed.ts';
import type { OrderTerms } from '#shared/core/order/order.ts';
import type { SubmitOutcome } from '#shared/ports/broker.ts';
import type { RequestKind } from '#shared/core/safety/broker-request.ts';
import type { RequestGate } from '#shared/ports/request-gate.ts';
import { sampleIntent, sending } from '#tests/order/sample-orders.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import {
  answerJson,
  answerText,
  type Behaviour,
  deadUrl,
  reset,
  silent,
  tear,
  type WireServer,
  wireServer,
} from '#tests/wire/wire-server.ts';
import { type AlpacaBrokerOptions, alpacaBroker } from './broker.ts';
import { alpacaEndpoints } from './endpoints.ts';

const order = (terms: Partial<OrderTerms> = {}): ClaimedOrder => markClaimed(sending(sampleIntent(terms)));
const ORDER = order();
const servers: WireServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const brokerAt = (baseUrl: string, options: Partial<AlpacaBrokerOptions> = {}) =>
  alpacaBroker({
    endpoints: alpacaEndpoints({ paper: true, baseUrl, key: 'PKHUSHKEY', secret: 'hush-secret' }),
    telemetry: recordedTelemetry(),
    ...options,
  });

async function submit(
  behaviour: Behaviour,
  claimed = ORDER,
  options: Partial<AlpacaBrokerOptions> = {},
): Promise<{ readonly outcome: SubmitOutcome; readonly server: WireServer }> {
  const server = await wireServer(behaviour, answerJson(200, {}));
  servers.push(server);
  return { outcome: await brokerAt(server.url, options).submit(claimed), server };
}

const ANSWER = {
  id: '7b08df51-c1ac-453c-99f9-323a5f075f0d',
  client_order_id: ORDER.clientOrderId,
  symbol: 'AAPL',
  side: 'buy',
  type: 'limit',
  time_in_force: 'day',
  qty: '20',
  limit_price: '101',
  filled_qty: '0',
  status: 'pending_new',
};

describe('the body of a submit', () => {
  const bodyOf = async (terms: Partial<OrderTerms>): Promise<unknown> => {
    const { server } = await submit(answerJson(500, {}), order(terms));
    const [heard] = server.heard;
    expect(heard).toMatchObject({ method: 'POST', target: '/v2/orders' });
    expect(heard?.headers['content-type']).toBe('application/json');
    const body: unknown = JSON.parse(heard?.body ?? '');
    return body;
  };

  it('carries the terms as texts, and nothing else', async () => {
    expect(await bodyOf({})).toEqual({
      client_order_id: ORDER.clientOrderId,
      symbol: 'AAPL',
      side: 'buy',
      type: 'limit',
      time_in_force: 'day',
      position_intent: 'buy_to_open',
      qty: '20',
      limit_price: '101',
    });
  });

  it('carries nine decimals of a quantity, both prices of a stop-limit, and the intent to close', async () => {
    const terms = {
      side: 'sell',
      type: 'stop_limit',
      timeInForce: 'gtc',
      positionIntent: 'sell_to_close',
      size: { kind: 'quantity', quantity: parseQuantity('0.557436865') },
      limitPrice: parsePrice('0.1234'),
      stopPrice: parsePrice('0.125'),
    } as const;
    expect(await bodyOf(terms)).toMatchObject({
      position_intent: 'sell_to_close',
      time_in_force: 'gtc',
      qty: '0.557436865',
      limit_price: '0.1234',
      stop_price: '0.125',
    });
  });

  it('carries an amount of money instead of a quantity, never both', async () => {
    const size = { kind: 'notional', notional: parseMoney('1234.56') } as const;
    const body = await bodyOf({ type: 'market', limitPrice: null, size });
    expect(body).toMatchObject({ notional: '1234.56', type: 'market' });
    expect(body).not.toHaveProperty('qty');
    expect(body).not.toHaveProperty('limit_price');
  });

  it.each<readonly [string, Partial<OrderTerms>]>([
    ['a limit order without its price', { limitPrice: null }],
    ['a market order with a limit', { type: 'market' }],
    ['a stop order without its price', { type: 'stop', limitPrice: null }],
    ['a limit order with a stop', { stopPrice: parsePrice('1') }],
    [
      'an amount of a fraction of a cent',
      { type: 'market', limitPrice: null, size: { kind: 'notional', notional: parseMoney('10.001') } },
    ],
  ])('is never sent for %s', async (_what, terms) => {
    const { outcome, server } = await submit(answerJson(200, ANSWER), order(terms));
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'order-malformed' } });
    expect(server.heard).toHaveLength(0);
  });
});

describe('the outcome of a submit', () => {
  it('is acknowledged by the order itself', async () => {
    const { outcome } = await submit(answerJson(200, ANSWER));
    expect(outcome).toMatchObject({
      kind: 'acknowledged',
      requestId: 'req-1',
      order: { brokerOrderId: ANSWER.id, clientOrderId: ORDER.clientOrderId, status: 'pending' },
    });
  });

  it('is acknowledged in a status that nobody knows', async () => {
    const { outcome } = await submit(answerJson(201, { ...ANSWER, status: 'beamed_up', new_field: 1 }));
    expect(outcome).toMatchObject({ kind: 'acknowledged', order: { status: 'open-unrecognised' } });
  });

  it.each([
    [422, { code: 40010001, message: 'client_order_id must be unique' }],
    [409, { code: 40910000, message: 'client_order_id must be unique' }],
    [409, { message: 'conflict' }],
    [403, { message: 'client_order_id must be unique' }],
  ])('is a duplicate after %i %j', async (status, body) => {
    const { outcome, server } = await submit(answerJson(status, body));
    expect(outcome).toEqual({ kind: 'duplicate', requestId: 'req-1' });
    expect(server.heard).toHaveLength(1);
  });

  it.each([
    [400, 'request body format is invalid', 'broker-order-malformed'],
    [401, 'unauthorized.', 'broker-credentials'],
    [403, 'forbidden.', 'broker-credentials'],
    [403, 'insufficient buying power', 'broker-insufficient-buying-power'],
    [404, 'endpoint not found', 'broker-endpoint-unknown'],
    [422, 'qty must be > 0', 'broker-order-malformed'],
    [422, 'Mercury is in retrograde', 'broker-refused'],
  ])('is refused after %i %s', async (status, message, code) => {
    // The very number of a duplicate decides nothing.
    const { outcome } = await submit(answerJson(status, { code: 40010001, message, buying_power: '5' }));
    expect(outcome).toMatchObject({
      kind: 'refused',
      requestId: 'req-1',
      refusal: { code, context: { brokerMessage: message, buying_power: '5', httpStatus: String(status) } },
    });
  });

  it('is throttled after 429, with the wait that the broker asks for, whatever the body', async () => {
    const wait = { 'retry-after': '3' };
    for (const behaviour of [
      answerJson(429, { message: 'rate limit exceeded' }, wait),
      answerText(429, '<html>', wait),
    ]) {
      const { outcome, server } = await submit(behaviour);
      expect(outcome).toMatchObject({ kind: 'throttled', retryAfterMs: 3000, requestId: 'req-1' });
      expect(server.heard).toHaveLength(1);
    }
    expect((await submit(answerJson(429, {}))).outcome).toMatchObject({ kind: 'throttled', retryAfterMs: null });
  });

  it.each<readonly [string, Behaviour]>([
    ['a reset after the request was taken', reset],
    ['silence to the deadline', silent],
    ['an answer torn in its body', tear(200, JSON.stringify(ANSWER).slice(0, 40))],
    ['a refusal torn in its body', tear(422, '{"message":"qty')],
    ['500', answerJson(500, { code: 50010000, message: 'internal server error' })],
    ['502', answerText(502, '<html>bad gateway</html>')],
    ['503', answerJson(503, { message: 'insufficient buying power' })],
    ['504', answerText(504, '<html>client_order_id must be unique</html>')],
    ['a refusal in HTML', answerText(403, '<html>forbidden</html>')],
    ['200 in HTML', answerText(200, '<html>welcome</html>')],
    ['200 without a body', answerText(200, '')],
    ['200 with JSON cut short', answerText(200, JSON.stringify(ANSWER).slice(0, -1))],
    ['200 with another object', answerJson(200, { ok: true })],
    ['200 with the order of somebody else', answerJson(200, { ...ANSWER, client_order_id: 'belay-other' })],
    ['200 without a client order id', answerJson(200, { ...ANSWER, client_order_id: null })],
    ['204', answerJson(204, null)],
    ['a redirect', answerJson(307, {}, { location: '/v2/orders' })],
    ['a request timeout of the server', answerJson(408, { message: 'slow' })],
    ['a 4xx that no one describes', answerJson(418, { message: 'teapot' })],
    ['a refusal without a message', answerJson(422, {})],
    ['a refusal that is no object', answerJson(403, ['no'])],
  ])('is ambiguous after %s, and nothing is sent again', async (_what, behaviour) => {
    const { outcome, server } = await submit(behaviour, ORDER, behaviour === silent ? { deadlineMs: 100 } : {});
    expect(outcome.kind).toBe('ambiguous');
    expect(server.heard.length).toBeLessThanOrEqual(1);
  });

  it('is throttled when no connection could be made: nothing was sent', async () => {
    expect(await brokerAt(await deadUrl()).submit(ORDER)).toMatchObject({
      kind: 'throttled',
      cause: expect.stringContaining('not sent'),
      retryAfterMs: null,
    });
  });

  it('is throttled when the gate in front lets it not pass: nothing was sent', async () => {
    const asked: RequestKind[] = [];
    const gate: RequestGate = {
      before: (kind) => {
        asked.push(kind);
        return Promise.reject(new Fault('transient', 'broker-circuit-open', 'the circuit is open'));
      },
      after: () => Promise.resolve(),
    };
    const entry = await submit(answerJson(200, ANSWER), ORDER, { gate });
    expect(entry.outcome).toMatchObject({ kind: 'throttled', cause: 'not sent: the circuit is open' });
    const exit = await submit(answerJson(200, ANSWER), order({ side: 'sell', positionIntent: 'sell_to_close' }), {
      gate,
    });
    expect(exit.outcome.kind).toBe('throttled');
    expect([entry.server.heard, exit.server.heard]).toEqual([[], []]);
    expect(asked).toEqual(['entry', 'exit']);
  });

  it('is throttled when the gate lets it pass too late for its last look: nothing was sent', async () => {
    const gate: RequestGate = {
      before: () =>
        new Promise((resolve) => {
          setTimeout(resolve, 40);
        }),
      after: () => Promise.reject(new Error('told of a request that was not sent')),
    };
    const server = await wireServer(answerJson(200, ANSWER));
    servers.push(server);
    const broker = brokerAt(server.url, { gate });
    expect(await broker.submit(ORDER, 10)).toMatchObject({
      kind: 'throttled',
      cause: expect.stringContaining('too late'),
    });
    expect(server.heard).toEqual([]);
  });

  it('names neither key nor secret, even when the broker does', async () => {
    const echo = { message: 'key PKHUSHKEY and hush-secret are wrong', key: 'PKHUSHKEY' };
    const outcomes = [
      (await submit(answerJson(401, echo))).outcome,
      (await submit(answerJson(500, echo))).outcome,
      (await submit(answerText(200, JSON.stringify(echo)))).outcome,
      (await submit(answerJson(200, { ...ANSWER, qty: 'hush-secret' }))).outcome,
    ];
    expect(outcomes.map(({ kind }) => kind)).toEqual(['refused', 'ambiguous', 'ambiguous', 'ambiguous']);
    expect(JSON.stringify(outcomes.map((o) => ({ ...o, order: null })))).not.toMatch(/HUSHKEY|hush-secret/);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { Bug } from '#shared/core/kernel/fault.ts';
import { brokerOrderId } from '#shared/core/kernel/identity.ts';
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
import { alpacaBroker } from './broker.ts';
import { alpacaEndpoints } from './endpoints.ts';

const ID = brokerOrderId('7b08df51-c1ac-453c-99f9-323a5f075f0d');
const servers: WireServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const brokerAt = (baseUrl: string, deadlineMs = 10_000) =>
  alpacaBroker({
    endpoints: alpacaEndpoints({ paper: true, baseUrl, key: 'PKHUSHKEY', secret: 'hush-secret' }),
    telemetry: recordedTelemetry(),
    deadlineMs,
  });

async function cancel(behaviour: Behaviour) {
  const server = await wireServer(behaviour, answerJson(204, null));
  servers.push(server);
  const broker = brokerAt(server.url, behaviour === silent ? 100 : undefined);
  return { outcome: await broker.cancel(ID), server };
}

describe('a request to cancel', () => {
  it('is sent once, without a body', async () => {
    const { outcome, server } = await cancel(answerJson(204, null));
    expect(outcome).toEqual({ kind: 'requested' });
    expect(server.heard).toMatchObject([{ method: 'DELETE', target: `/v2/orders/${ID}`, body: '' }]);
  });

  it.each<readonly [string, Behaviour]>([
    ['204', answerJson(204, null)],
    ['200 with a body of any kind', answerText(200, '<html>')],
    ['422 for one that is on its way', answerJson(422, { message: 'order is already in "pending_cancel" state' })],
  ])('counts as taken after %s', async (_what, behaviour) => {
    expect((await cancel(behaviour)).outcome).toEqual({ kind: 'requested' });
  });

  it.each(['order is already in "filled" state', 'order is already in "canceled" state', 'order is not cancelable'])(
    'tells of an end after 422 %s',
    async (message) => {
      const { outcome } = await cancel(answerJson(422, { code: 42210000, message }));
      expect(outcome).toEqual({ kind: 'already-ended', detail: message });
    },
  );

  it.each([
    [404, `order not found for ${ID}`],
    [422, 'order_id is missing'],
  ])('finds no order after %i %s', async (status, message) => {
    expect((await cancel(answerJson(status, { message }))).outcome).toEqual({ kind: 'not-found' });
  });

  it.each([
    [401, 'unauthorized.', 'broker-credentials'],
    [403, 'forbidden.', 'broker-credentials'],
    [404, 'endpoint not found', 'broker-endpoint-unknown'],
    [422, 'the order does not want to', 'broker-refused'],
  ])('is refused after %i %s', async (status, message, code) => {
    expect((await cancel(answerJson(status, { message }))).outcome).toMatchObject({
      kind: 'refused',
      refusal: { code },
    });
  });

  it('is throttled after 429, or when nothing could be sent', async () => {
    const { outcome } = await cancel(answerText(429, 'slow down', { 'retry-after': '2' }));
    expect(outcome).toMatchObject({ kind: 'throttled', retryAfterMs: 2000 });
    expect(await brokerAt(await deadUrl()).cancel(ID)).toMatchObject({ kind: 'throttled', retryAfterMs: null });
  });

  it.each<readonly [string, Behaviour]>([
    ['a reset', reset],
    ['silence', silent],
    ['a torn body', tear(404, '{"mess')],
    ['500', answerJson(500, { message: 'Failed to cancel order' })],
    ['a page', answerText(404, '<html>order not found</html>')],
    ['a redirect', answerJson(307, {}, { location: '/' })],
    ['408', answerJson(408, { message: 'slow' })],
  ])('is ambiguous after %s, and is not sent again', async (_what, behaviour) => {
    const { outcome, server } = await cancel(behaviour);
    expect(outcome.kind).toBe('ambiguous');
    expect(server.heard.length).toBeLessThanOrEqual(1);
  });

  it('never becomes the cancellation of every order', async () => {
    const server = await wireServer(answerJson(207, []));
    servers.push(server);
    for (const id of ['.', '..']) {
      await expect(brokerAt(server.url).cancel(brokerOrderId(id))).rejects.toBeInstanceOf(Bug);
    }
    await brokerAt(server.url).cancel(brokerOrderId('%2e'));
    expect(server.heard.map(({ target }) => target)).toEqual(['/v2/orders/%252e']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { internalSignedText } from '#shared/core/access/internal-token.ts';
import { signInternalCall } from '#functions/control/internal-caller.ts';
import { problemSchema } from '#functions/control/schemas.ts';
import { type Answered, type ControlHouse, INTERNAL_SECRET, NOW, openHouse } from './control-house.ts';
import { PLAIN_ORDER } from './route-cases.ts';

const ROUTE = 'POST /internal/v1/orders';
const NOW_S = Math.floor(NOW / 1000);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const BODY = JSON.stringify(PLAIN_ORDER);

interface Signed {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly body?: string;
  readonly timeS?: number;
  readonly nonce?: string;
  readonly service?: string;
  readonly secret?: string;
}

function tokenOf(signed: Signed = {}): string {
  const { method = 'POST', path = '/internal/v1/orders', query = '', body = BODY } = signed;
  const claim = {
    service: signed.service ?? 'desk',
    timeS: signed.timeS ?? NOW_S,
    nonce: signed.nonce ?? 'a-nonce-of-the-desk',
  };
  return signInternalCall({ method, path, query, body: bytesOf(body) }, claim, signed.secret ?? INTERNAL_SECRET);
}

const submit = (house: ControlHouse, authorization: string): Promise<Answered> =>
  house.askRoute(ROUTE, { rawBody: BODY, headers: { authorization } });
const problemOf = (answer: Answered): z.output<typeof problemSchema> => problemSchema.parse(answer.json());

describe('a call from service to service', () => {
  it('is let in by its signature, and journaled under the name of the service', async () => {
    const house = await openHouse();
    const answer = await submit(house, tokenOf());
    expect([answer.status, answer.text.includes('client_order_id')]).toEqual([202, true]);
    const [row] = (await house.tables.query({ table: 'safety', partition: 'NONCE#desk#a-nonce-of-the-desk' })).items;
    // Kept for twice the tolerance: no token that carries it is good any more by then.
    expect(row?.['expiresAt']).toEqual({ N: String(NOW_S + 600) });
    const held = await house.askRoute('POST /internal/v1/kill-switch/engage', { body: { reason: 'the desk says so' } });
    expect([held.status, problemOf(held).code]).toEqual([403, 'permission-missing']);
  });

  it.each([
    ['a token', '', 'token-missing'],
    ['a token of this form', 'Bearer a.b.c', 'token-malformed'],
    ['a nonce that is long enough', tokenOf({ nonce: 'short' }), 'token-malformed'],
    ['the secret', tokenOf({ secret: 'another-secret-entirely' }), 'token-wrong'],
    ['the method', tokenOf({ method: 'PUT' }), 'token-wrong'],
    ['the path', tokenOf({ path: '/internal/v1/orders/cancel-all' }), 'token-wrong'],
    ['the query', tokenOf({ query: 'wait=10000' }), 'token-wrong'],
    ['the body, byte for byte', tokenOf({ body: `${BODY} ` }), 'token-wrong'],
    ['its own name', tokenOf().replace('desk:', 'book:'), 'token-wrong'],
    ['its own time', tokenOf().replace(String(NOW_S), String(NOW_S + 1)), 'token-wrong'],
    ['its own nonce', tokenOf().replace('a-nonce-of-the-desk', 'b-nonce-of-the-desk'), 'token-wrong'],
    ['a time of now, and no earlier one', tokenOf({ timeS: NOW_S - 301 }), 'token-stale'],
    ['a time of now, and no later one', tokenOf({ timeS: NOW_S + 301 }), 'token-stale'],
  ])('is refused without %s', async (_, authorization, code) => {
    const house = await openHouse();
    const answer = await (authorization === ''
      ? house.askRoute(ROUTE, { rawBody: BODY, unsigned: true })
      : submit(house, authorization));
    expect([answer.status, problemOf(answer).code, problemOf(answer).field]).toEqual([401, code, 'Authorization']);
    expect(answer.headers['www-authenticate']).toBe('Belay-V1');
    expect(answer.text + JSON.stringify(house.telemetry.lines)).not.toContain(INTERNAL_SECRET);
    expect(house.queues.orders.receive({ count: 1 })).toEqual([]);
  });

  it.each([-300, 300])('is let in with a time that is %d s away', async (awayS) => {
    expect((await submit(await openHouse(), tokenOf({ timeS: NOW_S + awayS }))).status).toBe(202);
  });

  it('is good once: played again it is refused, and a refused one leaves its nonce unused', async () => {
    const house = await openHouse();
    expect((await submit(house, tokenOf({ secret: 'somebody-who-guesses' }))).status).toBe(401);
    const token = tokenOf();
    const answers = await Promise.all([submit(house, token), submit(house, token), submit(house, token)]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 401, 401]);
    const again = await submit(house, token);
    expect([again.status, problemOf(again).code]).toEqual([401, 'token-replayed']);
    // Another service may have come to the same text.
    expect((await submit(house, tokenOf({ service: 'books' }))).status).toBe(202);
  });

  it('is let in by the secret before while it is being changed', async () => {
    const house = await openHouse();
    const secrets = ['the-secret-that-is-new', INTERNAL_SECRET];
    house.dependencies = {
      ...house.dependencies,
      internal: { ...house.dependencies.internal, secrets: () => Promise.resolve(secrets) },
    };
    expect((await submit(house, tokenOf())).status).toBe(202);
  });

  it('is refused with a body that is too large before anything of it is hashed', async () => {
    const house = await openHouse();
    const answer = await house.askRoute(ROUTE, { rawBody: `"${'x'.repeat(70_000)}"`, unsigned: true });
    expect([answer.status, problemOf(answer).code]).toEqual([413, 'body-too-large']);
  });

  it('reaches nothing that takes the word of a person', async () => {
    const house = await openHouse();
    for (const route of ['circuit-breaker/reset', 'kill-switch/disengage', 'arming', 'reconciliation/force-complete']) {
      const answer = await house.askRoute(`POST /internal/v1/${route}`, { body: { reason: 'a service says so' } });
      expect([route, answer.status]).toEqual([route, 404]);
    }
  });
});

describe('the text that is signed', () => {
  const claim = { service: 'desk', timeS: NOW_S, nonce: 'a-nonce-of-the-desk' };
  const textOf = (path: string, query = ''): string =>
    internalSignedText({ method: 'GET', path, query, bodySha256: '0'.repeat(64) }, claim);

  it('is one for every spelling of a path and every order of a query', () => {
    expect(textOf('/internal/v1/positions/BRK%2EB/close')).toBe(textOf('/internal/v1/positions/BRK.B/close'));
    expect(textOf('/p', 'b=2&a=1&a=0')).toBe(textOf('/p', 'a=0&a=1&b=%32'));
  });

  it('is another for every other call', () => {
    const call = fc.record({
      method: fc.constantFrom('GET', 'POST'),
      path: fc.stringMatching(/^\/[a-z/ \n%&=?]{0,12}$/),
      query: fc.stringMatching(/^[a-c=&]{0,8}$/).map((text) => new URLSearchParams(text).toString()),
      bodySha256: fc.constantFrom('0'.repeat(64), '1'.repeat(64)),
    });
    const spelled = (path: string): string => {
      try {
        return decodeURIComponent(path);
      } catch {
        return path;
      }
    };
    const sorted = (query: string): string => [...new URLSearchParams(query)].map(String).sort().join('&');
    fc.assert(
      fc.property(call, call, (a, b) => {
        const same =
          a.method === b.method &&
          spelled(a.path) === spelled(b.path) &&
          sorted(a.query) === sorted(b.query) &&
          a.bodySha256 === b.bodySha256;
        expect(internalSignedText(a, claim) === internalSignedText(b, claim)).toBe(same);
        expect(internalSignedText(a, claim).split('\n')).toHaveLength(8);
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

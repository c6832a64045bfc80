import { afterEach, describe, expect, it } from 'vitest';
import { openRawDesk, type RawDesk } from '#tests/venue/raw-desk.ts';
import { FAULTS } from './fault-catalogue.ts';

const desks: RawDesk[] = [];
async function open(): Promise<RawDesk> {
  const desk = await openRawDesk();
  desks.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

const NOBODY = {};

describe('the page', () => {
  it('lists orders, positions and every fault, and escapes what clients wrote', async () => {
    const desk = await open();
    await desk.place({ client_order_id: '<script>alert(1)</script>' });
    const { status, body, headers } = await desk.call('GET', '/', undefined, NOBODY);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('&lt;script&gt;alert(1)');
    expect(body).not.toContain('<script>alert');
    expect(body).toContain('<td>KO</td>');
    for (const name of Object.keys(FAULTS)) expect(body).toContain(`value="${name}"`);
  });

  it('turns switches by its forms, and goes back to itself', async () => {
    const desk = await open();
    const on = await desk.call('POST', '/simulator/switch', 'fault=throttle&on=true&probability=0.5&count=', NOBODY);
    expect([on.status, on.headers.get('location')]).toEqual([303, '/']);
    expect(desk.broker.faults.active()).toMatchObject([{ name: 'throttle', setting: { probability: 0.5 } }]);
    expect((await desk.call('GET', '/', undefined, NOBODY)).body).toContain('on, struck 0 times');
    await desk.call('POST', '/simulator/switch', 'fault=throttle&on=false', NOBODY);
    expect(desk.broker.faults.active()).toEqual([]);
    expect((await desk.call('POST', '/simulator/switch', 'fault=gremlin&on=true', NOBODY)).status).toBe(422);
  });

  it('takes no orders from pages elsewhere', async () => {
    const desk = await open();
    const elsewhere = { Origin: 'https://example.com' };
    expect((await desk.call('POST', '/simulator/switch', 'fault=throttle&on=true', elsewhere)).status).toBe(403);
    expect(desk.broker.faults.active()).toEqual([]);
  });
});

describe('the run-time endpoint of the faults', () => {
  it('sets, shows and clears them', async () => {
    const desk = await open();
    const set = await desk.call('PUT', '/simulator/faults/late-accept', { count: 3, parameters: { ms: 5 } }, NOBODY);
    expect(set).toMatchObject({ status: 200, body: [{ name: 'late-accept', setting: { count: 3 }, strikes: 0 }] });
    await desk.call('PUT', '/simulator/faults/torn-pages', undefined, NOBODY);
    expect((await desk.call('GET', '/simulator/faults', undefined, NOBODY)).body).toHaveLength(2);
    expect((await desk.call('DELETE', '/simulator/faults/torn-pages', undefined, NOBODY)).body).toHaveLength(1);
    expect((await desk.call('DELETE', '/simulator/faults', undefined, NOBODY)).body).toEqual([]);
  });

  it.each([
    ['/simulator/faults/gremlin', {}, 422],
    ['/simulator/faults/throttle', { chance: 1 }, 422],
    ['/simulator/faults/throttle', '{', 422],
    ['/simulator/elsewhere', {}, 404],
  ])('refuses %s with %j: %i', async (path, body, status) => {
    const desk = await open();
    expect((await desk.call('PUT', path, body, NOBODY)).status).toBe(status);
    expect(desk.broker.faults.active()).toEqual([]);
  });
});

describe('the ledger and the exchange', () => {
  it('are at hand for a person as well', async () => {
    const desk = await open();
    await desk.place();
    const ledger = await desk.call('GET', '/simulator/ledger', undefined, NOBODY);
    expect(ledger.body).toEqual({ PKRAWDESK: desk.broker.ledger() });
    const id = desk.broker.ledger().executions[0]?.id;
    expect((await desk.call('POST', '/simulator/undo', { execution_id: id, price: '46.6' }, NOBODY)).status).toBe(200);
    expect(desk.broker.ledger().positions).toMatchObject([{ symbol: 'KO', cost: '466' }]);
    expect((await desk.call('POST', '/simulator/undo', { execution_id: 'none' }, NOBODY)).status).toBe(422);
    expect((await desk.call('POST', '/simulator/undo', { id }, NOBODY)).status).toBe(422);
  });
});

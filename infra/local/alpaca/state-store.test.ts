import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { addMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { KEY, openRawDesk, type RawDesk, recordOf, TEN_O_CLOCK } from '#tests/venue/raw-desk.ts';
import { keptUntil } from './state-store.ts';

const desks: RawDesk[] = [];
const directories: string[] = [];
const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'broker-state-'));
  directories.push(made);
  return made;
};
async function open(...given: Parameters<typeof openRawDesk>): Promise<RawDesk> {
  const desk = await openRawDesk(...given);
  desks.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
  for (const made of directories.splice(0)) rmSync(made, { recursive: true, force: true });
});

/** Some of everything: filled, resting, canceled, in part, accepted, short, a split of preferences. */
async function trade(desk: RawDesk): Promise<void> {
  await desk.place({ client_order_id: 'filled' });
  await desk.place({ client_order_id: 'resting', type: 'limit', limit_price: '40', time_in_force: 'gtc' });
  const canceled = await desk.place({ client_order_id: 'canceled', type: 'limit', limit_price: '40' });
  await desk.call('DELETE', `/v2/orders/${canceled}`);
  desk.broker.faults.set('partial-only', { count: 1 });
  await desk.place({ client_order_id: 'partial', qty: '100', symbol: 'F' });
  await desk.place({ client_order_id: 'short', side: 'sell', symbol: 'MSFT', qty: '3' });
  await desk.call('PATCH', '/v2/account/configurations', { fractional_trading: false, trade_confirm_email: 'none' });
  desk.moveTo(parseEpochMs('2026-01-06T18:00:00-05:00'));
  await desk.order({ client_order_id: 'accepted' });
}

describe('a kept account', () => {
  it('goes on where it stood, though the process before never closed it', async () => {
    const persist = directory();
    const first = await open({ persist });
    await trade(first);
    // As after a kill: the first one still holds its files and is told nothing.
    const second = await open({ persist }, first.now());
    expect(second.broker.ledger()).toEqual(first.broker.ledger());
    expect(second.broker.nextDueAt()).toBe(first.broker.nextDueAt());
    expect(await second.get('/v2/account')).toEqual(await first.get('/v2/account'));
    expect(await second.get('/v2/account/configurations')).toMatchObject({
      fractional_trading: false,
      trade_confirm_email: 'none',
    });
    expect((await second.order({ client_order_id: 'canceled' })).status).toBe(422);
    const nextMorning = parseEpochMs('2026-01-07T09:30:00-05:00');
    first.moveTo(nextMorning);
    second.moveTo(nextMorning);
    expect(second.broker.ledger()).toEqual(first.broker.ledger());
    expect(second.broker.ledger().orders.find((order) => order.clientOrderId === 'accepted')?.status).toBe('filled');
  });

  it('has written an order before it is answered', async () => {
    const persist = directory();
    const desk = await open({ persist });
    const id = await desk.order({ client_order_id: 'mine' });
    const files = readdirSync(persist).map((name) => readFileSync(join(persist, name), 'utf8'));
    expect(files.join('\n')).toContain(String(recordOf(id.body)['id']));
  });

  it('drops the line that was being written when the end came, and nothing else', async () => {
    const persist = directory();
    const first = await open({ persist });
    await first.place({ client_order_id: 'whole' });
    const log = readdirSync(persist).find((name) => name.endsWith('.jsonl')) ?? '';
    appendFileSync(join(persist, log), '{"orders":[{"id":"half');
    const second = await open({ persist }, addMs(TEN_O_CLOCK, 1_000));
    expect(second.broker.ledger()).toEqual(first.broker.ledger());
  });

  it('refuses a log with a broken line in its middle, and a snapshot of another seed', async () => {
    const persist = directory();
    const first = await open({ persist });
    await first.place();
    await expect(open({ persist, seed: 8 })).rejects.toThrow('was kept under seed 7, not 8');
    const log = readdirSync(persist).find((name) => name.endsWith('.jsonl')) ?? '';
    writeFileSync(join(persist, log), '{"orders":[]}\n');
    await expect(open({ persist })).rejects.toThrow('line 1');
  });

  it('tells how far it came, and nothing of a directory without one', async () => {
    const persist = directory();
    expect(keptUntil(persist, KEY)).toBeNull();
    const desk = await open({ persist });
    await desk.place();
    expect(keptUntil(persist, KEY)).toBe(addMs(TEN_O_CLOCK, 1));
  });
});

describe('the broker alone', () => {
  it('keeps an answered order through kill -9', async () => {
    const persist = directory();
    const flags = ['--import', 'tsx', 'infra/local/alpaca/main.ts', '--port', '0', '--symbols', '2', '--days', '5'];
    const start = async (): Promise<{ url: string; headers: Record<string, string>; kill: () => Promise<void> }> => {
      const child = spawn(process.execPath, [...flags, '--state', persist], { stdio: ['ignore', 'pipe', 'inherit'] });
      const told = new Map<string, string>();
      for await (const line of createInterface({ input: child.stdout })) {
        const [, name = '', value = ''] = /^ {2}(\w+(?: \w+)?) +(\S+)/.exec(line) ?? [];
        told.set(name, value);
        if (name === 'its time') break;
      }
      const headers = { 'APCA-API-KEY-ID': told.get('key') ?? '', 'APCA-API-SECRET-KEY': told.get('secret') ?? '' };
      const kill = async (): Promise<void> => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      };
      return { url: told.get('address') ?? '', headers, kill };
    };
    const first = await start();
    const body = JSON.stringify({
      symbol: 'AAPL',
      qty: '1',
      side: 'buy',
      type: 'limit',
      limit_price: '1',
      time_in_force: 'gtc',
      client_order_id: 'kept',
    });
    const answered = await fetch(`${first.url}/v2/orders`, { method: 'POST', headers: first.headers, body });
    await first.kill();
    expect(answered.status).toBe(200);
    const second = await start();
    const found = await fetch(`${second.url}/v2/orders:by_client_order_id?client_order_id=kept`, {
      headers: second.headers,
    });
    expect(await found.json()).toMatchObject({ client_order_id: 'kept', qty: '1' });
    await second.kill();
  });
});

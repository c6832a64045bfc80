/** What the gate in front of the broker must do for functions that know nothing of each other but one item. */
import { beforeEach, describe, expect, it } from 'vitest';
import { requestGateKey } from '#shared/adapters/stores/keys.ts';
import { brokerTrafficStore } from '#shared/adapters/stores/broker-traffic-store.ts';
import { type RequestGateOptions, storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { accountId } from '#shared/core/kernel/identity.ts';
import { addMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { RequestKind, RequestResult } from '#shared/core/safety/broker-request.ts';
import { COOL_OFF_MS_BASE } from '#shared/core/safety/broker-circuit.ts';
import { paceOf, REQUESTS_A_WINDOW, TOKEN_MS_MAX } from '#shared/core/safety/request-budget.ts';
import type { BrokerTraffic } from '#shared/ports/broker-traffic.ts';
import type { RequestGate, RequestOutcome, RequestPermits } from '#shared/ports/request-gate.ts';
import type { Tables } from '#shared/ports/tables.ts';

const NOW = epochMs(1_770_000_000_000);
const { burst, reserve } = paceOf(REQUESTS_A_WINDOW);

type Gate = RequestGate & RequestPermits;

const outcome = (kind: RequestKind, result: RequestResult, more: Partial<RequestOutcome> = {}): RequestOutcome => ({
  kind,
  method: 'GET',
  path: '/v2/orders',
  result,
  status: null,
  cause: null,
  requestId: null,
  durationMs: 0,
  retryAfterMs: null,
  rateLimit: null,
  ...more,
});

/** Counts what a store asks of its tables. */
function counted(tables: Tables): { readonly tables: Tables; readonly calls: { count: number } } {
  const calls = { count: 0 };
  const counting: Tables = {
    get: (table, key, options) => {
      calls.count += 1;
      return tables.get(table, key, options);
    },
    write: (write) => {
      calls.count += 1;
      return tables.write(write);
    },
    getTogether: (keys) => tables.getTogether(keys),
    query: (request) => tables.query(request),
    putEach: (table, items) => tables.putEach(table, items),
    transact: (writes, options) => tables.transact(writes, options),
  };
  return { tables: counting, calls };
}

let accounts = 0;

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

export function describeRequestGate(name: string, open: () => Promise<Tables>): void {
  describe(`the request gate over ${name}`, () => {
    let tables: Tables;
    let clock: ManualClock;
    let account = accountId('gate-0');

    beforeEach(async () => {
      tables = await open();
      clock = new ManualClock(NOW);
      accounts += 1;
      account = accountId(`gate-${accounts}`);
    });

    /** One function's own. */
    const gate = (more: Partial<RequestGateOptions> = {}): Gate =>
      storedRequestGate({ tables, accountId: account, service: 'trading', clock, waitMsMax: 0, ...more });

    const passes = async (through: RequestGate, kind: RequestKind): Promise<string> => {
      try {
        await through.before(kind);
        return 'passed';
      } catch (thrown) {
        return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'thrown';
      }
    };
    const count = (results: readonly string[], wanted: string): number =>
      results.filter((result) => result === wanted).length;

    /** Functions side by side, each with requests of its own one after another. */
    async function inParallel(functions: number, requests: number, kind: RequestKind): Promise<readonly string[]> {
      const asked = Array.from({ length: functions }, async () => {
        const own = gate();
        const results: string[] = [];
        for (let request = 0; request < requests; request += 1) results.push(await passes(own, kind));
        return results;
      });
      return (await Promise.all(asked)).flat();
    }

    it('lets twelve functions at once have no more than the budget of ordinary requests, and the reserve to exits', async () => {
      const asked = await inParallel(12, 8, 'read');
      expect(count(asked, 'passed')).toBe(burst - reserve);
      expect(asked.filter((outcome) => outcome !== 'passed')).toHaveLength(96 - (burst - reserve));
      const exits = await inParallel(5, 9, 'exit');
      expect(count(exits, 'passed')).toBe(reserve);
      expect(exits.filter((outcome) => outcome !== 'passed')).toHaveLength(45 - reserve);
    });

    it('is read as it stands, each service for itself, and is nothing where nobody asked yet', async () => {
      const traffic: BrokerTraffic = brokerTrafficStore(tables);
      expect(await traffic.read(account)).toEqual({ trading: null, data: null });
      await gate({ batch: 1 }).before('read');
      const { trading, data } = await traffic.read(account);
      expect(data).toBeNull();
      expect(trading).toMatchObject({ version: 1, circuits: { reads: { phase: 'closed' } } });
    });

    it('makes a request wait for a token that is soon there', async () => {
      const one = gate({ batch: 1, waitMsMax: 2_000 });
      for (let taken = 0; taken < burst - reserve; taken += 1) await one.before('read');
      let passed = false;
      const waiting = one.before('read').then(() => {
        passed = true;
      });
      while (clock.nextWake() === null) await turn();
      expect(passed).toBe(false);
      clock.moveTo(clock.nextWake() ?? NOW);
      await waiting;
      expect(clock.now() - NOW).toBe(paceOf(REQUESTS_A_WINDOW).tokenMs);
    });

    it('costs less than half a call to the tables for each request to the broker', async () => {
      const { tables: counting, calls } = counted(tables);
      const one = gate({ tables: counting });
      for (let request = 0; request < 40; request += 1) {
        const kind = request % 2 === 0 ? 'read' : 'entry';
        await one.before(kind);
        await one.after(outcome(kind, 'answered'));
      }
      expect(calls.count).toBe(10);
    });

    it('needs no call at all between the preparation and the request', async () => {
      const { tables: counting, calls } = counted(tables);
      const one = gate({ tables: counting });
      await one.before('read');
      expect(await one.prepare('entry')).toBeNull();
      expect(calls.count).toBe(1);
      clock.moveBy(TOKEN_MS_MAX / 2);
      expect(await one.prepare('entry')).toBeNull();
      expect(calls.count).toBe(2);
      await one.before('entry');
      expect(calls.count).toBe(2);
    });

    it('takes new tokens when those at hand have run out', async () => {
      const { tables: counting, calls } = counted(tables);
      const one = gate({ tables: counting });
      await one.before('read');
      clock.moveBy(TOKEN_MS_MAX);
      await one.before('read');
      expect(calls.count).toBe(2);
    });

    it('stops every function when the broker throttles one, for as long as it says', async () => {
      const [one, other] = [gate(), gate()];
      await one.before('entry');
      await one.after(outcome('entry', 'throttled', { retryAfterMs: 30_000 }));
      for (const kind of ['read', 'entry', 'exit', 'cancel', 'lookup'] as const) {
        expect(await passes(one, kind)).toBe('request-budget-exhausted');
        expect(await passes(other, kind)).toBe('request-budget-exhausted');
      }
      expect((await other.prepare('entry'))?.retryAt).toBe(addMs(NOW, 30_000));
      clock.moveBy(30_000);
      expect(await passes(other, 'read')).toBe('passed');
      expect(await passes(one, 'read')).toBe('passed');
    });

    it('opens its circuit for all after the failures of one, and lets exits, cancels and look-ups pass', async () => {
      const [one, other] = [gate(), gate()];
      await other.before('read');
      for (const result of ['lost', 'failing', 'not-sent'] as const) {
        await one.before('read');
        await one.after(outcome('read', result));
      }
      expect(await passes(one, 'read')).toBe('broker-circuit-open');
      expect(await passes(gate(), 'entry')).toBe('broker-circuit-open');
      for (const kind of ['exit', 'cancel', 'lookup'] as const) expect(await passes(gate(), kind)).toBe('passed');
      // What it had taken before is still good for a moment; the next it takes is refused.
      clock.moveBy(TOKEN_MS_MAX);
      expect(await passes(other, 'read')).toBe('broker-circuit-open');
    });

    it('lets one of several functions send the probe, and all go on once it was answered', async () => {
      const one = gate();
      for (let failure = 0; failure < 3; failure += 1) {
        await one.before('read');
        await one.after(outcome('read', 'failing'));
      }
      clock.moveBy(COOL_OFF_MS_BASE);
      const gates = [one, ...Array.from({ length: 4 }, () => gate())];
      const probing = await Promise.all(gates.map((other) => passes(other, 'read')));
      expect(count(probing, 'passed')).toBe(1);
      const prober = gates[probing.indexOf('passed')] ?? one;
      await prober.after(outcome('read', 'answered'));
      expect(await Promise.all(gates.map((other) => passes(other, 'read')))).toEqual(gates.map(() => 'passed'));
    });

    it('follows the limit that the broker tells, in every function', async () => {
      const [one, other] = [gate({ batch: 1 }), gate({ batch: 1 })];
      await one.before('read');
      const rateLimit = { limit: 50, remaining: 49, resetAt: addMs(NOW, 60_000) };
      await one.after(outcome('read', 'answered', { rateLimit }));
      const asked: string[] = [];
      for (let request = 0; request < 30; request += 1) asked.push(await passes(other, 'read'));
      const lower = paceOf(50);
      expect(count(asked, 'passed')).toBeLessThanOrEqual(lower.burst - lower.reserve);
      expect(count(asked, 'passed')).toBeGreaterThan(0);
    });

    it('keeps the two services of a broker apart, and accounts', async () => {
      const data = storedRequestGate({ tables, accountId: account, service: 'data', clock });
      const one = gate();
      await one.before('read');
      await one.after(outcome('read', 'throttled', { retryAfterMs: 30_000 }));
      expect(await passes(data, 'read')).toBe('passed');
      const elsewhere = { tables, accountId: accountId(`${account}-b`), service: 'trading', clock } as const;
      expect(await passes(storedRequestGate(elsewhere), 'read')).toBe('passed');
    });

    it('lets nothing through when its item cannot be read', async () => {
      const item = {
        kind: 'update',
        table: 'safety',
        key: requestGateKey(account, 'trading'),
        conditions: [],
      } as const;
      await tables.write({ ...item, set: { version: { N: '7' }, limit: { S: 'many' } } });
      expect(await passes(gate(), 'exit')).toBe('item-corrupt');
    });
  });
}

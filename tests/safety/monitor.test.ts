/** The monitor through its room: it trips by what the tables tell, flattens, sweeps, degrades, and takes back its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { gateReference } from '#functions/execute/gather-facts.ts';
import { guardAccount } from '#functions/protect/guard-account.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import type { TripCause } from '#shared/core/portfolio/safety-policy.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import { STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import { ProtectWorld } from './protect-world.ts';

let world: ProtectWorld;
let worlds = 0;

const open = async (changes: Parameters<typeof ProtectWorld.open>[1] = {}): Promise<void> => {
  worlds += 1;
  world = await ProtectWorld.open(`monitor-${worlds}`, changes);
};

beforeEach(() => open());
afterEach(() => world.close());

const account = async () => (await world.protect.safety.read(world.safety.journey.account)).account;
const now = () => world.safety.journey.clock.now();
const PERSON = { by: 'ops', reason: 'a test' } as const;

/** What a pass of reconciliation would have read of the account. */
const equity = (value: string): Promise<void> =>
  booksStore(world.safety.journey.tables, 'reconcile').beginSession(
    world.safety.journey.account,
    newYorkDate(now()),
    parseMoney(value),
  );

/** Says of as many orders that their fate is not known. */
async function sayUnknown(count: number): Promise<void> {
  for (let order = 0; order < count; order += 1) {
    const clientOrderId = `lost-${order}`;
    const place = {
      room: 'execute',
      aggregateId: aggregateOf.order(clientOrderId),
      sequence: 1,
      occurredAt: now(),
      correlationId: 'c-1',
      causationId: null,
    } as const;
    const data = {
      clientOrderId,
      accountId: world.safety.journey.account,
      strategyId: STRATEGY,
      symbol: SYMBOL,
      side: 'buy',
      reason: { code: 'ambiguous', message: 'no answer', context: {} },
    } as const;
    await world.protect.journal.append([makeFact('order.unknown.v1', place, data)]);
  }
}

async function failRequests(count: number): Promise<void> {
  const { tables, clock, account: accountId } = world.safety.journey;
  const gate = storedRequestGate({ tables, accountId, service: 'trading', clock });
  const failed = { method: 'GET', path: '/v2/account', result: 'failing', status: 503, cause: '503' } as const;
  const rest = { requestId: null, durationMs: 1, retryAfterMs: null, rateLimit: null };
  for (let request = 0; request < count; request += 1) await gate.after({ kind: 'read', ...failed, ...rest });
}

/** How each cause comes about, by what its room would have written. */
const COMES_ABOUT: Readonly<Partial<Record<TripCause, () => Promise<void>>>> = {
  'daily-loss': () => equity('97999'),
  'daily-drawdown': async () => {
    await equity('105000');
    await world.look();
    await equity('99700');
  },
  'peak-drawdown': async () => {
    const { account: accountId } = world.safety.journey;
    const watch = await world.protect.watches.read(accountId);
    const version = watch?.version ?? 0;
    if (watch === null) throw new Error('nobody has looked');
    await world.protect.watches.save(accountId, version, { ...watch, peak: parseMoney('120000') });
  },
  'consecutive-failures': () => sayUnknown(3),
  'broker-error-rate': () => failRequests(40),
  'market-data-stale': () => Promise.resolve(world.pass(310_000)),
  'reconciliation-stale': () => Promise.resolve(world.pass(420_000)),
};

describe('protect trips the breaker', () => {
  it.each(Object.keys(COMES_ABOUT))(
    'by %s, once, with its fact; no entry passes, and what reduces does',
    async (cause) => {
      await world.look();
      expect((await account())?.breaker.state).toBe('ARMED');
      const comes = Object.entries(COMES_ABOUT).find(([name]) => name === cause)?.[1];
      await comes?.();
      // Where quotes have gone stale nobody stores another.
      const look = cause === 'market-data-stale' ? guardAccount(world.protect, 'guard') : world.look();
      const { kind, ...guarded } = await look;
      expect(kind).toBe('guarded');
      expect('causes' in guarded ? guarded.causes.map((holding) => holding.cause) : []).toContain(cause);
      await world.look();
      expect((await account())?.breaker).toMatchObject({ state: 'TRIPPED', by: 'protect' });
      expect(await world.said('breaker.')).toEqual(['breaker.tripped.v1']);
      const { execute, journey } = world.safety;
      const policy = await world.protect.policies.active(journey.account);
      if (policy === null) throw new Error('there is no policy');
      const gates = gateReference(execute.build, now(), policy);
      const shut = (orderClass: OrderClass) => world.protect.safety.shutGate(journey.account, orderClass, gates);
      expect([(await shut('entry'))?.code, await shut('reducing')]).toEqual(['breaker-tripped', null]);
    },
  );

  it('by a clock that is proven to be off, and not by an answer that was slow', async () => {
    await world.close();
    await open({
      broker: {
        clock: () => Promise.resolve({ at: addMs(now(), 5_001), isOpen: true, nextOpenAt: now(), nextCloseAt: now() }),
      },
    });
    await world.look();
    expect((await account())?.breaker.cause).toBe('clock-skew');
  });

  it('not where the deployment has switched it off, and says so', async () => {
    await world.close();
    await open({ tripsBreaker: false });
    await equity('90000');
    await world.look();
    expect((await account())?.breaker.state).toBe('ARMED');
    expect(world.telemetry.lines.map(({ message }) => message)).toContain(
      'the breaker is switched off and does not trip',
    );
  });

  it('and lets nobody reset it while the cause holds; then it is quiet, and armed again by itself', async () => {
    const { account: id } = world.safety.journey;
    const reset = () => world.protect.safety.resetBreaker(id, { ...PERSON, now: now(), quietMs: 300_000 });
    await equity('97000');
    await world.look();
    expect(await reset()).toMatchObject({ ok: false, error: { code: 'breaker-cause-holds' } });
    await equity('99500');
    expect(await reset()).toMatchObject({ ok: false, error: { code: 'breaker-cause-holds' } });
    world.pass(60_000);
    await world.look();
    expect(await reset()).toMatchObject({ ok: true });
    expect(await world.safety.ask({ decision: 'd-1', purpose: 'entry', shares: '1' })).toMatchObject({
      submission: { kind: 'refused', refusal: { code: 'quiet-period' } },
    });
    for (let minutes = 0; minutes < 6; minutes += 1) await world.minute();
    expect((await account())?.breaker.state).toBe('ARMED');
    expect(await world.said('breaker.')).toEqual(['breaker.tripped.v1', 'breaker.reset.v1', 'breaker.armed.v1']);
    expect(await world.safety.ask({ decision: 'd-2', purpose: 'entry', shares: '1' })).toMatchObject({
      submission: { kind: 'acknowledged' },
    });
  });

  it('and closes what is held and cancels entries where the policy says flatten, until a person comes', async () => {
    await world.setPolicy((policy) => ({ ...policy, breaker: { ...policy.breaker, flattenOn: ['daily-loss'] } }));
    await world.holdProtected('10');
    await equity('97000');
    const seen: string[] = [];
    for (let minutes = 0; minutes < 4; minutes += 1) {
      seen.push(...(await world.minute()));
      await equity('97000');
    }
    expect(seen).toContain('drive-exit.v1');
    expect(await world.held()).toBe('0');
    expect(await world.said('exit.')).toEqual(['exit.opened.v1', 'exit.completed.v1']);
    expect((await account())?.breaker.state).toBe('TRIPPED');
  });

  it('and keeps what is held where it does not', async () => {
    await world.holdProtected('10');
    await equity('97000');
    await world.minute();
    expect(await world.held()).toBe('10');
    expect(world.atBroker('sell')).toEqual(['stop 10 new']);
  });
});

describe('protect sweeps after a kill switch', () => {
  const engage = (cancels: 'risk-increasing' | 'all' = 'risk-increasing') =>
    world.protect.safety.engageKillSwitch(world.safety.journey.account, {
      ...PERSON,
      scope: { kind: 'account' },
      now: now(),
      correlationId: 'c-kill',
      cancels,
    });
  const settled = async () => (await account())?.killSwitch.settled ?? null;

  it('spares the resting stop, and says settled once nothing is on its way', async () => {
    await world.holdProtected('10');
    await engage();
    await world.look('kill-switch');
    expect(await world.work()).toEqual([]);
    expect(await settled()).toBe(true);
    expect(world.atBroker('sell')).toEqual(['stop 10 new']);
    expect(await world.said('kill-switch.')).toEqual(['kill-switch.engaged.v1', 'kill-switch.settled.v1']);
    await world.look();
    expect(await world.said('kill-switch.settled')).toHaveLength(1);
  });

  it('takes the resting stop as well when all is asked for, and settles once that was asked', async () => {
    await world.holdProtected('10');
    await engage('all');
    await world.look('kill-switch');
    expect(await settled()).toBe(false);
    expect(await world.work()).toEqual(['cancel-order.v1']);
    await world.settle();
    await world.look();
    expect(await settled()).toBe(true);
    expect(world.atBroker('sell')).toEqual(['stop 10 canceled']);
  });

  it('is not settled while an order may still arrive', async () => {
    const intent = await world.safety.intent({ decision: 'd-1', purpose: 'entry', shares: '1' });
    const { orders } = world.safety.execute;
    await world.safety.answer(world.safety.submitCommand(intent));
    const [row] = await world.safety.openOrders();
    if (row === undefined) throw new Error('nothing is open');
    await engage();
    const inFlight = {
      ...world.protect,
      orders: { ...orders, get: () => Promise.resolve({ ...row, state: 'sending' as const }) },
    };
    await guardAccount(inFlight, 'kill-switch');
    expect(await settled()).toBe(false);
    await world.work();
    await world.settle();
    await world.look();
    expect(await settled()).toBe(true);
  });

  it('sweeps out of session as well', async () => {
    await engage();
    world.pass(12 * 3_600_000);
    await guardAccount(world.protect, 'kill-switch');
    expect(await settled()).toBe(true);
  });
});

describe('protect degrades the trading state', () => {
  const state = async () => (await account())?.tradingState;

  it('to REDUCING when no quote was read for two minutes, and takes it back', async () => {
    await world.look();
    world.pass(120_001);
    await guardAccount(world.protect, 'guard');
    expect(await state()).toBe('REDUCING');
    await world.look();
    expect(await state()).toBe('ACTIVE');
    expect(await world.said('trading-state.')).toEqual(['trading-state.changed.v1', 'trading-state.changed.v1']);
  });

  it("when the broker's clock did not answer twice in a row, and not for once", async () => {
    await world.close();
    const silent = () => Promise.reject(new Fault('transient', 'broker-timeout', 'no answer'));
    await open({ broker: { clock: silent } });
    await world.look();
    expect(await state()).toBe('ACTIVE');
    await world.look();
    expect(await state()).toBe('REDUCING');
    const entry = await world.safety.ask({ decision: 'd-1', purpose: 'entry', shares: '1' });
    expect(entry).toMatchObject({ submission: { kind: 'refused', refusal: { code: 'reducing-only' } } });
  });

  it('and leaves what a person has set', async () => {
    const { account: id } = world.safety.journey;
    await world.protect.safety.setTradingState(id, { ...PERSON, state: 'HALTED', now: now() });
    world.pass(120_001);
    await guardAccount(world.protect, 'guard');
    await world.look();
    expect(await state()).toBe('HALTED');
  });
});

describe('a duty of protect that fails', () => {
  it('keeps no other from being done, and fails the run', async () => {
    await world.holdProtected('10');
    const { account: id } = world.safety.journey;
    const engage = { ...PERSON, scope: { kind: 'account' }, now: now(), correlationId: 'c', cancels: 'all' } as const;
    await world.protect.safety.engageKillSwitch(id, engage);
    const page = () => Promise.reject(new Fault('transient', 'tables-throttled', 'too many'));
    const broken = { ...world.protect, journal: { ...world.protect.journal, page } };
    await expect(guardAccount(broken, 'guard')).rejects.toThrow('too many');
    expect(await world.work()).toEqual(['cancel-order.v1']);
  });
});

/**
 * What the safety store must do, whatever lies under it: switches, breaker, arming, each with its facts and its effect at
 * the claim and the last look. The tables are to be empty: the switch of all accounts is one item of them.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { aggregateOf } from '#events/fact.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { accountSafetyKey, strategyKey, watchKey } from '#shared/adapters/stores/keys.ts';
import { watchAttributes } from '#shared/adapters/stores/watch-item.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import { accountId } from '#shared/core/kernel/identity.ts';
import type { ItemValue } from '#shared/core/kernel/item.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Order } from '#shared/core/order/order.ts';
import { withdraw } from '#shared/core/order/sending.ts';
import { orderClassOf, type OrderClass } from '#shared/core/safety/order-class.ts';
import { firstWatch, type Watch } from '#shared/core/safety/watch.ts';
import type { ClaimOutcome } from '#shared/ports/orders.ts';
import type { KillScope } from '#shared/ports/safety.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { HouseFixture, type IntentOptions, NOW, STRATEGY, SYMBOL } from './house-fixture.ts';

const PERSON = { by: 'ops', reason: 'a drill' } as const;
const SCOPES: readonly KillScope[] = [
  { kind: 'global' },
  { kind: 'account' },
  { kind: 'strategy', strategyId: STRATEGY },
];

export function describeSafety(name: string, open: () => Promise<Tables>): void {
  describe(`safety over ${name}`, () => {
    let tables: Tables;
    let house: HouseFixture;
    let decisions = 0;

    async function claim(options: IntentOptions = {}): Promise<ClaimOutcome> {
      decisions += 1;
      const { request } = await house.clear({ decision: `d-${decisions}`, ...options });
      return await house.orders.claim(request);
    }

    async function claimed(options: IntentOptions = {}): Promise<Order> {
      const outcome = await claim(options);
      if (outcome.kind !== 'claimed') throw new Error(JSON.stringify(outcome));
      return outcome.order;
    }

    const codeOf = (outcome: ClaimOutcome): string => ('refusal' in outcome ? outcome.refusal.code : outcome.kind);

    async function look(order: Order): Promise<string> {
      const { purpose, terms } = order.intent;
      const orderClass: OrderClass = orderClassOf({ purpose, positionIntent: terms.positionIntent });
      const looked = await house.orders.lastLook(order, {
        holder: 'sender-1',
        orderClass,
        gates: house.gates,
        repeat: false,
      });
      return looked.ok ? looked.value.state : looked.error.code;
    }

    /** Ends an order of which nothing was sent, so that its symbol is free again. */
    async function giveUp(order: Order): Promise<void> {
      const why = refusal('kill-switch-engaged', 'engaged');
      await house.orders.step(order.clientOrderId, (row) => withdraw(row, why, house.clock.at));
    }

    /** Ten shares in the book, so that there is something to close. */
    async function hold(): Promise<void> {
      const key = { pk: `ACCOUNT#${house.account}`, sk: `BOOK#${SYMBOL}` };
      const share: ItemValue = {
        M: {
          strategyId: { S: STRATEGY },
          quantity: { N: '10' },
          cost: { N: '1000' },
          realizedProfit: { N: '0' },
          openedOn: { S: '2026-03-06' },
          stopPrice: { NULL: true },
        },
      };
      await tables.write({ kind: 'update', table: 'books', key, set: { shares: { L: [share] } }, conditions: [] });
    }

    const engage = (scope: KillScope, now: EpochMs = NOW) =>
      house.safety.engageKillSwitch(house.account, {
        scope,
        ...PERSON,
        now,
        correlationId: 'c-1',
        cancels: 'risk-increasing',
      });

    const setAccount = (set: Record<string, ItemValue>) =>
      tables.write({ kind: 'update', table: 'safety', key: accountSafetyKey(house.account), set, conditions: [] });

    const keepWatch = (watch: Partial<Watch>) => {
      const { pk, sk } = watchKey(house.account);
      const item = { pk: { S: pk }, sk: { S: sk }, ...watchAttributes({ ...firstWatch(NOW), ...watch }) };
      return tables.write({ kind: 'put', table: 'safety', item, conditions: [] });
    };

    const saidOf = async (aggregate: string) =>
      (await journalStore(tables).byAggregate(aggregate)).map((fact) => [fact.meta.sequence, fact.type]);

    const EXIT = { side: 'sell', purpose: 'exit' } as const;
    const FLATTEN = { side: 'sell', purpose: 'flatten' } as const;

    beforeEach(async () => {
      tables = await open();
      house = await new HouseFixture(tables, 'account-1').open();
    });

    describe.each(SCOPES)('the kill switch of scope $kind', (scope) => {
      it('stops the next claim of everything but a flatten', async () => {
        expect((await engage(scope)).ok).toBe(true);
        expect(codeOf(await claim())).toBe('kill-switch-engaged');
        await hold();
        expect(codeOf(await claim(EXIT))).toBe('kill-switch-engaged');
        expect(codeOf(await claim(FLATTEN))).toBe('claimed');
      });

      it('stops the last look of what was claimed before, but for a flatten', async () => {
        const entry = await claimed({ shares: '1' });
        expect((await engage(scope)).ok).toBe(true);
        expect(await look(entry)).toBe('kill-switch-engaged');
        await giveUp(entry);
        await hold();
        expect(await look(await claimed(FLATTEN))).toBe('sending');
      });

      it('lets orders pass again once it is disengaged, and says who did what and why', async () => {
        await engage(scope);
        const off = { scope, by: 'ops-2', reason: 'over', now: addMs(NOW, 1000), correlationId: 'c-2' };
        expect((await house.safety.disengageKillSwitch(house.account, off)).ok).toBe(true);
        expect(codeOf(await claim())).toBe('claimed');
        const aggregate = scope.kind === 'global' ? aggregateOf.global : aggregateOf.account(house.account);
        const facts = await journalStore(tables).byAggregate(aggregate);
        expect(facts.map((fact) => fact.type).slice(-2)).toEqual([
          'kill-switch.engaged.v1',
          'kill-switch.disengaged.v1',
        ]);
        expect(facts.map((fact) => fact.meta.sequence)).toEqual(facts.map((_, index) => index + 1));
        expect(facts.at(-2)?.data).toMatchObject({ scope: scope.kind, by: 'ops', reason: { message: 'a drill' } });
      });

      it('settles once, and only the engagement that was swept', async () => {
        await engage(scope);
        const settle = (engagedAt: EpochMs) =>
          house.safety.settleKillSwitch(house.account, { scope, engagedAt, canceled: 2, now: addMs(NOW, 5000) });
        await settle(addMs(NOW, -1));
        await settle(NOW);
        await settle(NOW);
        const aggregate = scope.kind === 'global' ? aggregateOf.global : aggregateOf.account(house.account);
        const types = (await saidOf(aggregate)).map(([, type]) => type);
        expect(types.filter((type) => type === 'kill-switch.settled.v1')).toHaveLength(1);
      });

      it('stays as it was engaged when it is engaged again', async () => {
        await engage(scope);
        await engage(scope, addMs(NOW, 1000));
        const aggregate = scope.kind === 'global' ? aggregateOf.global : aggregateOf.account(house.account);
        const types = (await saidOf(aggregate)).map(([, type]) => type);
        expect(types.filter((type) => type === 'kill-switch.engaged.v1')).toHaveLength(1);
      });
    });

    describe('a kill switch', () => {
      it('that cannot be read is engaged', async () => {
        for (const killEngaged of [{ S: 'false' }, { NULL: true }, { N: '0' }] as const) {
          await setAccount({ killEngaged });
          expect(await house.safety.shutGate(house.account, 'reducing', house.gates)).toMatchObject({
            code: 'kill-switch-engaged',
          });
        }
      });

      it('of a strategy that is not there is refused', async () => {
        const key = strategyKey(house.account, STRATEGY);
        await tables.write({ kind: 'delete', table: 'safety', key, conditions: [] });
        expect(await engage({ kind: 'strategy', strategyId: STRATEGY })).toMatchObject({
          ok: false,
          error: { code: 'strategy-missing' },
        });
        expect(
          await house.safety.setEnabled(house.account, STRATEGY, { enabled: false, ...PERSON, now: NOW }),
        ).toMatchObject({
          ok: false,
          error: { code: 'strategy-missing' },
        });
      });

      it('of an account that is not there is refused', async () => {
        const key = accountSafetyKey(house.account);
        await tables.write({ kind: 'delete', table: 'safety', key, conditions: [] });
        expect(await engage({ kind: 'account' })).toMatchObject({ ok: false, error: { code: 'safety-item-missing' } });
      });
    });

    describe('the circuit breaker', () => {
      const trip = (cause = 'daily-loss', now: EpochMs = NOW) =>
        house.safety.tripBreaker(house.account, { cause, by: 'protect', message: 'lost too much', now });
      const reset = (now: EpochMs) => house.safety.resetBreaker(house.account, { ...PERSON, now, quietMs: 200_000 });

      it('stops entries when it trips, keeps its first cause, and lets reducing orders pass', async () => {
        await Promise.all([trip(), trip(), trip()]);
        await trip('clock-skew', addMs(NOW, 1000));
        expect(codeOf(await claim())).toBe('breaker-tripped');
        expect((await saidOf(aggregateOf.account(house.account))).map(([, type]) => type)).toEqual([
          'account.initialized.v1',
          'breaker.tripped.v1',
        ]);
        await hold();
        expect(codeOf(await claim(EXIT))).toBe('claimed');
        const { account } = await house.safety.read(house.account);
        expect(account?.breaker).toMatchObject({ state: 'TRIPPED', cause: 'daily-loss', by: 'protect', at: NOW });
      });

      it('counts as tripped where its state is missing or no word of ours', async () => {
        for (const breaker of [{ NULL: true }, { S: 'CLOSED' }, { BOOL: true }] as const) {
          await setAccount({ breaker });
          expect(codeOf(await claim())).toBe('breaker-tripped');
        }
      });

      it('is not reset before the monitor has looked since, nor while a cause holds', async () => {
        expect(await reset(NOW)).toMatchObject({ ok: false, error: { code: 'breaker-not-tripped' } });
        await trip();
        expect(await reset(NOW)).toMatchObject({ ok: false, error: { code: 'breaker-cause-holds' } });
        await keepWatch({ at: NOW });
        expect(await reset(NOW)).toMatchObject({ ok: false, error: { code: 'breaker-cause-holds' } });
        await keepWatch({ at: addMs(NOW, 1), holding: [{ cause: 'clock-skew', message: 'ten seconds' }] });
        expect(await reset(NOW)).toMatchObject({ ok: false, error: { context: { cause: 'clock-skew' } } });
        await keepWatch({ at: addMs(NOW, 1) });
        expect(await reset(NOW)).toEqual({ ok: true, value: addMs(NOW, 200_000) });
      });

      it("is reset after a person's own trip without the monitor", async () => {
        await trip('operator');
        expect((await reset(addMs(NOW, 1))).ok).toBe(true);
      });

      it('is quiet for its period, then armed, and leaves its history', async () => {
        await trip('operator');
        await reset(NOW);
        expect(codeOf(await claim())).toBe('quiet-period');
        expect(await house.safety.armBreaker(house.account, addMs(NOW, 199_999))).toBe(false);
        house.clock.at = addMs(NOW, 200_000);
        await house.safety.recordPass(house.account, {
          startedAt: addMs(NOW, 190_000),
          session: house.gates.session,
          build: house.gates.build,
        });
        // The gate opens by the clock; arming only says so.
        expect(codeOf(await claim())).toBe('claimed');
        expect(await house.safety.armBreaker(house.account, house.clock.at)).toBe(true);
        expect(await house.safety.armBreaker(house.account, house.clock.at)).toBe(false);
        expect((await saidOf(aggregateOf.account(house.account))).slice(-3)).toEqual([
          [2, 'breaker.tripped.v1'],
          [3, 'breaker.reset.v1'],
          [4, 'breaker.armed.v1'],
        ]);
      });

      it('trips again out of its quiet period', async () => {
        await trip('operator');
        await reset(NOW);
        await trip('rejections', addMs(NOW, 1000));
        const { account } = await house.safety.read(house.account);
        expect(account?.breaker).toMatchObject({ state: 'TRIPPED', cause: 'rejections', quietUntil: null });
      });
    });

    describe('a live account', () => {
      const arm = (until: EpochMs | null, now: EpochMs = NOW) =>
        house.safety.armLive(house.account, { ...PERSON, now, until });

      it('takes entries only while it is armed, and exits always', async () => {
        await setAccount({ live: { BOOL: true } });
        expect(codeOf(await claim())).toBe('not-armed');
        expect((await arm(addMs(NOW, 60_000))).ok).toBe(true);
        const entry = await claimed({ shares: '1' });
        house.clock.at = addMs(NOW, 60_000);
        expect(await look(entry)).toBe('not-armed');
        await giveUp(entry);
        await hold();
        expect(codeOf(await claim(EXIT))).toBe('claimed');
      });

      it('is armed for a day at most, and disarmed at once', async () => {
        await setAccount({ live: { BOOL: true } });
        expect(await arm(addMs(NOW, 24 * 3_600_000 + 1))).toMatchObject({
          ok: false,
          error: { code: 'arming-too-long' },
        });
        for (const until of [addMs(NOW, 60_000), null]) {
          await arm(until);
          expect((await house.safety.read(house.account)).account?.armedUntil).toBe(until);
        }
        expect(codeOf(await claim())).toBe('not-armed');
        expect((await saidOf(aggregateOf.account(house.account))).slice(-2).map(([, type]) => type)).toEqual([
          'live.armed.v1',
          'live.disarmed.v1',
        ]);
      });
    });

    describe('the trading state', () => {
      it('lets pass what it says, and nothing where it is no word of ours', async () => {
        const set = (state: 'ACTIVE' | 'REDUCING' | 'HALTED') =>
          house.safety.setTradingState(house.account, { state, by: 'protect', reason: 'stale quotes', now: NOW });
        await hold();
        expect(await set('REDUCING')).toBe(true);
        expect(await set('REDUCING')).toBe(false);
        expect(codeOf(await claim({ ...EXIT, shares: '1' }))).toBe('claimed');
        expect(await house.safety.shutGate(house.account, 'entry', house.gates)).toMatchObject({
          code: 'reducing-only',
        });
        await set('HALTED');
        expect(await house.safety.shutGate(house.account, 'reducing', house.gates)).toMatchObject({
          code: 'reducing-only',
        });
        expect(await house.safety.shutGate(house.account, 'flatten', house.gates)).toBeNull();
        const said = (await saidOf(aggregateOf.account(house.account))).map(([, type]) => type);
        expect(said.filter((type) => type === 'trading-state.changed.v1')).toHaveLength(2);
        await setAccount({ tradingState: { S: 'OPEN' } });
        expect(await house.safety.shutGate(house.account, 'reducing', house.gates)).toMatchObject({
          code: 'reducing-only',
        });
      });
    });

    describe('an account', () => {
      it('that was never initialised has no facts, and is refused for', async () => {
        const stranger = accountId('nobody');
        expect((await house.safety.read(stranger)).account).toBeNull();
        expect(await house.safety.shutGate(stranger, 'entry', house.gates)).not.toBeNull();
      });

      it('moves the start of its last pass on, and never back', async () => {
        const { session, build } = house.gates;
        const pass = (startedAt: EpochMs) => house.safety.recordPass(house.account, { startedAt, session, build });
        await pass(addMs(NOW, -10));
        await pass(addMs(NOW, -20_000));
        expect((await house.safety.read(house.account)).account?.reconciledAt).toBe(addMs(NOW, -10));
      });
    });

    describe('a strategy', () => {
      it('is switched off and on, which each claim heeds', async () => {
        const { request } = await house.clear();
        for (const enabled of [false, true]) {
          const change = { ...PERSON, enabled, now: NOW };
          expect((await house.safety.setEnabled(house.account, STRATEGY, change)).ok).toBe(true);
          const found = await house.safety.strategies(house.account);
          expect(found.find(({ strategyId }) => strategyId === STRATEGY)?.enabled).toBe(enabled);
          expect(codeOf(await house.orders.claim(request))).toBe(enabled ? 'claimed' : 'strategy-disabled');
        }
      });
    });
  });
}

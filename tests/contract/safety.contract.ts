/** What a store of safety facts must do, whatever lies under it: its effects at claim and last look have a suite of their own. */
import { beforeEach, describe, expect, it } from 'vitest';
import { aggregateOf } from '#events/fact.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { stopsStore } from '#shared/adapters/stores/stops-store.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, buildId } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import type { KillScope } from '#shared/ports/safety.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { HouseFixture, NOW, SESSION, STRATEGY, SYMBOL } from './house-fixture.ts';

const PERSON = { by: 'ops', reason: 'a drill', now: NOW } as const;
let fixtures = 0;

export function describeSafety(name: string, open: () => Promise<Tables>): void {
  describe(`safety over ${name}`, () => {
    let tables: Tables;
    let house: HouseFixture;

    beforeEach(async () => {
      tables = await open();
      fixtures += 1;
      house = await new HouseFixture(tables, `safety-${fixtures}`).open();
    });

    const said = async () =>
      (await journalStore(tables).byAggregate(aggregateOf.account(house.account))).map(({ type }) => type);

    it('knows nothing of an account that was never initialised, and refuses for it', async () => {
      const stranger = accountId('nobody');
      expect((await house.safety.read(stranger)).account).toBeNull();
      expect(await house.safety.shutGate(stranger, 'entry', house.gates)).not.toBeNull();
      const scope = { kind: 'account' } as const;
      const engaged = await house.safety.engageKillSwitch(stranger, {
        ...PERSON,
        scope,
        correlationId: 'c',
        cancels: 'risk-increasing',
      });
      expect(engaged.ok ? null : engaged.error.code).toBe('safety-item-missing');
    });

    it.each<KillScope>([{ kind: 'account' }, { kind: 'strategy', strategyId: STRATEGY }])(
      'engages the switch of scope $kind once, and lets it go',
      async (scope) => {
        const change = { ...PERSON, scope, correlationId: 'c' };
        expect(await house.safety.shutGate(house.account, 'entry', house.gates)).toBeNull();
        for (let time = 0; time < 2; time += 1) {
          expect(
            (await house.safety.engageKillSwitch(house.account, { ...change, cancels: 'risk-increasing' })).ok,
          ).toBe(true);
        }
        expect((await said()).filter((type) => type === 'kill-switch.engaged.v1')).toHaveLength(1);
        expect((await house.safety.disengageKillSwitch(house.account, change)).ok).toBe(true);
        expect(await house.safety.shutGate(house.account, 'entry', house.gates)).toBeNull();
      },
    );

    it('keeps the cause of the first trip, whoever trips with it', async () => {
      const trip = (cause: string) =>
        house.safety.tripBreaker(house.account, { cause, by: 'protect', message: cause, now: NOW });
      await Promise.all([trip('drawdown'), trip('drawdown'), trip('drawdown')]);
      await trip('stale-quotes');
      expect((await said()).filter((type) => type === 'breaker.tripped.v1')).toHaveLength(1);
      expect((await house.safety.shutGate(house.account, 'entry', house.gates))?.code).toBe('breaker-tripped');
      expect(await house.safety.armBreaker(house.account, NOW)).toBe(false);
    });

    it('moves the start of the last pass on, and never back', async () => {
      const pass = (startedAt = NOW) =>
        house.safety.recordPass(house.account, { startedAt, session: SESSION, build: buildId('build-1') });
      await pass(addMs(NOW, -10));
      await pass(addMs(NOW, -20_000));
      expect((await house.safety.read(house.account)).account?.reconciledAt).toBe(addMs(NOW, -10));
    });

    it('changes the trading state with a fact, and not twice', async () => {
      const set = (state: 'ACTIVE' | 'REDUCING') => house.safety.setTradingState(house.account, { ...PERSON, state });
      expect([await set('REDUCING'), await set('REDUCING'), await set('ACTIVE')]).toEqual([true, false, true]);
      expect((await said()).filter((type) => type === 'trading-state.changed.v1')).toHaveLength(2);
    });

    it('arms an account until an instant, and disarms it', async () => {
      for (const until of [addMs(NOW, 60_000), null]) {
        expect((await house.safety.armLive(house.account, { ...PERSON, until })).ok).toBe(true);
        expect((await house.safety.read(house.account)).account?.armedUntil).toBe(until);
      }
      expect((await said()).filter((type) => type.startsWith('live.'))).toEqual(['live.armed.v1', 'live.disarmed.v1']);
    });

    it('switches a strategy off and on, each with its fact', async () => {
      for (const enabled of [false, true]) {
        expect((await house.safety.setEnabled(house.account, STRATEGY, { ...PERSON, enabled })).ok).toBe(true);
        const found = await house.safety.strategies(house.account);
        expect(found.find(({ strategyId }) => strategyId === STRATEGY)?.enabled).toBe(enabled);
      }
    });

    it('sets a stop under the book that was read, and not under one that moved', async () => {
      const stops = stopsStore(tables, 'protect');
      await adjustmentsStore(tables, 'control').adjust({
        accountId: house.account,
        ticker: SYMBOL,
        strategyId: STRATEGY,
        quantity: parseQuantity('10'),
        cost: parseMoney('1000'),
        by: 'ann',
        reason: 'why',
        now: NOW,
      });
      const seen = await house.books.get(house.account, SYMBOL);
      if (seen === null) throw new Error('the book is gone');
      const set = await stops.set(seen, STRATEGY, parsePrice('95'), NOW);
      expect(set === null ? null : shareOf(set, STRATEGY).stopPrice).toBe(parsePrice('95'));
      expect(await house.books.get(house.account, SYMBOL)).toEqual(set);
      expect(await stops.set(seen, STRATEGY, parsePrice('96'), NOW)).toBeNull();
    });
  });
}

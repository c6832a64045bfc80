/** What the policy's store must do: versions by compare and swap, every fault named, and the last good one in force. */
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { aggregateOf } from '#events/fact.ts';
import { text } from '#shared/adapters/stores/attributes.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { policyKey } from '#shared/adapters/stores/keys.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { accountId } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { HouseFixture, NOW } from './house-fixture.ts';

let fixtures = 0;

export function describePolicies(name: string, open: () => Promise<Tables>): void {
  describe(`the policy over ${name}`, () => {
    let tables: Tables;
    let house: HouseFixture;
    const stores = (): Policies => policiesStore(tables, 'control');

    beforeEach(async () => {
      tables = await open();
      fixtures += 1;
      house = await new HouseFixture(tables, `policies-${fixtures}`).open();
    });

    const document = (positionsMax: number) => {
      const first = writePolicy(house.policy);
      return { ...first, limits: { ...first.limits, positionsMax } };
    };
    const change = (expected: number, by = 'ada') => ({ expected, by, reason: 'a test', now: addMs(NOW, expected) });
    const publish = (positionsMax: number, expected: number, by?: string) =>
      stores().publish(house.account, document(positionsMax), change(expected, by));
    const inForce = async () => {
      const active = await stores().active(house.account);
      return [active?.version, active?.limits.positionsMax];
    };
    const changes = async () =>
      (await journalStore(tables).byAggregate(aggregateOf.account(house.account))).filter(
        ({ type }) => type === 'policy.changed.v1',
      );

    it('is replaced by the next version, says so, and keeps every version', async () => {
      expect(await publish(9, 1)).toMatchObject({ ok: true, value: { version: 2 } });
      expect(await publish(8, 2)).toMatchObject({ ok: true, value: { version: 3 } });
      expect(await inForce()).toEqual([3, 8]);
      expect((await stores().version(house.account, 2))?.limits.positionsMax).toBe(9);
      expect((await stores().history(house.account, { limit: 10 })).map(({ version, by }) => [version, by])).toEqual([
        [3, 'ada'],
        [2, 'ada'],
        [1, 'tests'],
      ]);
      expect(await changes()).toMatchObject([
        { data: { version: 2, previousVersion: 1 } },
        { data: { version: 3, previousVersion: 2 } },
      ]);
    });

    it('refuses a change of a version that is not in force any more', async () => {
      await publish(9, 1);
      expect(await publish(7, 1)).toMatchObject({ ok: false, error: { code: 'policy-version-changed' } });
      expect(await inForce()).toEqual([2, 9]);
    });

    it('lets one of twenty changes of the same version win', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, writer) => publish(writer + 1, 1, `writer-${writer}`)),
      );
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
      expect((await inForce())[0]).toBe(2);
      expect(await changes()).toHaveLength(1);
    });

    it('refuses a document with every fault named, and keeps the old one', async () => {
      const first = writePolicy(house.policy);
      const wrong = {
        ...first,
        universe: ['AAPL', 'AAPL'],
        limits: { ...first.limits, positionsMax: -1, priceMin: 'cheap', unheard: 1 },
        checks: { ...first.checks, warnShareBps: 1.5 },
        monitor: { ...first.monitor, windowMs: 5 },
      };
      const thrown: unknown = await stores()
        .publish(house.account, wrong, change(1))
        .then(
          () => null,
          (error: unknown) => error,
        );
      if (!(thrown instanceof z.ZodError)) throw new Error('it was not refused');
      const paths = thrown.issues.map(({ path }) => path.join('.'));
      expect(paths).toEqual(
        expect.arrayContaining(['limits.positionsMax', 'limits.priceMin', 'checks.warnShareBps', 'monitor.windowMs']),
      );
      expect(thrown.issues.some((issue) => issue.code === 'unrecognized_keys')).toBe(true);
      expect(await inForce()).toEqual([1, house.policy.limits.positionsMax]);
      expect(await changes()).toEqual([]);
    });

    it('lets closing orders go by the limits of a new account where it is damaged or gone, and entries by none', async () => {
      const key = policyKey(house.account, 1);
      const item = await tables.get('safety', key);
      if (item === null) throw new Error('the policy is gone');
      await tables.write({ kind: 'put', table: 'safety', item: { ...item, document: text('{') }, conditions: [] });
      await expect(stores().version(house.account, 1)).rejects.toMatchObject({ code: 'policy-corrupt' });
      expect(await stores().forClosing(house.account, 1)).toMatchObject({ version: 1, universe: [], strategies: [] });
      await tables.write({ kind: 'delete', table: 'safety', key, conditions: [] });
      expect(await stores().version(house.account, 1)).toBeNull();
      expect(await stores().forClosing(house.account, 1)).toMatchObject({ version: 1, limits: { collarBps: 400n } });
    });

    it('is set right by the next version, also where the one in force cannot be read', async () => {
      await publish(9, 1);
      const item = await tables.get('safety', policyKey(house.account, 2));
      if (item === null) throw new Error('the policy is gone');
      await tables.write({ kind: 'put', table: 'safety', item: { ...item, document: text('{') }, conditions: [] });
      await expect(stores().active(house.account)).rejects.toMatchObject({ code: 'policy-corrupt' });
      expect(await publish(12, 2)).toMatchObject({ ok: true, value: { version: 3 } });
      expect(await inForce()).toEqual([3, 12]);
    });

    it('shows its history from the newest on, in pages', async () => {
      await publish(9, 1);
      const pageOf = async (before?: number) =>
        (await stores().history(house.account, { limit: 5, ...(before === undefined ? {} : { before }) })).map(
          ({ version }) => version,
        );
      expect(await pageOf()).toEqual([2, 1]);
      expect(await pageOf(2)).toEqual([1]);
      expect(await stores().version(house.account, 1)).toEqual(house.policy);
      expect(await stores().active(accountId('nobody'))).toBeNull();
      expect((await stores().forClosing(house.account, 9)).version).toBe(9);
    });
  });
}

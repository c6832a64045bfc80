/** What the registry of trained models must do. */
import { beforeEach, describe, expect, it } from 'vitest';
import { aggregateOf } from '#events/fact.ts';
import { text } from '#shared/adapters/stores/attributes.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { modelAliasKey, modelVersionKey } from '#shared/adapters/stores/keys.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { Bug } from '#shared/core/kernel/fault.ts';
import { type StrategyId, strategyId } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate } from '#shared/core/kernel/instant.ts';
import type { ItemKey } from '#shared/core/kernel/item.ts';
import type { KeptModel, Models } from '#shared/ports/models.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { NOW } from './house-fixture.ts';
import { sampleModel, type SampleModel } from './sample-model.ts';

let strategies = 0;

export function describeModels(name: string, open: () => Promise<Tables>): void {
  describe(`models over ${name}`, () => {
    let tables: Tables;
    let models: Models;
    let id: StrategyId;

    beforeEach(async () => {
      tables = await open();
      models = modelsStore(tables, 'signal', { now: () => NOW });
      strategies += 1;
      id = strategyId(`model-${strategies}`);
    });

    const kept = (of: SampleModel = {}): KeptModel => ({
      ...sampleModel({ strategyId: id, ...of }),
      policyVersion: 3,
      createdAt: NOW,
    });
    const move = (version: string, expected: number, pinned = false) => ({
      expected,
      version,
      pinned,
      by: 'ann',
      reason: 'a test asks',
      now: NOW,
      correlationId: 'c-1',
    });

    async function damage(key: ItemKey, change: (stored: string) => string): Promise<void> {
      const item = await tables.get('market', key);
      if (item === null || !('document' in item) || !('S' in item['document'])) throw new Error('nothing is stored');
      const document = text(change(item['document'].S));
      await tables.write({ kind: 'put', table: 'market', item: { ...item, document }, conditions: [] });
    }

    it('give back the very numbers that were trained', async () => {
      const model = kept();
      expect(await models.version(id, model.version)).toBeNull();
      expect(await models.keep(model)).toBe(model.version);
      expect(await models.version(id, model.version)).toEqual(model);
      expect(await models.trained(id, model.metadata)).toBe(model.version);
      expect(await models.trained(id, { ...model.metadata, planId: 'other' })).toBeNull();
      const said = await journalStore(tables).byAggregate(aggregateOf.modelVersion(id, model.version));
      expect(said.map(({ type }) => type)).toEqual(['model.trained.v1']);
    });

    it('take the same version again without a change, and keep the first when', async () => {
      const model = kept();
      await models.keep(model);
      expect(await models.keep({ ...model, createdAt: addMs(NOW, 5_000), policyVersion: 4 })).toBe(model.version);
      expect(await models.version(id, model.version)).toEqual(model);
    });

    it('refuse the same version with another content, loudly', async () => {
      const model = kept();
      await models.keep(model);
      await damage(modelVersionKey(id, model.version), (stored) => stored.replace('0.68', '0.67'));
      await expect(models.keep(model)).rejects.toMatchObject({ kind: 'permanent', code: 'model-version-conflict' });
      const forged = { ...model, model: { ...model.model, intercept: 9 } };
      await expect(models.keep(forged)).rejects.toBeInstanceOf(Bug);
    });

    it('have one version of each training: who trains second gets the first', async () => {
      const [first, second] = [kept(), kept({ intercept: 7 })];
      expect(await models.keep(first)).toBe(first.version);
      expect(await models.keep(second)).toBe(first.version);
      expect(await models.version(id, second.version)).toBeNull();
      const other = kept({ planId: 'plan-2' });
      expect(await models.keep(other)).toBe(other.version);
    });

    it('agree on one version where many train at once', async () => {
      const all = Array.from({ length: 6 }, (_, rank) => kept({ intercept: rank }));
      const stands = await Promise.all(all.map((model) => models.keep(model)));
      expect(new Set(stands).size).toBe(1);
      expect(await models.trained(id, kept().metadata)).toBe(stands[0]);
    });

    it('read no version that was changed behind its name, and list it as what it is', async () => {
      const [good, bad] = [kept({ trainedThrough: calendarDate('2025-09-30') }), kept()];
      for (const model of [good, bad]) await models.keep(model);
      const key = modelVersionKey(id, bad.version);
      const breakages: readonly ((stored: string) => string)[] = [
        (stored) => stored.replace('"0.1"', '"0.10000000000000002"'),
        (stored) => stored.slice(0, 40),
        (stored) => stored.replace('"0.1"', '"0.10"'),
        (stored) => stored.replace('"0.1"', '"NaN"'),
      ];
      for (const breakage of breakages) {
        await damage(key, breakage);
        await expect(models.version(id, bad.version)).rejects.toMatchObject({ code: 'model-corrupt' });
        await damage(key, () => JSON.stringify('x'));
      }
      expect(await models.versions(id, { limit: 5 })).toEqual([
        { kind: 'unreadable', version: bad.version, because: expect.stringContaining(bad.version) },
        { kind: 'kept', model: good },
      ]);
    });

    it('list the newest training first, page by page', async () => {
      const dates = ['2025-03-31', '2025-06-30', '2025-09-30'].map(calendarDate);
      for (const trainedThrough of dates) await models.keep(kept({ trainedThrough }));
      const listed = async (limit: number, before?: string) =>
        (await models.versions(id, before === undefined ? { limit } : { limit, before })).map((one) =>
          one.kind === 'kept' ? one.model.version : one.because,
        );
      const all = await listed(10);
      expect(all.map((version) => version.slice(0, 10))).toEqual([...dates].reverse());
      expect(await listed(2)).toEqual(all.slice(0, 2));
      expect(await listed(2, all[1])).toEqual(all.slice(2));
    });

    it('move the alias by its revision, forward and back, and remember each move', async () => {
      expect(await models.alias(id)).toBeNull();
      const moved = await models.move(id, move('v-1', 0));
      expect(moved).toMatchObject({ ok: true, value: { version: 'v-1', revision: 1, previous: null, pinned: false } });
      await models.move(id, move('v-2', 1, true));
      await models.move(id, move('v-1', 2));
      expect(await models.alias(id)).toMatchObject({ version: 'v-1', revision: 3, previous: 'v-2', by: 'ann' });
      const history = await models.moves(id, { limit: 5 });
      expect(history.map(({ version, previous, pinned }) => [version, previous, pinned])).toEqual([
        ['v-1', 'v-2', false],
        ['v-2', 'v-1', true],
        ['v-1', null, false],
      ]);
      expect((await models.moves(id, { limit: 5, before: 2 })).map(({ revision }) => revision)).toEqual([1]);
      const said = await journalStore(tables).byAggregate(aggregateOf.activeModel(id));
      expect(said.map(({ type, meta }) => [type, meta.sequence])).toEqual(
        [1, 2, 3].map((sequence) => ['model.activated.v1', sequence]),
      );
    });

    it('refuse a move by who did not see the last one, and let one of many win', async () => {
      const moves = await Promise.all(Array.from({ length: 6 }, (_, rank) => models.move(id, move(`v-${rank}`, 0))));
      expect(moves.filter(({ ok }) => ok)).toHaveLength(1);
      const late = await models.move(id, move('v-9', 0));
      expect(late).toMatchObject({ ok: false, error: { code: 'model-alias-changed', context: { revision: '1' } } });
      expect((await models.alias(id))?.revision).toBe(1);
      expect(await models.moves(id, { limit: 9 })).toHaveLength(1);
    });

    it('set a damaged alias right by the next move, and by no other', async () => {
      for (const [rank, version] of ['v-1', 'v-2'].entries()) await models.move(id, move(version, rank));
      const alias = await tables.get('market', modelAliasKey(id));
      const item = { ...alias, revision: text('many') };
      await tables.write({ kind: 'put', table: 'market', item, conditions: [] });
      await expect(models.alias(id)).rejects.toMatchObject({ code: 'item-corrupt' });
      expect(await models.move(id, move('v-1', 1))).toMatchObject({ ok: false, error: { context: { revision: '2' } } });
      expect(await models.move(id, move('v-1', 2, true))).toMatchObject({ ok: true, value: { previous: 'v-2' } });
      expect(await models.alias(id)).toMatchObject({ version: 'v-1', revision: 3, pinned: true });
    });

    it('stand as what can be used: none that is missing, damaged or was never put to use', async () => {
      expect(await models.standing(id)).toEqual({ kind: 'none', reason: 'none was ever put to use' });
      const model = kept();
      await models.move(id, move(model.version, 0, true));
      expect(await models.standing(id)).toMatchObject({
        kind: 'none',
        reason: expect.stringMatching(/is active and not there/),
      });
      await models.keep(model);
      const active = { kind: 'active', version: model.version, trainedThrough: '2025-12-31', pinned: true };
      expect(await models.standing(id)).toEqual(active);
      await damage(modelVersionKey(id, model.version), (stored) => stored.replace('2025-12-31', '2026-03-31'));
      expect(await models.standing(id)).toMatchObject({ kind: 'none' });
      const alias = await tables.get('market', modelAliasKey(id));
      const item = { ...alias, pinned: text('perhaps') };
      await tables.write({ kind: 'put', table: 'market', item, conditions: [] });
      expect(await models.standing(id)).toMatchObject({ kind: 'none', reason: expect.stringMatching(/pinned/) });
    });

    it('remember which version made the signals of a session, or why none could', async () => {
      const [first, second] = [calendarDate('2026-03-05'), calendarDate('2026-03-06')];
      await models.noteUse(id, first, { kind: 'active', version: 'v-1' });
      await models.noteUse(id, second, { kind: 'none', reason: 'too few rows' });
      expect(await models.useOf(id, first)).toEqual({ kind: 'active', version: 'v-1' });
      expect(await models.useOf(id, second)).toEqual({ kind: 'none', reason: 'too few rows' });
      expect(await models.useOf(id, calendarDate('2026-03-04'))).toBeNull();
    });
  });
}

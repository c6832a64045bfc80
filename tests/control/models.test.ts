/** Trained models over the API: looked at, pinned, rolled back, let go; refused where a version could not be used. */
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { text } from '#shared/adapters/stores/attributes.ts';
import { modelAliasKey, modelVersionKey } from '#shared/adapters/stores/keys.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { problemSchema, SCHEMAS } from '#functions/control/schemas.ts';
import { sampleModel } from '#tests/contract/sample-model.ts';
import { type Ask, type ControlHouse, NOW, openHouse } from './control-house.ts';
import { keepModel } from './route-cases.ts';

const ID = strategyId('ml-momentum');
const params = { strategy_id: ID };
const WHY = { reason: 'a test asks' };

type Active = z.output<(typeof SCHEMAS)['getActiveModel']['success']['body']>;
const activeOf = async (house: ControlHouse): Promise<Active> =>
  SCHEMAS.getActiveModel.success.body.parse((await house.ask('getActiveModel', { params })).json());

async function set(house: ControlHouse, body: object, groups?: Ask['groups']) {
  const asked = { params, body: { ...WHY, ...body } };
  const answer = await house.ask('setActiveModel', groups === undefined ? asked : { ...asked, groups });
  return { status: answer.status, code: answer.status < 400 ? null : problemSchema.parse(answer.json()).code };
}

describe('the models of a strategy', () => {
  it('are listed newest training first, the active one marked, and looked at with every weight', async () => {
    const house = await openHouse();
    const old = await keepModel(house, '2025-09-30');
    const due = await keepModel(house, '2025-12-31');
    await set(house, { pinned: true, version: old });
    const list = await house.ask('getModels', { params });
    const { models } = SCHEMAS.getModels.success.body.parse(list.json());
    expect(models.map(({ version, model }) => [version, model?.active])).toEqual([
      [due, false],
      [old, true],
    ]);
    const one = await house.ask('getModel', { params: { ...params, version: old } });
    const shown = SCHEMAS.getModel.success.body.parse(one.json());
    expect(shown).toMatchObject({ version: old, active: true, trained_on: ['KO', 'PEP'], policy_version: 1 });
    expect(shown.features[0]).toEqual({ name: 'return-1', weight: '1', mean: '1', scale: '1' });
  });

  it('are shown page by page', async () => {
    const house = await openHouse();
    for (const through of ['2025-03-31', '2025-06-30', '2025-09-30']) await keepModel(house, through);
    const page = async (query: Record<string, string>) =>
      SCHEMAS.getModels.success.body.parse((await house.ask('getModels', { params, query })).json());
    const first = await page({ limit: '2' });
    const second = await page({ limit: '2', cursor: first.cursor ?? '' });
    expect([...first.models, ...second.models].map(({ version }) => version.slice(0, 10))).toEqual([
      '2025-09-30',
      '2025-06-30',
      '2025-03-31',
    ]);
    expect(second.cursor).toBeNull();
  });

  it('say what cannot be read, and are none for a strategy without a model', async () => {
    const house = await openHouse();
    const version = await keepModel(house, '2025-12-31');
    const item = await house.tables.get('market', modelVersionKey(ID, version));
    const torn = { ...item, document: text('{') };
    await house.tables.write({ kind: 'put', table: 'market', item: torn, conditions: [] });
    const list = SCHEMAS.getModels.success.body.parse((await house.ask('getModels', { params })).json());
    expect(list.models).toEqual([{ version, unreadable: expect.stringContaining('not readable'), model: null }]);
    const one = await house.ask('getModel', { params: { ...params, version } });
    expect([one.status, problemSchema.parse(one.json()).code]).toEqual([422, 'model-unusable']);
    const none = await house.ask('getModels', { params: { strategy_id: 'momentum' } });
    expect([none.status, problemSchema.parse(none.json()).code]).toEqual([404, 'strategy-without-model']);
  });
});

describe('the active model', () => {
  it('is pinned, rolled back and let go, by whom and why, and a repeat changes nothing', async () => {
    const house = await openHouse();
    const [old, due] = [await keepModel(house, '2025-09-30'), await keepModel(house, '2025-12-31')];
    expect(await activeOf(house)).toMatchObject({ active: null, usable: false, history: [] });
    for (const body of [
      { pinned: true, version: due },
      { pinned: true, version: old, expected_revision: 1 },
      { pinned: true, version: old, expected_revision: 1 },
      { pinned: false },
      { pinned: false },
    ]) {
      expect(await set(house, body)).toEqual({ status: 200, code: null });
    }
    const { active, usable, trained_through: through, history } = await activeOf(house);
    expect([usable, through]).toEqual([true, '2025-09-30']);
    expect(active).toMatchObject({ version: old, pinned: false, revision: 3, by: 'ada', reason: WHY.reason });
    expect(history.map(({ version, pinned, previous_version: before }) => [version, pinned, before])).toEqual([
      [old, false, old],
      [old, true, due],
      [due, true, null],
    ]);
  });

  it('is not moved by who did not see the last move, nor by who may not', async () => {
    const house = await openHouse();
    const [old, due] = [await keepModel(house, '2025-09-30'), await keepModel(house, '2025-12-31')];
    await set(house, { pinned: true, version: due });
    expect(await set(house, { pinned: true, version: old, expected_revision: 0 })).toEqual({
      status: 409,
      code: 'model-alias-changed',
    });
    const body = { pinned: true, version: old };
    expect(await set(house, body, ['trader'])).toMatchObject({ code: 'permission-missing' });
    const scoped = ['operator', 'strategy:ma-crossover'];
    expect(await set(house, body, scoped)).toMatchObject({ code: 'strategy-out-of-scope' });
    expect((await activeOf(house)).active).toMatchObject({ version: due, revision: 1 });
  });

  it('is no version that is not there, is of the future, reads other features, or is none to let go', async () => {
    const house = await openHouse();
    const ahead = await keepModel(house, '2026-03-31');
    const foreign = sampleModel({ strategyId: ID, trainedThrough: calendarDate('2025-06-30') });
    const store = modelsStore(house.tables, 'signal', house.clock);
    await store.keep({ ...foreign, policyVersion: 1, createdAt: NOW });
    const missing = sampleModel({ trainedThrough: calendarDate('2025-03-31') }).version;
    expect(await set(house, { pinned: false })).toEqual({ status: 404, code: 'model-not-active' });
    expect(await set(house, { pinned: true, version: missing })).toEqual({
      status: 404,
      code: 'model-version-not-found',
    });
    for (const version of [ahead, foreign.version]) {
      expect(await set(house, { pinned: true, version })).toEqual({ status: 422, code: 'model-unusable' });
    }
    expect((await activeOf(house)).active).toBeNull();
  });

  it('is set right where it is damaged', async () => {
    const house = await openHouse();
    const due = await keepModel(house, '2025-12-31');
    await set(house, { pinned: true, version: due });
    const item = await house.tables.get('market', modelAliasKey(ID));
    const damaged = { ...item, revision: text('many') };
    await house.tables.write({ kind: 'put', table: 'market', item: damaged, conditions: [] });
    expect(await activeOf(house)).toMatchObject({ active: null, usable: false });
    expect(await set(house, { pinned: true, version: due })).toEqual({ status: 200, code: null });
    expect(await activeOf(house)).toMatchObject({ active: { version: due, revision: 2 }, usable: true });
  });

  it('says which version made the last signals, or why none could', async () => {
    const house = await openHouse();
    const store = modelsStore(house.tables, 'signal', house.clock);
    await store.noteUse(ID, calendarDate('2026-03-06'), { kind: 'none', reason: 'there are 3 rows' });
    expect((await activeOf(house)).last_use).toEqual({
      session: '2026-03-06',
      version: null,
      reason: 'there are 3 rows',
    });
  });
});

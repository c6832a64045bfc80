import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiOptions, askApi } from '#console/api-client.ts';
import { ROUTES, SCHEMAS } from '#functions/control/schemas.ts';
import { openHouse } from '#tests/control/control-house.ts';
import { keepModel } from '#tests/control/route-cases.ts';
import { serve, type ServedHouse } from '#tests/control/served-house.ts';
import { apiAccess } from './api-access.ts';
import { activeText, listText, setActive, versionText } from './models.ts';

const params = { strategy_id: 'ml-momentum' };

describe('belay model', () => {
  let served: ServedHouse;
  let [old, due] = ['', ''];
  beforeAll(async () => {
    const house = await openHouse();
    [old, due] = [await keepModel(house, '2025-09-30'), await keepModel(house, '2025-12-31')];
    served = await serve(house);
  });
  afterAll(() => served.close());
  const list = async (api: ApiOptions) => listText(await askApi(api, ROUTES.getModels, SCHEMAS.getModels, { params }));

  it('pins a version, shows what is traded by and why, and lets it go', async () => {
    const isActive = (text: string, version: string) =>
      text.split('\n').some((line) => line.includes(version) && line.includes(' active '));
    expect([old, due].filter((version) => version !== '')).toHaveLength(2);
    expect(isActive(await list(served), old)).toBe(false);
    const pinned = activeText(await setActive(served, 'ml-momentum', old, { reason: 'the new one lost money' }));
    expect(pinned).toContain(`${old}, pinned by a person, revision 1`);
    expect(pinned).toContain('the new one lost money');
    const listed = await list(served);
    expect([isActive(listed, old), isActive(listed, due)]).toEqual([true, false]);
    const free = await setActive(served, 'ml-momentum', null, { reason: 'it may follow again', expectedRevision: 1 });
    expect(activeText(free)).toContain(`${old}, follows training, revision 2`);
  });

  it('shows one version with its weights, exactly', async () => {
    const asked = { params: { ...params, version: due } };
    const text = versionText(await askApi(served, ROUTES.getModel, SCHEMAS.getModel, asked));
    for (const part of [due, 'KO PEP', '56.1 % right', 'rsi-14', 'momentum-9.v1']) expect(text).toContain(part);
  });

  it('passes on what the API refuses', async () => {
    const late = setActive(served, 'ml-momentum', due, { reason: 'too late', expectedRevision: 0 });
    await expect(late).rejects.toMatchObject({ code: 'model-alias-changed', status: 409 });
  });

  it('asks the API that the environment names, with its token, or with neither the local house', async () => {
    const environment = { BELAY_API_URL: 'https://api.example', BELAY_TOKEN: 't' };
    expect(await apiAccess(environment)).toEqual({ baseUrl: 'https://api.example', token: 't' });
    await expect(apiAccess({ BELAY_TOKEN: 't' })).rejects.toThrow(/expected both/);
  });
});

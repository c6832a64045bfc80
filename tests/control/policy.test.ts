/** The policy over the API: what differs, what is rolled back, and when a running function goes by it. */
import { describe, expect, it } from 'vitest';
import { text } from '#shared/adapters/stores/attributes.ts';
import { policyKey } from '#shared/adapters/stores/keys.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { SCHEMAS } from '#functions/control/schemas.ts';
import { SafetyWorld } from '#tests/safety/safety-world.ts';
import { SYMBOL } from '#tests/journey/journey-world.ts';
import { openHouse } from './control-house.ts';

const WHY = { reason: 'a test asks' };

describe('the policy over the API', () => {
  it('shows what differs between two versions, and takes an earlier one back in force', async () => {
    const house = await openHouse();
    await house.ask('putFatFingerThresholds', { body: { notional_max: '5000', ...WHY } });
    const diff = await house.ask('getPolicyDiff', { query: { from: '1', to: '2' } });
    expect(SCHEMAS.getPolicyDiff.success.body.parse(diff.json())).toEqual({
      from: 1,
      to: 2,
      changes: [{ path: 'limits.fatFingerNotionalMax', before: '"100000"', after: '"5000"' }],
    });
    expect((await house.ask('rollBackPolicy', { body: { version: 1, ...WHY } })).status).toBe(200);
    const back = await house.ask('getPolicyDiff', { query: { from: '1', to: '3' } });
    expect(SCHEMAS.getPolicyDiff.success.body.parse(back.json()).changes).toEqual([]);
    expect((await house.ask('getPolicyDiff', { query: { from: '1', to: '9' } })).status).toBe(404);
  });

  it('is rolled back although the version in force cannot be read', async () => {
    const house = await openHouse();
    await house.ask('putFatFingerThresholds', { body: { notional_max: '5000', ...WHY } });
    const key = policyKey(house.account, 2);
    const item = await house.tables.get('safety', key);
    if (item === null) throw new Error('there is no second version');
    await house.tables.write({ kind: 'put', table: 'safety', item: { ...item, document: text('{') }, conditions: [] });
    const answer = await house.ask('rollBackPolicy', { body: { version: 1, ...WHY } });
    expect(SCHEMAS.rollBackPolicy.success.body.parse(answer.json()).version).toBe(3);
  });
});

describe('a new version', () => {
  it('holds for the very next order of a function that is warm, without a deploy and without a wait', async () => {
    const world = await SafetyWorld.open('policy-pickup');
    try {
      const { journey } = world;
      await world.hold('1');
      const policies = policiesStore(journey.tables, 'control');
      const active = await policies.active(journey.account);
      if (active === null) throw new Error('there is no policy');
      const document = writePolicy(active);
      const narrower = { ...document, checks: { ...document.checks, blacklist: [SYMBOL] } };
      const change = { expected: 1, by: 'ada', reason: 'a test', now: journey.clock.now() };
      expect(await policies.publish(journey.account, narrower, change)).toMatchObject({ ok: true });
      const before = journey.clock.now();
      expect(await world.ask({ decision: 'next', purpose: 'entry', shares: '1' })).toMatchObject({
        submission: { kind: 'refused', refusal: { code: 'symbol-blacklisted' } },
      });
      expect(journey.clock.now() - before).toBeLessThan(10_000);
    } finally {
      await world.close();
    }
  });
});

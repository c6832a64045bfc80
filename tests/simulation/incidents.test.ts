/** Each incident holds as the code is built, and shows where its protection is taken out. */
import { describe, expect, it } from 'vitest';
import { INCIDENTS } from './incidents.ts';
import { runWorld } from './run-world.ts';

describe.each(Object.entries(INCIDENTS))('%s', (_, { happened, holds, protection, plan, judge, without }) => {
  it(`does not come about: ${happened}; ${holds}`, async () => {
    const { violation, flaws } = await runWorld(plan, { judge });
    expect([violation, flaws]).toEqual([null, []]);
  });

  it.skipIf(without === null)(`comes about without this: ${protection}`, async () => {
    const { violation, flaws } = await runWorld(plan, { judge, alterations: without?.() ?? {} });
    expect(violation !== null || flaws.length > 0).toBe(true);
  });
});

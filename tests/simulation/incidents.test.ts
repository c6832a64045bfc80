/** Each incident holds as the code is built, and shows where its protection is taken out. */
import { describe, expect, it } from 'vitest';
import type { PreTradeCheck } from '#shared/core/risk/check.ts';
import { INCIDENTS } from './incidents.ts';
import { runWorld } from './run-world.ts';

/** Leaves a check out for as long as some work takes. */
async function leavingOut<T>(check: PreTradeCheck | undefined, work: () => Promise<T>): Promise<T> {
  if (check === undefined) return await work();
  const { run } = check;
  Object.defineProperty(check, 'run', { value: () => null, configurable: true });
  try {
    return await work();
  } finally {
    Object.defineProperty(check, 'run', { value: run, configurable: true });
  }
}

describe.each(Object.entries(INCIDENTS))('%s', (_, incident) => {
  const { happened, holds, protection, plan, judge } = incident;

  it(`does not come about: ${happened}; ${holds}`, async () => {
    const { violation, flaws } = await runWorld(plan, { judge });
    expect([violation, flaws]).toEqual([null, []]);
  });

  it(`comes about without this: ${protection}`, async () => {
    const { without, withoutCheck, withoutPlan = plan } = incident;
    const lead = () => runWorld(withoutPlan, { judge, alterations: without() });
    const { violation, flaws } = await leavingOut(withoutCheck, lead);
    expect(violation !== null || flaws.length > 0).toBe(true);
    // What no function may throw would be a mistake in how the protection is taken out.
    expect(violation?.invariant).not.toBe(0);
  });
});

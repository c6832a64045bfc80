/** Rate budgets over the tables: one item a budget, counting within the minute that it was last used in. */
import { ItemReader, text, whole } from '#shared/adapters/stores/attributes.ts';
import { rateKey } from '#shared/adapters/stores/keys.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import type { RateLimits, RateStanding, RateTake } from '#shared/ports/rate-limits.ts';
import type { Tables } from '#shared/ports/tables.ts';

const WINDOW_MS = 60_000;
/** A budget that is lost again and again to other takers is as good as used up. */
const ROUNDS_MAX = 10;

const sameWindow = (window: number): Condition => ({
  name: 'window-now',
  test: { op: 'equals', attribute: 'window', value: whole(window) },
});
const withinLimit = (limit: number): Condition => ({
  name: 'within-limit',
  test: { op: 'below', attribute: 'used', value: whole(limit) },
});
const olderWindow = (window: number): Condition => ({
  name: 'window-older',
  test: {
    op: 'any',
    tests: [{ op: 'absent' }, { op: 'below', attribute: 'window', value: whole(window) }],
  },
});

export function rateLimitsStore(tables: Tables): RateLimits {
  const standing = async (take: RateTake, window: number, allowed: boolean): Promise<RateStanding> => {
    const item = await tables.get('safety', rateKey(take.accountId, take.budget), { consistency: 'eventual' });
    const used = item === null ? 0 : new ItemReader(item, `rate ${take.budget}`).whole('used');
    const resetMs = (window + 1) * WINDOW_MS - take.now;
    return { allowed, limit: take.limit, remaining: allowed ? Math.max(0, take.limit - used) : 0, resetMs };
  };

  return {
    async take(take) {
      const window = Math.floor(take.now / WINDOW_MS);
      const key = rateKey(take.accountId, take.budget);
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        const counted = await tables.write({
          kind: 'update',
          table: 'safety',
          key,
          add: { used: '1' },
          conditions: [sameWindow(window), withinLimit(take.limit)],
        });
        if (counted.ok) return await standing(take, window, true);
        const names = counted.failures.flatMap((failure) => failure.names);
        if (!names.includes('window-now')) return await standing(take, window, false);
        const begun = await tables.write({
          kind: 'put',
          table: 'safety',
          item: { pk: text(key.pk), sk: text(key.sk), window: whole(window), used: whole(1) },
          conditions: [olderWindow(window)],
        });
        if (begun.ok && take.limit >= 1) return await standing(take, window, true);
        const item = begun.ok ? null : (begun.failures[0]?.item ?? null);
        // A clock that lags behind another one counts in the later window.
        if (item !== null && new ItemReader(item, 'rate').whole('window') > window) {
          return { allowed: false, limit: take.limit, remaining: 0, resetMs: WINDOW_MS };
        }
      }
      throw new Fault('transient', 'rate-contended', `other requests won every round for the budget ${take.budget}`);
    },
  };
}

/** The monitor's memory over the tables: one item an account, beside the flags and not part of them. */
import { whole } from '#shared/adapters/stores/attributes.ts';
import { watchKey } from '#shared/adapters/stores/keys.ts';
import { readWatch, watchAttributes } from '#shared/adapters/stores/watch-item.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import type { Tables } from '#shared/ports/tables.ts';
import type { Watches } from '#shared/ports/watches.ts';

const asSeen = (version: number): Condition => ({
  name: 'watch-version-changed',
  test: version === 0 ? { op: 'absent' } : { op: 'equals', attribute: 'version', value: whole(version) },
});

export const watchesStore = (tables: Tables): Watches => ({
  async read(accountId) {
    const item = await tables.get('safety', watchKey(accountId));
    return item === null ? null : readWatch(item);
  },
  async save(accountId, seen, next) {
    const outcome = await tables.write({
      kind: 'update',
      table: 'safety',
      key: watchKey(accountId),
      set: watchAttributes({ ...next, version: seen + 1 }),
      conditions: [asSeen(seen)],
    });
    return outcome.ok;
  },
});

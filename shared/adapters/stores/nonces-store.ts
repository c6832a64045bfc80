/** Nonces over the tables: one item each, which expires once no token that carries it is good any more. */
import { text, whole } from '#shared/adapters/stores/attributes.ts';
import { nonceKey } from '#shared/adapters/stores/keys.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import type { Nonces } from '#shared/ports/nonces.ts';
import type { Tables } from '#shared/ports/tables.ts';

const unused: Condition = { name: 'nonce-unused', test: { op: 'absent' } };

export function noncesStore(tables: Tables): Nonces {
  return {
    async spend({ owner, nonce, forgetAt }) {
      const key = nonceKey(owner, nonce);
      const outcome = await tables.write({
        kind: 'put',
        table: 'safety',
        // The table's expiry is in seconds.
        item: { pk: text(key.pk), sk: text(key.sk), expiresAt: whole(Math.ceil(forgetAt / 1000)) },
        conditions: [unused],
      });
      return outcome.ok;
    },
  };
}

/** Orphans over the tables. */
import { ItemReader, quantityOrNull, text, textOrNull, whole } from '#shared/adapters/stores/attributes.ts';
import { accountPartition, orphanKey } from '#shared/adapters/stores/keys.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Orphan, Orphans } from '#shared/ports/orphans.ts';
import type { Tables } from '#shared/ports/tables.ts';

export function orphansStore(tables: Tables): Orphans {
  return {
    async keep(accountId, update) {
      if (update.brokerOrderId === null) {
        throw new Fault('permanent', 'orphan-nameless', 'news of an order that neither we nor the broker can name');
      }
      const key = orphanKey(accountId, update.brokerOrderId);
      const latest = {
        brokerOrderId: text(update.brokerOrderId),
        clientOrderId: textOrNull(update.clientOrderId),
        status: textOrNull(update.status),
        cumulativeQuantity: quantityOrNull(update.cumulativeQuantity),
      };
      const known = await tables.write({
        kind: 'update',
        table: 'books',
        key,
        set: latest,
        conditions: [{ name: 'orphan-known', test: { op: 'exists' } }],
      });
      if (known.ok) return;
      await tables.write({
        kind: 'update',
        table: 'books',
        key,
        set: { ...latest, firstSeenAt: whole(update.receivedAt) },
        conditions: [{ name: 'orphan-new', test: { op: 'absent' } }],
      });
    },

    async all(accountId) {
      const page = await tables.query({ table: 'books', partition: accountPartition(accountId), prefix: 'ORPHAN#' });
      return page.items.map((item): Orphan => {
        const reader = new ItemReader(item, 'orphan');
        return {
          brokerOrderId: reader.text('brokerOrderId'),
          clientOrderId: reader.orNull('clientOrderId', (name) => reader.text(name)),
          status: reader.orNull('status', (name) => reader.text(name)),
          cumulativeQuantity: reader.orNull('cumulativeQuantity', (name) => reader.number(name)),
          firstSeenAt: reader.whole('firstSeenAt'),
        };
      });
    },
  };
}

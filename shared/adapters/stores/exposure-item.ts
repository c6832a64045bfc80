/** What an account has committed over all symbols, as an item. */
import { ItemReader, money, moneyOrNull, text, textOrNull, whole } from '#shared/adapters/stores/attributes.ts';
import { paceAttributes, readPace } from '#shared/adapters/stores/pace-item.ts';
import { exposureKey } from '#shared/adapters/stores/keys.ts';
import { accountId } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';

export function exposureItem(exposure: Exposure): Item {
  const key = exposureKey(exposure.accountId);
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    accountId: text(exposure.accountId),
    committed: money(exposure.committed),
    ordersOpen: whole(exposure.ordersOpen),
    ordersToday: whole(exposure.ordersToday),
    session: textOrNull(exposure.session),
    equityAtOpen: moneyOrNull(exposure.equityAtOpen),
    equity: moneyOrNull(exposure.equity),
    ...paceAttributes('minute', exposure.minute),
    ...paceAttributes('cycle', exposure.cycle),
  };
}

/** @throws Fault `permanent` item-corrupt. */
export function readExposure(item: Item): Exposure {
  const reader = new ItemReader(item, 'exposure');
  return {
    accountId: reader.named('accountId', accountId),
    committed: reader.money('committed'),
    ordersOpen: reader.whole('ordersOpen'),
    ordersToday: reader.whole('ordersToday'),
    session: reader.orNull('session', (name) => reader.named(name, calendarDate)),
    equityAtOpen: reader.orNull('equityAtOpen', (name) => reader.money(name)),
    equity: reader.orNull('equity', (name) => reader.money(name)),
    minute: readPace(reader, 'minute'),
    cycle: readPace(reader, 'cycle'),
  };
}

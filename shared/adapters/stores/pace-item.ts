/** How fast orders are placed, as attributes of an item: one window's name, and what was counted in it. */
import { type ItemReader, money, textOrNull, whole } from '#shared/adapters/stores/attributes.ts';
import type { Money } from '#shared/core/kernel/decimal.ts';
import { formatMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { Condition, Item } from '#shared/core/kernel/item.ts';
import type { RefusalCode } from '#shared/core/kernel/refusal.ts';
import type { Pace } from '#shared/core/portfolio/exposure.ts';

/** The counters that an item may hold. */
export type PaceName = 'minute' | 'cycle';

const ordersOf = (name: PaceName): string => `${name}Orders`;
const notionalOf = (name: PaceName): string => `${name}Notional`;

export const paceAttributes = (name: PaceName, pace: Pace): Item => ({
  [name]: textOrNull(pace.window),
  [ordersOf(name)]: whole(pace.orders),
  [notionalOf(name)]: money(pace.notional),
});

export const readPace = (reader: ItemReader, name: PaceName): Pace => ({
  window: reader.orNull(name, (attribute) => reader.text(attribute)),
  orders: reader.whole(ordersOf(name)),
  notional: reader.money(notionalOf(name)),
});

/** One more order in a window, held to its limits. */
export interface PaceDraw {
  readonly name: PaceName;
  /** As it was read when the order was cleared. */
  readonly seen: Pace;
  readonly window: string;
  readonly notional: Money;
  readonly ordersMax: number;
  readonly ordersCode: RefusalCode;
  readonly notionalMax: { readonly amount: Money; readonly code: RefusalCode } | null;
}

/** What a draw writes and what it asks for. A window that has moved on since the clearing answers `pace-moved`. */
export interface PaceWrite {
  readonly set: Item;
  readonly add: Readonly<Record<string, string>>;
  readonly conditions: readonly Condition[];
}

export function paceWrite({ name, seen, window, notional, ordersMax, ordersCode, notionalMax }: PaceDraw): PaceWrite {
  const asSeen: Condition = {
    name: 'pace-moved',
    test: { op: 'equals', attribute: name, value: textOrNull(seen.window) },
  };
  const goesOn = seen.window === window;
  if (!goesOn) {
    const first: Pace = { window, orders: 1, notional };
    return { set: paceAttributes(name, first), add: {}, conditions: [asSeen] };
  }
  const conditions: Condition[] = [
    asSeen,
    { name: ordersCode, test: { op: 'below', attribute: ordersOf(name), value: whole(ordersMax) } },
  ];
  if (notionalMax !== null) {
    const room = money(subtractMoney(notionalMax.amount, notional));
    conditions.push({ name: notionalMax.code, test: { op: 'at-most', attribute: notionalOf(name), value: room } });
  }
  return { set: {}, add: { [ordersOf(name)]: '1', [notionalOf(name)]: formatMoney(notional) }, conditions };
}

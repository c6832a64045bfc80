/** Alpaca's account, positions, activities, clock, calendar and assets in the house's words. */
import * as z from 'zod';
import {
  absoluteQuantity,
  negateQuantity,
  parseQuantity,
  type Quantity,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import { msOf } from '#shared/core/kernel/instant.ts';
import { newYorkInstant } from '#shared/core/market/new-york-time.ts';
import type { Instrument, Session } from '#shared/core/market/types.ts';
import type { BrokerAccount, BrokerActivity, BrokerClock, BrokerPosition } from '#shared/ports/broker.ts';
import {
  average,
  date,
  houseTicker,
  instant,
  maybeExecutionId,
  maybeQuantity,
  maybeText,
  money,
  orderId,
  price,
  quantity,
  side,
  symbol,
} from './wire-fields.ts';

/** Short positions are told by sign, by side or by both. */
const signed = (value: Quantity, held: string): Quantity =>
  held === 'short' ? negateQuantity(absoluteQuantity(value)) : value;

const position: z.ZodType<BrokerPosition> = z
  .object({
    symbol,
    asset_class: maybeText,
    qty: quantity,
    qty_available: quantity,
    side: maybeText,
    avg_entry_price: average,
  })
  .transform((wire) => ({
    ticker: houseTicker(wire.symbol, wire.asset_class),
    quantity: signed(wire.qty, wire.side ?? ''),
    available: signed(wire.qty_available, wire.side ?? ''),
    averagePrice: wire.avg_entry_price,
  }));

export { position as brokerPosition };
export const brokerPositions: z.ZodType<readonly BrokerPosition[]> = z.array(position);

/** Everything that may keep an account from trading; the first that does is its restriction. */
function restrictionOf(wire: {
  readonly status: string;
  readonly account_blocked: boolean;
  readonly trading_blocked: boolean;
  readonly trade_suspended_by_user: boolean;
}): string | null {
  if (wire.status !== 'ACTIVE') return `status is ${wire.status}`;
  if (wire.account_blocked) return 'account_blocked';
  if (wire.trading_blocked) return 'trading_blocked';
  if (wire.trade_suspended_by_user) return 'trade_suspended_by_user';
  return null;
}

/** The flags are required: an account whose blocks are not told is not known to be free of them. */
export const brokerAccount: z.ZodType<BrokerAccount> = z
  .object({
    account_number: z.string().min(1),
    currency: z.string().min(1),
    status: z.string().min(1),
    cash: money,
    equity: money,
    last_equity: money,
    buying_power: money,
    account_blocked: z.boolean(),
    trading_blocked: z.boolean(),
    trade_suspended_by_user: z.boolean(),
    shorting_enabled: z.boolean().nullish(),
  })
  .transform((wire) => {
    const restriction = restrictionOf(wire);
    return {
      accountNumber: wire.account_number,
      currency: wire.currency,
      cash: wire.cash,
      equity: wire.equity,
      lastEquity: wire.last_equity,
      buyingPower: wire.buying_power,
      tradable: restriction === null,
      restriction,
      shortingEnabled: wire.shorting_enabled ?? false,
    };
  });

/** `fill`, `partial_fill` and whatever else adds to the order are fills. */
const kindOf = (type: string | null, quantity: Quantity): BrokerActivity['kind'] => {
  if (type === 'trade_correct') return 'correct';
  return type === 'trade_bust' || quantity < 0n ? 'bust' : 'fill';
};

/** Fills only, as asked for. Their ids are opaque: the digits are New York's clock, and not a time to trust. */
const activity: z.ZodType<BrokerActivity> = z
  .object({
    id: z.string().min(1),
    activity_type: z.literal('FILL'),
    type: maybeText,
    execution_id: maybeExecutionId,
    order_id: orderId,
    symbol,
    asset_class: maybeText,
    side,
    qty: quantity,
    price,
    cum_qty: quantity,
    transaction_time: instant,
  })
  .transform((wire) => ({
    activityId: wire.id,
    executionId: wire.execution_id,
    brokerOrderId: wire.order_id,
    ticker: houseTicker(wire.symbol, wire.asset_class),
    side: wire.side,
    kind: kindOf(wire.type, wire.qty),
    quantity: wire.qty,
    price: wire.price,
    cumulativeQuantity: wire.cum_qty,
    at: wire.transaction_time,
  }));

export const brokerActivities: z.ZodType<readonly BrokerActivity[]> = z.array(activity);

export const brokerClock: z.ZodType<BrokerClock> = z
  .object({ timestamp: instant, is_open: z.boolean(), next_open: instant, next_close: instant })
  .transform((wire) => ({
    at: msOf(wire.timestamp),
    isOpen: wire.is_open,
    nextOpenAt: msOf(wire.next_open),
    nextCloseAt: msOf(wire.next_close),
  }));

const REGULAR_CLOSE_MINUTE = 16 * 60;

/** New York's wall time, "09:30" or "0930", as minutes past midnight. */
const wallMinute = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):?[0-5]\d$/, 'expected a time of day such as "09:30"')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(-2)));

const session: z.ZodType<Session> = z.object({ date, open: wallMinute, close: wallMinute }).transform((wire) => ({
  date: wire.date,
  openAt: newYorkInstant(wire.date, wire.open),
  closeAt: newYorkInstant(wire.date, wire.close),
  halfDay: wire.close < REGULAR_CLOSE_MINUTE,
}));

export const brokerCalendar: z.ZodType<readonly Session[]> = z.array(session);

const WHOLE_UNIT = wholeQuantity(1);
const SMALLEST_FRACTION = parseQuantity('0.000000001');
const ASSET_CLASSES: ReadonlyMap<string, Instrument['assetClass']> = new Map([
  ['us_equity', 'equity'],
  ['crypto', 'crypto'],
]);

const wireAsset = z.object({
  class: z.string(),
  symbol,
  name: maybeText,
  status: z.string(),
  tradable: z.boolean(),
  fractionable: z.boolean().nullish(),
  marginable: z.boolean().nullish(),
  shortable: z.boolean().nullish(),
  borrow_status: maybeText,
  /** Deprecated twin of `borrow_status`. */
  easy_to_borrow: z.boolean().nullish(),
  min_order_size: maybeQuantity,
  min_trade_increment: maybeQuantity,
});

const borrowable = (wire: z.output<typeof wireAsset>): boolean =>
  wire.borrow_status === null ? wire.easy_to_borrow === true : wire.borrow_status === 'easy_to_borrow';

/** Null for what this house does not trade: inactive assets, and classes other than equity and crypto. */
export const instrument: z.ZodType<Instrument | null> = wireAsset.transform((wire) => {
  const assetClass = ASSET_CLASSES.get(wire.class);
  if (assetClass === undefined || wire.status !== 'active') return null;
  const fractionable = wire.fractionable ?? false;
  const step = fractionable ? SMALLEST_FRACTION : WHOLE_UNIT;
  return {
    ticker: houseTicker(wire.symbol, wire.class),
    name: wire.name ?? '',
    assetClass,
    tradable: wire.tradable,
    fractionable,
    shortable: (wire.shortable ?? false) && borrowable(wire),
    marginable: wire.marginable ?? false,
    quantityStep: wire.min_trade_increment ?? step,
    quantityMin: wire.min_order_size ?? step,
  };
});

const named = z.looseObject({ symbol: z.string() });
const symbolOf = (asset: unknown): string => {
  const read = named.safeParse(asset);
  return read.success ? read.data.symbol : '';
};

/** The list holds symbols that this house could not write; only those that are wanted are read, and all of them. */
export const assetList = (wanted: ReadonlySet<string>): z.ZodType<readonly (Instrument | null)[]> =>
  z.preprocess(
    (value) => (Array.isArray(value) ? value.filter((asset) => wanted.has(symbolOf(asset))) : value),
    z.array(instrument),
  );

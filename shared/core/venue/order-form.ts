/** Reads an order as it comes over the wire, texts and nothing else, and refuses what no account could send. */
import {
  DecimalError,
  type Money,
  type Price,
  type Quantity,
  parseMoney,
  parsePrice,
  parseQuantity,
} from '#shared/core/kernel/decimal.ts';
import { IdentityError, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { type Result, fail, succeed } from '#shared/core/kernel/result.ts';
import { ORDER_TYPES, POSITION_INTENTS, SIDES, TIMES_IN_FORCE } from '#shared/core/order/terms.ts';
import type { OrderRequest } from './venue-order.ts';
import { type VenueRefusal, type VenueRefusalCode, venueRefusal } from './venue-refusal.ts';

/** The fields of an order; null where one is absent. */
export interface OrderForm {
  readonly symbol: string | null;
  readonly qty: string | null;
  readonly notional: string | null;
  readonly side: string | null;
  readonly type: string | null;
  readonly timeInForce: string | null;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  readonly trailPrice: string | null;
  readonly trailPercent: string | null;
  readonly extendedHours: boolean;
  readonly clientOrderId: string | null;
  readonly orderClass: string | null;
  readonly takeProfitLimitPrice: string | null;
  readonly stopLossStopPrice: string | null;
  readonly positionIntent: string | null;
  readonly advancedInstructions: boolean;
}

const CLIENT_ORDER_ID_LENGTH_MAX = 128;

type Read<T> = Result<T, VenueRefusal>;

const refuse = (code: VenueRefusalCode, facts: Readonly<Record<string, string>> = {}): Read<never> =>
  fail(venueRefusal(code, facts));

function oneOf<T extends string>(words: readonly T[], text: string | null): T | null {
  return words.find((word) => word === text) ?? null;
}

/** A positive decimal, or the refusal that fits. */
function positive<T extends bigint>(
  text: string,
  parse: (text: string) => T,
  malformed: VenueRefusalCode,
  notPositive: VenueRefusalCode,
  field: string,
): Read<T> {
  try {
    const value = parse(text);
    return value > 0n ? succeed(value) : refuse(notPositive, { field });
  } catch (error) {
    if (error instanceof DecimalError) return refuse(malformed, { field, value: text.slice(0, 40) });
    throw error;
  }
}

function optionalPrice(text: string | null, notPositive: VenueRefusalCode, field: string): Read<Price | null> {
  return text === null ? succeed(null) : positive(text, parsePrice, 'price-malformed', notPositive, field);
}

interface Size {
  readonly quantity: Quantity | null;
  readonly notional: Money | null;
}

function readSize(form: OrderForm): Read<Size> {
  if (form.qty !== null && form.notional !== null) return refuse('quantity-ambiguous');
  if (form.qty !== null) {
    const quantity = positive(form.qty, parseQuantity, 'quantity-malformed', 'quantity-not-positive', 'qty');
    return quantity.ok ? succeed({ quantity: quantity.value, notional: null }) : quantity;
  }
  if (form.notional === null) return refuse('quantity-missing');
  const notional = positive(form.notional, parseMoney, 'notional-malformed', 'notional-not-positive', 'notional');
  return notional.ok ? succeed({ quantity: null, notional: notional.value }) : notional;
}

/** Which prices a type asks for. */
function missingPrice(form: OrderForm): VenueRefusalCode | null {
  switch (form.type ?? '') {
    case 'limit':
      return form.limitPrice === null ? 'limit-price-missing' : null;
    case 'stop':
      return form.stopPrice === null ? 'stop-price-missing' : null;
    case 'stop_limit':
      return form.limitPrice === null || form.stopPrice === null ? 'stop-limit-prices-missing' : null;
    case 'trailing_stop':
      return (form.trailPrice === null) === (form.trailPercent === null) ? 'trailing-distance-missing' : null;
    default:
      return null;
  }
}

const WHOLE = /^-?\d+(?:\.0*)?$/;

const isFractional = (form: OrderForm): boolean =>
  form.notional !== null || (form.qty !== null && !WHOLE.test(form.qty));

const isSimple = (form: OrderForm): boolean =>
  form.orderClass === null || form.orderClass === '' || form.orderClass === 'simple';

/** Rules of what this venue does not trade yet, so that a wrong order of those kinds is refused for its own fault. */
function laterKinds(form: OrderForm): VenueRefusal | null {
  const fractional = isFractional(form);
  if (fractional && !isSimple(form)) return venueRefusal('fractional-not-simple');
  if (fractional && form.type === 'trailing_stop') return venueRefusal('fractional-type-invalid');
  const auction = form.timeInForce === 'opg' || form.timeInForce === 'cls';
  if (fractional && auction) return venueRefusal('fractional-not-day');
  if (auction && form.type !== 'market' && form.type !== 'limit') return venueRefusal('time-in-force-invalid');
  if (form.orderClass === 'bracket') {
    if (form.takeProfitLimitPrice === null || form.stopLossStopPrice === null)
      return venueRefusal('bracket-legs-missing');
    const [profit, loss] = [Number(form.takeProfitLimitPrice), Number(form.stopLossStopPrice)];
    if (form.side === 'buy' ? profit <= loss : profit >= loss) return venueRefusal('bracket-legs-crossed');
  }
  if (form.extendedHours) {
    const allowed =
      form.type === 'limit' && (form.timeInForce === 'day' || form.timeInForce === 'gtc') && isSimple(form);
    return allowed ? venueRefusal('not-simulated', { what: 'extended hours' }) : venueRefusal('extended-hours-invalid');
  }
  if (!isSimple(form)) return venueRefusal('not-simulated', { what: `order class ${form.orderClass ?? ''}` });
  if (auction) return venueRefusal('not-simulated', { what: `time in force ${form.timeInForce ?? ''}` });
  if (form.type === 'trailing_stop') return venueRefusal('not-simulated', { what: 'order type trailing_stop' });
  return form.advancedInstructions ? venueRefusal('not-simulated', { what: 'advanced instructions' }) : null;
}

function readTicker(symbol: string | null): Read<Ticker> {
  if (symbol === null || symbol === '') return refuse('symbol-missing');
  if (symbol.includes('/')) return refuse('not-simulated', { what: 'crypto' });
  try {
    return succeed(ticker(symbol));
  } catch (error) {
    if (error instanceof IdentityError) return refuse('asset-unknown', { symbol: symbol.slice(0, 40) });
    throw error;
  }
}

/** Checks the words of an order: side, type, time in force, intent and the length of its id. */
function wordsRefusal(form: OrderForm): VenueRefusal | null {
  if (form.clientOrderId !== null && form.clientOrderId.length > CLIENT_ORDER_ID_LENGTH_MAX) {
    return venueRefusal('client-order-id-too-long');
  }
  if (oneOf(SIDES, form.side) === null) return venueRefusal('side-invalid');
  if (oneOf([...ORDER_TYPES, 'trailing_stop'], form.type) === null) return venueRefusal('type-invalid');
  if (oneOf([...TIMES_IN_FORCE, 'opg', 'cls'], form.timeInForce) === null) return venueRefusal('time-in-force-invalid');
  if (form.positionIntent !== null && oneOf(POSITION_INTENTS, form.positionIntent) === null) {
    return venueRefusal('position-intent-invalid');
  }
  const missing = missingPrice(form);
  return missing === null ? null : venueRefusal(missing);
}

/** The order that a form asks for, or the first thing wrong with it. */
export function readOrderForm(form: OrderForm): Result<OrderRequest, VenueRefusal> {
  const symbol = readTicker(form.symbol);
  if (!symbol.ok) return symbol;
  const words = wordsRefusal(form);
  if (words !== null) return fail(words);
  const size = readSize(form);
  if (!size.ok) return size;
  const limit = optionalPrice(form.limitPrice, 'limit-price-not-positive', 'limit_price');
  if (!limit.ok) return limit;
  const stop = optionalPrice(form.stopPrice, 'stop-price-not-positive', 'stop_price');
  if (!stop.ok) return stop;
  const later = laterKinds(form);
  if (later !== null) return fail(later);
  const side = oneOf(SIDES, form.side);
  const type = oneOf(ORDER_TYPES, form.type);
  const timeInForce = oneOf(TIMES_IN_FORCE, form.timeInForce);
  if (side === null || type === null || timeInForce === null) return refuse('type-invalid');
  return succeed({
    clientOrderId: form.clientOrderId === '' ? null : form.clientOrderId,
    ticker: symbol.value,
    side,
    type,
    timeInForce,
    ...size.value,
    limitPrice: type === 'limit' || type === 'stop_limit' ? limit.value : null,
    stopPrice: type === 'stop' || type === 'stop_limit' ? stop.value : null,
    positionIntent: oneOf(POSITION_INTENTS, form.positionIntent),
  });
}

/**
 * What the broker says when it refuses, and the code that the house keeps for it. That something was refused is decided
 * by the HTTP status; why, by the text; by the broker's own numbers nothing: 40310000 alone has a dozen meanings.
 */
import { type Refusal, type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import type { BrokerError } from './error-body.ts';

/** An earlier attempt has the client order id: no refusal of the order. */
export const DUPLICATE_TEXT = /client_order_id must be unique/i;

/** The first row whose pattern fits names the refusal. */
export const REFUSAL_TEXTS: readonly (readonly [pattern: RegExp, code: RefusalCode])[] = [
  // money, shares and the account's other orders
  [/^insufficient buying power/i, 'broker-insufficient-buying-power'],
  [/^insufficient qty available/i, 'broker-insufficient-quantity'],
  [/^insufficient balance for USD[TC]?\b/i, 'broker-insufficient-buying-power'],
  [/^insufficient balance for/i, 'broker-insufficient-quantity'],
  [/potential wash trade/i, 'broker-wash-trade'],
  [/cannot open a (?:long buy|short sell) while a/i, 'broker-opposing-order'],
  [/^unable to open new notional orders/i, 'broker-opposing-order'],
  [/^cost basis must be >= minimal amount/i, 'broker-notional-minimum'],
  // the account
  [/^account is not authorized to trade/i, 'broker-account-blocked'],
  [/^account is not allowed to short/i, 'broker-account-permission'],
  [/^fractional trading is disabled for this account/i, 'broker-account-permission'],
  [/^crypto trading is not available/i, 'broker-account-permission'],
  [/orders not allowed for account/i, 'broker-account-permission'],
  [/pattern day trading protection/i, 'broker-day-trading'],
  [/^(?:unauthorized|forbidden)\.?$/i, 'broker-credentials'],
  // the asset
  [/is not fractionable/i, 'broker-not-fractionable'],
  [/^fractional orders (?:must be|cannot be)/i, 'broker-fractional-rule'],
  [/cannot be sold short/i, 'broker-not-shortable'],
  [/^only day orders are allowed for hard-to-borrow/i, 'broker-time-in-force'],
  [/^asset ".*" is not tradable/i, 'broker-not-tradable'],
  [/^(?:could not find asset|asset ".*" not found|symbol not found)/i, 'broker-instrument-unknown'],
  // rules of kinds of orders
  [/sub-penny increment/i, 'broker-price-increment'],
  [/^position intent mismatch/i, 'broker-position-intent'],
  [/^invalid (?:crypto )?time_in_force/i, 'broker-time-in-force'],
  [/^extended hours order must be/i, 'broker-time-in-force'],
  [/^(?:opg|cls) orders must be submitted/i, 'broker-time-window'],
  // what is asked of an order or a position that is there, or is not
  [/^order parameters are not changed/i, 'broker-replace-refused'],
  [/^unable to replace order/i, 'broker-replace-refused'],
  [/^order is already in "[^"]*" state/i, 'order-already-ended'],
  [/^order is not cancelable/i, 'order-already-ended'],
  [/^order not found/i, 'order-not-found'],
  [/^position does not exist/i, 'no-position-to-close'],
  [/^endpoint not found/i, 'broker-endpoint-unknown'],
  // the form of the order
  [/^client_order_id must be no more than/i, 'broker-order-malformed'],
  [/qty or notional/i, 'broker-order-malformed'],
  [/^(?:qty|notional|limit price|stop price) must be/i, 'broker-order-malformed'],
  [/^order_id is missing/i, 'broker-order-malformed'],
  [/orders (?:require|must specify) /i, 'broker-order-malformed'],
  [/^invalid (?:side|order type|position_intent)/i, 'broker-order-malformed'],
  [/^symbol is required|must be a decimal|^request body format is invalid/i, 'broker-order-malformed'],
  [/^take_profit\.limit_price must be/i, 'broker-order-malformed'],
];

/** The code for what the broker refused; `broker-refused` for a text that no row knows. */
export function refusalCodeOf(status: number, message: string | null): RefusalCode {
  if (status === 401) return 'broker-credentials';
  if (message === null) return 'broker-refused';
  return REFUSAL_TEXTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'broker-refused';
}

/** The broker's refusal as the house's own, with the broker's text and what it says beside it. */
export function brokerRefusal(status: number, error: BrokerError, requestId: string | null): Refusal {
  const said = error.message ?? 'nothing';
  return refusal(refusalCodeOf(status, error.message), `the broker refuses: ${said}`, {
    ...error.facts,
    httpStatus: String(status),
    ...(error.code === null ? {} : { brokerCode: error.code }),
    ...(requestId === null ? {} : { requestId }),
    brokerMessage: said,
  });
}

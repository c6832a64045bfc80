/** What the broker says on the wire for each refusal: HTTP status, code, text and the extra fields of the body. */
import type { VenueRefusalCode } from '#shared/core/venue/venue-refusal.ts';

/** Errors of the edge, which the venue knows nothing of. */
export const EDGE_ERRORS = [
  'credentials-missing',
  'credentials-wrong',
  'rate-limited',
  'endpoint-unknown',
  'body-malformed',
  'parameter-invalid',
  'order-id-malformed',
  'close-symbol-unknown',
  'asset-path-unknown',
  'replace-not-simulated',
  'endpoint-not-simulated',
  'data-parameter-invalid',
  'feed-not-subscribed',
  'internal-error',
  'cancel-failed',
] as const;
export type EdgeErrorCode = (typeof EDGE_ERRORS)[number];

export type WireErrorCode = VenueRefusalCode | EdgeErrorCode;

export interface WireError {
  readonly status: number;
  /** Null where the body carries a message only. */
  readonly code: number | null;
  /** {name} stands for the fact of that name. */
  readonly message: string;
  /** Facts that travel in the body beside code and message. */
  readonly fields?: readonly string[];
  /** How well the text is known: observed, documented, reported, seen in others' tests, or this simulator's own. */
  readonly grade: 'O' | 'D' | 'I' | 'T' | 'own';
}

const malformed = (message: string, grade: WireError['grade']): WireError => ({
  status: 422,
  code: 40010001,
  message,
  grade,
});
const unprocessable = (message: string, grade: WireError['grade']): WireError => ({
  status: 422,
  code: 42210000,
  message,
  grade,
});
const forbidden = (message: string, grade: WireError['grade'], fields: readonly string[] = []): WireError => ({
  status: 403,
  code: 40310000,
  message,
  grade,
  fields,
});
const notFound = (message: string, grade: WireError['grade']): WireError => ({
  status: 404,
  code: 40410000,
  message,
  grade,
});

export const ERROR_CATALOGUE: Readonly<Record<WireErrorCode, WireError>> = {
  'client-order-id-taken': malformed('client_order_id must be unique', 'O'),
  'client-order-id-too-long': malformed('client_order_id must be no more than 128 characters', 'T'),
  'quantity-missing': malformed('qty or notional is required', 'I'),
  'quantity-ambiguous': malformed('only one of qty or notional is accepted', 'I'),
  'quantity-not-positive': malformed('qty must be > 0', 'I'),
  'quantity-malformed': malformed('qty must be a decimal with at most 9 decimals', 'own'),
  'notional-not-positive': malformed('notional must be > 0', 'own'),
  'notional-malformed': malformed('notional must be a decimal', 'own'),
  'symbol-missing': malformed('symbol is required', 'own'),
  'side-invalid': malformed('invalid side', 'T'),
  'type-invalid': malformed('invalid order type', 'T'),
  'time-in-force-invalid': malformed('invalid time_in_force', 'T'),
  'limit-price-missing': malformed('limit orders require a limit price', 'T'),
  'stop-price-missing': malformed('stop orders require a stop price', 'T'),
  'stop-limit-prices-missing': malformed('stop limit orders require both stop and limit price', 'T'),
  'limit-price-not-positive': malformed('limit price must be > 0', 'T'),
  'stop-price-not-positive': malformed('stop price must be > 0', 'own'),
  'price-malformed': malformed('{field} must be a decimal with at most 9 decimals', 'own'),
  'trailing-distance-missing': malformed('trailing stop orders must specify one of trail_price or trail_percent', 'T'),
  'position-intent-invalid': malformed('invalid position_intent', 'own'),
  'price-below-increment': unprocessable(
    'invalid {field} {price}. sub-penny increment does not fulfill minimum pricing criteria',
    'D',
  ),
  'fractional-not-day': unprocessable('fractional orders must be DAY orders', 'O'),
  'fractional-not-simple': unprocessable('fractional orders must be simple orders', 'O'),
  'fractional-type-invalid': unprocessable('fractional orders must be market, limit, stop, or stop_limit orders', 'O'),
  'fractional-short': unprocessable('fractional orders cannot be sold short', 'O'),
  'extended-hours-invalid': unprocessable('extended hours order must be DAY or GTC limit orders', 'T'),
  'bracket-legs-missing': unprocessable('bracket orders require take_profit.limit_price', 'I'),
  'bracket-legs-crossed': unprocessable('take_profit.limit_price must be > stop_loss.stop_price', 'T'),
  'position-intent-mismatch': unprocessable(
    'position intent mismatch, inferred: {inferred}, specified: {specified}',
    'T',
  ),
  'not-simulated': unprocessable('this simulator does not trade {what} yet', 'own'),
  'asset-unknown': unprocessable('asset "{symbol}" not found', 'T'),
  'asset-not-tradable': unprocessable('asset "{symbol}" is not tradable', 'T'),
  'asset-not-fractionable': forbidden('asset "{symbol}" is not fractionable', 'O'),
  'asset-not-shortable': unprocessable('asset "{symbol}" cannot be sold short', 'O'),
  'asset-hard-to-borrow': unprocessable('only day orders are allowed for hard-to-borrow asset {symbol}', 'O'),
  'account-not-authorized': forbidden('account is not authorized to trade', 'T'),
  'account-without-equities': malformed('us_equity orders not allowed for account', 'I'),
  'account-not-allowed-to-short': forbidden('account is not allowed to short', 'I'),
  'account-without-fractions': forbidden('fractional trading is disabled for this account', 'T'),
  'buying-power-insufficient': forbidden('insufficient buying power', 'O', ['buying_power', 'cost_basis']),
  'quantity-insufficient': forbidden(
    'insufficient qty available for order (requested: {requested}, available: {available})',
    'O',
    ['available', 'existing_qty', 'held_for_orders', 'symbol'],
  ),
  'notional-below-minimum': forbidden('cost basis must be >= minimal amount of order {minimum}', 'O'),
  'wash-trade': forbidden('potential wash trade detected. use complex orders', 'O', [
    'existing_order_id',
    'reject_reason',
  ]),
  'long-buy-against-short-sell': forbidden('cannot open a long buy while a short sell order is open', 'I'),
  'short-sell-against-long-buy': forbidden('cannot open a short sell while a long buy order is open', 'I'),
  'notional-against-closing': forbidden(
    'unable to open new notional orders while having open closing position orders',
    'D',
  ),
  'order-unknown': notFound('order not found for {id}', 'O'),
  'order-ended': unprocessable('order is already in "{status}" state', 'O'),
  'order-not-cancelable': unprocessable('order is not cancelable', 'T'),
  'position-unknown': notFound('position does not exist', 'T'),
  'close-quantity-invalid': malformed('only one of qty or percentage is accepted, and it must be > 0', 'own'),
  'credentials-missing': { status: 403, code: null, message: 'forbidden.', grade: 'I' },
  'credentials-wrong': { status: 401, code: null, message: 'unauthorized.', grade: 'I' },
  'rate-limited': { status: 429, code: 42910000, message: 'rate limit exceeded', grade: 'O' },
  'endpoint-unknown': notFound('endpoint not found', 'T'),
  'body-malformed': { status: 400, code: 40010000, message: 'request body format is invalid', grade: 'own' },
  'parameter-invalid': malformed('invalid {parameter}', 'own'),
  'order-id-malformed': malformed('order_id is missing', 'O'),
  'close-symbol-unknown': notFound('symbol not found: {symbol}', 'T'),
  'asset-path-unknown': notFound('asset not found for {symbol}', 'own'),
  'replace-not-simulated': unprocessable('this simulator does not replace orders yet: cancel and submit anew', 'own'),
  'endpoint-not-simulated': unprocessable('this simulator does not serve {what} yet', 'own'),
  'data-parameter-invalid': { status: 400, code: null, message: 'invalid {parameter}: {reason}', grade: 'own' },
  'feed-not-subscribed': {
    status: 403,
    code: null,
    message: 'subscription does not permit querying recent SIP data',
    grade: 'O',
  },
  'internal-error': { status: 500, code: 50010000, message: 'internal server error', grade: 'T' },
  'cancel-failed': { status: 500, code: 50010000, message: 'Failed to cancel order', grade: 'D' },
};

export const isWireErrorCode = (text: string): text is WireErrorCode => Object.hasOwn(ERROR_CATALOGUE, text);

/** The body of an error, keys in the order in which the broker writes them. */
export function errorBody(
  code: WireErrorCode,
  facts: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const entry = ERROR_CATALOGUE[code];
  const body: Record<string, unknown> = {};
  for (const field of entry.fields ?? []) body[field] = facts[field] ?? null;
  if (entry.code !== null) body['code'] = entry.code;
  body['message'] = entry.message.replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? '');
  return body;
}

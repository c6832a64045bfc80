/** Every fault that can be switched on: what it does, and what it may be told with the default of each. */

export interface FaultDefinition {
  readonly says: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
}

/** `route` is a route's name or * for all; `symbol`, `side` and `event` limit a fault to theirs where they are not *. */
export const FAULTS = {
  // requests and answers
  'drop-request': {
    says: 'the connection is cut before the request is looked at',
    parameters: { route: 'submit-order' },
  },
  'drop-answer': {
    says: 'the request is carried out and the connection cut without an answer',
    parameters: { route: 'submit-order' },
  },
  'error-before': {
    says: 'a 5xx, as JSON or as a page of the proxy, and nothing was carried out',
    parameters: { route: '*', status: 503, html: false },
  },
  'error-after': {
    says: 'a 5xx, as JSON or as a page of the proxy, although the request was carried out',
    parameters: { route: 'submit-order', status: 504, html: true },
  },
  throttle: {
    says: '429, with Retry-After where the seconds are above 0',
    parameters: { route: '*', retryAfterSeconds: 1 },
  },
  'slow-answer': {
    says: 'carried out at once and answered so many milliseconds later',
    parameters: { route: '*', ms: 1_000 },
  },
  'late-accept': {
    says: 'carried out only so many milliseconds later',
    parameters: { route: 'submit-order', ms: 1_000 },
  },
  'torn-answer': { says: 'an answer that ends in the middle of its JSON', parameters: { route: 'submit-order' } },
  // what can be seen
  'hide-lookup': {
    says: 'a look-up by client order id is a 404 for so long after the submit',
    parameters: { ms: 1_000 },
  },
  'hide-orders': {
    says: 'lists and look-ups by id lack an order for so long after the submit',
    parameters: { ms: 1_000 },
  },
  'stale-lists': { says: 'lists of orders and positions tell the state of so long ago', parameters: { ms: 10_000 } },
  'torn-pages': { says: 'a list of orders lacks one of its items', parameters: {} },
  'activity-lag': { says: 'an execution reaches the activities so much later', parameters: { ms: 5_000 } },
  'activity-page-loss': { says: 'the next page leaves out the rest of the last millisecond', parameters: {} },
  'stale-quotes': { says: 'quotes and prints of so long ago', parameters: { ms: 60_000 } },
  'missing-bars': { says: 'daily bars lack the last session', parameters: { symbol: '*' } },
  'clock-skew': { says: 'the clock and the Date header are off by so much', parameters: { ms: 5_000 } },
  'account-blocked': { says: 'the account reads as blocked and takes no orders', parameters: {} },
  // words that nobody expected
  'unknown-status': {
    says: 'orders that are still open show a status that nobody knows',
    parameters: { status: 'pending_review' },
  },
  'unknown-field': { says: 'orders carry a field that nobody knows', parameters: { field: 'settlement_lane' } },
  'unknown-event': {
    says: 'news without an execution comes under a name that nobody knows',
    parameters: { event: 'restated' },
  },
  'duplicate-409': { says: 'an id in use is answered with 409 instead of 422', parameters: {} },
  'wash-trade-422': { says: 'a wash trade is answered with 422 and 42210000 instead of 403', parameters: {} },
  'older-texts': {
    says: 'unknown assets, unfractionable ones and cancels of ended orders are refused in older words',
    parameters: {},
  },
  'repeat-cancel-accepted': {
    says: 'a cancel of a canceled order is answered with 204 instead of 422',
    parameters: {},
  },
  // the order stream
  'fill-before-answer': { says: 'the stream tells of the fill before the submit is answered', parameters: {} },
  'stream-duplicate': { says: 'news is sent twice', parameters: { event: '*' } },
  'stream-drop': { says: 'news is never sent', parameters: { event: '*' } },
  'stream-reorder': { says: 'news is held back until after the next', parameters: { event: '*' } },
  'stream-disconnect': {
    says: 'the connections are cut instead of news sent, which is lost',
    parameters: { event: '*' },
  },
  'stream-down': { says: 'no order stream can be opened, and open ones are cut', parameters: {} },
  // the fate of orders
  'async-reject': { says: 'an order that was taken is rejected afterwards', parameters: { symbol: '*', side: '*' } },
  'partial-only': { says: 'an order fills in part and never again', parameters: { symbol: '*', side: '*' } },
  'never-fill': { says: 'an order does not fill whatever the market does', parameters: { symbol: '*', side: '*' } },
  'bust-after-fill': {
    says: 'the last execution of a filled order is taken back',
    parameters: { symbol: '*', side: '*' },
  },
  'correct-after-fill': {
    says: 'the last execution of a filled order gets another price',
    parameters: { symbol: '*', side: '*' },
  },
  'cancel-then-fill': {
    says: 'a cancel is answered with 204 and the order fills',
    parameters: { symbol: '*', side: '*' },
  },
  'partial-then-cancel': {
    says: 'an order fills in part before its cancel is confirmed',
    parameters: { symbol: '*', side: '*' },
  },
  'stuck-cancel': { says: 'an order stays pending_cancel', parameters: { symbol: '*', side: '*' } },
  'cancel-refused': {
    says: 'a cancel is answered with 204 and refused by the venue',
    parameters: { symbol: '*', side: '*' },
  },
} as const satisfies Readonly<Record<string, FaultDefinition>>;

export type FaultName = keyof typeof FAULTS;

export const isFaultName = (name: string): name is FaultName => Object.hasOwn(FAULTS, name);

/** Why a symbol was traded in a session or was not, in one sentence. Pure. */

export interface WhySignal {
  readonly strategy_id: string;
  readonly kind: 'entry' | 'exit';
  readonly side: 'buy' | 'sell';
}

export interface WhyDecision {
  readonly strategy_id: string;
  readonly outcome: 'ordered' | 'refused';
  readonly stage: string | null;
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly would_pass_at: string | null;
}

export interface WhyOrder {
  readonly client_order_id: string;
  readonly strategy_id: string;
  readonly side: 'buy' | 'sell';
  readonly state: string;
  readonly filled_qty: string;
  readonly reason: { readonly code: string; readonly message: string } | null;
}

export interface WhyFacts {
  readonly symbol: string;
  readonly day: string;
  readonly inUniverse: boolean;
  /** As of the session before; null where it was not recorded. */
  readonly universe: { readonly source: string; readonly members: number; readonly rank: number | null } | null;
  /** The session before, whose bars the signals were made of. */
  readonly signalsAsOf: string;
  /** Null when they were never made. */
  readonly signals: readonly WhySignal[] | null;
  /** Strategies that trade by a model and had none for these signals. */
  readonly withoutModel: readonly { readonly strategy_id: string; readonly reason: string }[];
  readonly decisions: readonly WhyDecision[];
  readonly orders: readonly WhyOrder[];
}

/** States in which an order is on its way. */
const UNDER_WAY: ReadonlySet<string> = new Set([
  'claimed',
  'sending',
  'unknown',
  'acknowledged',
  'partially_filled',
  'pending_cancel',
]);

const isFilled = ({ filled_qty: filled }: WhyOrder): boolean => /[1-9]/.test(filled);
const because = (why: { readonly code: string; readonly message: string } | null): string =>
  why === null ? '' : `: ${why.message} (${why.code})`;

function orderSentence(symbol: string, order: WhyOrder): string {
  const name = `order ${order.client_order_id} of ${order.strategy_id}`;
  if (isFilled(order)) {
    return `${symbol} was traded: ${name} ${order.side === 'buy' ? 'bought' : 'sold'} ${order.filled_qty}.`;
  }
  return UNDER_WAY.has(order.state)
    ? `${name} is on its way: it is ${order.state}.`
    : `${name} brought nothing: it is ${order.state}${because(order.reason)}.`;
}

const refusalSentence = ({ strategy_id: strategy, stage, reason, would_pass_at: at }: WhyDecision): string =>
  `The signal of ${strategy} was refused at the stage ${stage ?? 'unknown'}${because(reason)}${at === null ? '' : `; it would pass at ${at}`}.`;

/** What came furthest tells it: a fill before an order, an order before a refusal, a refusal before a signal. */
export function whyVerdict({
  symbol,
  day,
  inUniverse,
  universe,
  signalsAsOf,
  signals,
  withoutModel,
  decisions,
  orders,
}: WhyFacts): string {
  const order = orders.find(isFilled) ?? orders.find(({ state }) => UNDER_WAY.has(state)) ?? orders.at(-1);
  if (order !== undefined) return orderSentence(symbol, order);
  const refused = decisions.findLast(({ outcome }) => outcome === 'refused');
  if (refused !== undefined) return refusalSentence(refused);
  const ordered = decisions.at(-1);
  if (ordered !== undefined) return `${ordered.strategy_id} decided on an order, which nobody has claimed.`;
  if (!inUniverse && universe?.source === 'dynamic') {
    const place = universe.rank === null ? 'could not be ranked' : `was number ${universe.rank}`;
    return `${symbol} ${place} by dollars traded as of ${signalsAsOf}; the universe takes ${universe.members}, so no strategy looked at it.`;
  }
  if (!inUniverse) return `${symbol} is not in the universe of the policy, so no strategy looks at it.`;
  if (signals === null) return `No signals were made as of ${signalsAsOf}, so there was nothing to decide on ${day}.`;
  const [signal] = signals;
  if (signal === undefined) {
    const silent = withoutModel.map(({ strategy_id: id, reason }) => ` ${id} had no model to make one: ${reason}.`);
    return `No strategy made a signal for ${symbol} as of ${signalsAsOf}.${silent.join('')}`;
  }
  return `The ${signal.kind} signal of ${signal.strategy_id} as of ${signalsAsOf} has not been decided on ${day}.`;
}

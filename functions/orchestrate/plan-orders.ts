/**
 * What a run does about entries that rest: stale ones are canceled first, then those that a new decision would have
 * otherwise; what replaces them waits for their end, and is placed for what remains only.
 */
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { isOpen, type Order, type OrderIntent } from '#shared/core/order/order.ts';
import { type Deferral, type PlannedAction, planResting } from '#shared/core/order/resting-plan.ts';
import { refusedEntry } from '#shared/core/portfolio/decide.ts';
import { decidedRecord } from '#shared/core/portfolio/pending-signals.ts';
import type { Decision, FunnelEntry, Snapshot } from '#shared/core/portfolio/snapshot.ts';
import { type SignalRecord, signalId } from '#shared/core/signal/types.ts';
import type { Orders } from '#shared/ports/orders.ts';

/** A market order that has not filled for so long meets no market; a resting limit may be off by half a percent. */
const RESTING = { restingMsMax: 15 * 60_000, driftBpMax: 50 } as const;

export type RestingCancel = Extract<PlannedAction, { readonly kind: 'cancel' }> & { readonly order: Order };

/** A decision with what goes before it. */
export interface PlannedDecision extends Decision {
  /** In the order in which they are to be asked for, all before the first submit. */
  readonly cancels: readonly RestingCancel[];
}

/** Every open order of the account. */
export async function openOrdersOf(orders: Orders, accountId: Snapshot['accountId']): Promise<readonly Order[]> {
  const open: Order[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Orders['listOpen']>> = await orders.listOpen(accountId, cursor ?? undefined);
    open.push(...page.orders);
    cursor = page.cursor;
  } while (cursor !== null);
  return open;
}

const rests = ({ state, intent }: Order): boolean =>
  intent.purpose === 'entry' &&
  (state === 'acknowledged' || state === 'partially_filled' || state === 'pending_cancel');

const bidOf = (strategyId: string, symbol: string, side: string): string => `${strategyId}#${symbol}#${side}`;

/**
 * The books without the marks of entries that rest, of which nothing has filled, and that a signal of this run would
 * place anew: the strategy is asked what it would have now, and the plan then replaces the one by the other.
 */
export function withoutResting(
  books: Snapshot['books'],
  open: readonly Order[],
  { signals, pending }: Pick<Snapshot, 'signals' | 'pending'>,
): Snapshot['books'] {
  const wanted = new Set(
    [...signals, ...pending.map(({ signal }) => signal)]
      .filter(({ kind }) => kind === 'entry')
      .map(({ strategyId, ticker, side }) => bidOf(strategyId, ticker, side)),
  );
  const isWanted = ({ intent: { terms } }: Order): boolean =>
    wanted.has(bidOf(terms.strategyId, terms.ticker, terms.side));
  const replaceable = new Set(
    open
      .filter((order) => rests(order) && order.filledQuantity === 0n && isWanted(order))
      .map(({ clientOrderId }) => clientOrderId),
  );
  return new Map(
    [...books].map(([symbol, book]) => {
      const openOrders = book.openOrders.filter(({ clientOrderId }) => !replaceable.has(clientOrderId));
      return [symbol, { ...book, openOrders }];
    }),
  );
}

/** The generations of a decision that are there already, ended ones too. */
async function generationsOf(orders: Orders, target: OrderIntent): Promise<readonly Order[]> {
  const found: Order[] = [];
  for (let generation = 0; ; generation += 1) {
    const row = await orders.get(clientOrderIdFor(target.terms, { ...target.decision, generation }));
    if (row === null) return found;
    found.push(row);
  }
}

const DEFERRED: Readonly<Record<Deferral, (target: OrderIntent) => Refusal>> = {
  working: ({ terms }) => refusal('twin-order', `the order on ${terms.ticker} works as it should`, {}),
  'in-flight': ({ terms }) => refusal('twin-order', `an order on ${terms.ticker} is on its way`, {}),
  'awaiting-end': ({ terms }) =>
    refusal('replaced-order-open', `the order on ${terms.ticker} that it replaces has not ended`, {}),
  'opposing-order': ({ terms }) => refusal('opposing-order', `an opposite order is open on ${terms.ticker}`, {}),
  'nothing-remains': ({ terms }) => refusal('already-positioned', `the decision has bought all of ${terms.ticker}`, {}),
};

const idOf = ({ terms, decision }: OrderIntent): ClientOrderId =>
  clientOrderIdFor(terms, { ...decision, generation: 0 });

/** The decision once it is known which of its entries may be placed now, and under which generation. */
function planned(
  decision: Decision,
  actions: readonly PlannedAction[],
  refusals: ReadonlyMap<ClientOrderId, Refusal>,
  session: Snapshot['session'],
  now: EpochMs,
): Decision {
  const placed = new Map(
    actions.flatMap((action) => (action.kind === 'submit' ? [[idOf(action.intent), action.intent] as const] : [])),
  );
  const refusalFor = new Map<string, Refusal>();
  const funnel = decision.funnel.map((entry): FunnelEntry => {
    if (entry.outcome !== 'executed') return entry;
    const why = refusals.get(entry.clientOrderId);
    if (why !== undefined) {
      refusalFor.set(signalId(entry.signal), why);
      return refusedEntry(entry.signal, why);
    }
    const intent = placed.get(entry.clientOrderId);
    return intent === undefined ? entry : { ...entry, clientOrderId: clientOrderIdFor(intent.terms, intent.decision) };
  });
  const records = decision.records.map((record): SignalRecord => {
    const why = refusalFor.get(record.id);
    // Counted once by the decision already.
    return why === undefined
      ? record
      : decidedRecord({ ...record, attempts: record.attempts - 1 }, { refusal: why }, session, now);
  });
  const intents = decision.intents.flatMap((intent) =>
    intent.purpose === 'entry' ? (placed.get(idOf(intent)) ?? []) : intent,
  );
  return { intents, funnel, records };
}

/**
 * @param open every open order of the account
 * @param decision what the run would place on books from which the marks of resting entries were taken
 */
export async function planOrders(
  orders: Orders,
  open: readonly Order[],
  decision: Decision,
  { session, now }: Pick<Snapshot, 'session' | 'now'>,
): Promise<PlannedDecision> {
  const targets = decision.intents.filter(({ purpose }) => purpose === 'entry');
  const earlier = (await Promise.all(targets.map((target) => generationsOf(orders, target)))).flat();
  const known = [...open, ...earlier.filter((order) => !isOpen(order))];
  const { actions, deferred } = planResting(known, targets, RESTING, now);
  const refusals = new Map(deferred.map(({ target, because }) => [idOf(target), DEFERRED[because](target)]));
  const cancels = actions.flatMap((action) => {
    const order = action.kind === 'cancel' ? open.find((one) => one.clientOrderId === action.clientOrderId) : undefined;
    return action.kind === 'cancel' && order !== undefined ? [{ ...action, order }] : [];
  });
  return { ...planned(decision, actions, refusals, session, now), cancels };
}

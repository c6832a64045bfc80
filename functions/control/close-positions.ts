/** Positions closed, brought to a target, and flattened: orders for the difference, asked for like any other. */
import { aggregateOf, makeFact } from '#events/fact.ts';
import {
  absoluteQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  subtractQuantity,
} from '#shared/core/kernel/decimal.ts';
import { MANUAL, type StrategyId, strategyId, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import type { SlicePlan } from '#shared/core/order/slice-plan.ts';
import type { OrderPurpose } from '#shared/core/order/order.ts';
import { type Book, type StrategyShare, shareOf } from '#shared/core/portfolio/book.ts';
import type { Problem } from '#shared/runtime/outcome.ts';
import { openOrders, sweep } from './cancel-orders.ts';
import { readGround } from './clear-request.ts';
import {
  type Call,
  type ControlDependencies,
  done,
  notFound,
  operation,
  type NotDone,
  type Outcome,
  outOfScope,
  refused,
} from './operation.ts';
import { ORDER_SCHEMAS, type Requested } from './order-schemas.ts';
import { askForOrder } from './request-order.ts';
import { requestIdOf } from './ask-rooms.ts';
import { cancelPlans } from './slice-orders.ts';
import type { OrderWish } from './request-intent.ts';

/** The market order that moves a share by so much; its sign is the side. */
const moveWish = (symbol: Ticker, strategy: StrategyId, by: Quantity, purpose: OrderPurpose | null): OrderWish => ({
  strategyId: strategy,
  symbol,
  side: by > 0n ? 'buy' : 'sell',
  type: 'market',
  timeInForce: 'day',
  qty: formatQuantity(absoluteQuantity(by)),
  notional: null,
  limitPrice: null,
  stopPrice: null,
  positionIntent: null,
  purpose,
});

/** Asks for the order; it follows from the book, so that the same wish on another book is another decision. */
async function ask(
  dependencies: ControlDependencies,
  call: Call,
  book: Book,
  wish: OrderWish,
  waitMs: number,
): Promise<Outcome<Requested>> {
  const ground = await readGround(dependencies, wish.symbol);
  if (!ground.ok) return refused(ground.error);
  const { idempotencyKey } = call;
  const key = idempotencyKey === null ? null : `${idempotencyKey}:${wish.symbol}:${wish.strategyId}`;
  return await askForOrder(dependencies, call, wish, ground.value, {
    idempotencyKey: key,
    basis: `book:${book.version}`,
    waitMs,
  });
}

const isHeld = (share: StrategyShare): boolean => share.quantity !== 0n;

export const closePosition = operation(
  ORDER_SCHEMAS.closePosition,
  async (dependencies, call, { params, query, body }) => {
    const { books, accountId, dryRun } = dependencies;
    const symbol = ticker(params.symbol);
    const wanted = body?.strategy_id;
    if (wanted !== undefined && !reachesStrategy(call.grant, strategyId(wanted))) return outOfScope(wanted);
    const book = await books.get(accountId, symbol);
    const held = (book?.shares ?? []).filter(
      (share) => isHeld(share) && (wanted === undefined || share.strategyId === wanted),
    );
    if (book === null || held.length === 0) return notFound('position-not-found', `nothing is held of ${symbol}`);
    const beyond = held.find((share) => !reachesStrategy(call.grant, share.strategyId));
    if (beyond !== undefined) return outOfScope(beyond.strategyId);
    // A plan that adds to what is closed would open it again.
    const closes = (plan: SlicePlan): boolean =>
      plan.terms.ticker === symbol && held.some(({ strategyId: owner }) => owner === plan.terms.strategyId);
    await cancelPlans(dependencies, call, closes, body?.reason ?? 'the position is to be closed');
    const orders: Requested[] = [];
    for (const share of held) {
      const by = subtractQuantity(parseQuantity('0'), share.quantity);
      const asked = await ask(
        dependencies,
        call,
        book,
        moveWish(symbol, share.strategyId, by, 'exit'),
        query.wait ?? 0,
      );
      if (asked.kind !== 'done') return asked;
      orders.push(asked.body);
    }
    return done({ orders, dry_run: dryRun });
  },
);

export const adjustPosition = operation(
  ORDER_SCHEMAS.adjustPosition,
  async (dependencies, call, { params, query, body }) => {
    const { books, accountId, dryRun } = dependencies;
    const symbol = ticker(params.symbol);
    const strategy = strategyId(body.strategy_id ?? MANUAL);
    if (!reachesStrategy(call.grant, strategy)) return outOfScope(strategy);
    const book = await books.get(accountId, symbol);
    if (book === null) return notFound('position-not-found', `there is no book of ${symbol}`);
    const { quantity: held } = shareOf(book, strategy);
    const target = parseQuantity(body.target_qty);
    const by = subtractQuantity(target, held);
    const ends = { held_qty: formatQuantity(held), target_qty: formatQuantity(target), dry_run: dryRun };
    if (by === 0n) return done({ ...ends, order: null });
    const asked = await ask(dependencies, call, book, moveWish(symbol, strategy, by, null), query.wait ?? 0);
    return asked.kind === 'done' ? done({ ...ends, order: asked.body }) : asked;
  },
);

const whyOf = (outcome: NotDone) => {
  const why: Pick<Problem, 'code' | 'detail' | 'context'> =
    outcome.kind === 'refused'
      ? { code: outcome.refusal.code, detail: outcome.refusal.message, context: outcome.refusal.context }
      : outcome.problem;
  return { code: why.code, message: why.detail, context: { ...why.context } };
};

/** Said before anything is done, so that it is known also of a flatten that fails half way. */
async function sayFlattened(
  { books, journal, accountId }: ControlDependencies,
  call: Call,
  why: string,
  mine: (strategy: StrategyId) => boolean,
): Promise<void> {
  const held = (await books.all(accountId)).flatMap(({ shares }) => shares.filter((one) => isHeld(one)));
  const positions = held.filter(({ strategyId: strategy }) => mine(strategy)).length;
  const requestId = requestIdOf('flatten', accountId, call);
  const place = {
    room: 'control',
    aggregateId: aggregateOf.request(requestId),
    sequence: 1,
    occurredAt: call.now,
    correlationId: requestId,
    causationId: call.requestId,
  } as const;
  const reason = { code: 'operator', message: why, context: {} };
  const data = { accountId, requestId, positions, by: call.subject, reason };
  await journal.append([makeFact('flatten.requested.v1', place, data)]);
}

/** One symbol that cannot be closed keeps no other from being closed. A scoped caller flattens what is in reach. */
export const flattenAll = operation(ORDER_SCHEMAS.flattenAll, async (dependencies, call, { body }) => {
  const { books, accountId, telemetry, dryRun } = dependencies;
  telemetry.warn('flattening everything', { by: call.subject });
  const mine = (strategy: StrategyId): boolean => reachesStrategy(call.grant, strategy);
  await sayFlattened(dependencies, call, body.reason, mine);
  const plans = await cancelPlans(dependencies, call, ({ terms }) => mine(terms.strategyId), body.reason);
  const [all, open] = await Promise.all([books.all(accountId), openOrders(dependencies)]);
  const own = open.filter(({ intent }) => mine(intent.terms.strategyId));
  const swept = await sweep(dependencies, call, own, { includeStops: true, why: body.reason });
  const orders: Requested[] = [];
  const left = [];
  for (const book of all) {
    for (const share of book.shares.filter((one) => isHeld(one) && mine(one.strategyId))) {
      const by = subtractQuantity(parseQuantity('0'), share.quantity);
      const asked = await ask(dependencies, call, book, moveWish(book.ticker, share.strategyId, by, 'flatten'), 0);
      if (asked.kind === 'done') orders.push(asked.body);
      else left.push({ symbol: book.ticker, strategy_id: share.strategyId, reason: whyOf(asked) });
    }
  }
  return done({
    canceling: [...swept.canceling],
    plans_stopped: [...plans],
    orders,
    refused: left,
    dry_run: dryRun,
  });
});

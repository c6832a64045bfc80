/** A request for an order as the intent that its command carries. Pure. */
import { type Canonical, contentId } from '#shared/core/kernel/hash.ts';
import { parseMoney, parsePrice, parseQuantity, type Price, ZERO_PRICE } from '#shared/core/kernel/decimal.ts';
import {
  type AccountId,
  correlationId,
  type DecisionId,
  decisionId,
  MANUAL,
  type StrategyId,
  type Ticker,
} from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderIntent, OrderPurpose } from '#shared/core/order/order.ts';
import { isClosing, type OrderType, type PositionIntent, type Side } from '#shared/core/order/terms.ts';
import { type Book, openQuantityOf, shareOf } from '#shared/core/portfolio/book.ts';
import { emptyBook } from '#shared/core/portfolio/book.ts';
import { REQUESTED_DECISION } from '#shared/ports/order-requests.ts';
import type { Ground } from './clear-request.ts';

/** What is asked for, with its decimals as texts. */
export interface OrderWish {
  readonly strategyId: StrategyId;
  readonly symbol: Ticker;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: 'day' | 'ioc';
  readonly qty: string | null;
  readonly notional: string | null;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  /** Null: what the strategy's own share makes of it. */
  readonly positionIntent: PositionIntent | null;
  /** Null: what the strategy and the position intent make of it. */
  readonly purpose: OrderPurpose | null;
}

/** What makes two equal wishes two decisions, or one. */
export interface DecisionScope {
  readonly accountId: AccountId;
  /** Given by the caller; a wish without one is decided once a day. */
  readonly idempotencyKey: string | null;
  readonly now: EpochMs;
  /** What the wish followed from beside its own fields, such as the version of a book; null for nothing. */
  readonly basis: string | null;
}

const wishFields = (wish: OrderWish): Canonical => ({ ...wish });

/** Hash of what is asked for: the same key with another one is a conflict. */
export const wishHashOf = (wish: OrderWish): string => contentId(['wish', wishFields(wish)], 32);

/** Never of a clock but for its UTC date: the same wish on the same day is the same decision. */
export function decisionFor(wish: OrderWish, scope: DecisionScope): DecisionId {
  const { accountId, idempotencyKey, now, basis } = scope;
  const identity: Canonical =
    idempotencyKey === null
      ? ['day', accountId, formatEpochMs(now).slice(0, 10), basis, wishFields(wish)]
      : ['key', accountId, idempotencyKey];
  return decisionId(`${REQUESTED_DECISION}${contentId(identity, 32)}`);
}

/** A sell of what the strategy holds closes, a buy of what it is short closes, everything else opens. */
function intentFor({ side, positionIntent, strategyId }: OrderWish, book: Book): PositionIntent {
  if (positionIntent !== null) return positionIntent;
  const { quantity } = shareOf(book, strategyId);
  const closes = side === 'sell' ? quantity > 0n : quantity < 0n;
  return `${side}_to_${closes ? 'close' : 'open'}`;
}

function purposeFor({ purpose, strategyId }: OrderWish, positionIntent: PositionIntent): OrderPurpose {
  if (purpose !== null) return purpose;
  if (strategyId === MANUAL) return 'manual';
  return isClosing(positionIntent) ? 'exit' : 'entry';
}

const priceOf = (text: string | null): Price | null => (text === null ? null : parsePrice(text));

export function intentOfWish(
  wish: OrderWish,
  decision: DecisionId,
  ground: Ground,
  at: { readonly accountId: AccountId; readonly now: EpochMs },
): OrderIntent {
  const book = ground.book ?? emptyBook(at.accountId, wish.symbol);
  const positionIntent = intentFor(wish, book);
  const far = wish.side === 'buy' ? ground.quote?.ask : ground.quote?.bid;
  const limitPrice = priceOf(wish.limitPrice);
  const stopPrice = priceOf(wish.stopPrice);
  return {
    terms: {
      accountId: at.accountId,
      strategyId: wish.strategyId,
      ticker: wish.symbol,
      side: wish.side,
      type: wish.type,
      timeInForce: wish.timeInForce,
      positionIntent,
      size:
        wish.notional === null
          ? { kind: 'quantity', quantity: parseQuantity(wish.qty ?? '0') }
          : { kind: 'notional', notional: parseMoney(wish.notional) },
      limitPrice,
      stopPrice,
    },
    decision: { decisionId: decision, generation: 0, slice: 0 },
    purpose: purposeFor(wish, positionIntent),
    correlationId: correlationId(decision),
    runId: null,
    decidedAt: at.now,
    validUntil: addMs(at.now, ground.policy.limits.decisionAgeMsMax),
    arrivalPrice: far ?? limitPrice ?? stopPrice ?? ZERO_PRICE,
    policyVersion: ground.policy.version,
    basis: {
      position: shareOf(book, wish.strategyId).quantity,
      openQuantity: openQuantityOf(book, wish.strategyId),
    },
  };
}

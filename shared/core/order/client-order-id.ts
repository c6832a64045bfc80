/**
 * The name that an order has for ever: a pure hash of who decided what, never of a clock, so that a restart, a
 * redelivery and a second sender all come to the same one.
 */
import { contentId } from '#shared/core/kernel/hash.ts';
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { DecisionRef, OrderTerms } from '#shared/core/order/order.ts';

/** Marks an order as this house's own, so that one without a row is known for an orphan. */
const CLIENT_ORDER_ID_PREFIX = 'belay-';

/** 160 bits: two decisions share an id with a chance of about 2^-80 after 2^40 orders. */
const DIGITS = 32;

/**
 * The client order id of a decision: 38 characters of `[a-z0-9-]`. Price, quantity, type and time in force are not part
 * of it: the same decision with other terms must collide, and is then refused as `idempotency-conflict`.
 */
export const clientOrderIdFor = (
  terms: Pick<OrderTerms, 'accountId' | 'strategyId' | 'ticker' | 'side'>,
  decision: DecisionRef,
): ClientOrderId =>
  clientOrderIdOf(
    CLIENT_ORDER_ID_PREFIX +
      contentId(
        [
          'order',
          terms.accountId,
          terms.strategyId,
          terms.ticker,
          terms.side,
          decision.decisionId,
          decision.generation,
          decision.slice,
        ],
        DIGITS,
      ),
  );

const OURS = new RegExp(`^${CLIENT_ORDER_ID_PREFIX}[0-9abcdefghjkmnpqrstvwxyz]{${DIGITS}}$`);

/** Narrows a broker's text to an id that only this house makes; anything else belongs to somebody else. */
export const isOwnClientOrderId = (text: string): text is ClientOrderId => OURS.test(text);

/**
 * Hash of everything that the broker would act on. A command that comes again with the same id must carry the same hash.
 */
export const payloadHashOf = (terms: OrderTerms, decision: DecisionRef): string =>
  contentId(
    {
      accountId: terms.accountId,
      strategyId: terms.strategyId,
      ticker: terms.ticker,
      side: terms.side,
      type: terms.type,
      timeInForce: terms.timeInForce,
      positionIntent: terms.positionIntent,
      quantity: terms.size.kind === 'quantity' ? terms.size.quantity : null,
      notional: terms.size.kind === 'notional' ? terms.size.notional : null,
      limitPrice: terms.limitPrice,
      stopPrice: terms.stopPrice,
      decisionId: decision.decisionId,
      generation: decision.generation,
      slice: decision.slice,
    },
    51,
  );

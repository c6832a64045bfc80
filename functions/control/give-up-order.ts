/** A person's word that an order of unknown fate will not turn up: what no watch ends by itself, such as a gtc stop. */
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { done, notFound, operation, outOfScope, problemOutcome } from './operation.ts';
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import { ORDER_SCHEMAS } from './order-schemas.ts';

/** The word is kept; the pass that looks for the order once more, and finds nothing, ends it. */
export const giveUpOrder = operation(
  ORDER_SCHEMAS.giveUpOrder,
  async ({ orders, reconciliations, accountId, telemetry }, call, { params, body }) => {
    const clientOrderId = clientOrderIdOf(params.client_order_id);
    const order = await orders.get(clientOrderId);
    if (order === null) return notFound('order-not-found', `there is no order ${clientOrderId}`);
    const { strategyId } = order.intent.terms;
    if (!reachesStrategy(call.grant, strategyId)) return outOfScope(strategyId);
    if (order.state !== 'unknown') {
      const why = `the order is ${order.state}; only one of unknown fate can be given up`;
      return problemOutcome(409, 'order-not-unknown', 'The order is not unknown', why);
    }
    await reconciliations.giveUp(accountId, { clientOrderId, by: call.subject, reason: body.reason, now: call.now });
    telemetry.warn('an order of unknown fate was given up', { clientOrderId, by: call.subject });
    return done({ client_order_id: clientOrderId, given_up: true as const });
  },
);

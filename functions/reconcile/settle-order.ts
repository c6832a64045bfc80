/** One of our orders through the one writer of news, and what follows from it. */
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import type { OrderNews } from '#shared/core/reconcile/news-by-order.ts';
import { newsOfOrder } from '#shared/core/reconcile/news-of-order.ts';
import type { Settled } from '#shared/ports/orders.ts';
import { cancelLate } from './cancel-late.ts';
import type { Pass } from './pass.ts';

/** All that was read of one of our orders, in one transaction. Null when no row bears the id. */
export async function settleOrder(pass: Pass, id: ClientOrderId, news: OrderNews): Promise<Settled | null> {
  const { orders, clock } = pass;
  let executionsBefore = 0;
  const settled = await orders.settleAll(id, (order) => {
    executionsBefore = order.executions.length;
    return newsOfOrder(order.evidence, news, clock.now());
  });
  if (settled === null) return null;
  pass.tally.fillsBooked += Math.max(0, settled.order.executions.length - executionsBefore);
  await follow(pass, settled);
  if (settled.changed) await cancelLate(pass, settled.order);
  return settled;
}

/** Counts what a settlement did, and does at the broker what it asks for. */
export async function follow({ broker, telemetry, tally }: Pass, settled: Settled): Promise<void> {
  if (!settled.changed) return;
  const { order, followUps } = settled;
  tally.ordersSettled += 1;
  for (const followUp of followUps) {
    if (followUp.kind === 'alarm') {
      telemetry.error('an order did what it must not', { clientOrderId: order.clientOrderId, code: followUp.code });
      // Orders of unknown fate are counted by the pass.
      if (followUp.code !== 'unknown') telemetry.count('OrderAlarms');
    }
    if (followUp.kind === 'cancel-at-broker' && order.brokerOrderId !== null) {
      const { kind } = await broker.cancel(order.brokerOrderId);
      telemetry.warn('an order that had ended here is canceled', { clientOrderId: order.clientOrderId, outcome: kind });
    }
  }
}

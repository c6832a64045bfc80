/** Own orders that are in the way of a closing one: canceled, and their ends awaited for a moment. */
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { LOOK_PAUSE_MS, LOOKS_MAX } from '#shared/core/order/cancel.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { isOpen, type OrderIntent, type Reason } from '#shared/core/order/order.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import { besideStops, stopsInTheWay } from '#shared/core/risk/clear-exit.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';
import { cancelOrder } from './cancel-order.ts';
import { gatherFacts } from './gather-facts.ts';
import { type ExecuteDependencies, mayWaitUntil, type Sender } from './sender.ts';

/**
 * Cancels orders and waits for their ends for a moment, so that who needs their units need not come again: what the
 * broker shows of the orders is settled as any news is.
 */
export async function clearTheWay(
  dependencies: ExecuteDependencies,
  { orders, by, reason }: { readonly orders: readonly ClientOrderId[]; readonly by: string; readonly reason: Reason },
  sender: Sender,
): Promise<void> {
  const { clock, broker, orders: store } = dependencies;
  const asked: ClientOrderId[] = [];
  for (const clientOrderId of orders) {
    const came = await cancelOrder(dependencies, { clientOrderId, by, reason }, sender);
    if (came === 'requested') asked.push(clientOrderId);
  }
  let open: readonly ClientOrderId[] = asked;
  for (let look = 1; look <= LOOKS_MAX && open.length > 0; look += 1) {
    const seen = await Promise.all(
      open.map(async (clientOrderId) => {
        const found = await broker.findByClientId(clientOrderId);
        if (found === null) return true;
        const settled = await store.settle(updateFromSnapshot(found, 'submit-answer', clock.now()));
        return settled === null || isOpen(settled.order);
      }),
    );
    open = open.filter((_, index) => seen[index] === true);
    const next = addMs(clock.now(), LOOK_PAUSE_MS);
    if (open.length === 0 || !mayWaitUntil(sender, next)) return;
    await clock.sleepUntil(next);
  }
}

const GIVES_WAY: Reason = {
  code: 'stop-gives-way',
  message: 'The resting stop holds the units that an order is to close; it rests again for what is left.',
  context: {},
};

/** Exits clear their way by themselves, and a stop gives way to no other stop. */
const needsUnits = ({ purpose, terms }: OrderIntent): boolean =>
  isClosing(terms.positionIntent) && (purpose === 'manual' || purpose === 'entry');

/**
 * A resting stop gives way to a closing order of a person, or of a plan, that needs its units: only to one that would
 * then pass, so that no position loses its protection for a refusal. Protect has it rest again for what is left.
 */
export async function giveWay(dependencies: ExecuteDependencies, intent: OrderIntent, sender: Sender): Promise<void> {
  const { orders, safety, dryRun } = dependencies;
  if (dryRun || !needsUnits(intent)) return;
  if ((await orders.get(clientOrderIdFor(intent.terms, intent.decision))) !== null) return;
  const gathered = await gatherFacts(dependencies, intent);
  if (!gathered.ok) return;
  const { facts, gates } = gathered.value;
  const cleared = clearOrder(facts);
  if (cleared.ok || cleared.error.code !== 'quantity-not-available' || !clearOrder(besideStops(facts)).ok) return;
  if ((await safety.shutGate(intent.terms.accountId, facts.orderClass, gates)) !== null) return;
  const stops = stopsInTheWay(facts).map(({ clientOrderId }) => clientOrderId);
  await clearTheWay(dependencies, { orders: stops, by: 'execute', reason: GIVES_WAY }, sender);
}

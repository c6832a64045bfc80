/** A command that failed too often: it ends here, and its order says what is known of it. */
import type { AnyCommand } from '#events/catalogue.ts';
import { intentOf } from '#events/order-command.ts';
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { fail } from '#shared/core/kernel/result.ts';
import { onDeadLetter } from '#shared/core/order/redelivery.ts';
import type { ExecuteDependencies } from './submit-order.ts';

export type DeadLetterDependencies = Pick<ExecuteDependencies, 'orders' | 'clock' | 'telemetry'>;

const GAVE_UP = {
  code: 'dead-letter',
  message: 'the command failed as often as its lane allows',
  context: {},
} as const;

export async function endDeadLetter(dependencies: DeadLetterDependencies, command: AnyCommand): Promise<void> {
  const { orders, clock, telemetry } = dependencies;
  telemetry.error('a command came to the dead letters', { type: command.type, commandId: command.meta.commandId });
  if (command.type !== 'submit-order.v1') return;
  const id = clientOrderIdOf(command.data.clientOrderId);
  const row = await orders.get(id);
  if (row === null) {
    const intent = intentOf(command.data, command.meta.correlationId);
    await orders.refuse(intent, refusal('decision-stale', GAVE_UP.message, {}), clock.now());
    return;
  }
  const nothingToEnd = fail({
    kind: 'refused',
    refusal: refusal('lease-lost', 'there is nothing to end here'),
  } as const);
  await orders.step(id, (order) => onDeadLetter(order, GAVE_UP, clock.now()) ?? nothingToEnd);
}

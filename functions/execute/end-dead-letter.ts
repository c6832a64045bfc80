/** A command that failed too often: it ends here, and its order says what is known of it. */
import type { AnyCommand } from '#events/catalogue.ts';
import { intentOf } from '#events/order-command.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { onDeadLetter } from '#shared/core/order/redelivery.ts';
import { isEnd } from '#shared/core/order/order.ts';
import { mayHold, type StepResult } from '#shared/core/order/sending.ts';
import type { ExecuteDependencies } from './sender.ts';

export type DeadLetterDependencies = Pick<ExecuteDependencies, 'orders' | 'exits' | 'clock' | 'telemetry'>;

const GAVE_UP = {
  code: 'dead-letter',
  message: 'the command failed as often as its lane allows',
  context: {},
} as const;

/** What the command's order came to. */
export type Burial = 'refused' | 'failed' | 'unknown' | 'as-it-stands';

const nothingToEnd: StepResult = {
  ok: false,
  error: { kind: 'refused', refusal: refusal('lease-lost', 'there is nothing to end here') },
};

/**
 * Ends a command with a fact: refused where its order never came to be, failed where nothing was sent, unknown where it
 * may have been. An order that the broker knows of, or that has ended, says for itself what became of it.
 * @throws Fault `transient` while a sender still holds the order
 */
export async function endDeadLetter(dependencies: DeadLetterDependencies, command: AnyCommand): Promise<Burial> {
  const { orders, exits, clock, telemetry } = dependencies;
  const fields = { type: command.type, commandId: command.meta.commandId };
  telemetry.error('a command came to the dead letters', fields);
  if (command.type !== 'submit-order.v1') return 'as-it-stands';
  const id = clientOrderIdOf(command.data.clientOrderId);
  const row = await orders.get(id);
  if (row === null) {
    const intent = intentOf(command.data, command.meta.correlationId);
    const open = await exits.get(intent.terms.accountId, intent.terms.ticker);
    // The exit that it opened goes on without it, under this very id.
    if (open?.exit.exitId === intent.decision.decisionId) return 'as-it-stands';
    const said = await orders.refuse(intent, refusal('command-failed', GAVE_UP.message, {}), clock.now());
    return said ? 'refused' : 'as-it-stands';
  }
  if (!isEnd(row.state) && !mayHold(row, '', clock.now())) {
    throw new Fault('transient', 'order-leased', `a sender still holds order ${id}`);
  }
  const ended = await orders.step(id, (order) => onDeadLetter(order, GAVE_UP, clock.now()) ?? nothingToEnd);
  if (ended === null) return 'as-it-stands';
  return ended.order.state === 'failed' ? 'failed' : 'unknown';
}

/** The door of execute: commands of both lanes, and the commands that came to the dead letters. */
import { readCommand } from '#events/command.ts';
import { intentOf } from '#events/order-command.ts';
import { invariant } from '#shared/core/kernel/fault.ts';
import { clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { queueDoor } from '#shared/runtime/doors/queue-door.ts';
import { cancelOrder } from './cancel-order.ts';
import { endDeadLetter } from './end-dead-letter.ts';
import type { Sender } from './sender.ts';
import { submitOrder } from './submit-order.ts';
import { wire, wireDeadLetters } from './wiring.ts';

export const handler = coldStart(async () => {
  const dependencies = await wire(process.env);
  const { telemetry } = dependencies;
  return queueDoor(telemetry, async (record, context) => {
    const until = addMs(dependencies.clock.now(), context.getRemainingTimeInMillis());
    const sender: Sender = { holder: context.awsRequestId, until };
    const command = readCommand(JSON.parse(record.body));
    switch (command.type) {
      case 'submit-order.v1': {
        const intent = intentOf(command.data, command.meta.correlationId);
        const startedAt = dependencies.clock.now();
        const ended = await submitOrder(dependencies, intent, sender);
        if (ended.kind === 'acknowledged') {
          telemetry.measure('SubmitLatencyMs', dependencies.clock.now() - startedAt);
        }
        telemetry.info('command ended', {
          type: command.type,
          clientOrderId: ended.clientOrderId,
          outcome: ended.kind,
        });
        return;
      }
      case 'cancel-order.v1': {
        const { clientOrderId, by, reason } = command.data;
        const wish = { clientOrderId: clientOrderIdOf(clientOrderId), by, reason };
        const ended = await cancelOrder(dependencies, wish, sender);
        telemetry.info('command ended', { type: command.type, clientOrderId, outcome: ended });
        return;
      }
      case 'drive-exit.v1':
        invariant(false, 'nothing drives exits by command yet');
    }
  });
});

export const deadLetterHandler = coldStart(async () => {
  const dependencies = wireDeadLetters(process.env);
  return queueDoor(dependencies.telemetry, async (record) => {
    const command = readCommand(JSON.parse(record.body));
    const outcome = await endDeadLetter(dependencies, command);
    dependencies.telemetry.info('command buried', { commandId: command.meta.commandId, outcome });
  });
});

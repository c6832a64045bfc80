/** The door of execute: commands of both lanes, and the commands that came to the dead letters. */
import { readCommand } from '#events/command.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { queueDoor } from '#shared/runtime/doors/queue-door.ts';
import { answerCommand, type CommandEnd } from './answer-command.ts';
import { endDeadLetter } from './end-dead-letter.ts';
import type { Sender } from './sender.ts';
import { wire, wireDeadLetters } from './wiring.ts';

function outcomeOf(end: CommandEnd): string {
  switch (end.command) {
    case 'submit-order.v1':
      return end.submission.kind;
    case 'cancel-order.v1':
      return end.cancellation;
    case 'drive-exit.v1':
      return end.driven.kind;
  }
}

export const handler = coldStart(async () => {
  const dependencies = await wire(process.env);
  const { clock, telemetry } = dependencies;
  return queueDoor(telemetry, async (record, context) => {
    const startedAt = clock.now();
    const sender: Sender = {
      holder: context.awsRequestId,
      until: addMs(startedAt, context.getRemainingTimeInMillis()),
    };
    const command = readCommand(JSON.parse(record.body));
    const end = await answerCommand(dependencies, command, sender);
    if (end.command === 'submit-order.v1' && end.submission.kind === 'acknowledged') {
      telemetry.measure('SubmitLatencyMs', clock.now() - startedAt);
    }
    telemetry.info('command ended', {
      type: command.type,
      commandId: command.meta.commandId,
      outcome: outcomeOf(end),
    });
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

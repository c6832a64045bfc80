/** The door of a room that a FIFO lane feeds, one message at a time. */
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { Bug } from '#shared/core/kernel/fault.ts';
import { telemetryLayer } from '#shared/runtime/doors/invocation.ts';
import { queueAnswer, troubleOf } from '#shared/runtime/outcome.ts';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';

/**
 * A failure returns the record and everything behind it: within a group nothing may overtake. What can never succeed
 * goes the same way, and the lane's own limit of receives brings it to the dead letters.
 */
export const queueDoor = (
  telemetry: RoomTelemetry,
  work: (record: SQSRecord, context: Context) => Promise<void>,
): ((event: SQSEvent, context: Context) => Promise<SQSBatchResponse>) => {
  const handler = middy<SQSEvent, SQSBatchResponse>()
    .use(telemetryLayer(telemetry, () => null))
    .handler(async (event: SQSEvent, context: Context) => {
      for (const [index, record] of event.Records.entries()) {
        try {
          await work(record, context);
        } catch (thrown) {
          const trouble = troubleOf(thrown);
          telemetry.error(
            'message failed',
            { messageId: record.messageId, kind: trouble.kind, code: trouble.code, answer: queueAnswer(trouble) },
            thrown,
          );
          return { batchItemFailures: event.Records.slice(index).map((left) => ({ itemIdentifier: left.messageId })) };
        }
      }
      return { batchItemFailures: [] };
    });
  return async (event, context) => answered(await handler(event, context));
};

const answered = (response: SQSBatchResponse | undefined): SQSBatchResponse => {
  if (response === undefined) throw new Bug('a queue door answered nothing');
  return response;
};

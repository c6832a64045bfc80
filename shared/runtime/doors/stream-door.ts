/** The door of a room that a table's stream feeds. */
import middy from '@middy/core';
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { Bug } from '#shared/core/kernel/fault.ts';
import { telemetryLayer } from '#shared/runtime/doors/invocation.ts';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';

/**
 * The work answers the sequence number of the first record that it could not do, or null when all are done: a stream
 * goes on from there, so nothing behind it may count as done.
 */
export const streamDoor = (
  telemetry: RoomTelemetry,
  work: (event: DynamoDBStreamEvent) => Promise<string | null>,
): ((event: DynamoDBStreamEvent, context: Context) => Promise<DynamoDBBatchResponse>) => {
  const handler = middy<DynamoDBStreamEvent, DynamoDBBatchResponse>()
    .use(telemetryLayer(telemetry, () => null))
    .handler(async (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
      const firstFailed = await work(event);
      return { batchItemFailures: firstFailed === null ? [] : [{ itemIdentifier: firstFailed }] };
    });
  return async (event, context) => {
    const answer = await handler(event, context);
    if (answer === undefined) throw new Bug('a stream door answered nothing');
    return answer;
  };
};

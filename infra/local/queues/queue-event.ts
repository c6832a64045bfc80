/** Messages as a function of an event source mapping gets them, and what it answers about them. */
import * as z from 'zod';
import { LOCAL_REGION } from '#infra/local/template/physical-names.ts';
import { queueArn, type ReceivedMessage } from './queue-client.ts';

/** A received message with when the house first saw it, on the house's own clock. */
export interface LaneMessage {
  readonly message: ReceivedMessage;
  readonly firstSeenMs: number;
}

/** The event as Lambda hands it over. The emulator stamps with the machine's clock; the house's stands in for it. */
export const queueEvent = (queueName: string, messages: readonly LaneMessage[]): unknown => ({
  Records: messages.map(({ message, firstSeenMs }) => ({
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: {
      ...message.Attributes,
      SentTimestamp: String(firstSeenMs),
      ApproximateFirstReceiveTimestamp: String(firstSeenMs),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes).map(([name, value]) => [
        name,
        {
          dataType: value.DataType,
          ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
          ...(value.BinaryValue === undefined ? {} : { binaryValue: value.BinaryValue }),
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn(queueName),
    awsRegion: LOCAL_REGION,
  })),
});

const partial = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() });

/**
 * Which items of a batch a function reported as failed, by identifier; all of them when the answer is not readable,
 * as Lambda takes it.
 */
export function reportedFailures(payload: unknown, identifiers: readonly string[]): ReadonlySet<string> {
  if (payload === null || payload === undefined) return new Set();
  const answer = partial.safeParse(payload);
  if (!answer.success) return new Set(identifiers);
  const failed = (answer.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((identifier) => identifiers.includes(identifier)) ? new Set(failed) : new Set(identifiers);
}

/** The door of publish: the journal's stream. */
import type { DynamoDBRecord } from 'aws-lambda';
import { readEntry } from '#events/journal-entry.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { streamDoor } from '#shared/runtime/doors/stream-door.ts';
import { publishFacts, type StreamEntry } from './publish-facts.ts';
import { wire } from './wiring.ts';

function entryOf(record: DynamoDBRecord): StreamEntry {
  const sequenceNumber = record.dynamodb?.SequenceNumber;
  if (sequenceNumber === undefined)
    throw new Fault('permanent', 'stream-record-nameless', 'a stream record has no number');
  if (record.eventName !== 'INSERT') return { sequenceNumber, facts: [] };
  const { pk, sk, correlationId, facts } = record.dynamodb?.NewImage ?? {};
  if (pk?.S === undefined || sk?.S === undefined || correlationId?.S === undefined || facts?.S === undefined) {
    throw new Fault(
      'permanent',
      'stream-record-unreadable',
      `stream record ${sequenceNumber} is no entry of the journal`,
    );
  }
  const place = { aggregateId: pk.S, sequence: Number(sk.S), correlationId: correlationId.S };
  return { sequenceNumber, facts: readEntry(place, facts.S) };
}

export const handler = coldStart(() => {
  const dependencies = wire(process.env);
  return Promise.resolve(
    streamDoor(dependencies.telemetry, (event) => publishFacts(dependencies, event.Records.map(entryOf))),
  );
});

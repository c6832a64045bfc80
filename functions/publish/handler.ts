/** The door of publish: the journal's stream. */
import type { DynamoDBRecord } from 'aws-lambda';
import { readFact } from '#events/fact.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { streamDoor } from '#shared/runtime/doors/stream-door.ts';
import { publishFacts, type StreamEntry } from './publish-facts.ts';
import { wire } from './wiring.ts';

function entryOf(record: DynamoDBRecord): StreamEntry {
  const sequenceNumber = record.dynamodb?.SequenceNumber;
  if (sequenceNumber === undefined)
    throw new Fault('permanent', 'stream-record-nameless', 'a stream record has no number');
  if (record.eventName !== 'INSERT') return { sequenceNumber, fact: null };
  const stored = record.dynamodb?.NewImage?.['fact']?.S;
  // An entry of the journal that is no fact (a mark, a report's index) is not for the bus.
  return { sequenceNumber, fact: stored === undefined ? null : readFact(JSON.parse(stored)) };
}

export const handler = coldStart(() => {
  const dependencies = wire(process.env);
  return Promise.resolve(
    streamDoor(dependencies.telemetry, (event) => publishFacts(dependencies, event.Records.map(entryOf))),
  );
});

/**
 * Facts of one change of one aggregate, as one entry of the journal: what they share is written once. An entry stands at
 * the sequence of its first fact; those that follow count on from it.
 */
import * as z from 'zod';
import type { AnyFact } from '#events/catalogue.ts';
import { eventIdOf, type Fact, factMeta } from '#events/envelope.ts';
import { knownDefinition, knownFact, ROOMS } from '#events/fact.ts';

const stored = z.strictObject({
  room: z.enum(ROOMS),
  at: factMeta.shape.occurredAt,
  cause: factMeta.shape.causationId,
  facts: z.array(z.tuple([z.string(), z.unknown()])).min(1),
});

const entryPlace = factMeta.pick({ aggregateId: true, sequence: true, correlationId: true });

/** What an entry's place in the journal says of its facts. */
export interface EntryPlace {
  readonly aggregateId: string;
  /** Of the first fact. */
  readonly sequence: number;
  readonly correlationId: string;
}

const sharesEntry = (a: Fact, b: Fact): boolean =>
  a.room === b.room &&
  a.meta.aggregateId === b.meta.aggregateId &&
  a.meta.sequence + 1 === b.meta.sequence &&
  a.meta.occurredAt === b.meta.occurredAt &&
  a.meta.correlationId === b.meta.correlationId &&
  a.meta.causationId === b.meta.causationId;

export type EntryFacts = readonly [Fact, ...Fact[]];

/** The entries that a change's facts make, in their order. */
export function entriesOf(facts: readonly Fact[]): readonly EntryFacts[] {
  const entries: [Fact, ...Fact[]][] = [];
  for (const fact of facts) {
    const open = entries.at(-1);
    const last = open?.at(-1);
    if (open !== undefined && last !== undefined && sharesEntry(last, fact)) open.push(fact);
    else entries.push([fact]);
  }
  return entries;
}

export const writeEntry = (facts: EntryFacts): string => {
  const [{ room, meta }] = facts;
  const body: z.input<typeof stored> = {
    room,
    at: meta.occurredAt,
    cause: meta.causationId,
    facts: facts.map(({ type, data }) => [type, data]),
  };
  return JSON.stringify(body);
};

/** @throws ZodError or SyntaxError when the text is no entry, or holds a fact that the catalogue does not know. */
export function readEntry(place: EntryPlace, text: string): readonly AnyFact[] {
  const { room, at, cause, facts } = stored.parse(JSON.parse(text));
  // Read once for all facts of the entry: what is left of each fact's envelope follows from it.
  const { aggregateId, sequence: first, correlationId } = entryPlace.parse(place);
  return facts.map(([type, data], index) => {
    const sequence = first + index;
    const { priority } = knownDefinition(type);
    const eventId = eventIdOf(aggregateId, sequence, type);
    const meta = { eventId, aggregateId, sequence, occurredAt: at, correlationId, causationId: cause, priority };
    return knownFact({ type, room, meta, data });
  });
}

/** Making facts and reading them back, with the catalogue as the judge of their data. */
import * as z from 'zod';
import {
  type AnyFact,
  factDefinition,
  type FactData,
  type FactDefinitions,
  FACTS,
  type FactType,
} from '#events/catalogue.ts';
import { eventIdOf, type Fact, factMeta, type Room } from '#events/envelope.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';

/** Where and when a fact belongs. */
export interface FactPlace {
  readonly room: Room;
  readonly aggregateId: string;
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly occurredAt: EpochMs;
  readonly correlationId: string;
  readonly causationId: string | null;
}

/** Aggregates by name: what a sequence counts. */
export const aggregateOf = {
  order: (clientOrderId: string): string => `order:${clientOrderId}`,
  slicePlan: (parentId: string): string => `slice-plan:${parentId}`,
  book: (accountId: string, symbol: string): string => `book:${accountId}:${symbol}`,
  account: (accountId: string): string => `account:${accountId}`,
  reconciliation: (accountId: string): string => `reconciliation:${accountId}`,
  global: 'global',
  run: (runId: string): string => `run:${runId}`,
  signal: (strategyId: string, symbol: string, asOf: string): string => `signal:${strategyId}:${symbol}:${asOf}`,
  /** Which version of its model a strategy trades by. */
  activeModel: (strategyId: string): string => `model:${strategyId}`,
  /** One trained version. */
  modelVersion: (strategyId: string, version: string): string => `model:${strategyId}:${version}`,
  market: (feed: string): string => `market:${feed}`,
  /** One thing that a person asked for. */
  request: (requestId: string): string => `request:${requestId}`,
  /** One report a session. */
  report: (accountId: string, session: string): string => `report:${accountId}:${session}`,
} as const;

const definitionOf = (type: FactType): FactDefinitions => {
  const found = factDefinition(type);
  if (found === undefined) throw new RangeError(`${type} is not in the catalogue`);
  return found;
};

/** @throws ZodError when the data does not fit the fact's schema. */
export function makeFact<T extends FactType>(type: T, place: FactPlace, data: FactData<T>): Fact<T, FactData<T>> {
  const definition = definitionOf(type);
  definition.data.parse(data);
  return {
    type,
    room: place.room,
    meta: {
      eventId: eventIdOf(place.aggregateId, place.sequence, type),
      aggregateId: place.aggregateId,
      sequence: place.sequence,
      occurredAt: formatEpochMs(place.occurredAt),
      correlationId: place.correlationId,
      causationId: place.causationId,
      priority: definition.priority,
    },
    data,
  };
}

export const ROOMS = [
  'ingest',
  'signal',
  'orchestrate',
  'execute',
  'webhook',
  'listen',
  'publish',
  'reconcile',
  'protect',
  'slice',
  'control',
  'report',
] as const satisfies readonly Room[];

const envelope = z.strictObject({
  type: z.string(),
  room: z.enum(ROOMS),
  meta: factMeta,
  data: z.unknown(),
});

const factType = z.enum(FACTS.map((definition) => definition.type));

/** The definition of a fact's type as it came. @throws ZodError when it is not in the catalogue. */
export const knownDefinition = (type: string): FactDefinitions => definitionOf(factType.parse(type));

/** Reads a journaled fact. @throws ZodError when it is not in the catalogue or its data does not fit. */
export function readFact(body: unknown): AnyFact {
  return knownFact(envelope.parse(body));
}

/** A fact whose envelope was read. @throws ZodError when it is not in the catalogue or its data does not fit. */
export function knownFact({ type, room, meta, data }: Fact): AnyFact {
  const definition = knownDefinition(type);
  const fact: Fact = { type: definition.type, room, meta, data: definition.data.parse(data) };
  if (!isKnown(fact)) throw new RangeError(`${type} is not in the catalogue`);
  return fact;
}

/** The data was parsed by the definition of this very type just before. */
const isKnown = (fact: Fact): fact is AnyFact => factDefinition(fact.type) !== undefined;

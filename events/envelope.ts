/** The form that every fact has on the bus and in the journal, and every command on its lane. */
import * as z from 'zod';
import { contentId } from '#shared/core/kernel/hash.ts';
import { instant, name } from '#events/fields.ts';

/** CRITICAL: stops, halts. HIGH: fills, signals. NORMAL: prices. LOW: monitoring. */
export const PRIORITIES = ['CRITICAL', 'HIGH', 'NORMAL', 'LOW'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Rooms that say things on the bus. */
export type Room =
  | 'ingest'
  | 'signal'
  | 'orchestrate'
  | 'execute'
  | 'webhook'
  | 'listen'
  | 'publish'
  | 'reconcile'
  | 'protect'
  | 'slice'
  | 'control'
  | 'report';

/** What a fact's sequence counts: the thing that it happened to. */
export type Aggregate =
  | 'order'
  | 'slice-plan'
  | 'book'
  | 'account'
  | 'reconciliation'
  | 'run'
  | 'signal'
  | 'market'
  | 'room'
  | 'model'
  | 'request';

export interface FactDefinition<T extends string = string, D extends z.ZodType = z.ZodType> {
  readonly type: T;
  /** One sentence: when it is said. */
  readonly means: string;
  readonly aggregate: Aggregate;
  readonly priority: Priority;
  readonly data: D;
}

export interface CommandDefinition<T extends string = string, D extends z.ZodType = z.ZodType> {
  readonly type: T;
  readonly means: string;
  readonly data: D;
}

export const defineFact = <const T extends string, D extends z.ZodType>(
  definition: FactDefinition<T, D>,
): FactDefinition<T, D> => definition;

export const defineCommand = <const T extends string, D extends z.ZodType>(
  definition: CommandDefinition<T, D>,
): CommandDefinition<T, D> => definition;

export const factMeta = z.strictObject({
  eventId: z.string().min(1).max(51),
  aggregateId: z.string().min(1).max(160),
  /** Counts from 1 without gaps within the aggregate. */
  sequence: z.int().min(1),
  occurredAt: instant,
  correlationId: name,
  causationId: z.string().min(1).max(160).nullable(),
  priority: z.enum(PRIORITIES),
});
export type FactMeta = z.infer<typeof factMeta>;

/** A fact as it is journaled and published: detail-type is `type`, source is `belay.<room>`. */
export interface Fact<T extends string = string, D = unknown> {
  readonly type: T;
  readonly room: Room;
  readonly meta: FactMeta;
  readonly data: D;
}

/** A fact's identity: the same fact has the same id however often it is said. */
export const eventIdOf = (aggregateId: string, sequence: number, type: string): string =>
  contentId(['fact', aggregateId, sequence, type], 26);

export const commandMeta = z.strictObject({
  /** Same command, same id; a second cancel is a second attempt. */
  commandId: z.string().min(1).max(96),
  attempt: z.int().min(1),
  issuedAt: instant,
  correlationId: name,
  causationId: z.string().min(1).max(160).nullable(),
});
export type CommandMeta = z.infer<typeof commandMeta>;

/** A command as it travels on a lane. */
export interface Command<T extends string = string, D = unknown> {
  readonly type: T;
  readonly meta: CommandMeta;
  readonly data: D;
}

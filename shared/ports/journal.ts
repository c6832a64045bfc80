/** The journal: facts, append-only, gapless by aggregate. */
import type { AnyFact } from '#events/catalogue.ts';
import type { Fact } from '#events/envelope.ts';

export interface JournalPageRequest {
  /** Which facts: of one aggregate, of one correlation, or of one UTC day. */
  readonly by: 'aggregate' | 'correlation' | 'day';
  readonly value: string;
  /** Where the page before ended. */
  readonly after?: string;
  /** Entries, each the facts of one change of one aggregate: one fact as a rule, a handful at most. */
  readonly limit: number;
}

export interface JournalPage {
  readonly facts: readonly AnyFact[];
  /** Where this page ended, for the next; null on the last page. */
  readonly end: string | null;
}

export interface Journal {
  /** Oldest first. A place that no page ended at is no error: the facts behind it follow. */
  page(request: JournalPageRequest): Promise<JournalPage>;
  /** Appends; a fact that is there already with the same identity is no error. @throws Bug when the place is taken by another fact. */
  append(facts: readonly Fact[]): Promise<void>;
  /** The last facts of one aggregate, newest first. @param limit entries */
  latest(aggregateId: string, limit: number): Promise<readonly AnyFact[]>;
  /** All facts of one aggregate, in sequence. */
  byAggregate(aggregateId: string): Promise<readonly AnyFact[]>;
  byCorrelation(correlationId: string): Promise<readonly AnyFact[]>;
  /** One UTC day, oldest first. */
  byDay(day: string): Promise<readonly AnyFact[]>;
}

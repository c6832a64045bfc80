/** The journal: facts, append-only, gapless by aggregate. */
import type { AnyFact } from '#events/catalogue.ts';
import type { Fact } from '#events/envelope.ts';

export interface Journal {
  /** Appends; a fact that is there already with the same identity is no error. @throws Bug when the place is taken by another fact. */
  append(facts: readonly Fact[]): Promise<void>;
  /** All facts of one aggregate, in sequence. */
  byAggregate(aggregateId: string): Promise<readonly AnyFact[]>;
  byCorrelation(correlationId: string): Promise<readonly AnyFact[]>;
  /** One UTC day, oldest first. */
  byDay(day: string): Promise<readonly AnyFact[]>;
}

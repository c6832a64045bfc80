/**
 * What an order comes to, in words, and the four orders of a row.
 *
 * passes: the broker has the order, or has canceled it. refused: ended with this code, nothing was sent. withdrawn: it was
 * claimed and ended at its last look, nothing was sent. waits: the exit stays open in the book and is driven again. again:
 * the command comes again, nothing was sent. unknown: it may be at the broker, once; its exposure stays reserved and the
 * symbol takes no entry. dead-letter: a person is called, nothing was sent.
 */
import type { RefusalCode } from '#shared/core/kernel/refusal.ts';

export type Outcome =
  | 'passes'
  | 'waits'
  | 'unknown'
  | `refused ${RefusalCode}`
  | `withdrawn ${RefusalCode}`
  | `again ${string}`
  | `dead-letter ${string}`;

export interface Expected {
  readonly entry: Outcome;
  readonly exit: Outcome;
  readonly cancel: Outcome;
  readonly flatten: Outcome;
}

export interface Row<B extends string> extends Expected {
  /** What exactly is wrong, as a sentence without its end. */
  readonly because: string;
  readonly breakage: B;
}

export type Four = readonly [Outcome, Outcome, Outcome, Outcome];
export const expected = ([entry, exit, cancel, flatten]: Four): Expected => ({ entry, exit, cancel, flatten });

/** The entry, and everything else passes. */
export const only = (entry: Outcome): Four => [entry, 'passes', 'passes', 'passes'];
/** Nothing but a cancel goes on. */
export const allBut = (entry: Outcome, closing: Outcome = entry): Four => [entry, closing, 'passes', closing];

/** The event bus. Nothing on it is ordered: whoever listens uses the sequence in the fact's meta. */
import type { Fact } from '#events/envelope.ts';

export interface Bus {
  /** @returns the facts that the bus did not take, in their order; the caller says them again later. */
  publish(facts: readonly Fact[]): Promise<readonly Fact[]>;
}

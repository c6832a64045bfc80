/** What the house must know of the broker that its functions trade with: when it does something, and what it has said. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export interface Venue {
  /** When it next has something to do; null when never. May lie at or before now. */
  nextDueAt(): EpochMs | null;
  /** Does everything that is due up to and including the instant. */
  advanceTo(now: EpochMs): void;
  /** Connections to its stream of order news. */
  streams(): readonly { readonly connection: number; readonly open: boolean; readonly framesSent: number }[];
}

/** A house without a broker: nothing ever happens by itself. */
export const NO_VENUE: Venue = { nextDueAt: () => null, advanceTo: () => undefined, streams: () => [] };

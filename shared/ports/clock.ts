/** The shell's clock. Core takes `now` as a value. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export interface Clock {
  now(): EpochMs;
  /** Resolves at the instant, however the clock gets there, or when the signal aborts, whichever comes first. */
  sleepUntil(at: EpochMs, signal?: AbortSignal): Promise<void>;
}

/** The time, for the shell. Core takes it as a value. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export interface Clock {
  now(): EpochMs;
  /**
   * Waits until the clock shows the instant or later; returns at once when it does already.
   * @throws the signal's reason when it is aborted first.
   */
  sleepUntil(at: EpochMs, signal?: AbortSignal): Promise<void>;
}

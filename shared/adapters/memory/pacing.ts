/** A pacing that waits no time and keeps what it was asked to wait. */
import type { Pacing } from '#shared/ports/pacing.ts';

export interface RecordedPacing extends Pacing {
  /** In the order in which they were asked for, in milliseconds. */
  readonly waitsMs: readonly number[];
}

/** @param fraction what it always draws: from 0 up to, but not including, 1 */
export function memoryPacing(fraction = 0.5): RecordedPacing {
  const waitsMs: number[] = [];
  return {
    waitsMs,
    fraction: () => fraction,
    sleepMs: (durationMs) => {
      waitsMs.push(durationMs);
      return Promise.resolve();
    },
  };
}

/** Waiting by the machine's timers, spread by its randomness. */
import type { Pacing } from '#shared/ports/pacing.ts';

export const systemPacing: Pacing = {
  fraction: () => Math.random(),
  sleepMs: (durationMs) =>
    new Promise((resolve) => {
      setTimeout(resolve, durationMs);
    }),
};

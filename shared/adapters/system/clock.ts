/** The machine's clock. */
import { channel } from 'node:diagnostics_channel';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { Clock } from '#shared/ports/clock.ts';

/** Whoever moves this process's clock other than by letting time pass publishes here; sleepers look again. */
export const CLOCK_MOVED = 'belay.clock.moved';

/** A sleeper says here until when it sleeps: a host that steps through its day must know that nothing else is pending. */
export const CLOCK_SLEEPING = 'belay.clock.sleeping';

/** The longest that a timer of Node waits. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  async sleepUntil(at: EpochMs, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    // A timer may fire early or late against the clock: a function is frozen and thawed, a local day is stepped through.
    while (Date.now() < at) {
      channel(CLOCK_SLEEPING).publish({ untilMs: at });
      await untilTimerOrMove(Math.min(at - Date.now(), TIMER_MS_MAX), signal);
    }
  },
};

function untilTimerOrMove(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  const moves = channel(CLOCK_MOVED);
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      moves.unsubscribe(wake);
      signal?.removeEventListener('abort', giveUp);
      outcome();
    };
    const wake = (): void => settle(resolve);
    const giveUp = (): void => {
      const reason: unknown = signal?.reason;
      settle(() => reject(reason instanceof Error ? reason : new Error('aborted', { cause: reason })));
    };
    const timer = setTimeout(wake, durationMs);
    moves.subscribe(wake);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

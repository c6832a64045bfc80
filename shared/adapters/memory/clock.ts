/** A clock that moves only when it is told to. */
import { invariant } from '#shared/core/kernel/fault.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { Clock } from '#shared/ports/clock.ts';

interface Sleeper {
  readonly at: EpochMs;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now: EpochMs;
  /** In the order in which they fell asleep. */
  #sleepers: readonly Sleeper[] = [];

  constructor(start: EpochMs) {
    this.#now = start;
  }

  now(): EpochMs {
    return this.#now;
  }

  sleepUntil(at: EpochMs, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(reasonOf(signal));
        return;
      }
      if (at <= this.#now) {
        resolve();
        return;
      }
      const giveUp = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal === undefined ? new Error('aborted') : reasonOf(signal));
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const sleeper: Sleeper = { at, wake };
      this.#sleepers = [...this.#sleepers, sleeper];
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** The earliest instant that somebody waits for, or null. */
  nextWake(): EpochMs | null {
    return this.#sleepers.reduce<EpochMs | null>(
      (earliest, { at }) => (earliest === null || at < earliest ? at : earliest),
      null,
    );
  }

  /** Moves to the instant and wakes whoever waited for it, the earliest first. @throws Bug when it is in the past. */
  moveTo(at: EpochMs): void {
    invariant(at >= this.#now, `a clock never runs back: ${at} is before ${this.#now}`);
    this.#now = at;
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= at);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > at);
    for (const sleeper of due.toSorted((a, b) => a.at - b.at)) sleeper.wake();
  }

  moveBy(durationMs: number): void {
    this.moveTo(addMs(this.#now, durationMs));
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

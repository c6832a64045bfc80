/**
 * The clock of the house, which the functions read as their own. Only Date is replaced: timers stay real, so that
 * sockets, deadlines and retries work as ever. In a fast run the clock stands still until it is moved; in real time it
 * runs on by itself from where it is.
 */
import { channel } from 'node:diagnostics_channel';
import { install } from '@sinonjs/fake-timers';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';

/** Said after every move, so that whoever sleeps until an instant looks again. */
const moved = channel('belay.clock.moved');

/** How often a running clock is read from the machine's own. */
const TICK_MS = 5;

export interface HouseClock {
  now(): EpochMs;
  /** Moves a standing clock on. @throws Error when the instant lies before now. */
  moveTo(instant: EpochMs): void;
  /** Lets the clock run in real time from where it stands. */
  run(): void;
  /** Gives the machine its own Date back. */
  stop(): void;
}

/** The machine's own time, whatever the house's clock shows: for people's tokens and for files. */
export const machineNowMs = (): number => performance.timeOrigin + performance.now();

export function startHouseClock(startAt: EpochMs): HouseClock {
  const fake = install({ now: startAt, toFake: ['Date'] });
  let ticking: NodeJS.Timeout | null = null;
  const show = (instantMs: number): void => {
    fake.setSystemTime(instantMs);
    moved.publish({ nowMs: instantMs });
  };
  return {
    now: () => epochMs(Date.now()),
    moveTo(instant) {
      if (instant < Date.now()) throw new Error(`the clock cannot go back from ${Date.now()} to ${instant}`);
      show(instant);
    },
    run() {
      const [fromMs, startedMs] = [Date.now(), performance.now()];
      ticking ??= setInterval(() => show(Math.floor(fromMs + performance.now() - startedMs)), TICK_MS);
    },
    stop() {
      if (ticking !== null) clearInterval(ticking);
      fake.uninstall();
    },
  };
}

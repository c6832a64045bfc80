/**
 * The clock of the house, which the functions read as their own. In a fast run it stands still until it is moved; in
 * real time it runs on by itself from where it is.
 */
import { channel } from 'node:diagnostics_channel';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { replaceDate } from './house-date.ts';

/** Said after every move, so that whoever sleeps until an instant looks again. */
const moved = channel('belay.clock.moved');

/** How often those who sleep look again while the clock runs. */
const TICK_MS = 5;

export interface HouseClock {
  now(): EpochMs;
  /** Moves a standing clock on. @throws Error when the instant lies before now. */
  moveTo(instant: EpochMs): void;
  /** Lets the clock run in real time from where it stands. */
  run(): void;
  /** Makes a running clock stand. */
  stand(): void;
  /** Gives the machine its own Date back. */
  stop(): void;
}

/** The machine's own time, whatever the house's clock shows: for people's tokens and for files. */
export const machineNowMs = (): number => performance.timeOrigin + performance.now();

export function startHouseClock(startAt: EpochMs): HouseClock {
  let standsAtMs: number = startAt;
  let running: { readonly sinceMs: number; readonly ticks: NodeJS.Timeout } | null = null;
  const nowMs = (): number =>
    running === null ? standsAtMs : standsAtMs + Math.floor(performance.now() - running.sinceMs);
  const restore = replaceDate(nowMs);
  const say = (): void => moved.publish({ nowMs: nowMs() });
  const stand = (): void => {
    if (running === null) return;
    clearInterval(running.ticks);
    standsAtMs = nowMs();
    running = null;
  };
  return {
    now: () => epochMs(nowMs()),
    moveTo(instant) {
      if (running !== null) throw new Error('a running clock is not moved');
      if (instant < standsAtMs) throw new Error(`the clock cannot go back from ${standsAtMs} to ${instant}`);
      standsAtMs = instant;
      say();
    },
    run() {
      running ??= { sinceMs: performance.now(), ticks: setInterval(say, TICK_MS) };
    },
    stand,
    stop() {
      stand();
      restore();
    },
  };
}

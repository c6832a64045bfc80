import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { epochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { type HouseClock, machineNowMs, startHouseClock } from './house-clock.ts';

const START = parseEpochMs('2018-02-07T14:35:00Z');
let clock: HouseClock | null = null;

const start = (): HouseClock => {
  clock = startHouseClock(START);
  return clock;
};
afterEach(() => {
  clock?.stop();
  clock = null;
});

const untilTimer = (durationMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });

describe('the clock of the house', () => {
  it('stands until it is moved, for everybody who reads Date', async () => {
    const { moveTo, now } = start();
    await untilTimer(5);
    expect([Date.now(), new Date().getTime(), now()]).toEqual([START, START, START]);
    expect(Date()).toBe(new Date(START).toString());
    moveTo(epochMs(START + 1500));
    expect(new Date().toISOString()).toBe('2018-02-07T14:35:01.500Z');
  });

  it('leaves Dates of a given instant what they were', () => {
    const before = new Date(7);
    start();
    class Stamp extends Date {}
    expect(new Date(2020, 1, 29, 3).getMonth()).toBe(1);
    expect(new Date('2020-02-29T00:00:00Z').getTime()).toBe(Date.UTC(2020, 1, 29));
    expect(new Date(before).getTime()).toBe(7);
    expect(Date.parse('1970-01-01T00:00:01Z')).toBe(1000);
    expect([before instanceof Date, new Date() instanceof Date, new Stamp() instanceof Stamp]).toEqual([
      true,
      true,
      true,
    ]);
    expect(new Stamp().getTime()).toBe(START);
  });

  it('says each move, so that sleepers look again', () => {
    const { moveTo } = start();
    const said: unknown[] = [];
    const hear = (message: unknown): void => {
      said.push(message);
    };
    subscribe('belay.clock.moved', hear);
    moveTo(epochMs(START + 1));
    unsubscribe('belay.clock.moved', hear);
    expect(said).toEqual([{ nowMs: START + 1 }]);
  });

  it('never goes back', () => {
    const { moveTo } = start();
    expect(() => moveTo(epochMs(START - 1))).toThrow('cannot go back');
  });

  it('runs on from where it stood, and stands where it ran to', async () => {
    const { run, stand, now } = start();
    run();
    await untilTimer(15);
    stand();
    const stoodAt = now();
    await untilTimer(5);
    expect(stoodAt).toBeGreaterThan(START);
    expect(now()).toBe(stoodAt);
  });

  it('gives the machine its own Date back', () => {
    start().stop();
    expect(Math.abs(Date.now() - machineNowMs())).toBeLessThan(60_000);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { faultBoard } from '#infra/local/alpaca/fault-board.ts';
import { FAULTS } from '#infra/local/alpaca/fault-catalogue.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { FAULT_PROOFS } from './fault-proofs.ts';
import { openRawDesk, type RawDesk, TEN_O_CLOCK } from './raw-desk.ts';

const desks: RawDesk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

describe('the fault', () => {
  const names = Object.keys(FAULTS);
  it.each(Object.entries(FAULT_PROOFS))('%s is seen outside as it says', async (name, proof) => {
    expect(names).toContain(name);
    const desk = await openRawDesk();
    desks.push(desk);
    await proof(desk, (setting) => desk.broker.faults.set(name, setting));
  });
});

describe('the switches', () => {
  it('draw from the seed: the same runs strike at the same places', () => {
    const strikes = (seed: number): readonly boolean[] => {
      const board = faultBoard(seed, () => TEN_O_CLOCK);
      board.set('async-reject', { probability: 0.3 });
      return Array.from({ length: 200 }, (_, n) => board.strikes('async-reject', `order-${n}`) !== null);
    };
    expect(strikes(1)).toEqual(strikes(1));
    expect(strikes(1)).not.toEqual(strikes(2));
    const share = strikes(1).filter(Boolean).length / 200;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
  });

  it('count their strikes and stop at their count', () => {
    const board = faultBoard(1, () => TEN_O_CLOCK);
    board.set('torn-pages', { count: 2 });
    expect([1, 2, 3].map((n) => board.strikes('torn-pages', String(n)) !== null)).toEqual([true, true, false]);
    expect(board.active()).toEqual([{ name: 'torn-pages', setting: { count: 2 }, strikes: 2 }]);
  });

  it('hold within their window', () => {
    let now = 1_000;
    const board = faultBoard(1, () => epochMs(now));
    board.set('account-blocked', { fromMs: 2_000, untilMs: 3_000 });
    const held = [1_999, 2_000, 2_999, 3_000].map((at) => {
      now = at;
      return board.lasts('account-blocked') !== null;
    });
    expect(held).toEqual([false, true, true, false]);
  });

  it.each([
    ['no-such-fault', {}, 'there is no fault no-such-fault'],
    [
      'throttle',
      { parameters: { retry: 1 } },
      'fault throttle has no parameter retry: expected route, retryAfterSeconds',
    ],
    ['throttle', { parameters: { route: 1 } }, 'fault throttle: route must be a string'],
    ['throttle', { probability: 2 }, 'fault throttle: probability must lie between 0 and 1'],
    ['throttle', { count: 0.5 }, 'fault throttle: count must be a whole number of at least 0'],
  ] as const)('refuse %s with %j: %s', (name, setting, why) => {
    expect(() => faultBoard(1, () => TEN_O_CLOCK).set(name, setting)).toThrow(why);
  });
});

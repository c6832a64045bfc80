import { describe, expect, it } from 'vitest';
import { relativeStrengthIndex } from '../indicators/relative-strength.ts';
import { rollingVwap } from '../indicators/volume-price.ts';
import { rsiMeanReversion } from './rsi-mean-reversion.ts';
import { barsOf, dateAt, dayOf, heldSince, run } from './series-fixture.ts';

/** A walk of steps that repeat no pattern, without drift. */
const walk = Array.from({ length: 400 }, (_, day) => day).reduce<number[]>((closes, day) => {
  const noise = Math.sin(day * 12.9898) * 43758.5453;
  return [...closes, (closes.at(-1) ?? 100) * (1 + (noise - Math.floor(noise) - 0.5) * 0.03)];
}, []);

describe('rsiMeanReversion', () => {
  it('enters exactly where RSI is below 35 and rising, at most 5 % under the VWAP', () => {
    const bars = barsOf(walk);
    const rsi = relativeStrengthIndex(bars.close, 14);
    const vwap = rollingVwap(bars, 20);
    const expected = walk.flatMap((close, day) => {
      const [now, before, average] = [rsi[day] ?? 0, rsi[day - 1] ?? 0, vwap[day] ?? 0];
      return now < 35 && now > before && close < average && close >= average * 0.95 ? [day] : [];
    });
    const signals = run(rsiMeanReversion(), [bars]);
    expect(expected.length).toBeGreaterThan(3);
    expect(signals.map((signal) => dayOf(signal.asOf))).toEqual(expected);
    expect(
      signals.every(
        ({ kind, side, confidence }) => kind === 'entry' && side === 'buy' && confidence >= 0.5 && confidence <= 1,
      ),
    ).toBe(true);
  });

  it('leaves a fall of more than 5 % under the VWAP alone', () => {
    const crash = walk.map((close, day) => (day < 200 ? close : close * 0.8));
    const after = run(rsiMeanReversion(), [barsOf(crash)]).filter(
      (signal) => dayOf(signal.asOf) >= 200 && dayOf(signal.asOf) < 212,
    );
    expect(after).toEqual([]);
  });

  it('does not enter at or above the VWAP, where it would leave again', () => {
    // All of the volume is traded at the bottom, so the VWAP lies there while RSI is still low.
    const closes = Array.from({ length: 60 }, (_, day) => 160 - day).concat([101.5]);
    const heavy = (day: number): number => (day === 59 ? 1e12 : 1);
    expect(run(rsiMeanReversion(), [barsOf(closes, heavy)])).toEqual([]);
    expect(run(rsiMeanReversion(), [barsOf(closes, (day) => (day === 55 ? 1e12 : 1))])).toHaveLength(1);
  });

  it('leaves where RSI is above 50, else at the VWAP, else after its time', () => {
    const bars = barsOf(walk, (day) => 1e6 * (1 + (day % 7)));
    const rsi = relativeStrengthIndex(bars.close, 14);
    const vwap = rollingVwap(bars, 20);
    const entryDay = 330;
    const expected = walk.flatMap((close, day) => {
      if ((rsi[day] ?? Number.NaN) > 50) return [`${day} recovered`];
      if (close >= (vwap[day] ?? Number.NaN)) return [`${day} reached-vwap`];
      return day - entryDay >= 20 ? [`${day} held-long-enough`] : [];
    });
    const exits = run(rsiMeanReversion(), [bars], { position: heldSince(entryDay) });
    const found = exits.map(({ asOf, reason }) => `${dayOf(asOf)} ${reason.code}`);
    expect(found.filter((line) => Number(line.split(' ')[0]) >= entryDay)).toEqual(
      expected.filter((line) => Number(line.split(' ')[0]) >= entryDay),
    );
    expect(new Set(exits.map(({ reason }) => reason.code)).size).toBe(3);
  });

  it('leaves at the VWAP, even while RSI is low', () => {
    const closes = Array.from({ length: 80 }, (_, day) => 200 - day).concat([125.5]);
    const exits = run(rsiMeanReversion({ rsiExitMin: 99, holdSessionsMax: 250 }), [barsOf(closes)], {
      position: heldSince(70),
    });
    expect(exits.map(({ reason }) => reason.code)).toEqual([]);
    const lifted = closes.with(80, 131);
    const back = run(rsiMeanReversion({ rsiExitMin: 99, holdSessionsMax: 250 }), [barsOf(lifted)], {
      position: heldSince(70),
    });
    expect(back.map(({ asOf, reason }) => [asOf, reason.code])).toEqual([[dateAt(80), 'reached-vwap']]);
  });

  it('leaves after 20 sessions', () => {
    const falling = Array.from({ length: 80 }, (_, day) => 200 - day);
    const exits = run(rsiMeanReversion(), [barsOf(falling)], { position: heldSince(40) });
    expect(exits.map(({ asOf, reason }) => [dayOf(asOf), reason.code])).toEqual(
      Array.from({ length: 20 }, (_, index) => [60 + index, 'held-long-enough']),
    );
  });
});

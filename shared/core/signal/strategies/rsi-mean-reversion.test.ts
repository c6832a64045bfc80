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

  it('leaves when RSI is above 50', () => {
    const rising = Array.from({ length: 120 }, (_, day) => (day < 60 ? 100 - day * 0.5 : 70 + (day - 60)));
    const exits = run(rsiMeanReversion({ holdSessionsMax: 250 }), [barsOf(rising)], { position: heldSince(58) });
    const first = exits.find((signal) => dayOf(signal.asOf) >= 60);
    expect(first).toMatchObject({ kind: 'exit', side: 'sell' });
    expect(['recovered', 'reached-vwap']).toContain(first?.reason.code);
    expect(exits.some(({ reason }) => reason.code === 'recovered')).toBe(true);
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

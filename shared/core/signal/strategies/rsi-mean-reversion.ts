/**
 * RSI mean reversion: buys what has fallen too far and begins to turn, close under its volume-weighted average price,
 * and sells when it is back or has had its time.
 */
import { strategyId } from '#shared/core/kernel/identity.ts';
import { rsiOf, SIGNAL_ATR, vwapOf } from '../indicator.ts';
import { longEntry, longExit, readParameters, longSignalsOf, type Strategy } from '../strategy.ts';
import type { OpenPosition, Signal } from '../types.ts';
import type { SymbolView } from '../view.ts';

const ID = strategyId('rsi-mean-reversion');

const RULES = {
  rsiSessions: { value: 14, min: 2, max: 100, whole: true },
  rsiEntryMax: { value: 35, min: 1, max: 50 },
  rsiExitMin: { value: 50, min: 1, max: 99 },
  vwapSessions: { value: 20, min: 2, max: 200, whole: true },
  vwapDistanceMax: { value: 0.05, min: 0, max: 1 },
  holdSessionsMax: { value: 20, min: 1, max: 250, whole: true },
} as const;

/**
 * @param given `rsiSessions` 14, `rsiEntryMax` 35, `rsiExitMin` 50, `vwapSessions` 20, `vwapDistanceMax` 0.05 (a
 * fraction of the VWAP), `holdSessionsMax` 20.
 * @throws ParameterError for an unknown or impossible parameter.
 */
export function rsiMeanReversion(given: Readonly<Record<string, number>> = {}): Strategy {
  const parameter = readParameters(ID, RULES, given);
  const [entryMax, exitMin] = [parameter('rsiEntryMax'), parameter('rsiExitMin')];
  const [distanceMax, holdMax] = [parameter('vwapDistanceMax'), parameter('holdSessionsMax')];
  const [rsi, vwap] = [rsiOf(parameter('rsiSessions')), vwapOf(parameter('vwapSessions'))];

  function entry(symbol: SymbolView): Signal | null {
    const strength = symbol.value(rsi);
    if (!(strength < entryMax)) return null;
    const slope = strength - symbol.value(rsi, 1);
    const distance = symbol.close() / symbol.value(vwap) - 1;
    // At or above the average the exit rule would hold already.
    const near = distance < 0 && distance >= -distanceMax;
    if (!(slope > 0) || !near || Number.isNaN(symbol.value(SIGNAL_ATR))) return null;
    return longEntry(ID, symbol, 0.5 + (entryMax - strength) / (2 * entryMax), {
      code: 'oversold-turning',
      text: `RSI below ${entryMax} and rising, at most ${distanceMax * 100} % under the VWAP`,
      numbers: { rsi: strength, slope, vwapDistance: distance },
    });
  }

  function exit(symbol: SymbolView, position: OpenPosition): Signal | null {
    const [strength, average, close] = [symbol.value(rsi), symbol.value(vwap), symbol.close()];
    if (strength > exitMin) {
      return longExit(ID, symbol, { code: 'recovered', text: `RSI above ${exitMin}`, numbers: { rsi: strength } });
    }
    if (close >= average) {
      return longExit(ID, symbol, {
        code: 'reached-vwap',
        text: 'the price is back at the VWAP',
        numbers: { close, vwap: average },
      });
    }
    const held = symbol.sessionsSince(position.entryDate);
    if (held < holdMax) return null;
    return longExit(ID, symbol, { code: 'held-long-enough', text: `held for ${holdMax} sessions`, numbers: { held } });
  }

  return { id: ID, entryClass: 'mean-reversion', signals: (view) => longSignalsOf(view, { entry, exit }) };
}

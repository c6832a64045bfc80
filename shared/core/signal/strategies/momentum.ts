/** Momentum: buys what has risen far on more volume than usual, and holds it for a fixed time. */
import { strategyId } from '#shared/core/kernel/identity.ts';
import { returnOf, SIGNAL_ATR, volumeOf } from '../indicator.ts';
import { longEntry, longExit, readParameters, longSignalsOf, type Strategy } from '../strategy.ts';
import type { OpenPosition, Signal } from '../types.ts';
import type { SymbolView } from '../view.ts';

const ID = strategyId('momentum');

const RULES = {
  returnSessions: { value: 20, min: 1, max: 250, whole: true },
  returnMin: { value: 0.1, min: 0.001, max: 5 },
  volumeSessions: { value: 20, min: 1, max: 250, whole: true },
  volumeRatioMin: { value: 1.5, min: 0, max: 100 },
  holdSessions: { value: 10, min: 1, max: 250, whole: true },
} as const;

/**
 * @param given `returnSessions` 20, `returnMin` 0.1 (a fraction), `volumeSessions` 20, `volumeRatioMin` 1.5 (the
 * session's volume against the average), `holdSessions` 10.
 * @throws ParameterError for an unknown or impossible parameter.
 */
export function momentum(given: Readonly<Record<string, number>> = {}): Strategy {
  const parameter = readParameters(ID, RULES, given);
  const [returnSessions, returnMin] = [parameter('returnSessions'), parameter('returnMin')];
  const [volumeRatioMin, hold] = [parameter('volumeRatioMin'), parameter('holdSessions')];
  const [rise, volume] = [returnOf(returnSessions), volumeOf(parameter('volumeSessions'))];

  function entry(symbol: SymbolView): Signal | null {
    const risen = symbol.value(rise);
    if (!(risen > returnMin)) return null;
    const volumeRatio = symbol.volume() / symbol.value(volume);
    if (!(volumeRatio >= volumeRatioMin) || Number.isNaN(symbol.value(SIGNAL_ATR))) return null;
    return longEntry(ID, symbol, 0.5 + (risen - returnMin) / (4 * returnMin), {
      code: 'risen-on-volume',
      text: `risen by more than ${returnMin * 100} % in ${returnSessions} sessions, on ${volumeRatioMin} times the usual volume`,
      numbers: { return: risen, volumeRatio },
    });
  }

  function exit(symbol: SymbolView, position: OpenPosition): Signal | null {
    const held = symbol.sessionsSince(position.entryDate);
    if (held < hold) return null;
    return longExit(ID, symbol, { code: 'held-long-enough', text: `held for ${hold} sessions`, numbers: { held } });
  }

  return { id: ID, entryClass: 'breakout', signals: (view) => longSignalsOf(view, { entry, exit }) };
}

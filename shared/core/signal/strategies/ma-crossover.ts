/**
 * Moving-average crossover: buys when the fast average rises above the slow one in a market that has a direction (ADX),
 * sells when it is back below.
 */
import { strategyId } from '#shared/core/kernel/identity.ts';
import { adxOf, SIGNAL_ATR, smaGapOf, smaOf } from '../indicator.ts';
import { longEntry, longExit, ParameterError, readParameters, longSignalsOf, type Strategy } from '../strategy.ts';
import type { OpenPosition, Signal } from '../types.ts';
import type { SymbolView } from '../view.ts';

const ID = strategyId('ma-crossover');

const RULES = {
  fastSessions: { value: 20, min: 2, max: 100, whole: true },
  slowSessions: { value: 100, min: 3, max: 200, whole: true },
  adxSessions: { value: 14, min: 2, max: 50, whole: true },
  adxMin: { value: 20, min: 0, max: 100 },
} as const;

/**
 * @param given `fastSessions`, `slowSessions`, `adxSessions`, `adxMin`, each by default 20, 100, 14, 20.
 * @throws ParameterError for an unknown or impossible parameter.
 */
export function maCrossover(given: Readonly<Record<string, number>> = {}): Strategy {
  const parameter = readParameters(ID, RULES, given);
  const [fastSessions, slowSessions, adxMin] = [
    parameter('fastSessions'),
    parameter('slowSessions'),
    parameter('adxMin'),
  ];
  if (fastSessions >= slowSessions) {
    throw new ParameterError(`${ID}: fastSessions (${fastSessions}) must be below slowSessions (${slowSessions})`);
  }
  const [fast, slow, adx] = [smaOf(fastSessions), smaOf(slowSessions), adxOf(parameter('adxSessions'))];
  const gap = smaGapOf(fastSessions, slowSessions);

  function entry(symbol: SymbolView): Signal | null {
    const crossed = symbol.value(gap) > 0 && symbol.value(gap, 1) <= 0;
    if (!crossed) return null;
    const strength = symbol.value(adx);
    if (!(strength > adxMin) || Number.isNaN(symbol.value(SIGNAL_ATR))) return null;
    return longEntry(ID, symbol, strength / 50, {
      code: 'crossed-up',
      text: `the ${fastSessions}-session average rose above the ${slowSessions}-session average with ADX above ${adxMin}`,
      numbers: { fast: symbol.value(fast), slow: symbol.value(slow), adx: strength },
    });
  }

  function exit(symbol: SymbolView, position: OpenPosition): Signal | null {
    const [fastNow, slowNow] = [symbol.value(fast), symbol.value(slow)];
    if (fastNow < slowNow) {
      return longExit(ID, symbol, {
        code: 'crossed-down',
        text: `the ${fastSessions}-session average is below the ${slowSessions}-session average`,
        numbers: { fast: fastNow, slow: slowNow },
      });
    }
    if (!symbol.brokeAfter(position.entryDate)) return null;
    return longExit(ID, symbol, {
      code: 'history-broken',
      text: 'the price jumped after the entry, so the averages no longer tell when to leave',
      numbers: { close: symbol.close() },
    });
  }

  return { id: ID, entryClass: 'trend', signals: (view) => longSignalsOf(view, { entry, exit }) };
}

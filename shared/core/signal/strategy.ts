/** The one interface that a strategy implements, and what every strategy is built from. */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { SIGNAL_ATR } from './indicator.ts';
import type { ModelVersion } from './model/model-version.ts';
import type { OpenPosition, Signal, SignalReason } from './types.ts';
import type { StrategyView, SymbolView } from './view.ts';

/** What kind of bet an entry is; a regime may switch a kind off. */
export type EntryClass = 'trend' | 'mean-reversion' | 'breakout' | 'model';

/**
 * A strategy. `signals` is pure: the same view gives the same signals. Entries are for symbols of the universe that the
 * strategy holds no position in; exits for positions that it holds. An exit rule tells a state, not an event, so that a
 * session that was missed is made up for by the next.
 */
export interface Strategy {
  readonly id: StrategyId;
  readonly entryClass: EntryClass;
  signals(view: StrategyView): readonly Signal[];
  /** Of a strategy of class `model`: how its versions are trained. The view brings the version that is active. */
  readonly trainer?: ModelTrainer;
}

/** What came of a training. */
export type Training =
  | { readonly kind: 'trained'; readonly version: ModelVersion }
  | { readonly kind: 'not-trained'; readonly reason: string };

/** How the models of one strategy are made. Pure: the same symbols through the same session give the same version. */
export interface ModelTrainer {
  /** Hash of all that decides the outcome beside the bars: features, label, penalty, thinning. */
  readonly planId: string;
  /** @param symbols those that rows may come of, each as of the session */
  train(symbols: readonly SymbolView[], through: CalendarDate): Training;
  /** Why a version may not speak for the strategy, as the end of a sentence that its name begins; null where it may. */
  unfit(version: ModelVersion | null): string | null;
}

/** A parameter that is not known, missing its bounds or no number. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
}

/** One parameter's default and the bounds, both included, that it must keep to. */
export interface ParameterRule {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

/**
 * Checks what was given and answers each parameter by name, with its default where nothing was given.
 * @throws ParameterError that names the parameter and what would be right.
 */
export function readParameters<Name extends string>(
  strategy: string,
  rules: Readonly<Record<Name, ParameterRule>>,
  given: Readonly<Record<string, number>>,
): (name: Name) => number {
  const isName = (name: string): name is Name => Object.hasOwn(rules, name);
  for (const [name, number] of Object.entries(given)) {
    if (!isName(name)) {
      throw new ParameterError(`${strategy}: unknown parameter ${name}, expected ${Object.keys(rules).join(', ')}`);
    }
    const { min, max, whole = false } = rules[name];
    if (!(number >= min && number <= max) || (whole && !Number.isInteger(number))) {
      const kind = whole ? 'a whole number' : 'a number';
      throw new ParameterError(`${strategy}: ${name}: expected ${kind} from ${min} to ${max}, got ${number}`);
    }
  }
  return (name) => given[name] ?? rules[name].value;
}

const clampToUnit = (value: number): number => Math.min(1, Math.max(0, value));

/** A signal to buy into a symbol, with the close and range of its as-of session. */
export const longEntry = (
  strategyId: StrategyId,
  symbol: SymbolView,
  confidence: number,
  reason: SignalReason,
): Signal => ({
  strategyId,
  ticker: symbol.ticker,
  kind: 'entry',
  side: 'buy',
  confidence: clampToUnit(confidence),
  reason,
  price: symbol.close(),
  atr: symbol.value(SIGNAL_ATR),
  asOf: symbol.asOf,
  modelVersion: null,
});

/** A signal to sell out of a long position. Its range is 0 where a broken history does not tell it. */
export function longExit(strategyId: StrategyId, symbol: SymbolView, reason: SignalReason): Signal {
  const atr = symbol.value(SIGNAL_ATR);
  return {
    strategyId,
    ticker: symbol.ticker,
    kind: 'exit',
    side: 'sell',
    confidence: 1,
    reason,
    price: symbol.close(),
    atr: Number.isNaN(atr) ? 0 : atr,
    asOf: symbol.asOf,
    modelVersion: null,
  };
}

/** For strategies that go long only: asks an entry rule for symbols that may be entered, an exit rule for positions. */
export function longSignalsOf(
  view: StrategyView,
  rules: {
    readonly entry: (symbol: SymbolView) => Signal | null;
    readonly exit: (symbol: SymbolView, position: OpenPosition) => Signal | null;
  },
): readonly Signal[] {
  const signals: Signal[] = [];
  for (const symbol of view.symbols) {
    const position = view.positionOf(symbol.ticker);
    if (position === null && !symbol.inUniverse) continue;
    // A short position is none of theirs; selling more of it would not close it.
    if (position?.side === 'short') continue;
    const signal = position === null ? rules.entry(symbol) : rules.exit(symbol, position);
    if (signal !== null) signals.push(signal);
  }
  return signals;
}

/** Made-up series for the tests of strategies. */
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import type { ModelVersion } from '../model/model-version.ts';
import { WalkForwardModels } from '../model/walk-forward.ts';
import type { Strategy } from '../strategy.ts';
import type { OpenPosition, Signal } from '../types.ts';
import { MarketHistory, type StrategyView } from '../view.ts';

export const DATES: readonly CalendarDate[] = sessionsBetween(
  calendarDate('2022-01-03'),
  calendarDate('2023-12-29'),
).map((session) => session.date);
const AAA: Ticker = ticker('AAA');

export const dateAt = (day: number): CalendarDate => DATES[day] ?? calendarDate('');
export const dayOf = (date: CalendarDate): number => DATES.indexOf(date);

/** Bars with a range of 1 % around each close. */
export function barsOf(
  closes: readonly number[],
  volumes: (day: number) => number = () => 1e6,
  name: Ticker = AAA,
): BarColumns {
  const close = Float64Array.from(closes);
  return {
    ticker: name,
    dates: DATES.slice(0, closes.length),
    open: close,
    high: close.map((value) => value * 1.01),
    low: close.map((value) => value * 0.99),
    close,
    volume: Float64Array.from(closes, (_, day) => volumes(day)),
  };
}

export const heldSince = (entryDay: number): OpenPosition => ({
  ticker: AAA,
  side: 'long',
  entryDate: dateAt(entryDay),
  entryPrice: 100,
});

export interface RunOptions {
  readonly position?: OpenPosition;
  readonly universe?: ReadonlySet<Ticker>;
  readonly model?: ModelVersion | null;
}

export function viewAt(
  history: MarketHistory,
  asOf: CalendarDate,
  { position, universe, model }: RunOptions = {},
): StrategyView {
  return {
    asOf,
    symbols: history.symbolsAsOf(asOf, universe ?? null),
    positionOf: () => position ?? null,
    model: model ?? null,
  };
}

/** The signals of every session in turn; one that trades by a model is trained walk-forward where none is given. */
export function run(strategy: Strategy, bars: readonly BarColumns[], options: RunOptions = {}): readonly Signal[] {
  const history = new MarketHistory(bars);
  const registry = new WalkForwardModels();
  return DATES.flatMap((asOf) => {
    const { id, trainer } = strategy;
    const trainable = (through: CalendarDate) => history.symbolsAsOf(through, options.universe ?? null, asOf);
    const use = trainer === undefined ? null : registry.modelFor(id, trainer, asOf, trainable);
    const trained = use?.kind === 'active' ? use.model : null;
    return strategy.signals(viewAt(history, asOf, { model: trained, ...options }));
  });
}

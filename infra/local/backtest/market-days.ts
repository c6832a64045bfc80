/** What strategies and decisions see of a market, session by session: the same cleaning and the same history as live. */
import type { Price } from '#shared/core/kernel/decimal.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { dateOfDayNumber, dayNumberOf } from '#shared/core/market/calendar-day.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import { type DataReport, RECENT_SESSIONS, validateBars } from '#shared/core/market/data-validator.ts';
import { historyStart, sliceBars } from '#shared/core/market/history.ts';
import { adjustForSplits } from '#shared/core/market/splits.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { lastIndexUpTo, universeAsOf, type UniverseSource } from '#shared/core/market/universe.ts';
import { type VolatilitySeries, volatilityAsOf } from '#shared/core/market/volatility.ts';
import type { CorrelationRules } from '#shared/core/portfolio/correlation-filter.ts';
import { correlationsOf, universeVolatility } from '#shared/core/portfolio/market-reading.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import { type BarFacts, barFactsOf } from '#shared/core/risk/bar-facts.ts';
import { MarketHistory, type SymbolView } from '#shared/core/signal/view.ts';
import type { LocalMarket } from '#infra/local/market/open-market.ts';

/** Bars restated for the splits that have taken effect, and what follows from them. */
interface Restated {
  readonly splits: number;
  readonly bars: readonly BarColumns[];
  readonly byTicker: ReadonlyMap<Ticker, BarColumns>;
  readonly history: MarketHistory;
  readonly volatility: VolatilitySeries;
  readonly shelves: readonly Shelf[];
  /** By symbol and the session of an entry. */
  readonly ranges: Map<string, Price>;
}

/** A symbol's bars by the number of their session, with what was found last. */
interface Shelf {
  readonly ticker: Ticker;
  readonly dates: readonly CalendarDate[];
  readonly numbers: Int32Array;
  /** Index of the last bar up to the session asked for last. */
  cursor: number;
  /** Index of the first bar of the history of one year's sessions. */
  year: string;
  first: number;
}

/** Whether the last sessions, as far as the history reaches, all have their bars: the validator's rule, per session. */
function isWhole(shelf: Shelf, number: number, session: CalendarDate, year: string): boolean {
  const { numbers, dates } = shelf;
  if ((numbers[shelf.cursor] ?? 0) > number) shelf.cursor = 0;
  while ((numbers[shelf.cursor + 1] ?? Number.POSITIVE_INFINITY) <= number) shelf.cursor += 1;
  if (numbers[shelf.cursor] !== number) return false;
  if (shelf.year !== year) {
    shelf.year = year;
    shelf.first = lastIndexUpTo(dates, dayBefore(historyStart(session))) + 1;
  }
  const back = Math.min(RECENT_SESSIONS, number - (numbers[shelf.first] ?? number) + 1) - 1;
  return numbers[shelf.cursor - back] === number - back;
}

const dayBefore = (date: CalendarDate): CalendarDate => dateOfDayNumber(dayNumberOf(date) - 1);

export class MarketDays {
  readonly report: DataReport;
  readonly #market: LocalMarket;
  readonly #clean: readonly BarColumns[];
  readonly #universe: readonly Ticker[];
  readonly #sessionNumber: ReadonlyMap<CalendarDate, number>;
  readonly #vix: VolatilitySeries | null;
  readonly #source: UniverseSource;
  /** The universe asked for last. */
  #chosen: { readonly session: CalendarDate; readonly symbols: readonly Ticker[] } | null = null;
  #restated: Restated | null = null;

  /** @param vix of a file; without it the universe's own volatility is read, and labelled so */
  constructor(market: LocalMarket, vix: VolatilitySeries | null) {
    const last = market.sessions.at(-1);
    if (last === undefined) throw new RangeError('a market without sessions has no days');
    this.#market = market;
    this.#vix = vix;
    this.#source = market.universeSource;
    this.#universe = market.instruments.map(({ ticker }) => ticker);
    this.#sessionNumber = new Map(market.sessions.map(({ date }, index) => [date, index]));
    const { bars, report } = validateBars({ bars: market.bars, universe: this.#universe, session: last.date });
    this.#clean = bars;
    this.report = report;
  }

  #asOf(session: CalendarDate): Restated {
    const splits = this.#market.splits.filter((split) => split.date <= session).length;
    if (this.#restated?.splits === splits) return this.#restated;
    const bars = this.#clean.map((columns) => adjustForSplits(columns, this.#market.splits, session));
    this.#restated = {
      splits,
      bars,
      byTicker: new Map(bars.map((columns) => [columns.ticker, columns])),
      history: new MarketHistory(bars),
      volatility: this.#vix ?? universeVolatility(bars, this.#universe),
      ranges: new Map(),
      shelves: bars.map(({ ticker, dates }) => ({
        ticker,
        dates,
        numbers: Int32Array.from(dates, (date) => this.#sessionNumber.get(date) ?? -1),
        cursor: 0,
        year: '',
        first: 0,
      })),
    };
    return this.#restated;
  }

  /** Views of the symbols that have a bar of the session; those whose recent bars have a gap take no entries. */
  viewsAsOf(session: CalendarDate): readonly SymbolView[] {
    const { history } = this.#asOf(session);
    return history.symbolsAsOf(session, this.#enterable(session, session));
  }

  /** What a training for a session may learn from: symbols that could be entered as of an earlier one, as seen then. */
  trainable(session: CalendarDate, through: CalendarDate): readonly SymbolView[] {
    const enterable = this.#enterable(through, session);
    return this.#asOf(session)
      .history.symbolsAsOf(through, enterable, session)
      .filter(({ inUniverse }) => inUniverse);
  }

  /** The universe as of a completed session, and of nothing later. */
  universeAsOf(session: CalendarDate): readonly Ticker[] {
    if (this.#chosen?.session !== session) {
      this.#chosen = { session, symbols: this.#membersAsOf(session, session) };
    }
    return this.#chosen.symbols;
  }

  #membersAsOf(session: CalendarDate, asSeen: CalendarDate): readonly Ticker[] {
    return universeAsOf(this.#source, this.#universe, this.#asOf(asSeen).bars, session).symbols;
  }

  #enterable(session: CalendarDate, asSeen: CalendarDate): ReadonlySet<Ticker> {
    const whole = this.#wholeAsOf(session, asSeen);
    const members = session === asSeen ? this.universeAsOf(session) : this.#membersAsOf(session, asSeen);
    return new Set(members.filter((symbol) => whole.has(symbol)));
  }

  /** @param asSeen the session whose splits have taken effect */
  #wholeAsOf(session: CalendarDate, asSeen: CalendarDate): ReadonlySet<Ticker> {
    const number = this.#sessionNumber.get(session);
    const year = session.slice(0, 4);
    const whole = new Set<Ticker>();
    for (const shelf of this.#asOf(asSeen).shelves) {
      if (number !== undefined && isWhole(shelf, number, session, year)) whole.add(shelf.ticker);
    }
    return whole;
  }

  readingsAsOf(session: CalendarDate, rules: CorrelationRules): Pick<Snapshot, 'volatility' | 'correlations'> {
    const { bars, volatility } = this.#asOf(session);
    return { volatility: volatilityAsOf(volatility, session), correlations: correlationsOf(bars, session, rules) };
  }

  /** What the checks of an order in a session know of its symbol's bars, up to the session before. */
  barFacts(symbol: Ticker, session: CalendarDate, before: CalendarDate): BarFacts | null {
    const columns = this.#asOf(before).byTicker.get(symbol);
    if (columns === undefined) return null;
    const start = lastIndexUpTo(columns.dates, dayBefore(historyStart(session))) + 1;
    return barFactsOf(sliceBars(columns, start, lastIndexUpTo(columns.dates, before) + 1));
  }

  /** Average true range as of the session before a position was opened; null while the bars do not tell. */
  rangeBefore(symbol: Ticker, openedOn: CalendarDate, asOf: CalendarDate): Price | null {
    const { ranges, byTicker } = this.#asOf(asOf);
    const key = `${symbol} ${openedOn}`;
    const known = ranges.get(key);
    if (known !== undefined) return known;
    const columns = byTicker.get(symbol);
    if (columns === undefined) return null;
    const before = sessionBefore(openedOn).date;
    const start = lastIndexUpTo(columns.dates, dayBefore(historyStart(openedOn))) + 1;
    const facts = barFactsOf(sliceBars(columns, start, lastIndexUpTo(columns.dates, before) + 1));
    if (facts === null || facts.asOf !== before || facts.averageRange <= 0n) return null;
    ranges.set(key, facts.averageRange);
    return facts.averageRange;
  }
}

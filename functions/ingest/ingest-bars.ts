/** Daily bars after the close: what is new of each symbol, joined to what is stored. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { mergeBars } from '#shared/core/market/bar-encoding.ts';
import { historyStart } from '#shared/core/market/history.ts';
import { lastCompletedSession, sessionBefore } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { heldOutside } from '#shared/core/portfolio/symbols-watched.ts';
import type { Books } from '#shared/ports/books.ts';
import type { DailyBar, MarketData } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface IngestBarsDependencies {
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly policies: Policies;
  readonly books: Pick<Books, 'all'>;
  readonly marketData: MarketData;
  readonly marketStore: MarketStore;
  readonly telemetry: Telemetry;
}

export interface IngestedBars {
  readonly session: CalendarDate;
  readonly symbols: number;
  readonly added: number;
  readonly restated: number;
  /** Symbols without a bar of the session, of the universe or held. */
  readonly missing: readonly Ticker[];
}

/** Columns of one symbol from the bars of a feed, in the order of their dates. */
function columnsOf(ticker: Ticker, bars: readonly DailyBar[]): BarColumns {
  const sorted = [...bars].sort((a, b) => (a.date < b.date ? -1 : 1));
  const column = (pick: (bar: DailyBar) => number): Float64Array => Float64Array.from(sorted, pick);
  return {
    ticker,
    dates: sorted.map((bar) => bar.date),
    open: column((bar) => bar.open),
    high: column((bar) => bar.high),
    low: column((bar) => bar.low),
    close: column((bar) => bar.close),
    volume: column((bar) => bar.volume),
  };
}

/**
 * Reads the bars up to the last completed session. A symbol whose history is complete up to the session before is asked
 * for two days; any other for all of its history, so that a first run and a run after a gap end alike.
 * @throws Fault when the feed or the table does not answer: yesterday's bars then stay, and are known to be stale.
 */
export async function ingestBars(dependencies: IngestBarsDependencies): Promise<IngestedBars> {
  const { accountId, clock, policies, books, telemetry } = dependencies;
  const session = lastCompletedSession(clock.now()).date;
  const policy = await policies.active(accountId);
  const universe = policy?.universe ?? [];
  const outside = policy === null ? [] : heldOutside(universe, await books.all(accountId));
  const parts = [
    await ingestSymbols(dependencies, universe, session),
    await ingestOutside(dependencies, outside, session),
  ];
  const total = (of: 'added' | 'restated'): number => parts.reduce((sum, part) => sum + part[of], 0);
  const [added, restated, missing] = [total('added'), total('restated'), parts.flatMap((part) => part.missing)];
  const symbols = universe.length + outside.length;
  telemetry.info('bars ingested', { session, symbols, added, restated, missing: missing.length });
  if (missing.length > 0)
    telemetry.warn('symbols without a bar of the session', { session, symbols: missing.join(' ') });
  return { session, symbols, added, restated, missing };
}

type Part = Pick<IngestedBars, 'added' | 'restated' | 'missing'>;

/** By requests of their own: a symbol that the feed does not know any more fails all that is asked with it. */
async function ingestOutside(
  dependencies: IngestBarsDependencies,
  symbols: readonly Ticker[],
  session: CalendarDate,
): Promise<Part> {
  if (symbols.length === 0) return { added: 0, restated: 0, missing: [] };
  try {
    return await ingestSymbols(dependencies, symbols, session);
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    const problem = thrown.message;
    dependencies.telemetry.error('no bars of what is held outside of the universe', { problem });
    return { added: 0, restated: 0, missing: symbols };
  }
}

async function ingestSymbols(
  dependencies: IngestBarsDependencies,
  symbols: readonly Ticker[],
  session: CalendarDate,
): Promise<Part> {
  const { marketStore } = dependencies;
  const before = sessionBefore(session).date;
  const stored = await marketStore.loadBars(symbols, yearOf(historyStart(session)), yearOf(session));
  const upToDate = symbols.filter((symbol) => (stored.get(symbol)?.dates.at(-1) ?? '') >= before);
  const behind = symbols.filter((symbol) => !upToDate.includes(symbol));
  const fetched = new Map([
    ...(await fetchColumns(dependencies, upToDate, before, session)),
    ...(await fetchColumns(dependencies, behind, historyStart(session), session)),
  ]);
  let added = 0;
  let restated = 0;
  const changed: BarColumns[] = [];
  for (const [symbol, newer] of fetched) {
    const known = stored.get(symbol);
    const merged = known === undefined ? { bars: newer, added: newer.dates, restated: [] } : mergeBars(known, newer);
    added += merged.added.length;
    restated += merged.restated.length;
    if (merged.restated.length > 0 && known !== undefined) {
      // A restated past is a split or a correction: the whole history is read again, so that one basis holds for all.
      const whole = await fetchColumns(dependencies, [symbol], historyStart(session), session);
      changed.push(whole.get(symbol) ?? merged.bars);
    } else if (merged.added.length > 0) {
      changed.push(touchedYears(merged.bars, merged.added));
    }
  }
  await marketStore.saveBars(changed);
  return { added, restated, missing: symbols.filter((symbol) => fetched.get(symbol)?.dates.at(-1) !== session) };
}

const yearOf = (date: CalendarDate): number => Number(date.slice(0, 4));

/** Only the years that gained a bar are written again. */
function touchedYears(bars: BarColumns, added: readonly CalendarDate[]): BarColumns {
  const first = `${Math.min(...added.map(yearOf))}`;
  const start = bars.dates.findIndex((date) => date.slice(0, 4) >= first);
  return {
    ticker: bars.ticker,
    dates: bars.dates.slice(start),
    open: bars.open.slice(start),
    high: bars.high.slice(start),
    low: bars.low.slice(start),
    close: bars.close.slice(start),
    volume: bars.volume.slice(start),
  };
}

async function fetchColumns(
  { marketData }: IngestBarsDependencies,
  symbols: readonly Ticker[],
  from: CalendarDate,
  to: CalendarDate,
): Promise<ReadonlyMap<Ticker, BarColumns>> {
  if (symbols.length === 0) return new Map();
  const bars = await marketData.dailyBars(symbols, from, to);
  const bySymbol = new Map<Ticker, DailyBar[]>();
  for (const bar of bars) {
    const known = bySymbol.get(bar.ticker);
    if (known === undefined) bySymbol.set(bar.ticker, [bar]);
    else known.push(bar);
  }
  return new Map([...bySymbol].map(([symbol, own]) => [symbol, columnsOf(symbol, own)]));
}

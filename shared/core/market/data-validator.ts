/**
 * Looks at bars before any strategy does. Rows that contradict themselves are taken out; what is late, missing or
 * suspicious is reported by symbol, and says whether entries on the symbol have to wait.
 */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { JUMP_MAX, jumpIndices, pickBars } from './history.ts';
import { sessionOf, sessionsBetween } from './session-calendar.ts';
import type { BarColumns } from './types.ts';
import { lastIndexUpTo } from './universe.ts';

/**
 * no-bars: the symbol has none. not-fresh: the bar of the last completed session is not there. incomplete: sessions are
 * missing in between. row-broken: a row contradicts itself and was taken out. off-calendar: a bar on a day without a
 * session, taken out. jump: a close more than 35 % away from the one before. split-suspected: a jump that looks like a
 * split that the data was not adjusted for.
 */
export type FindingCode =
  | 'no-bars'
  | 'not-fresh'
  | 'incomplete'
  | 'row-broken'
  | 'off-calendar'
  | 'jump'
  | 'split-suspected';

export interface DataFinding {
  readonly ticker: Ticker;
  /** The session it is about; null when it is about all of them. */
  readonly date: CalendarDate | null;
  readonly code: FindingCode;
  /** True when entries on the symbol have to wait. */
  readonly blocksEntries: boolean;
  readonly text: string;
}

export interface DataReport {
  /** The last completed session that freshness was measured against. */
  readonly session: CalendarDate;
  readonly symbols: number;
  readonly bars: number;
  readonly findings: readonly DataFinding[];
}

export interface ValidatedBars {
  /** Without the rows that were taken out; symbols without any row are left out. */
  readonly bars: readonly BarColumns[];
  readonly report: DataReport;
}

export interface ValidationRequest {
  readonly bars: readonly BarColumns[];
  /** The symbols that there should be bars of. */
  readonly universe: readonly Ticker[];
  /** The last completed session. */
  readonly session: CalendarDate;
  /** Missing sessions among the latest so many block entries; older ones are only reported. */
  readonly recentSessions?: number;
}

export const RECENT_SESSIONS = 20;

/** What contradicts itself in a row, or null. */
function brokenRow(bars: BarColumns, index: number): string | null {
  const [open, high] = [bars.open[index] ?? Number.NaN, bars.high[index] ?? Number.NaN];
  const [low, close] = [bars.low[index] ?? Number.NaN, bars.close[index] ?? Number.NaN];
  const volume = bars.volume[index] ?? Number.NaN;
  const ordered = low <= open && low <= close && open <= high && close <= high;
  if (low > 0 && ordered && high < Number.POSITIVE_INFINITY && volume >= 0 && volume < Number.POSITIVE_INFINITY)
    return null;
  if (![open, high, low, close, volume].every(Number.isFinite)) return 'a value is missing';
  if (Math.min(open, high, low, close) <= 0) return 'a price is not positive';
  if (volume < 0) return 'the volume is negative';
  if (high < low) return `high ${high} is below low ${low}`;
  return open > high || open < low
    ? `open ${open} lies outside ${low} to ${high}`
    : `close ${close} lies outside ${low} to ${high}`;
}

/** New shares for one old one, in splits and in joins of shares as companies make them. */
const SPLIT_RATIOS = [1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50].concat(
  [2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50].map((joined) => 1 / joined),
);
/** How far the market may have moved on the day of a split. */
const SPLIT_TOLERANCE = 0.06;

/** The split ratio that a move from one close to the next looks like, or null. */
export function suspectedSplit(closeBefore: number, close: number): number | null {
  const near = SPLIT_RATIOS.map((ratio) => ({ ratio, off: Math.abs((close * ratio) / closeBefore - 1) }));
  const best = near.reduce((a, b) => (b.off < a.off ? b : a), { ratio: 1, off: Number.POSITIVE_INFINITY });
  return best.off <= SPLIT_TOLERANCE ? best.ratio : null;
}

/** Takes broken and off-calendar rows out. */
function cleaned(bars: BarColumns, calendar: Calendar, findings: DataFinding[]): BarColumns {
  const kept: number[] = [];
  for (const [index, date] of bars.dates.entries()) {
    const closed = !calendar.has(date);
    const wrong = closed ? 'the market was closed' : brokenRow(bars, index);
    if (wrong === null) kept.push(index);
    else {
      const code = closed ? 'off-calendar' : 'row-broken';
      findings.push({ ticker: bars.ticker, date, code, blocksEntries: false, text: `row taken out: ${wrong}` });
    }
  }
  if (kept.length === bars.dates.length) return bars;
  return pickBars(bars, kept);
}

function findJumps(bars: BarColumns, findings: DataFinding[]): void {
  for (const index of jumpIndices(bars)) {
    const [before, close] = [bars.close[index - 1] ?? Number.NaN, bars.close[index] ?? Number.NaN];
    const split = suspectedSplit(before, close);
    const move = `${before} to ${close}, ${((close / before - 1) * 100).toFixed(1)} %`;
    findings.push({
      ticker: bars.ticker,
      date: bars.dates[index] ?? null,
      code: split === null ? 'jump' : 'split-suspected',
      // The history is cut here, so entries wait by themselves until indicators have enough sessions again.
      blocksEntries: false,
      text: split === null ? `more than ${JUMP_MAX * 100} %: ${move}` : `like a split of ${split} for 1: ${move}`,
    });
  }
}

function findGaps(bars: BarColumns, request: ValidationRequest, calendar: Calendar, findings: DataFinding[]): void {
  const { session, recentSessions = RECENT_SESSIONS } = request;
  const end = lastIndexUpTo(bars.dates, session) + 1;
  const first = bars.dates[0];
  if (first === undefined || end === 0) return;
  const expected = calendar.between(first, session);
  const fresh = bars.dates[end - 1] === session;
  if (end === expected.length && fresh) return;
  const present = new Set(bars.dates);
  const missing = expected.filter((date) => date !== session && !present.has(date));
  if (missing.length === 0) return;
  const recentFrom = expected.at(-recentSessions) ?? first;
  const recent = missing.filter((date) => date >= recentFrom);
  findings.push({
    ticker: bars.ticker,
    date: missing.at(-1) ?? null,
    code: 'incomplete',
    blocksEntries: recent.length > 0,
    text: `${missing.length} of ${expected.length} sessions missing, ${recent.length} of them in the last ${recentSessions}`,
  });
}

/** The session calendar, remembering what it was asked: most symbols share their dates. */
class Calendar {
  readonly #days = new Map<CalendarDate, boolean>();
  readonly #spans = new Map<string, readonly CalendarDate[]>();

  has(date: CalendarDate): boolean {
    const known = this.#days.get(date) ?? sessionOf(date) !== null;
    this.#days.set(date, known);
    return known;
  }

  between(from: CalendarDate, to: CalendarDate): readonly CalendarDate[] {
    const known = this.#spans.get(from + to) ?? sessionsBetween(from, to).map(({ date }) => date);
    this.#spans.set(from + to, known);
    return known;
  }
}

/** Cleans all bars, and looks for what is late, missing or suspicious up to the session. */
export function validateBars(request: ValidationRequest): ValidatedBars {
  const { session } = request;
  const calendar = new Calendar();
  const findings: DataFinding[] = [];
  const clean: BarColumns[] = [];
  let rows = 0;
  for (const columns of request.bars) {
    const bars = cleaned(columns, calendar, findings);
    rows += columns.dates.length;
    if (bars.dates.length === 0) continue;
    clean.push(bars);
    findJumps(bars, findings);
    findGaps(bars, request, calendar, findings);
  }
  const byTicker = new Map(clean.map((bars) => [bars.ticker, bars]));
  for (const ticker of request.universe) {
    const dates = byTicker.get(ticker)?.dates ?? [];
    const last = dates[lastIndexUpTo(dates, session)];
    if (last === session) continue;
    const code = last === undefined ? 'no-bars' : 'not-fresh';
    const text = last === undefined ? 'there are no bars' : `the last bar is of ${last}, expected ${session}`;
    findings.push({ ticker, date: last ?? null, code, blocksEntries: true, text });
  }
  return { bars: clean, report: { session, symbols: clean.length, bars: rows, findings } };
}

/** The symbols that a report keeps entries from, each with the first reason. */
export function blockedSymbols(report: DataReport): ReadonlyMap<Ticker, DataFinding> {
  const blocked = new Map<Ticker, DataFinding>();
  for (const finding of report.findings) {
    if (finding.blocksEntries && !blocked.has(finding.ticker)) blocked.set(finding.ticker, finding);
  }
  return blocked;
}

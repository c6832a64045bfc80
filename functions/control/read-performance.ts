/** How the sessions went: figures of each and of all of them, kept for a while. */
import type { FactData } from '#events/catalogue.ts';
import { aggregateOf } from '#events/fact.ts';
import { approximateMoney, formatMoney, type Money, parseMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import { type CalendarDate, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { currentSession, lastCompletedSession, sessionBefore } from '#shared/core/market/session-calendar.ts';
import { type EquityPoint, metricsOf } from '#shared/core/report/metrics.ts';
import type { SessionRecord } from '#shared/ports/reconciliations.ts';
import { type ControlDependencies, done, operation, problemOutcome } from './operation.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';

const DAYS_DEFAULT = 20;

type Report = FactData<'session.reported.v1'>;

async function reportOf({ journal, accountId }: ControlDependencies, session: CalendarDate): Promise<Report | null> {
  const [fact] = await journal.latest(aggregateOf.report(accountId, session), 1);
  return fact === undefined || fact.type !== 'session.reported.v1' ? null : fact.data;
}

/** A session's own figures where reconciliation kept them, those of its report otherwise. */
interface SessionFigures {
  readonly session: CalendarDate;
  readonly closed: boolean;
  readonly start: Money | null;
  readonly end: Money | null;
  readonly record: SessionRecord | null;
  readonly report: Report | null;
}

async function figuresOf(dependencies: ControlDependencies, session: CalendarDate): Promise<SessionFigures | null> {
  const { reconciliations, accountId } = dependencies;
  const [record, report] = await Promise.all([
    reconciliations.session(accountId, session),
    reportOf(dependencies, session),
  ]);
  if (record === null && report === null) return null;
  const reported = (text: string | null | undefined): Money | null =>
    text === null || text === undefined ? null : parseMoney(text);
  return {
    session,
    closed: record?.end !== null && record !== null ? true : report !== null,
    start: record?.start.figures.equity ?? reported(report?.equityAtOpen),
    end: record?.end?.figures.equity ?? reported(report?.equity),
    record,
    report,
  };
}

/** The session that goes on has no end yet: what the account is worth now stands in. */
const withEnd = (figures: SessionFigures, current: CalendarDate | null, equity: Money | null): SessionFigures =>
  figures.end === null && figures.session === current ? { ...figures, end: equity } : figures;

const returnOf = (start: Money, end: Money): number | null =>
  approximateMoney(start) > 0 ? approximateMoney(end) / approximateMoney(start) - 1 : null;

const moneyOrNone = (value: Money | null | undefined): string | null =>
  value === null || value === undefined ? null : formatMoney(value);

function sessionView({ session, closed, start, end, record, report }: SessionFigures) {
  const whole = start !== null && end !== null;
  const figures = record?.end?.figures ?? null;
  return {
    session,
    closed,
    equity_at_open: moneyOrNone(start),
    equity: moneyOrNone(end),
    profit: whole ? formatMoney(subtractMoney(end, start)) : null,
    return: whole ? returnOf(start, end) : null,
    realized_profit: moneyOrNone(figures?.realizedProfit) ?? report?.realizedProfit ?? null,
    unrealized_profit: moneyOrNone(figures?.unrealizedProfit),
    positions: report?.positions ?? figures?.positions.length ?? null,
    cost: report?.cost ?? null,
    orders: report?.ordersToday ?? null,
    quarantined: report?.quarantined ?? null,
  };
}

/** @param sessions newest first */
function summaryOf(sessions: readonly SessionFigures[]) {
  const whole = sessions.flatMap(({ session, start, end }) =>
    start === null || end === null ? [] : [{ session, start, end }],
  );
  const [first, last] = [whole.at(-1), whole[0]];
  if (first === undefined || last === undefined) {
    return { sessions: 0, profit: null, total_return: null, volatility: null, sharpe: null, max_drawdown: null };
  }
  const points = whole
    .map(({ session, end }): EquityPoint => ({ session, equity: approximateMoney(end), invested: 0 }))
    .reverse();
  const startEquity = approximateMoney(first.start);
  const metrics = metricsOf({ startEquity, points, trades: [], tradedValue: 0, costs: 0 });
  return {
    sessions: whole.length,
    profit: formatMoney(subtractMoney(last.end, first.start)),
    total_return: metrics.totalReturn,
    volatility: metrics.volatility,
    sharpe: metrics.sharpe,
    max_drawdown: metrics.maxDrawdown,
  };
}

function lastSessions(from: CalendarDate, howMany: number): readonly CalendarDate[] {
  const sessions: CalendarDate[] = [];
  for (let session = from; sessions.length < howMany; session = sessionBefore(session).date) sessions.push(session);
  return sessions;
}

async function readPerformance(dependencies: ControlDependencies, howMany: number, now: EpochMs) {
  const { accountId, books } = dependencies;
  const current = currentSession(now)?.date ?? null;
  const dates = lastSessions(current ?? lastCompletedSession(now).date, howMany);
  const [found, exposure] = await Promise.all([
    Promise.all(dates.map((date) => figuresOf(dependencies, date))),
    books.exposure(accountId),
  ]);
  const known = found.flatMap((figures) =>
    figures === null ? [] : [withEnd(figures, current, exposure?.equity ?? null)],
  );
  return { as_of: formatEpochMs(now), days: howMany, summary: summaryOf(known), sessions: known.map(sessionView) };
}

type Performance = Awaited<ReturnType<typeof readPerformance>>;

interface Kept {
  readonly readAt: EpochMs;
  readonly performance: Performance;
}

/** By the journal that they were read from and the number of sessions. */
const answers = new WeakMap<ControlDependencies['journal'], Map<number, Kept>>();

export const getDailyPerformance = operation(
  READING_SCHEMAS.getDailyPerformance,
  async (dependencies, { now }, { query }) => {
    const { daysMax, keptMs } = dependencies.performance;
    const howMany = query.days ?? Math.min(DAYS_DEFAULT, daysMax);
    if (howMany > daysMax) {
      const detail = `expected at most ${daysMax} sessions (MAX_PERFORMANCE_DAYS)`;
      return problemOutcome(400, 'malformed', 'The request is malformed', detail, 'days');
    }
    const kept = answers.get(dependencies.journal) ?? new Map<number, Kept>();
    answers.set(dependencies.journal, kept);
    const earlier = kept.get(howMany);
    const isGood = earlier !== undefined && earlier.readAt <= now && now - earlier.readAt < keptMs;
    const answer = isGood ? earlier : { readAt: now, performance: await readPerformance(dependencies, howMany, now) };
    kept.set(howMany, answer);
    const leftS = Math.max(0, Math.floor((answer.readAt + keptMs - now) / 1000));
    return done(answer.performance, { 'cache-control': `private, max-age=${leftS}` });
  },
);

/** What a backtest came to: the figures of the JSON line, and the table that a person sees. */
import Table from 'cli-table3';
import { approximateMoney, type Money } from '#shared/core/kernel/decimal.ts';
import { type FunnelReport, refusedIn, type WhyNoTrade } from '#shared/core/report/funnel.ts';
import { type Metrics, metricsOf } from '#shared/core/report/metrics.ts';
import { type RoundTrip, roundTripsOf } from '#shared/core/report/round-trips.ts';
import type { LocalMarket } from '#infra/local/market/open-market.ts';
import { type FillFigures, fillFiguresOf, fillsTold } from './fill-choice.ts';
import type { BacktestRun } from './run-backtest.ts';

export interface BacktestSummary {
  readonly data: string;
  readonly from: string;
  readonly to: string;
  readonly symbols: number;
  readonly days: number;
  readonly bars: number;
  readonly strategies: readonly string[];
  readonly signals: number;
  readonly orders: number;
  readonly openTrades: number;
  readonly equity: number;
  readonly volatility: string;
  /** The model that its orders were filled by. */
  readonly fills: FillFigures;
  readonly decisionsSha256: string;
  readonly metrics: Metrics;
  readonly funnel: FunnelReport;
  /** Rows and symbols in which the validator found something, by its code. */
  readonly dirt: Readonly<Record<string, number>>;
  readonly dailyLossSessions: number;
  readonly elapsedMs: number;
  /** Time of all processors, of the whole process. */
  readonly cpuMs: number;
  readonly peakRssMb: number;
}

export interface BacktestReport {
  readonly summary: BacktestSummary;
  readonly trades: readonly RoundTrip[];
  readonly why: WhyNoTrade;
}

function dirtOf(run: BacktestRun, market: LocalMarket): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { ...market.dirt.counts };
  for (const { code } of run.dirt.findings) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

export function reportOf(
  run: BacktestRun,
  input: {
    readonly market: LocalMarket;
    readonly strategies: readonly string[];
    readonly cash: Money;
    readonly elapsedMs: number;
    readonly cpuMs: number;
    readonly peakRssMb: number;
  },
): BacktestReport {
  const { market, strategies, elapsedMs, cpuMs, peakRssMb } = input;
  const { closed, open } = roundTripsOf(run.executions);
  const slippage = run.executions.reduce((sum, { side, quantity, price, requestedPrice }) => {
    const worse = side === 'buy' ? price - requestedPrice : requestedPrice - price;
    return sum + worse * quantity;
  }, 0);
  const summary: BacktestSummary = {
    data: market.description,
    from: run.points[0]?.session ?? '',
    to: run.points.at(-1)?.session ?? '',
    symbols: market.instruments.length,
    days: run.points.length,
    bars: run.dirt.bars,
    strategies,
    signals: run.signals,
    orders: run.commands.filter(({ type, data }) => type === 'submit-order.v1' && data.runId !== null).length,
    openTrades: open,
    equity: run.points.at(-1)?.equity ?? approximateMoney(input.cash),
    volatility: run.volatilitySource,
    fills: fillFiguresOf(run.fills, run.limitOrders),
    decisionsSha256: run.decisionsSha256,
    metrics: metricsOf({
      startEquity: approximateMoney(input.cash),
      points: run.points,
      trades: closed,
      tradedValue: run.executions.reduce((sum, { quantity, price }) => sum + quantity * price, 0),
      costs: slippage + run.executions.reduce((sum, { commission }) => sum + commission, 0),
    }),
    funnel: run.funnel.report,
    dirt: dirtOf(run, market),
    dailyLossSessions: run.dailyLossSessions,
    elapsedMs,
    cpuMs,
    peakRssMb,
  };
  return { summary, trades: closed, why: run.funnel.why };
}

const NOT_KNOWN = 'N/A';
export const percent = (value: number | null): string => (value === null ? NOT_KNOWN : `${(value * 100).toFixed(2)} %`);
const plain = (value: number | null): string => (value === null ? NOT_KNOWN : value.toFixed(2));
export const dollars = (value: number | null): string =>
  value === null ? NOT_KNOWN : value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** The figures by name, for the table and for the page. */
export function figuresOf({ metrics: of, equity }: BacktestSummary): readonly (readonly [string, string])[] {
  return [
    ['equity', dollars(equity)],
    ['total return', percent(of.totalReturn)],
    ['annual return', percent(of.annualReturn)],
    ['volatility', percent(of.volatility)],
    ['Sharpe', plain(of.sharpe)],
    ['Sortino', plain(of.sortino)],
    ['Calmar', plain(of.calmar)],
    ['maximum drawdown', `${percent(of.maxDrawdown)} over ${of.maxDrawdownSessions ?? NOT_KNOWN} sessions`],
    ['trades', String(of.trades)],
    ['win rate', percent(of.winRate)],
    ['profit factor', plain(of.profitFactor)],
    ['average win', dollars(of.averageWin)],
    ['average loss', dollars(of.averageLoss)],
    ['holding', of.averageHoldingSessions === null ? NOT_KNOWN : `${plain(of.averageHoldingSessions)} sessions`],
    ['exposure', percent(of.exposure)],
    ['turnover a year', plain(of.turnover)],
    ['cost share', percent(of.costShare)],
  ];
}

const listed = (lines: readonly string[], between: string): string =>
  lines.length === 0 ? 'none' : lines.join(between);

export function backtestTable({ summary, why }: BacktestReport): string {
  const { total, codes } = summary.funnel;
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['market', `${summary.data}, ${summary.symbols} symbols, ${summary.from} to ${summary.to}, ${summary.days} days`],
    ['strategies', summary.strategies.join(', ')],
    ['volatility', summary.volatility === 'vix' ? 'VIX' : 'realised, of the universe itself'],
    ['fills', fillsTold(summary.fills)],
    ['signals', `${total.raw} looked at, ${total.executed} orders, ${refusedIn(total)} refused`],
    [
      'refusals',
      listed(
        codes.map(({ code, count }) => `${code} ${count}`),
        '\n',
      ),
    ],
    ['why no trade', why.headline],
    [
      'dirt',
      listed(
        Object.entries(summary.dirt).map(([code, count]) => `${code} ${count}`),
        ', ',
      ),
    ],
    ...figuresOf(summary).map(([name, value]) => [name, value]),
    [
      'daily loss',
      `${summary.dailyLossSessions} sessions lost as much as a day may; live the breaker waits for a person`,
    ],
    ['decisions', summary.decisionsSha256],
    ['time', `${summary.elapsedMs} ms, ${summary.peakRssMb} MB`],
  );
  return table.toString();
}

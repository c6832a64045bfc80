/** The report of a backtest as one page that stands alone. */
import { drawdowns, monthlyReturns } from '#shared/core/report/metrics.ts';
import { survivorsOf } from '#shared/core/report/funnel.ts';
import { barChart, escaped, lineChart, stageChart } from './report-charts.ts';
import type { BacktestRun } from './run-backtest.ts';
import { fillsTold } from './fill-choice.ts';
import { type BacktestReport, dollars, figuresOf, percent } from './summary.ts';
import { approximateMoney } from '#shared/core/kernel/decimal.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #d5dae0; --gain: #17803d; --loss: #c0392b; --plain: #2563a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #14171b; --faint: #363c44; --gain: #4cc274; --loss: #f07f70; --plain: #6fa8e8; } }
body { margin: 0 auto; padding: 24px; max-width: 1000px; background: var(--paper); color: var(--ink); font: 14px/1.5 system-ui, sans-serif; }
h1 { font-size: 22px; } h2 { font-size: 17px; margin-top: 32px; }
figure { margin: 20px 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; }
.grid { stroke: var(--faint); } polyline { fill: none; stroke-width: 1.6; }
polyline.gain { stroke: var(--gain); } polyline.loss { stroke: var(--loss); } polyline.plain { stroke: var(--plain); }
.gain.bar, .gain.area { fill: var(--gain); } .loss.bar, .loss.area { fill: var(--loss); } .plain.bar, .plain.area { fill: var(--plain); }
.area { opacity: 0.25; }
table { border-collapse: collapse; width: 100%; } th, td { padding: 3px 8px; text-align: left; border-bottom: 1px solid var(--faint); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 8px 24px; } dt { opacity: 0.7; } dd { margin: 0; font-weight: 600; }
`;

const TRADES_SHOWN_MAX = 200;

/** A cell that begins with a digit, a minus or N/A is a number. */
const cell = (text: string, tag: 'td' | 'th'): string =>
  `<${tag}${/^(-?[\d,.]+( %)?|N\/A)$/.test(text) ? ' class="number"' : ''}>${escaped(text)}</${tag}>`;

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><thead><tr>${head.map((text) => cell(text, 'th')).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((text) => cell(text, 'td')).join('')}</tr>`)
    .join('')}</tbody></table>`;

function charts({ summary, trades }: BacktestReport, { points, policy }: BacktestRun, startEquity: number): string {
  const labels = points.map(({ session }) => session);
  const months = monthlyReturns(startEquity, points);
  const profits = trades.map(({ netProfit }) => netProfit);
  return [
    lineChart({ title: 'Equity', labels, values: points.map(({ equity }) => equity), format: dollars, tone: 'plain' }),
    lineChart({
      title: 'Drawdown',
      labels,
      values: drawdowns(startEquity, points).map((value) => -value),
      format: percent,
      tone: 'loss',
      filled: true,
    }),
    barChart(
      'Monthly returns',
      months.map(({ month }) => month),
      months.map((month) => month.return),
      percent,
    ),
    lineChart({
      title: 'Exposure',
      labels,
      values: points.map(({ equity, invested }) => (equity > 0 ? invested / equity : 0)),
      format: percent,
      tone: 'plain',
      filled: true,
    }),
    barChart(
      'Trades by net profit, in the order of their end',
      trades.map(({ ticker, exitSession }) => `${ticker} ${exitSession}`),
      profits,
      dollars,
    ),
    stageChart(
      `Funnel under policy ${policy.version}: signals left after each stage`,
      survivorsOf(summary.funnel.total).map(({ stage, left }) => ({ name: stage, left })),
    ),
  ].join('');
}

/** @returns HTML that asks nothing of any other address */
export function backtestPage(report: BacktestReport, run: BacktestRun): string {
  const { summary, trades, why } = report;
  const startEquity = approximateMoney(run.policy.limits.grossExposureMax);
  const title = `Backtest of ${summary.strategies.join(', ')}`;
  const figures = figuresOf(summary).map(
    ([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`,
  );
  const missed = why.nearest.map(({ code, count, nearest }) => [
    code,
    String(count),
    `${nearest.ticker} ${nearest.asOf}`,
    nearest.actual ?? 'N/A',
    nearest.limit ?? 'N/A',
    nearest.wouldPassAt ?? 'N/A',
  ]);
  const shown = trades
    .slice(-TRADES_SHOWN_MAX)
    .map((trade) => [
      trade.ticker,
      trade.strategyId,
      trade.entrySession,
      trade.exitSession,
      String(trade.quantity),
      dollars(trade.entryPrice),
      dollars(trade.exitPrice),
      dollars(trade.slippage),
      dollars(trade.commission),
      dollars(trade.netProfit),
    ]);
  const head = ['symbol', 'strategy', 'from', 'to', 'shares', 'in', 'out', 'slippage', 'commission', 'net'];
  const period = `${summary.symbols} symbols, ${summary.from} to ${summary.to}, ${summary.days} sessions, ${summary.bars.toLocaleString('en-US')} bars.`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${escaped(period)} Volatility: ${summary.volatility === 'vix' ? 'VIX' : 'realised, of the universe itself'}. Fills: ${escaped(fillsTold(summary.fills))}.</p>
<dl>${figures.join('')}</dl>
${charts(report, run, startEquity)}
<h2>Why no trade</h2><p>${escaped(why.headline)}</p>
${tableOf(['refused for', 'times', 'nearest miss', 'actual', 'limit', 'would pass at'], missed)}
<h2>Trades</h2><p>The last ${shown.length} of ${trades.length}; ${summary.openTrades} more are open.</p>
${tableOf(head, shown)}
<p>Decisions ${summary.decisionsSha256}</p>
</body></html>
`;
}

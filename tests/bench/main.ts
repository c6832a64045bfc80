/** `npm run bench`: what the house costs, each figure as a ratio to what must be done anyway, in one run. */
import Table from 'cli-table3';
import { Bench } from 'tinybench';
import { openBrokerBench } from './broker.ts';
import { measureBacktests } from './backtest.ts';
import { measureClaims } from './claims.ts';
import { CONTESTS, plainSeries, requireEqualValues } from './indicator-libraries.ts';
import { type LoadFigures, measureControl } from './control.ts';
import { indicatorBench, longSeries, SESSIONS, strategyBench } from './indicators.ts';
import { countOrder } from '#tests/cost/order-cost.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { CALLS_MAX, WRITE_UNITS_MAX } from '#tests/cost/order-budget.ts';
import { measureSubmitPath } from './submit-path.ts';
import { openTablesBench } from './tables.ts';

interface Row {
  readonly what: string;
  readonly figure: string;
  readonly against: string;
  readonly ratio: number;
}

const fixed = (value: number): string => value.toFixed(value < 100 ? 2 : 0);

async function tablesRows(): Promise<readonly Row[]> {
  const bench = await openTablesBench(500);
  try {
    await bench.bench.run();
    return bench.ratios().map(({ operation, client, adapter }) => ({
      what: `tables: ${operation}`,
      figure: `the SDK's client ${fixed(client)} times a bare request`,
      against: 'the adapter, of a bare request',
      ratio: adapter,
    }));
  } finally {
    await bench.close();
  }
}

async function claimRows(): Promise<readonly Row[]> {
  const figures = await measureClaims(300);
  return [
    {
      what: 'claims',
      figure: `${fixed(figures.claimsPerSecond)} a second`,
      against: `${fixed(figures.bareTransactionsPerSecond)} bare transactions of seven items a second`,
      ratio: figures.ratio,
    },
  ];
}

async function submitRows(): Promise<readonly Row[]> {
  const figures = await measureSubmitPath(60, 100);
  return (['p50', 'p99'] as const).map((percentile) => ({
    what: `queue to acknowledged, ${percentile} of ${figures.orders} orders`,
    figure: `${fixed(figures.houseMs[percentile])} ms`,
    against: `${fixed(figures.bareMs[percentile])} ms for the bare calls`,
    ratio: figures.ratio[percentile],
  }));
}

const medianMs = (bench: Bench, task: string): number => {
  const result = bench.getTask(task)?.result;
  return result !== undefined && 'latency' in result ? result.latency.p50 : Number.NaN;
};

/** Against one plain pass over the column that adds its values up. */
async function indicatorRows(): Promise<readonly Row[]> {
  const bench = indicatorBench(300);
  const { close } = longSeries();
  const names = bench.tasks.map((task) => task.name);
  let total = 0;
  bench.add('one pass', () => {
    let sum = 0;
    for (let index = 0; index < close.length; index += 1) sum += close[index] ?? 0;
    total = sum;
  });
  await bench.run();
  const passMs = medianMs(bench, 'one pass');
  if (!Number.isFinite(total)) throw new Error('the pass added up to nothing');
  return names.map((name) => ({
    what: name.replace(': belay', ''),
    figure: `${fixed(SESSIONS / medianMs(bench, name) / 1000)} million values a second`,
    against: `${fixed(SESSIONS / passMs / 1000)} million a second in one plain pass`,
    ratio: medianMs(bench, name) / passMs,
  }));
}

/** How many times as fast as the fastest library: each over the same million sessions, with equal values asserted. */
async function libraryRows(): Promise<readonly Row[]> {
  const series = longSeries();
  const plain = plainSeries(series);
  const rows: Row[] = [];
  for (const contest of CONTESTS) {
    requireEqualValues(contest, series, plain);
    const bench = new Bench({
      name: contest.indicator,
      time: 300,
      iterations: 5,
      warmupTime: 100,
      warmupIterations: 1,
      throws: true,
    });
    bench.add('belay', () => void contest.own(series));
    for (const { library, compute } of contest.rivals) bench.add(library, () => void compute(plain));
    await bench.run();
    const libraries = contest.rivals
      .map(({ library }) => ({ library, ms: medianMs(bench, library) }))
      .sort((a, b) => a.ms - b.ms);
    const [fastest] = libraries;
    if (fastest === undefined) continue;
    const ownMs = medianMs(bench, 'belay');
    const speed = (ms: number): string => fixed(SESSIONS / ms / 1000);
    rows.push({
      what: `${contest.indicator}, times as fast as the fastest library`,
      figure: `${speed(ownMs)} million values a second`,
      against: libraries.map(({ library, ms }) => `${library} ${speed(ms)}`).join(', '),
      ratio: fastest.ms / ownMs,
    });
  }
  return rows;
}

/** What a backtest of all symbols may take on two cores. */
const BACKTEST_MS_MAX = 8_000;
const BACKTEST_MB_MAX = 1_000;

/** From the file on disk to the metrics; and the cost of a bar, which must not grow with the number of symbols. */
async function backtestRows(): Promise<readonly Row[]> {
  const { data, runs } = await measureBacktests([50, 150, 505]);
  const perBar = ({ cpuMs, bars }: (typeof runs)[number]): number => (cpuMs * 1000) / bars;
  const [first, last] = [runs[0], runs.at(-1)];
  if (first === undefined || last === undefined) return [];
  const named = `${last.symbols} symbols, ${last.days} days of ${data}, ${last.signals} signals`;
  return [
    {
      what: `backtest: ${named}`,
      figure: `${last.elapsedMs} ms, of the processors ${last.cpuMs} ms`,
      against: `${BACKTEST_MS_MAX} ms that it may take`,
      ratio: last.elapsedMs / BACKTEST_MS_MAX,
    },
    {
      what: 'backtest: most memory',
      figure: `${last.peakRssMb} MB`,
      against: `${BACKTEST_MB_MAX} MB that it may take`,
      ratio: last.peakRssMb / BACKTEST_MB_MAX,
    },
    ...runs.map((run) => ({
      what: `backtest: cost of a bar with ${run.symbols} symbols`,
      figure: `${fixed(perBar(run))} us of the processors, ${run.elapsedMs} ms in all`,
      against: `${fixed(perBar(first))} us with ${first.symbols} symbols`,
      ratio: perBar(run) / perBar(first),
    })),
  ];
}

/** All strategies over all sessions: the cost of a symbol must not grow with their number. */
async function strategyRows(): Promise<readonly Row[]> {
  const bench = strategyBench(300);
  await bench.run();
  const counts = bench.tasks.map((task) => ({ name: task.name, symbols: Number(/\d+/.exec(task.name)?.[0]) }));
  const perSymbolMs = ({ name, symbols }: { name: string; symbols: number }): number => medianMs(bench, name) / symbols;
  const [first] = counts;
  if (first === undefined) return [];
  return counts.map((count) => ({
    what: count.name.replace(': belay', ''),
    figure: `${fixed(medianMs(bench, count.name))} ms, ${fixed(perSymbolMs(count))} ms a symbol`,
    against: `${fixed(perSymbolMs(first))} ms a symbol with ${first.symbols}`,
    ratio: perSymbolMs(count) / perSymbolMs(first),
  }));
}

/** Orders a second that the matching core must pass. */
const CORE_ORDERS_PER_SECOND_MIN = 100_000;

async function brokerRows(): Promise<readonly Row[]> {
  const bench = await openBrokerBench(1_000);
  try {
    await bench.bench.run();
    const { coreOrdersPerSecond, httpOrdersPerSecond, bareRequestsPerSecond, httpRatio } = bench.figures();
    return [
      {
        what: 'broker: orders through the matching core',
        figure: `${fixed(coreOrdersPerSecond)} a second`,
        against: `${CORE_ORDERS_PER_SECOND_MIN} a second that are asked for`,
        ratio: coreOrdersPerSecond / CORE_ORDERS_PER_SECOND_MIN,
      },
      {
        what: 'broker: orders over HTTP',
        figure: `${fixed(httpOrdersPerSecond)} a second`,
        against: `${fixed(bareRequestsPerSecond)} requests a second that a bare server answers`,
        ratio: httpRatio,
      },
    ];
  } finally {
    await bench.close();
  }
}

/** Counted, not timed: the ratio is to what the budget allows. */
async function orderRows(): Promise<readonly Row[]> {
  const { calls, writeUnitsInAll, wholeLife, dollars, dollarsOfWrites } = await countOrder(
    new MemoryTables({ clock: systemClock }),
  );
  return [
    {
      what: 'order: calls to the outside, claim to filled',
      figure: `${calls.length} of ${wholeLife.calls} in its whole life`,
      against: `${CALLS_MAX} that the budget allows`,
      ratio: calls.length / CALLS_MAX,
    },
    {
      what: 'order: write units, claim to filled',
      figure: `${writeUnitsInAll} of ${wholeLife.writeUnits} in its whole life`,
      against: `${WRITE_UNITS_MAX} that the budget allows`,
      ratio: writeUnitsInAll / WRITE_UNITS_MAX,
    },
    {
      what: 'order: cost, from its lane to the fill',
      figure: `$${dollars.toFixed(7)}, $${(dollars * 1e6).toFixed(2)} for a million`,
      against: `$${dollarsOfWrites.toFixed(7)} of it for writes`,
      ratio: dollars / dollarsOfWrites,
    },
  ];
}

const told = (answers: LoadFigures['answers']): string =>
  Object.entries(answers)
    .map(([status, count]) => `${count} answers ${status}`)
    .join(', ');

async function controlRows(): Promise<readonly Row[]> {
  const figures = await measureControl(2_000);
  const { bare } = figures;
  const against = `${fixed(bare.perSecond)} a second, p50 ${bare.p50Ms} ms, p99 ${bare.p99Ms} ms of the gateway alone`;
  const shown = (what: string, load: LoadFigures): Row => ({
    what: `control: ${what}`,
    figure: `${fixed(load.perSecond)} a second, p50 ${load.p50Ms} ms, p99 ${load.p99Ms} ms: ${told(load.answers)}`,
    against,
    ratio: bare.perSecond / load.perSecond,
  });
  return [
    shown('reads', figures.reads),
    shown('submits', figures.submits),
    shown('ten times the limit of submits', figures.submitsBeyond),
    shown('ten times the limit of reads', figures.readsBeyond),
  ];
}

const SECTIONS: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  tables: tablesRows,
  claims: claimRows,
  submit: submitRows,
  order: orderRows,
  broker: brokerRows,
  control: controlRows,
  indicators: indicatorRows,
  strategies: strategyRows,
  libraries: libraryRows,
  backtest: backtestRows,
};

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = wanted.filter((name) => !(name in SECTIONS));
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(', ')}: ${Object.keys(SECTIONS).join(', ')}`);
  process.exit(2);
}

const rows: Row[] = [];
for (const [name, measure] of Object.entries(SECTIONS)) {
  if (wanted.length === 0 || wanted.includes(name)) rows.push(...(await measure()));
}
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: rows }));
} else {
  const table = new Table({ head: ['what', 'figure', 'against', 'ratio'], style: { head: [], border: [] } });
  for (const row of rows) table.push([row.what, row.figure, row.against, fixed(row.ratio)]);
  console.log(table.toString());
}

/** One page for a person who asks how the house is. */
import { Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
  PeriodOverride,
  SingleValueWidget,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Watched } from '#infra/cloud/alarms.ts';
import { highest, roomMetric, total } from '#infra/cloud/house-metrics.ts';
import { LANE_NAMES } from '#infra/cloud/rooms.ts';
import { type MetricDescription, METRICS } from '#shared/runtime/metric-names.ts';

const PERCENTILES = ['p50', 'p95', 'p99'] as const;
/** A dashboard is 24 wide. */
const THIRD = 8;
const HALF = 12;

const graph = (title: string, left: readonly IMetric[], width = THIRD): IWidget =>
  new GraphWidget({ title, left: [...left], width, height: 6, liveData: true });

const perSecond = (counted: IMetric, label: string): IMetric =>
  new MathExpression({
    expression: 'counted / PERIOD(counted)',
    usingMetrics: { counted },
    period: Duration.minutes(1),
    label,
  });

const beats = ({ environment }: Watched): readonly IMetric[] => {
  const beat: MetricDescription | undefined = METRICS.find((metric) => metric.name === 'Heartbeat');
  return (beat?.rooms ?? []).map((room) => roomMetric(environment, 'Heartbeat', room, Stats.SUM).with({ label: room }));
};

function loopRow(watched: Watched): IWidget[] {
  const { environment, flow } = watched;
  const lanes = LANE_NAMES.map((name) => flow.parts.lanes[name].queue);
  return [
    graph('Heartbeat of the loop', beats(watched)),
    graph('Commands waiting on the lanes', [
      ...lanes.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1) })),
      ...lanes.map((queue) => queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1) })),
    ]),
    graph('Connection to the broker, age of reconciliation (s)', [
      highest(environment, 'StreamConnected'),
      highest(environment, 'ReconciliationAgeS'),
    ]),
  ];
}

function speedRow({ environment, flow, edge }: Watched): IWidget[] {
  const latency = PERCENTILES.map((percentile) => roomMetric(environment, 'SubmitLatencyMs', 'execute', percentile));
  const call = PERCENTILES.map((percentile) => roomMetric(environment, 'BrokerCallMs', 'execute', percentile));
  const execute = flow.rooms.filter(({ row }) => row.room === 'execute' && row.entry === 'handler');
  const durations = execute.flatMap(({ lambda }) =>
    PERCENTILES.map((statistic) =>
      lambda.metricDuration({ statistic, period: Duration.minutes(1), label: `execute ${statistic}` }),
    ),
  );
  return [
    graph("Command to the broker's answer (ms)", latency),
    graph('Execution time and broker calls (ms)', [...durations, ...call]),
    graph(
      'HTTP API (ms)',
      PERCENTILES.map((statistic) => edge.stage.metricLatency({ statistic, period: Duration.minutes(1) })),
    ),
  ];
}

function tradingRow({ environment }: Watched): IWidget[] {
  return [
    graph('Orders', [
      total(environment, 'OrdersSubmitted'),
      total(environment, 'OrdersFilled'),
      total(environment, 'OrdersCanceled'),
      total(environment, 'OrdersRejected'),
      total(environment, 'OrdersRefused'),
      total(environment, 'OrdersHeldBack'),
      total(environment, 'OrderAlarms'),
      highest(environment, 'OrdersUnknown'),
    ]),
    graph('Positions opened and closed, stops', [
      total(environment, 'PositionsOpened'),
      total(environment, 'PositionsClosed'),
      total(environment, 'StopsTriggered'),
    ]),
    graph('Longest time without a resting stop (s)', [highest(environment, 'NakedSeconds')]),
    graph('Facts published a second', [perSecond(total(environment, 'EventsPublished'), 'facts a second')]),
  ];
}

function moneyRow({ environment }: Watched): IWidget[] {
  return [
    graph('Value', [highest(environment, 'Equity')], HALF / 2),
    graph('Profit and loss of the session', [highest(environment, 'ProfitAndLoss')], HALF / 2),
    graph('Use of limits (%)', [highest(environment, 'LimitUse')], HALF / 2),
    graph('Drawdown (%)', [highest(environment, 'Drawdown')], HALF / 2),
  ];
}

const stateRow = ({ environment }: Watched): IWidget[] => [
  new SingleValueWidget({
    title: 'Safety',
    width: 24,
    height: 3,
    metrics: [
      highest(environment, 'BreakerTripped'),
      highest(environment, 'KillSwitchEngaged'),
      highest(environment, 'TradingDegraded'),
      highest(environment, 'OrdersUnknown'),
      highest(environment, 'PositionMismatches'),
      highest(environment, 'ReconciliationAgeS'),
    ],
  }),
];

export function makeDashboard(scope: Construct, watched: Watched): Dashboard {
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: `belay-${watched.environment}`,
    defaultInterval: Duration.hours(8),
    periodOverride: PeriodOverride.INHERIT,
    widgets: [stateRow(watched), loopRow(watched), speedRow(watched), tradingRow(watched), moneyRow(watched)],
  });
}

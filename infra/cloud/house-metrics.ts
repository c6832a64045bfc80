/** The house's own metrics as CloudWatch sees them: one metric over all rooms that write it. */
import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { EnvironmentName } from '#infra/environments.ts';
import { type MetricDescription, type MetricName, METRICS } from '#shared/runtime/metric-names.ts';

const METRIC_NAMESPACE = 'Belay';

const described = (name: MetricName): MetricDescription => {
  const found = METRICS.find((metric) => metric.name === name);
  if (found === undefined) throw new RangeError(`${name} is not in the list of metrics`);
  return found;
};

/** The metric as one room writes it, told apart by a reason where one is given. */
export const roomMetric = (
  environment: EnvironmentName,
  name: MetricName,
  room: string,
  statistic: string,
  periodS = 60,
  reason: string | null = null,
): Metric =>
  new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: name,
    dimensionsMap: { service: room, environment, ...(reason === null ? {} : { reason }) },
    statistic,
    period: Duration.seconds(periodS),
    label: `${name} ${statistic}`,
  });

function overRooms(environment: EnvironmentName, name: MetricName, aggregate: 'SUM' | 'MAX', periodS: number): IMetric {
  const statistic = aggregate === 'SUM' ? Stats.SUM : Stats.MAXIMUM;
  const { rooms } = described(name);
  // One id, one metric, over a whole graph.
  const parts = rooms.map(
    (room, index) =>
      [`${aggregate.toLowerCase()}${name}${index}`, roomMetric(environment, name, room, statistic, periodS)] as const,
  );
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only[1].with({ label: name });
  return new MathExpression({
    expression: `${aggregate}([${parts.map(([id]) => id).join(', ')}])`,
    usingMetrics: Object.fromEntries(parts),
    period: Duration.seconds(periodS),
    label: name,
  });
}

/** How many in each period, all rooms added up. */
export const total = (environment: EnvironmentName, name: MetricName, periodS = 60): IMetric =>
  overRooms(environment, name, 'SUM', periodS);

/** The highest level that any room saw in each period. */
export const highest = (environment: EnvironmentName, name: MetricName, periodS = 60): IMetric =>
  overRooms(environment, name, 'MAX', periodS);

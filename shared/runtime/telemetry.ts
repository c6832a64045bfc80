/** Structured logs and metrics of one room: one JSON line a log, metrics in CloudWatch's embedded format. */
import { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import type { LogFields, Telemetry } from '#shared/ports/telemetry.ts';
import { METRICS } from '#shared/runtime/metric-names.ts';

export interface RoomTelemetry extends Telemetry {
  /** Starts an invocation: its id on every line until the next. */
  begin(context: Context, correlationId: string | null): void;
  /** Writes the metrics of the invocation out. */
  end(): void;
}

const given = (fields: LogFields | undefined): Record<string, string | number | boolean | null> => {
  const present: Record<string, string | number | boolean | null> = {};
  for (const [key, value] of Object.entries(fields ?? {})) if (value !== undefined) present[key] = value;
  return present;
};

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

const unitOf = (metric: string): Unit => {
  const unit = METRICS.find((known) => known.name === metric)?.unit;
  if (unit === undefined) throw new RangeError(`${metric} is not in the list of metrics`);
  switch (unit) {
    case 'Count':
      return MetricUnit.Count;
    case 'Milliseconds':
      return MetricUnit.Milliseconds;
    case 'Seconds':
      return MetricUnit.Seconds;
    case 'None':
      return MetricUnit.NoUnit;
    case 'Percent':
      return MetricUnit.Percent;
  }
};

export function roomTelemetry(room: string, environment: string): RoomTelemetry {
  const logger = new Logger({ serviceName: `belay.${room}` });
  const metrics = new Metrics({ namespace: 'Belay', serviceName: room, defaultDimensions: { environment } });
  const record = (metric: string, value: number): void => {
    metrics.addMetric(metric, unitOf(metric), value);
  };
  return {
    begin(context, correlationId) {
      logger.resetKeys();
      logger.addContext(context);
      if (correlationId !== null) logger.appendKeys({ correlationId });
    },
    end() {
      metrics.publishStoredMetrics();
    },
    info: (message, fields) => logger.info(message, given(fields)),
    warn: (message, fields) => logger.warn(message, given(fields)),
    error: (message, fields, cause) =>
      logger.error(message, cause instanceof Error ? { ...given(fields), error: cause } : given(fields)),
    count: (metric, value = 1) => record(metric, value),
    measure: record,
    measureFor(metric, reason, value) {
      metrics.singleMetric().addDimension('reason', reason).addMetric(metric, unitOf(metric), value);
    },
  };
}

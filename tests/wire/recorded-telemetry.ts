/** A telemetry that keeps what it is told. */
import type { LogFields, Telemetry } from '#shared/ports/telemetry.ts';
import { METRICS } from '#shared/runtime/metric-names.ts';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
  readonly cause: unknown;
}

interface KeptMetric {
  readonly metric: string;
  readonly values: readonly number[];
  /** Null where it was told without one. */
  readonly reason: string | null;
}

export interface RecordedTelemetry extends Telemetry {
  readonly lines: readonly LogLine[];
  /** Names that were counted, as often as they were. */
  readonly counts: readonly string[];
  /** All that was counted and measured. */
  readonly metrics: readonly KeptMetric[];
}

const LISTED: ReadonlySet<string> = new Set(METRICS.map(({ name }) => name));

export function recordedTelemetry(): RecordedTelemetry {
  const lines: LogLine[] = [];
  const counts: string[] = [];
  const metrics: KeptMetric[] = [];
  const keep = (metric: string, value: number, reason: string | null): void => {
    if (!LISTED.has(metric)) throw new RangeError(`${metric} is not in the list of metrics`);
    metrics.push({ metric, values: [value], reason });
  };
  const write =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}, cause?: unknown): void => {
      const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
      lines.push({ level, message, fields: given, cause });
    };
  return {
    lines,
    counts,
    metrics,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    count: (name, value = 1) => {
      keep(name, value, null);
      counts.push(name);
    },
    measure: (name, value) => keep(name, value, null),
    measureFor: (name, reason, value) => keep(name, value, reason),
  };
}

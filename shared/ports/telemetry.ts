/** What a workflow says for people who look later: log lines with fields, and metrics. Never a secret. */

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Telemetry {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields, cause?: unknown): void;
  /** Adds to a metric of the list in runtime/metric-names. */
  count(metric: string, value?: number): void;
  /** Records a duration in milliseconds, or another level, of the list in runtime/metric-names. */
  measure(metric: string, value: number): void;
  /** As `measure`, told apart by one more dimension, `reason`: each reason can then have an alarm of its own. */
  measureFor(metric: string, reason: string, value: number): void;
}

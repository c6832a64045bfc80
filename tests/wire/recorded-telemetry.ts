/** A telemetry that keeps what it is told. */
import type { LogFields, Telemetry } from '#shared/ports/telemetry.ts';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
  readonly cause: unknown;
}

export interface RecordedTelemetry extends Telemetry {
  readonly lines: readonly LogLine[];
  /** Names that were counted, as often as they were. */
  readonly counts: readonly string[];
}

export function recordedTelemetry(): RecordedTelemetry {
  const lines: LogLine[] = [];
  const counts: string[] = [];
  const write =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}, cause?: unknown): void => {
      lines.push({ level, message, fields, cause });
    };
  return {
    lines,
    counts,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    count: (name) => {
      counts.push(name);
    },
    measure: () => undefined,
    measureFor: () => undefined,
  };
}

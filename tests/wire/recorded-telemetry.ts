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
}

export function recordedTelemetry(): RecordedTelemetry {
  const lines: LogLine[] = [];
  const write =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}, cause?: unknown): void => {
      lines.push({ level, message, fields, cause });
    };
  return {
    lines,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    count: () => undefined,
    measure: () => undefined,
    measureFor: () => undefined,
  };
}

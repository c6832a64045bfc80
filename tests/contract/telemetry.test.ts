/** What every telemetry makes of what a workflow says: the one that writes for CloudWatch, and the one that keeps it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { METRICS } from '#shared/runtime/metric-names.ts';
import { roomTelemetry } from '#shared/runtime/telemetry.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';

interface Said {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: string | null;
}

interface Measured {
  readonly metric: string;
  readonly values: readonly number[];
  readonly reason: string | null;
}

interface Heard {
  readonly telemetry: Telemetry;
  readonly lines: () => readonly Said[];
  readonly metrics: () => readonly Measured[];
}

const ADDED_BY_THE_LOGGER = new Set([
  'level',
  'message',
  'timestamp',
  'service',
  'sampling_rate',
  'error',
  'xray_trace_id',
]);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function recordOf(text: unknown): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(String(text));
  if (!isRecord(value)) throw new Error(`a line is no object: ${String(text)}`);
  return value;
}

function saidOf(line: Readonly<Record<string, unknown>>): Said {
  const { level, message, error } = line;
  return {
    level: String(level).toLowerCase(),
    message: String(message),
    fields: Object.fromEntries(Object.entries(line).filter(([name]) => !ADDED_BY_THE_LOGGER.has(name))),
    cause: isRecord(error) ? String(error['message']) : null,
  };
}

const measuredOf = (line: Readonly<Record<string, unknown>>): readonly Measured[] =>
  METRICS.flatMap(({ name }) => {
    const { [name]: value, reason } = line;
    if (value === undefined) return [];
    const values = (Array.isArray(value) ? value : [value]).map(Number);
    return [{ metric: name, values, reason: typeof reason === 'string' ? reason : null }];
  });

/** Reads the lines that it writes to the console and to the standard output. */
function forCloudWatch(): Heard {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const hear = (text: unknown): true => {
    for (const line of String(text).trim().split('\n')) lines.push(recordOf(line));
    return true;
  };
  // Its metrics end a line on the output; its log lines go through a console of its own, to both outputs.
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  vi.spyOn(process.stderr, 'write').mockImplementation(hear);
  const telemetry = roomTelemetry('execute', 'paper');
  return {
    telemetry,
    lines: () => lines.filter((line) => 'level' in line).map(saidOf),
    metrics: () => {
      telemetry.end();
      return lines.flatMap(measuredOf);
    },
  };
}

function kept(): Heard {
  const telemetry = recordedTelemetry();
  return {
    telemetry,
    lines: () =>
      telemetry.lines.map(({ level, message, fields, cause }) => ({
        level,
        message,
        fields,
        cause: cause instanceof Error ? cause.message : null,
      })),
    metrics: () => telemetry.metrics,
  };
}

afterEach(() => vi.restoreAllMocks());

describe.each<[string, () => Heard]>([
  ['CloudWatch', forCloudWatch],
  ['memory', kept],
])('the telemetry for %s', (_, open) => {
  it('says each line at its level, with the fields that have a value', () => {
    const { telemetry, lines } = open();
    telemetry.info('began', { symbol: 'AAPL', attempt: 2, last: false, none: undefined });
    telemetry.warn('slow');
    telemetry.error('broken', { code: 'x' }, new Error('the cause'));
    expect(lines()).toEqual([
      {
        level: 'info',
        message: 'began',
        fields: { symbol: 'AAPL', attempt: 2, last: false },
        cause: null,
      },
      { level: 'warn', message: 'slow', fields: {}, cause: null },
      { level: 'error', message: 'broken', fields: { code: 'x' }, cause: 'the cause' },
    ]);
  });

  it('counts by one unless it is told how many, and keeps each level', () => {
    const { telemetry, metrics } = open();
    telemetry.count('OrdersSubmitted');
    telemetry.count('OrdersSubmitted', 3);
    telemetry.measure('BrokerCallMs', 12.5);
    const all = metrics();
    expect(all.filter(({ metric }) => metric === 'OrdersSubmitted').flatMap(({ values }) => values)).toEqual([1, 3]);
    expect(all.filter(({ metric }) => metric === 'BrokerCallMs').flatMap(({ values }) => values)).toEqual([12.5]);
  });

  it('tells a level apart by its reason', () => {
    const { telemetry, metrics } = open();
    telemetry.measureFor('BreakerTripped', 'daily-loss', 1);
    telemetry.measure('BreakerTripped', 0);
    expect(metrics().filter(({ metric }) => metric === 'BreakerTripped')).toEqual([
      { metric: 'BreakerTripped', values: [1], reason: 'daily-loss' },
      { metric: 'BreakerTripped', values: [0], reason: null },
    ]);
  });

  it('refuses a metric that nobody has listed, however it is told', () => {
    const { telemetry } = open();
    for (const tell of [
      () => telemetry.count('Nonsense'),
      () => telemetry.measure('Nonsense', 1),
      () => telemetry.measureFor('Nonsense', 'why', 1),
    ]) {
      expect(tell).toThrow('Nonsense is not in the list of metrics');
    }
  });
});

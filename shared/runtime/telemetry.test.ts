import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { roomTelemetry } from './telemetry.ts';

afterEach(() => vi.restoreAllMocks());

const written = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.tuple([z.object({ Namespace: z.string(), Dimensions: z.array(z.array(z.string())) })]),
  }),
});

/** The lines in CloudWatch's embedded format that the work writes. */
function linesOf(work: () => void): readonly z.output<typeof written>[] {
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
  work();
  return lines.map((line) => written.parse(JSON.parse(line)));
}

describe('a metric', () => {
  it('is told apart by a reason beside room and environment', () => {
    const telemetry = roomTelemetry('protect', 'paper');
    const [line, ...more] = linesOf(() => telemetry.measureFor('BreakerTripped', 'daily-loss', 1));
    expect(more).toEqual([]);
    expect(line).toMatchObject({ service: 'protect', environment: 'paper', reason: 'daily-loss', BreakerTripped: 1 });
    expect(line?._aws.CloudWatchMetrics[0].Dimensions.map((names) => [...names].sort())).toEqual([
      ['environment', 'reason', 'service'],
    ]);
  });

  it('keeps its reason from the metrics of the invocation', () => {
    const telemetry = roomTelemetry('protect', 'paper');
    const lines = linesOf(() => {
      telemetry.measureFor('BreakerTripped', 'daily-loss', 1);
      telemetry.measure('BreakerTripped', 1);
      telemetry.end();
    });
    expect(lines.map((line) => line['reason'] ?? 'none')).toEqual(['daily-loss', 'none']);
  });

  it('is refused when nobody has listed it', () => {
    expect(() => roomTelemetry('protect', 'paper').measureFor('Nonsense', 'daily-loss', 1)).toThrow(
      'Nonsense is not in the list of metrics',
    );
  });
});

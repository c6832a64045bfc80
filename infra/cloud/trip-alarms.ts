/** One alarm for each cause that trips the breaker, so that who is called knows why before he looks. */
import { ComparisonOperator, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmRow } from '#infra/cloud/alarms.ts';
import { roomMetric } from '#infra/cloud/house-metrics.ts';
import type { EnvironmentName } from '#infra/environments.ts';

/** What each says; a test holds the causes to those of the monitor. */
export const TRIP_ALARMS = {
  'daily-loss': 'The account lost more since the session began than its policy allows in a day.',
  'daily-drawdown': "The account fell further from the session's highest value than its policy allows.",
  'peak-drawdown': 'The account fell further from the highest value that it ever had than its policy allows.',
  'market-data-stale': 'No quote has arrived for longer than the policy allows while the session is open.',
  'broker-error-rate': 'Too large a part of the requests to the broker fails.',
  'consecutive-failures': 'Too many orders in a row failed.',
  rejections: 'The broker rejected too large a part of the orders.',
  'reconciliation-stale': 'No reconciliation pass has succeeded for longer than the monitor allows.',
  'reconciliation-failed': 'Too many reconciliation passes in a row compared nothing.',
  'unknown-order-old': 'The fate of an order has been unknown for longer than the policy allows.',
  unreadable: "The account's breaker is in no state that can be read, which counts as tripped.",
  'clock-skew': "The house's clock and the broker's differ by more than the policy allows.",
} as const satisfies Readonly<Record<string, string>>;

/** Protect tells the tripped breaker by its cause, each minute of a session for as long as it is tripped. */
export const tripAlarms = (environment: EnvironmentName): readonly AlarmRow[] =>
  Object.entries(TRIP_ALARMS).map(([cause, says]) => ({
    name: `tripped-by-${cause}`,
    runbook: `tripped-by-${cause}`,
    says: `${says} The circuit breaker is tripped: only orders that take risk off pass.`,
    metric: roomMetric(environment, 'BreakerTripped', 'protect', Stats.MAXIMUM, 60, cause),
    threshold: 1,
    comparison: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    periods: 1,
  }));

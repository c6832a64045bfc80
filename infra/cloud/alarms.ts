/** What calls a person. Every alarm names its runbook; what is not data yet is no alarm. */
import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { FunctionRoom } from '#infra/cloud/constructs/function-room.ts';
import type { EdgeStack } from '#infra/cloud/edge-stack.ts';
import type { FlowStack } from '#infra/cloud/flow-stack.ts';
import { highest, roomMetric, total } from '#infra/cloud/house-metrics.ts';
import { tripAlarms } from '#infra/cloud/trip-alarms.ts';
import { LANE_NAMES, type LaneName } from '#infra/cloud/rooms.ts';
import type { EnvironmentName } from '#infra/environments.ts';

export interface AlarmRow {
  /** Unique in its environment, kebab-case; part of the alarm's name. */
  readonly name: string;
  /** Page in docs/runbooks, without its ending. */
  readonly runbook: string;
  readonly says: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly comparison: ComparisonOperator;
  /** Periods in a row that must breach. */
  readonly periods: number;
}

export interface Watched {
  readonly environment: EnvironmentName;
  readonly flow: FlowStack;
  readonly edge: EdgeStack;
  /** Critical facts that could not be told. */
  readonly untold: Queue;
}

const AT_LEAST = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
const LANE_AGE_MAX_S: Readonly<Record<LaneName, number>> = { orders: 120, urgent: 30 };
/** As the claim's own limit: past it, nothing that increases risk is claimed. */
const RECONCILIATION_AGE_MAX_S = 180;

/** As the first policy's `stops.nakedMsMax`, and one look more. */
const NAKED_MAX_S = 180;

const PUBLISH_AGE_MAX_S = 60;

const anyOf = (name: string, runbook: string, says: string, metric: IMetric): AlarmRow => ({
  name,
  runbook,
  says,
  metric,
  threshold: 1,
  comparison: AT_LEAST,
  periods: 1,
});

function safetyAlarms({ environment }: Watched): readonly AlarmRow[] {
  return [
    anyOf(
      'breaker-tripped',
      'breaker-tripped',
      'The circuit breaker is tripped: only orders that take risk off pass.',
      highest(environment, 'BreakerTripped'),
    ),
    anyOf(
      'kill-switch-engaged',
      'kill-switch-engaged',
      "A kill switch is engaged: nothing is sent but cancels and an operator's flatten.",
      highest(environment, 'KillSwitchEngaged'),
    ),
    ...tripAlarms(environment),
    anyOf(
      'trading-degraded',
      'trading-degraded',
      'The account is REDUCING or HALTED: something that it rests on does not work, or a person said so.',
      highest(environment, 'TradingDegraded'),
    ),
    anyOf(
      'unknown-orders',
      'unknown-orders',
      'It is not known whether the broker has an order; its exposure stays reserved and its symbol takes no entries.',
      highest(environment, 'OrdersUnknown'),
    ),
    anyOf(
      'order-alarms',
      'order-alarms',
      'An order did what none must do: its id came with other terms, is taken at the broker, or it came back to life.',
      total(environment, 'OrderAlarms'),
    ),
    {
      name: 'stale-reconciliation',
      runbook: 'stale-reconciliation',
      says: 'The last complete reconciliation pass is too old: the gate has closed itself.',
      metric: highest(environment, 'ReconciliationAgeS'),
      threshold: RECONCILIATION_AGE_MAX_S,
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      periods: 2,
    },
    {
      name: 'unprotected-position',
      runbook: 'unprotected-position',
      says: 'A position has had no resting stop at the broker for longer than it may.',
      metric: highest(environment, 'NakedSeconds'),
      threshold: NAKED_MAX_S,
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      periods: 1,
    },
    anyOf(
      'position-mismatch',
      'position-mismatch',
      'The books and the broker hold different positions; the symbols are quarantined.',
      highest(environment, 'PositionMismatches'),
    ),
    silence(environment),
  ];
}

/**
 * Hours that are in session in winter and summer, in UTC: CloudWatch knows no other clock. On holidays the room beats
 * too, since it is the room that refuses the slot.
 */
const silence = (environment: EnvironmentName): AlarmRow => ({
  name: 'silent-loop',
  runbook: 'silent-loop',
  says: 'The reconciler did not beat for ten minutes in session hours: schedules do not arrive.',
  metric: new MathExpression({
    expression: 'IF(DAY(beat) < 6 AND HOUR(beat) >= 15 AND HOUR(beat) < 20, FILL(beat, 0), 1)',
    usingMetrics: { beat: roomMetric(environment, 'Heartbeat', 'reconcile', Stats.SUM, 300) },
    period: Duration.minutes(5),
    label: 'heartbeats in session',
  }),
  threshold: 1,
  comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
  periods: 2,
});

const waiting = (queue: Queue): IMetric =>
  queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: Stats.MAXIMUM });

function laneAlarms({ flow }: Watched): readonly AlarmRow[] {
  return LANE_NAMES.flatMap((name) => {
    const { queue, deadLetters } = flow.parts.lanes[name];
    return [
      {
        name: `${name}-oldest-message`,
        runbook: 'queue-age',
        says: `A command has waited on the lane ${name} for more than ${LANE_AGE_MAX_S[name]} s.`,
        metric: queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1), statistic: Stats.MAXIMUM }),
        threshold: LANE_AGE_MAX_S[name],
        comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
        periods: 1,
      },
      anyOf(
        `${name}-dead-letters`,
        'dead-letters',
        `A command of the lane ${name} failed for good and its consumer has not ended it yet.`,
        waiting(deadLetters),
      ),
    ];
  });
}

/** The consumer empties the dead letters within seconds, so that their number alone would hide them. */
const buried = (rooms: readonly FunctionRoom[]): readonly AlarmRow[] =>
  rooms
    .filter((room) => room.row.buries.length > 0)
    .map((room) =>
      anyOf(
        'commands-buried',
        'dead-letters',
        'A command failed for good; its order was ended or is watched, and a fact says which.',
        room.lambda.metricInvocations({ period: Duration.minutes(1), statistic: Stats.SUM }),
      ),
    );

const SCHEDULER_FAILURES = ['TargetErrorCount', 'InvocationDroppedCount', 'InvocationsFailedToBeSentToDeadLetterCount'];

function deliveryAlarms({ flow, edge, untold }: Watched): readonly AlarmRow[] {
  const failures = SCHEDULER_FAILURES.map(
    (metricName) =>
      new Metric({
        namespace: 'AWS/Scheduler',
        metricName,
        dimensionsMap: { ScheduleGroup: flow.schedules.group.scheduleGroupName },
        statistic: Stats.SUM,
        period: Duration.minutes(1),
      }),
  );
  return [
    anyOf(
      'failed-slots',
      'failed-schedules',
      'A slot or a fact reached no room, or its room failed.',
      waiting(flow.failedSlots),
    ),
    anyOf(
      'failed-schedules',
      'failed-schedules',
      'EventBridge Scheduler could not deliver a slot.',
      new MathExpression({
        expression: `SUM([${failures.map((_, index) => `f${index}`).join(', ')}])`,
        usingMetrics: Object.fromEntries(failures.map((metric, index) => [`f${index}`, metric])),
        period: Duration.minutes(1),
        label: 'slots not delivered',
      }),
    ),
    {
      name: 'publishing-late',
      runbook: 'unpublished-facts',
      says: `Facts have waited for more than ${PUBLISH_AGE_MAX_S} s to be published.`,
      metric: new MathExpression({
        expression: 'MAX([late])',
        usingMetrics: Object.fromEntries(
          flow.rooms
            .filter(({ row }) => row.carriesJournal)
            .map(({ lambda }) => [
              'late',
              lambda.metric('IteratorAge', { period: Duration.minutes(1), statistic: Stats.MAXIMUM }),
            ]),
        ),
        period: Duration.minutes(1),
        label: 'age of the oldest fact (ms)',
      }),
      threshold: PUBLISH_AGE_MAX_S * 1000,
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      periods: 1,
    },
    anyOf(
      'unpublished-facts',
      'unpublished-facts',
      'Facts are in the journal but not on the bus.',
      waiting(flow.unpublished),
    ),
    anyOf('untold-facts', 'critical-facts', 'A critical fact could not be told to people.', waiting(untold)),
    anyOf(
      'api-errors',
      'function-errors',
      'The HTTP API answered with a server error.',
      edge.stage.metricServerError({ period: Duration.minutes(1), statistic: Stats.SUM }),
    ),
  ];
}

function functionAlarms(rooms: readonly FunctionRoom[]): readonly AlarmRow[] {
  return rooms.flatMap(({ row, lambda }) => {
    const name = row.entry === 'handler' ? row.room : `${row.room}-dead-letter`;
    const counted = { period: Duration.minutes(1), statistic: Stats.SUM };
    return [
      anyOf(`${name}-errors`, 'function-errors', `The function ${name} failed.`, lambda.metricErrors(counted)),
      anyOf(
        `${name}-throttles`,
        'function-throttles',
        `The function ${name} was throttled.`,
        lambda.metricThrottles(counted),
      ),
    ];
  });
}

export function alarmRows(watched: Watched): readonly AlarmRow[] {
  const rooms = [...watched.flow.rooms, ...watched.edge.rooms];
  return [
    ...safetyAlarms(watched),
    ...laneAlarms(watched),
    ...buried(rooms),
    ...deliveryAlarms(watched),
    ...functionAlarms(rooms),
  ];
}

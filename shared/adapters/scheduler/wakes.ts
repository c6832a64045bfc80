/** One-off wakes as schedules of EventBridge Scheduler, which take themselves away when they have fired. */
import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  SchedulerClient,
  type SchedulerClientConfig,
} from '@aws-sdk/client-scheduler';
import { attempt, type AttemptLimits } from '#shared/core/kernel/attempts.ts';
import { callFault } from '#shared/core/kernel/call-failure.ts';
import { refuseRealAwsRequests } from '#shared/core/kernel/real-aws.ts';
import type { Pacing } from '#shared/ports/pacing.ts';
import type { Wake, Wakes } from '#shared/ports/wakes.ts';

export interface SchedulerWakesOptions {
  readonly groupName: string;
  /** What the scheduler invokes the target as. */
  readonly roleArn: string;
  readonly pacing: Pacing;
  /** Region, credentials and endpoint come from the standard environment variables unless given. */
  readonly client?: SchedulerClientConfig;
}

const LIMITS: AttemptLimits = { attemptsMax: 4, waitMsBase: 50, waitMsMax: 500 };
const TIMEOUTS = { connectionTimeout: 1000, requestTimeout: 4000, throwOnRequestTimeout: true } as const;
/** Calls that are on their way at once: the service takes some tens a second. */
const TOGETHER = 8;
/** The least that the service takes. */
const EVENT_AGE_MAX_S = 60;

/** The input of every schedule of the house: the time that was meant, and the kind of work. */
const INPUT = JSON.stringify({ slot: '<aws.scheduler.scheduled-time>', kind: 'wake' });

/** A one-off time is in whole seconds; a part of one is rounded up, so that no wake comes before its time. */
const atExpression = ({ at }: Wake): string =>
  `at(${new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(0, 19)})`;

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += TOGETHER) {
    await Promise.all(items.slice(from, from + TOGETHER).map(work));
  }
}

export function openSchedulerWakes({ groupName, roleArn, pacing, client: config }: SchedulerWakesOptions): Wakes {
  const client = new SchedulerClient({ requestHandler: TIMEOUTS, ...config, maxAttempts: 1 });
  if (process.env['BELAY_LOCAL'] === '1') {
    client.middlewareStack.add(refuseRealAwsRequests, { step: 'finalizeRequest', name: 'refuseRealAws' });
  }

  const create = async (wake: Wake): Promise<void> => {
    try {
      await client.send(
        new CreateScheduleCommand({
          Name: wake.name,
          GroupName: groupName,
          ScheduleExpression: atExpression(wake),
          ScheduleExpressionTimezone: 'UTC',
          FlexibleTimeWindow: { Mode: 'OFF' },
          ActionAfterCompletion: 'DELETE',
          Target: {
            Arn: wake.target,
            RoleArn: roleArn,
            Input: INPUT,
            RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: EVENT_AGE_MAX_S },
          },
        }),
      );
    } catch (error) {
      if (error instanceof ConflictException) return;
      throw callFault('scheduler', error, 'write');
    }
  };

  const remove = async (name: string): Promise<void> => {
    try {
      await client.send(new DeleteScheduleCommand({ Name: name, GroupName: groupName }));
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return;
      throw callFault('scheduler', error, 'write');
    }
  };

  return {
    make: (wakes) => inBatches(wakes, (wake) => attempt(pacing, LIMITS, true, () => create(wake))),
    drop: (names) => inBatches(names, (name) => attempt(pacing, LIMITS, true, () => remove(name))),
  };
}

import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionRoom } from '#infra/cloud/constructs/function-room.ts';
import { cronExpressions, EQUITY_TIME_ZONE, type ScheduleRow } from '#infra/cloud/equity-day.ts';
import { mark } from '#infra/cloud/marks.ts';

/** EventBridge Scheduler's own word for the time that a slot was meant for. */
const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>';
/** The least that the service takes. */
const EVENT_AGE_MAX_S = 60;

export interface SessionSchedulesProps {
  readonly rooms: readonly FunctionRoom[];
  /** Keeps the slots that could not be delivered. */
  readonly failed: Queue;
}

/** The schedules of all rooms in one group, delivered by one role that may invoke these functions and nothing else. */
export class SessionSchedules extends Construct {
  readonly group: ScheduleGroup;

  constructor(scope: Construct, id: string, props: SessionSchedulesProps) {
    super(scope, id);
    this.group = new ScheduleGroup(this, 'Group');
    const scheduled = props.rooms.filter((room) => room.row.schedules.length > 0);
    const role = this.#role(scheduled, props.failed);
    for (const room of scheduled) {
      for (const row of room.row.schedules) this.#schedule(room, row, role, props.failed);
    }
  }

  #role(rooms: readonly FunctionRoom[], failed: Queue): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account, 'aws:SourceArn': this.group.scheduleGroupArn },
        },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['lambda:InvokeFunction'],
        resources: rooms.map((room) => room.lambda.functionArn),
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ effect: Effect.ALLOW, actions: ['sqs:SendMessage'], resources: [failed.queueArn] }),
    );
    return role;
  }

  #schedule(room: FunctionRoom, row: ScheduleRow, role: Role, failed: Queue): void {
    for (const [index, expression] of cronExpressions(row).entries()) {
      const schedule = new CfnSchedule(this, `${room.row.id}-${row.kind}-${index + 1}`, {
        description: `${room.row.room} ${row.kind}: ${row.from}${row.to === row.from ? '' : ` to ${row.to}`} ${EQUITY_TIME_ZONE}`,
        groupName: this.group.scheduleGroupName,
        scheduleExpression: expression,
        scheduleExpressionTimezone: EQUITY_TIME_ZONE,
        flexibleTimeWindow: { mode: 'OFF' },
        state: 'ENABLED',
        target: {
          arn: room.lambda.functionArn,
          roleArn: role.roleArn,
          input: JSON.stringify({ slot: SCHEDULED_TIME, kind: row.kind }),
          retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: EVENT_AGE_MAX_S },
          deadLetterConfig: { arn: failed.queueArn },
        },
      });
      // The permissions are a resource of their own: a schedule that fires before them would fail.
      schedule.node.addDependency(role);
      mark(schedule, { room: room.row.room, kind: row.kind });
    }
  }
}

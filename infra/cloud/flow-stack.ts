import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { EventBus, EventField, Match, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type FunctionRoom, makeRooms } from '#infra/cloud/constructs/function-room.ts';
import { LastResort } from '#infra/cloud/constructs/last-resort.ts';
import { OrderLane } from '#infra/cloud/constructs/order-lane.ts';
import { SliceWakes } from '#infra/cloud/constructs/slice-wakes.ts';
import { SessionSchedules } from '#infra/cloud/constructs/session-schedules.ts';
import type { HouseParts, HouseStackProps } from '#infra/cloud/house.ts';
import { type FactTrigger, LANE_NAMES, ROOMS } from '#infra/cloud/rooms.ts';
import type { StateStack } from '#infra/cloud/state-stack.ts';

/** Commands of one lane that are worked at once; the broker's request budget bears no more. */
const LANE_CONCURRENCY = 2;
/** How long a bus that is away is waited for before facts are set aside. A bad fact, alone by then, waits as long. */
const PUBLISH_AGE_MAX = Duration.minutes(15);
/** Shards worked at once, by aggregate: facts of one aggregate stay in order. */
const PUBLISH_PARALLEL = 4;

/** Where each fact comes from on the bus. */
export const FACT_SOURCE = { source: Match.prefix('belay.') };

export interface FlowStackProps extends HouseStackProps {
  readonly state: StateStack;
}

/** What moves: lanes, bus, schedules, and the rooms between them. */
export class FlowStack extends Stack {
  readonly parts: HouseParts;
  readonly rooms: readonly FunctionRoom[];
  readonly schedules: SessionSchedules;
  /** Slots and facts that reached no room, or that a room failed on. */
  readonly failedSlots: Queue;
  /** Positions in the journal's stream that could not be published. */
  readonly unpublished: Queue;

  constructor(scope: Construct, id: string, props: FlowStackProps) {
    super(scope, id, props);
    const { settings, state } = props;
    const bus = this.#bus(settings.environment.archiveRetentionDays);
    const lanes = {
      orders: new OrderLane(this, 'OrdersLane', { lane: 'orders' }),
      urgent: new OrderLane(this, 'UrgentLane', { lane: 'urgent' }),
    };
    const wakes = new SliceWakes(this, 'Wakes');
    this.parts = { tables: state.tables, secrets: state.secrets, lanes, bus, wakes };
    this.failedSlots = new LastResort(this, 'FailedSlots', { name: 'failed-slots' });
    this.unpublished = new LastResort(this, 'Unpublished', { name: 'unpublished' });
    this.rooms = makeRooms(
      this,
      ROOMS.filter((row) => row.stack === 'flow'),
      settings,
      this.parts,
    );
    for (const room of this.rooms) {
      this.#wake(room);
      if (room.row.slices) wakes.wake(room);
    }
    this.schedules = new SessionSchedules(this, 'Schedules', { rooms: this.rooms, failed: this.failedSlots });
    this.#outputs();
  }

  #bus(archiveDays: number): EventBus {
    const bus = new EventBus(this, 'Bus', { description: 'Facts of the house' });
    bus.archive('Archive', { eventPattern: FACT_SOURCE, retention: Duration.days(archiveDays) });
    return bus;
  }

  #wake(room: FunctionRoom): void {
    const { row } = room;
    for (const lane of row.consumes) this.#consume(room, this.parts.lanes[lane].queue);
    for (const lane of row.buries) this.#consume(room, this.parts.lanes[lane].deadLetters);
    for (const trigger of row.wokenBy) this.#rule(room, trigger);
    if (row.carriesJournal) this.#carryJournal(room);
    if (row.schedules.length > 0 || row.wokenBy.length > 0) room.refuseLateSlots(this.failedSlots);
  }

  #consume(room: FunctionRoom, queue: Queue): void {
    queue.grantConsumeMessages(room.lambda);
    room.lambda.addEventSourceMapping(`From${queue.node.scope?.node.id ?? ''}${queue.node.id}`, {
      eventSourceArn: queue.queueArn,
      batchSize: 1,
      maxConcurrency: LANE_CONCURRENCY,
      reportBatchItemFailures: true,
    });
  }

  /** The input has the form of a schedule's, with the fact beside it. */
  #rule(room: FunctionRoom, trigger: FactTrigger): void {
    const rule = new Rule(this, `${room.row.id}-${trigger.kind}`, {
      eventBus: this.parts.bus,
      description: `Wakes ${room.row.room}: ${trigger.facts.join(', ')}`,
      eventPattern: { ...FACT_SOURCE, detailType: [...trigger.facts] },
    });
    rule.addTarget(
      new LambdaTarget(room.lambda, {
        event: RuleTargetInput.fromObject({
          slot: EventField.time,
          kind: trigger.kind,
          type: EventField.detailType,
          detail: EventField.fromPath('$.detail'),
        }),
        retryAttempts: 0,
        maxEventAge: Duration.seconds(60),
        deadLetterQueue: this.failedSlots,
      }),
    );
  }

  #carryJournal(room: FunctionRoom): void {
    const { journal } = this.parts.tables;
    const streamArn = journal.tableStreamArn;
    if (streamArn === undefined) throw new TypeError('the journal has no stream');
    room.lambda.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resources: [streamArn],
      }),
    );
    room.lambda.addEventSourceMapping('FromJournal', {
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      parallelizationFactor: PUBLISH_PARALLEL,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      maxRecordAge: PUBLISH_AGE_MAX,
      onFailure: new SqsDlq(this.unpublished),
    });
  }

  #outputs(): void {
    const { lanes, bus } = this.parts;
    for (const name of LANE_NAMES) {
      new CfnOutput(this, `Queue${name === 'orders' ? 'Orders' : 'Urgent'}Url`, {
        value: lanes[name].queue.queueUrl,
        description: `FIFO lane ${name}`,
      });
    }
    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName, description: 'Bus that facts are published on' });
    new CfnOutput(this, 'FailedSlotsUrl', { value: this.failedSlots.queueUrl, description: 'Slots that failed' });
    new CfnOutput(this, 'UnpublishedUrl', { value: this.unpublished.queueUrl, description: 'Facts not published' });
  }
}

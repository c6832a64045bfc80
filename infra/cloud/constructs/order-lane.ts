import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { mark } from '#infra/cloud/marks.ts';
import { LANE_VISIBILITY_S, type LaneName } from '#infra/cloud/rooms.ts';

/** Two redeliveries, each after the visibility: a decision does not get better by waiting longer. */
const RECEIVES_MAX = 3;

/**
 * A FIFO lane for commands with its dead letters. Messages carry an explicit deduplication id, never a hash of their
 * body: a second cancel has the same body as the first and must not vanish.
 */
export class OrderLane extends Construct {
  readonly lane: LaneName;
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: { readonly lane: LaneName }) {
    super(scope, id);
    this.lane = props.lane;
    const common = {
      fifo: true,
      contentBasedDeduplication: false,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(LANE_VISIBILITY_S),
      retentionPeriod: Duration.days(14),
    };
    this.deadLetters = new Queue(this, 'DeadLetters', common);
    this.queue = new Queue(this, 'Queue', {
      ...common,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: RECEIVES_MAX },
    });
    mark(this.queue, { lane: props.lane });
    mark(this.deadLetters, { lane: `${props.lane}-dead-letters` });
  }
}

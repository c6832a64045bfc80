import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { mark } from '#infra/cloud/marks.ts';

/** A queue that nothing reads but a person, whom an alarm calls. */
export class LastResort extends Queue {
  constructor(scope: Construct, id: string, props: { readonly name: string }) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is where failures end: a person reads it after its alarm, and it has no consumer that could fail.',
    });
    mark(this, { lane: props.name });
  }
}

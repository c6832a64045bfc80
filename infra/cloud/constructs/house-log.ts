import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { EnvironmentDescription } from '#infra/environments.ts';

const RETENTION: Readonly<Record<EnvironmentDescription['logRetentionDays'], RetentionDays>> = {
  7: RetentionDays.ONE_WEEK,
  90: RetentionDays.THREE_MONTHS,
  365: RetentionDays.ONE_YEAR,
};

/** A log that is kept as long as its environment says, and outlives its stack where state does. */
export class HouseLog extends LogGroup {
  constructor(scope: Construct, id: string, environment: EnvironmentDescription) {
    super(scope, id, {
      retention: RETENTION[environment.logRetentionDays],
      removalPolicy: environment.keepsState ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}

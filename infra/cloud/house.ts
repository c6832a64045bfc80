/** What every stack of one environment is told. */
import type { StackProps } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { EnvironmentDescription } from '#infra/environments.ts';
import type { SliceWakes } from '#infra/cloud/constructs/slice-wakes.ts';
import type { OrderLane } from '#infra/cloud/constructs/order-lane.ts';
import type { LaneName, RoomRow, SecretName } from '#infra/cloud/rooms.ts';
import type { TableName } from '#shared/ports/table-catalogue.ts';

export interface HouseSettings {
  readonly environment: EnvironmentDescription;
  /** Names the code that is deployed; the reconciliation gate closes when it changes. */
  readonly buildId: string;
  /** Whether orders stop short of the broker. */
  readonly dryRun: boolean;
  /** What the operator chose, by variable. */
  readonly chosen: Readonly<Record<string, string>>;
  readonly codeOf: (row: RoomRow) => Code;
}

export interface HouseStackProps extends StackProps {
  readonly settings: HouseSettings;
}

/** What rooms may be granted. */
export interface HouseParts {
  readonly tables: Readonly<Record<TableName, Table>>;
  readonly secrets: Readonly<Record<SecretName, Secret>>;
  readonly lanes: Readonly<Record<LaneName, OrderLane>>;
  readonly bus: EventBus;
  readonly wakes: SliceWakes;
}

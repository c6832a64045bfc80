import { Duration, type Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { HouseLog } from '#infra/cloud/constructs/house-log.ts';
import { statementsOf } from '#infra/cloud/grants.ts';
import type { HouseParts, HouseSettings } from '#infra/cloud/house.ts';
import { mark } from '#infra/cloud/marks.ts';
import type { RoomRow } from '#infra/cloud/rooms.ts';
import { variablesOf } from '#infra/cloud/variables.ts';

export interface FunctionRoomProps {
  readonly row: RoomRow;
  readonly settings: HouseSettings;
  readonly parts: HouseParts;
}

/** One row of the room table as a Lambda, with a role, a log and variables of its own. */
export class FunctionRoom extends Construct {
  readonly row: RoomRow;
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, props: FunctionRoomProps) {
    super(scope, id);
    const { row, settings, parts } = props;
    const { environment } = settings;
    this.row = row;
    const log = new HouseLog(this, 'Log', environment);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [log.logGroupArn],
      }),
    );
    for (const statement of statementsOf(row, parts)) role.addToPolicy(statement);
    // No reserved concurrency: it would take from what the account's other functions, exits included, may use.
    this.lambda = new LambdaFunction(this, 'Function', {
      description: `Belay ${environment.name}: ${row.room}${row.entry === 'handler' ? '' : ', dead letters'}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: `handler.${row.entry}`,
      code: settings.codeOf(row),
      timeout: Duration.seconds(row.timeoutS),
      memorySize: row.memoryMb,
      environment: variablesOf(row, settings, parts),
      role,
      logGroup: log,
    });
    mark(this.lambda, { room: row.room, export: row.entry });
  }

  /**
   * Schedules and rules invoke asynchronously, where Lambda itself would retry twice and hours later: a slot is done in
   * its minute or not at all, and what failed is kept.
   */
  refuseLateSlots(failed: Queue): void {
    this.lambda.configureAsyncInvoke({
      retryAttempts: 0,
      maxEventAge: Duration.seconds(60),
      onFailure: new SqsDestination(failed),
    });
  }
}

/** The rows of one stack, as rooms. */
export const makeRooms = (
  stack: Stack,
  rows: readonly RoomRow[],
  settings: HouseSettings,
  parts: HouseParts,
): readonly FunctionRoom[] => rows.map((row) => new FunctionRoom(stack, row.id, { row, settings, parts }));

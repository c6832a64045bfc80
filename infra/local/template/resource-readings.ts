/**
 * Which resource types the local house understands, property by property. A type or a property that is in none of
 * these lists is an error: what is silently left out at home fails for the first time in the cloud.
 */
import * as z from 'zod';

const arn = z.string().startsWith('arn:');
const positiveInt = z.int().min(1);
const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const onFailure = z.strictObject({ OnFailure: z.strictObject({ Destination: arn }) });
/** The function that an ARN or a plain name means. */
const functionName = z.string().transform((text) => text.split(':').at(-1) ?? text);

const table = z.strictObject({
  TableName: z.string().optional(),
  KeySchema: keySchema,
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  GlobalSecondaryIndexes: z
    .array(
      z.strictObject({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.strictObject({
          ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
          NonKeyAttributes: z.array(z.string()).optional(),
        }),
      }),
    )
    .default([]),
  StreamSpecification: z
    .object({ StreamViewType: z.enum(['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY']) })
    .optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.literal(true) }).optional(),
});

const queue = z.strictObject({
  QueueName: z.string().optional(),
  FifoQueue: z.boolean().default(false),
  ContentBasedDeduplication: z.boolean().default(false),
  VisibilityTimeout: z.int().min(0).max(43_200).default(30),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: arn, maxReceiveCount: positiveInt }).optional(),
  // The emulator deduplicates over the whole queue and knows nothing else.
  DeduplicationScope: z.literal('queue').optional(),
});

const lambdaFunction = z.strictObject({
  FunctionName: z.string().optional(),
  Timeout: positiveInt.max(900).default(3),
  MemorySize: positiveInt.default(128),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string<string>()) }).optional(),
});

const eventSourceMapping = z.strictObject({
  EventSourceArn: arn,
  FunctionName: functionName,
  Enabled: z.boolean().default(true),
  BatchSize: positiveInt.optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  ScalingConfig: z.strictObject({ MaximumConcurrency: z.int().min(2) }).optional(),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
  BisectBatchOnFunctionError: z.boolean().default(false),
  MaximumRetryAttempts: z.int().min(-1).default(-1),
  MaximumRecordAgeInSeconds: z.int().min(-1).default(-1),
  DestinationConfig: onFailure.optional(),
  FilterCriteria: z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) }).optional(),
});

const eventInvokeConfig = z.strictObject({
  FunctionName: functionName,
  Qualifier: z.literal('$LATEST'),
  MaximumRetryAttempts: z.int().min(0).max(2).default(2),
  MaximumEventAgeInSeconds: z.int().min(60).max(21_600).default(21_600),
  DestinationConfig: onFailure.optional(),
});

const schedule = z.strictObject({
  Name: z.string().optional(),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  FlexibleTimeWindow: z.strictObject({ Mode: z.literal('OFF') }),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Target: z.strictObject({
    Arn: arn,
    RoleArn: z.string(),
    Input: z.string().optional(),
    // The scheduler's own retries are for targets that cannot be reached; at home every target can.
    RetryPolicy: z.unknown().optional(),
    DeadLetterConfig: z.unknown().optional(),
  }),
});

const scheduleGroup = z.strictObject({ Name: z.string().optional() });

const rule = z.strictObject({
  Name: z.string().optional(),
  EventBusName: z.string().default('default'),
  EventPattern: z.record(z.string(), z.unknown()),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z.array(
    z.strictObject({
      Id: z.string(),
      Arn: arn,
      Input: z.string().optional(),
      InputTransformer: z
        .strictObject({ InputPathsMap: z.record(z.string(), z.string()).default({}), InputTemplate: z.string() })
        .optional(),
      RoleArn: z.string().optional(),
      SqsParameters: z.strictObject({ MessageGroupId: z.string() }).optional(),
      RetryPolicy: z.unknown().optional(),
      DeadLetterConfig: z.unknown().optional(),
    }),
  ),
});

const bus = z.strictObject({ Name: z.string() });
const secret = z.strictObject({ Name: z.string().optional() });

const texts = z.array(z.string()).default([]);
const api = z.strictObject({
  ProtocolType: z.literal('HTTP'),
  CorsConfiguration: z.object({ AllowOrigins: texts, AllowMethods: texts, AllowHeaders: texts }).optional(),
});

const throttling = z.object({
  ThrottlingRateLimit: z.number().positive().optional(),
  ThrottlingBurstLimit: positiveInt.optional(),
});
const stage = z.strictObject({
  ApiId: z.string(),
  StageName: z.string(),
  AutoDeploy: z.literal(true),
  DefaultRouteSettings: throttling.optional(),
  RouteSettings: z.record(z.string(), throttling).default({}),
});

const route = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string().startsWith('integrations/'),
  AuthorizationType: z.enum(['NONE', 'JWT']).default('NONE'),
  AuthorizerId: z.string().optional(),
  AuthorizationScopes: texts,
});

const integration = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: functionName,
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: positiveInt.default(30_000),
});

const authorizer = z.strictObject({
  ApiId: z.string(),
  Name: z.string(),
  AuthorizerType: z.literal('JWT'),
  IdentitySource: z.tuple([z.literal('$request.header.Authorization')]),
  JwtConfiguration: z.strictObject({ Issuer: z.string(), Audience: z.array(z.string()).min(1) }),
});

/** How resources of some types are read. */
export interface Reading<S extends z.ZodType = z.ZodType> {
  readonly types: readonly string[];
  readonly schema: S;
  /** Properties without an effect on one machine: permissions, names, retention, encryption, tags. */
  readonly harmless: readonly string[];
}

const reading = <S extends z.ZodType>(
  types: readonly string[],
  schema: S,
  harmless: readonly string[] = [],
): Reading<S> => ({ types, schema, harmless: [...harmless, 'Tags', 'Description'] });

export const READINGS = {
  table: reading(['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'], table, [
    'BillingMode',
    'PointInTimeRecoverySpecification',
    'DeletionProtectionEnabled',
    'SSESpecification',
    'ContributorInsightsSpecification',
    'Replicas',
    'TableClass',
  ]),
  queue: reading(['AWS::SQS::Queue'], queue, [
    'KmsMasterKeyId',
    'SqsManagedSseEnabled',
    'MessageRetentionPeriod',
    'FifoThroughputLimit',
    'RedriveAllowPolicy',
  ]),
  lambdaFunction: reading(['AWS::Lambda::Function'], lambdaFunction, [
    'Code',
    'Handler',
    'Role',
    'Runtime',
    'Architectures',
    'LoggingConfig',
    'TracingConfig',
  ]),
  eventSourceMapping: reading(['AWS::Lambda::EventSourceMapping'], eventSourceMapping, [
    'MaximumBatchingWindowInSeconds',
    'ParallelizationFactor',
    'MetricsConfig',
  ]),
  eventInvokeConfig: reading(['AWS::Lambda::EventInvokeConfig'], eventInvokeConfig),
  schedule: reading(['AWS::Scheduler::Schedule'], schedule, ['GroupName', 'KmsKeyArn']),
  scheduleGroup: reading(['AWS::Scheduler::ScheduleGroup'], scheduleGroup),
  rule: reading(['AWS::Events::Rule'], rule),
  bus: reading(['AWS::Events::EventBus'], bus, ['KmsKeyIdentifier', 'DeadLetterConfig', 'LogConfig']),
  secret: reading(['AWS::SecretsManager::Secret'], secret, ['GenerateSecretString', 'SecretString', 'KmsKeyId']),
  api: reading(['AWS::ApiGatewayV2::Api'], api, ['Name', 'DisableExecuteApiEndpoint']),
  stage: reading(['AWS::ApiGatewayV2::Stage'], stage, ['AccessLogSettings', 'AccessPolicyId', 'StageVariables']),
  route: reading(['AWS::ApiGatewayV2::Route'], route, ['OperationName']),
  integration: reading(['AWS::ApiGatewayV2::Integration'], integration),
  authorizer: reading(['AWS::ApiGatewayV2::Authorizer'], authorizer),
} as const;

/** Types that change nothing on one machine: who may do what, who is told, what is drawn, what is kept. */
export const HARMLESS_TYPES: readonly RegExp[] = [
  /^AWS::IAM::/,
  /^AWS::CloudWatch::/,
  /^AWS::Logs::/,
  /^AWS::SNS::/,
  /^AWS::KMS::/,
  /^AWS::Cognito::/,
  /^AWS::CDK::Metadata$/,
  /^AWS::Lambda::Permission$/,
  /^AWS::SQS::QueuePolicy$/,
  /^AWS::Events::(Archive|EventBusPolicy)$/,
  /^AWS::SecretsManager::(ResourcePolicy|RotationSchedule)$/,
];

/**
 * What a resource is called at home: the value of its Ref and of the attributes that other resources ask of it. Names
 * that the template leaves to CloudFormation are made of the stack and the logical id, so that they are the same on
 * every start.
 */
import { TemplateError, type TemplateResource } from './template-files.ts';

/** The account and region that local names are made for; both emulators accept any. */
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'us-east-1';

export interface PhysicalSettings {
  /** Address of the SQS emulator, which queue URLs start with. */
  readonly queueEndpoint: string;
  /** Address of the house's own HTTP API. */
  readonly apiEndpoint: string;
}

/** Ref and attributes of one resource. */
export interface PhysicalResource {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export const arnOf = (service: string, resource: string, region: string = LOCAL_REGION): string =>
  `arn:aws:${service}:${region}:${LOCAL_ACCOUNT}:${resource}`;

interface Naming {
  /** The property that may hold the name. */
  readonly nameProperty: string | null;
  readonly physical: (name: string, settings: PhysicalSettings) => PhysicalResource;
}

const byName = (service: string, prefix = ''): Naming['physical'] => {
  return (name) => ({ ref: name, attributes: { Arn: arnOf(service, `${prefix}${name}`) } });
};

const byArn = (service: string, prefix = ''): Naming['physical'] => {
  return (name) => {
    const arn = arnOf(service, `${prefix}${name}`);
    return { ref: arn, attributes: { Arn: arn } };
  };
};

const table: Naming = {
  nameProperty: 'TableName',
  physical: (name) => {
    const arn = arnOf('dynamodb', `table/${name}`);
    return { ref: name, attributes: { Arn: arn, StreamArn: `${arn}/stream/local`, TableId: name } };
  },
};

const queue: Naming = {
  nameProperty: 'QueueName',
  physical: (name, settings) => {
    const url = `${settings.queueEndpoint}/${LOCAL_ACCOUNT}/${name}`;
    return { ref: url, attributes: { Arn: arnOf('sqs', name), QueueName: name, QueueUrl: url } };
  },
};

const topic: Naming = {
  nameProperty: 'TopicName',
  physical: (name) => {
    const arn = arnOf('sns', name);
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
};

const userPool: Naming = {
  nameProperty: null,
  physical: (name) => {
    const host = `cognito-idp.${LOCAL_REGION}.amazonaws.com/${name}`;
    return {
      ref: name,
      attributes: {
        Arn: arnOf('cognito-idp', `userpool/${name}`),
        UserPoolId: name,
        ProviderName: host,
        ProviderURL: `https://${host}`,
      },
    };
  },
};

const api: Naming = {
  nameProperty: null,
  physical: (name, settings) => ({
    ref: name,
    attributes: { ApiId: name, ApiEndpoint: settings.apiEndpoint },
  }),
};

const NAMINGS: Readonly<Record<string, Naming>> = {
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::SQS::Queue': queue,
  'AWS::SNS::Topic': topic,
  'AWS::Cognito::UserPool': userPool,
  'AWS::ApiGatewayV2::Api': api,
  'AWS::Lambda::Function': { nameProperty: 'FunctionName', physical: byName('lambda', 'function:') },
  'AWS::Events::EventBus': { nameProperty: 'Name', physical: byName('events', 'event-bus/') },
  'AWS::Events::Rule': { nameProperty: 'Name', physical: byName('events', 'rule/') },
  'AWS::Scheduler::ScheduleGroup': { nameProperty: 'Name', physical: byName('scheduler', 'schedule-group/') },
  'AWS::Scheduler::Schedule': { nameProperty: 'Name', physical: byName('scheduler', 'schedule/') },
  'AWS::SecretsManager::Secret': { nameProperty: 'Name', physical: byArn('secretsmanager', 'secret:') },
  'AWS::IAM::Role': { nameProperty: 'RoleName', physical: byName('iam', 'role/') },
  'AWS::KMS::Key': { nameProperty: null, physical: byName('kms', 'key/') },
  'AWS::Logs::LogGroup': { nameProperty: 'LogGroupName', physical: byName('logs', 'log-group:') },
  'AWS::S3::Bucket': { nameProperty: 'BucketName', physical: byName('s3') },
};

const UNNAMED: Naming = { nameProperty: null, physical: (name) => ({ ref: name, attributes: {} }) };

/**
 * @param resolveName turns a name that is itself an intrinsic into text.
 * @throws TemplateError when the resource's name is not text.
 */
export function physicalResource(
  stack: string,
  logicalId: string,
  resource: TemplateResource,
  settings: PhysicalSettings,
  resolveName: (value: unknown) => unknown,
): PhysicalResource {
  const naming = NAMINGS[resource.Type] ?? UNNAMED;
  const given = naming.nameProperty === null ? undefined : resource.Properties?.[naming.nameProperty];
  if (given === undefined) return naming.physical(madeName(stack, logicalId, resource), settings);
  const name = resolveName(given);
  if (typeof name !== 'string' || name === '') {
    throw new TemplateError(`${stack}/${logicalId}: ${naming.nameProperty} is not a name: ${JSON.stringify(name)}`);
  }
  return naming.physical(name, settings);
}

/** A FIFO queue's name ends in .fifo whoever gives it. */
const madeName = (stack: string, logicalId: string, resource: TemplateResource): string =>
  resource.Type === 'AWS::SQS::Queue' && resource.Properties?.['FifoQueue'] === true
    ? `${stack}-${logicalId}.fifo`
    : `${stack}-${logicalId}`;

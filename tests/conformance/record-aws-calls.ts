/**
 * Loaded before the local house (`node --import`), it writes down which function asks which AWS service for what: what
 * the emulators let pass, the roles in the cloud must allow.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { appendFileSync } from 'node:fs';

/** Names the file that calls are written to, one JSON line each. */
export const CALLS_FILE_VARIABLE = 'BELAY_AWS_CALLS_FILE';

export interface AwsCall {
  readonly functionName: string;
  /** As IAM names it. */
  readonly action: string;
  /** Table, with `/index/<name>` where one was asked; queue URL; bus; secret. */
  readonly resource: string;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const textAt = (value: unknown, key: string): string | null => {
  const found = isRecord(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : null;
};

/** A transaction has no action of its own: each part needs the action of its kind. */
const TRANSACT_ACTIONS: Readonly<Record<string, string>> = {
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
  Delete: 'dynamodb:DeleteItem',
  ConditionCheck: 'dynamodb:ConditionCheckItem',
  Get: 'dynamodb:GetItem',
};

type Needed = Pick<AwsCall, 'action' | 'resource'>;

function neededBy(name: string, input: unknown): readonly Needed[] {
  if (!isRecord(input)) return [];
  if (Array.isArray(input['TransactItems'])) {
    return input['TransactItems'].flatMap((item: unknown) =>
      Object.entries(isRecord(item) ? item : {}).map(([kind, part]) => ({
        action: TRANSACT_ACTIONS[kind] ?? `dynamodb:${kind}`,
        resource: textAt(part, 'TableName') ?? 'unknown',
      })),
    );
  }
  if (isRecord(input['RequestItems'])) {
    return Object.keys(input['RequestItems']).map((resource) => ({ action: `dynamodb:${name}`, resource }));
  }
  const table = textAt(input, 'TableName');
  const index = textAt(input, 'IndexName');
  if (table !== null) {
    return [{ action: `dynamodb:${name}`, resource: index === null ? table : `${table}/index/${index}` }];
  }
  const queue = textAt(input, 'QueueUrl');
  if (queue !== null) return [{ action: `sqs:${name.replace(/Batch$/, '')}`, resource: queue }];
  const secret = textAt(input, 'SecretId');
  if (secret !== null) return [{ action: `secretsmanager:${name}`, resource: secret }];
  const entries: readonly unknown[] = Array.isArray(input['Entries']) ? input['Entries'] : [];
  if (entries.length === 0) return [{ action: name, resource: 'unknown' }];
  return entries.map((entry) => ({ action: `events:${name}`, resource: textAt(entry, 'EventBusName') ?? 'default' }));
}

/** All clients of the kit share one base, through whose `send` every call goes. */
function record(file: string): void {
  const base: unknown = Object.getPrototypeOf(DynamoDBClient.prototype);
  const send: unknown = isRecord(base) ? base['send'] : undefined;
  if (!isRecord(base) || typeof send !== 'function') throw new TypeError('the clients have no common send');
  const written = new Set<string>();
  Reflect.set(base, 'send', function recorded(this: unknown, command: object, ...rest: readonly unknown[]): unknown {
    const functionName = process.env['AWS_LAMBDA_FUNCTION_NAME'];
    const name = command.constructor.name.replace(/Command$/, '');
    for (const needed of functionName === undefined ? [] : neededBy(name, Reflect.get(command, 'input'))) {
      const line = JSON.stringify({ functionName, ...needed });
      if (!written.has(line)) appendFileSync(file, `${line}\n`);
      written.add(line);
    }
    const answer: unknown = Reflect.apply(send, this, [command, ...rest]);
    return answer;
  });
}

const file = process.env[CALLS_FILE_VARIABLE];
if (file !== undefined) record(file);

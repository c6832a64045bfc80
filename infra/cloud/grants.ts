/** From a row's grants to IAM statements: no wildcards, one action for one need. */
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { HouseParts } from '#infra/cloud/house.ts';
import type { RoomRow, TableVerb } from '#infra/cloud/rooms.ts';
import {
  MODEL_ALIAS_PARTITION,
  QUOTE_PARTITION,
  REQUEST_GATE_PARTITION,
  SLICE_PLAN_PARTITION,
  TABLE_NAMES,
  type TableName,
  TABLES,
} from '#shared/ports/table-catalogue.ts';

/** Transactions have no action of their own: each of their parts needs the action of its kind. */
const ACTIONS = {
  read: ['dynamodb:GetItem', 'dynamodb:Query'],
  check: ['dynamodb:ConditionCheckItem'],
  put: ['dynamodb:PutItem'],
  update: ['dynamodb:UpdateItem'],
  delete: ['dynamodb:DeleteItem'],
} as const satisfies Readonly<Record<TableVerb, readonly string[]>>;

const allow = (actions: readonly string[], resources: readonly string[]): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] });

/** Tables that the row may touch at all, in the catalogue's order. */
export const tablesOf = (row: RoomRow): readonly TableName[] =>
  TABLE_NAMES.filter((name) => (row.tables[name] ?? []).length > 0);

function tableStatements(row: RoomRow, parts: HouseParts): readonly PolicyStatement[] {
  return tablesOf(row).flatMap((name) => {
    const verbs = row.tables[name] ?? [];
    const { tableArn } = parts.tables[name];
    const own = allow(
      verbs.flatMap((verb) => ACTIONS[verb]),
      [tableArn],
    );
    const indexes = TABLES[name].indexes.map((index) => `${tableArn}/index/${index.name}`);
    return verbs.includes('read') && indexes.length > 0 ? [own, allow(['dynamodb:Query'], indexes)] : [own];
  });
}

/** Whoever calls the broker shares its budget of requests; the keys keep the flags of the same table out of reach. */
const requestGateStatement = ({ tables }: HouseParts): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    resources: [tables.safety.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${REQUEST_GATE_PARTITION}*`] } },
  });

/** Rows of plans, by keys that no flag has; wakes in their own group, which invoke as their own role. */
const sliceStatements = ({ tables, wakes }: HouseParts): readonly PolicyStatement[] => [
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
    resources: [tables.safety.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${SLICE_PLAN_PARTITION}*`] } },
  }),
  allow(['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'], [wakes.scheduleArns]),
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions: ['iam:PassRole'],
    resources: [wakes.role.roleArn],
    conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
  }),
];

/** One call on the market table, held to the keys that begin so. */
const onMarketKeys = ({ tables }: HouseParts, action: string, partition: string): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [action],
    resources: [tables.market.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${partition}*`] } },
  });

/** By keys that no bar, price, signal or version has. */
const modelAliasStatement = (parts: HouseParts): PolicyStatement =>
  onMarketKeys(parts, 'dynamodb:PutItem', MODEL_ALIAS_PARTITION);

/** The call may delete as well, so it is held to the keys of quotes. */
const quotesStatement = (parts: HouseParts): PolicyStatement =>
  onMarketKeys(parts, 'dynamodb:BatchWriteItem', QUOTE_PARTITION);

/** All that the row's role may do, its own log and what wakes it aside. */
export function statementsOf(row: RoomRow, parts: HouseParts): readonly PolicyStatement[] {
  return [
    ...tableStatements(row, parts),
    ...(row.broker ? [requestGateStatement(parts)] : []),
    ...row.secrets.map((name) => allow(['secretsmanager:GetSecretValue'], [parts.secrets[name].secretArn])),
    ...row.sends.map((name) =>
      allow(['sqs:SendMessage', 'sqs:GetQueueAttributes'], [parts.lanes[name].queue.queueArn]),
    ),
    ...(row.slices ? sliceStatements(parts) : []),
    ...(row.movesModels ? [modelAliasStatement(parts)] : []),
    ...(row.putsQuotes ? [quotesStatement(parts)] : []),
    ...(row.speaks ? [allow(['events:PutEvents'], [parts.bus.eventBusArn])] : []),
  ];
}

import { describe, expect, it } from 'vitest';
import { ROOMS } from '#infra/cloud/rooms.ts';
import { houseUnderTest, type Permission, permissionsByRoom } from '#infra/cloud/templates-under-test.ts';
import {
  MODEL_ALIAS_PARTITION,
  QUOTE_PARTITION,
  REQUEST_GATE_PARTITION,
  SLICE_PLAN_PARTITION,
  TABLE_NAMES,
  type TableName,
} from '#shared/ports/table-catalogue.ts';

const house = houseUnderTest('live');
const permissions = permissionsByRoom(house);
const roomIds = ROOMS.map((row) => row.id);

const isTable =
  (table: TableName) =>
  ({ resource }: Permission): boolean =>
    new RegExp(`Table${table}`, 'i').test(resource);

const roomsThat = (may: (permission: Permission) => boolean): readonly string[] =>
  roomIds.filter((id) => (permissions.get(id) ?? []).some(may));

const WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'];
const SETTLE_PATH = ['Execute', 'ExecuteDeadLetter', 'Webhook', 'Listen', 'Reconcile'];

describe('what functions may do', () => {
  it('is known for every room', () => {
    expect([...permissions.keys()].sort()).toEqual([...roomIds].sort());
    expect(roomIds.filter((id) => (permissions.get(id) ?? []).length < 2)).toEqual([]);
  });

  it('lets only execute and the settle path write orders', () => {
    expect(roomsThat((p) => isTable('orders')(p) && WRITES.includes(p.action))).toEqual(SETTLE_PATH);
  });

  it('lets only the claim and the adoption of an orphan create an order', () => {
    expect(roomsThat((p) => isTable('orders')(p) && p.action === 'dynamodb:PutItem')).toEqual(['Execute', 'Reconcile']);
  });

  it('lets nobody change or remove what the journal says', () => {
    const changes = ['dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'];
    expect(roomsThat((p) => isTable('journal')(p) && changes.includes(p.action))).toEqual([]);
  });

  it('lets only guards, deciders, the settle path and people touch safety items', () => {
    expect(roomsThat((p) => isTable('safety')(p) && WRITES.includes(p.action) && p.keys === null)).toEqual([
      'Orchestrate',
      ...SETTLE_PATH,
      'Protect',
      'Control',
    ]);
  });

  it('lets whoever calls the broker write its budget of requests, by keys that no flag has', () => {
    const limited = (p: Permission): boolean => isTable('safety')(p) && p.keys === `${REQUEST_GATE_PARTITION}*`;
    const callers = ROOMS.filter((row) => row.broker);
    for (const action of ['dynamodb:GetItem', 'dynamodb:UpdateItem']) {
      expect(roomsThat((p) => limited(p) && p.action === action)).toEqual(callers.map((row) => row.id));
    }
    expect(callers.filter((row) => row.tables.safety === undefined)).toEqual([]);
  });

  it('hands the broker key to those that call the broker, and each shared secret to the room that checks by it', () => {
    const reads = (secret: string): readonly string[] =>
      roomsThat((p) => p.action === 'secretsmanager:GetSecretValue' && p.resource.includes(secret));
    expect(reads('SecretBroker')).toEqual([
      'Ingest',
      'Orchestrate',
      'Execute',
      'Listen',
      'Reconcile',
      'Protect',
      'Control',
    ]);
    expect(reads('SecretWebhook')).toEqual(['Webhook']);
    expect(reads('SecretInternal')).toEqual(['Control']);
  });

  it('lets only who decides send commands, and only execute take them', () => {
    const send = (lane: string) => (p: Permission) => p.action === 'sqs:SendMessage' && p.resource.includes(lane);
    expect(roomsThat(send('OrdersLaneQueue'))).toEqual(['Orchestrate', 'Slice', 'Control']);
    expect(roomsThat(send('UrgentLaneQueue'))).toEqual(['Orchestrate', 'Protect', 'Slice', 'Control']);
    expect(roomsThat((p) => p.action === 'sqs:ReceiveMessage')).toEqual(['Execute', 'ExecuteDeadLetter']);
  });

  it('lets only publish and ingest say things on the bus, and only publish read the stream', () => {
    expect(roomsThat((p) => p.action === 'events:PutEvents')).toEqual(['Ingest', 'Publish']);
    expect(roomsThat((p) => p.action === 'dynamodb:GetRecords')).toEqual(['Publish']);
  });

  it('lets people move the alias of a model, by keys that nothing else has, and only signal write the versions', () => {
    const limited = (p: Permission): boolean => isTable('market')(p) && p.keys === `${MODEL_ALIAS_PARTITION}*`;
    expect(roomsThat(limited)).toEqual(['Control']);
    expect((permissions.get('Control') ?? []).filter(limited).map(({ action }) => action)).toEqual([
      'dynamodb:PutItem',
    ]);
    const writes = (p: Permission): boolean => isTable('market')(p) && WRITES.includes(p.action) && p.keys === null;
    expect(roomsThat(writes)).toEqual(['Ingest', 'Signal']);
  });

  it('lets only ingest put quotes many at once, by keys that nothing else has', () => {
    const batches = (p: Permission): boolean => p.action === 'dynamodb:BatchWriteItem';
    expect(roomsThat(batches)).toEqual(['Ingest']);
    const [batch, ...others] = (permissions.get('Ingest') ?? []).filter(batches);
    expect([batch?.keys, others]).toEqual([`${QUOTE_PARTITION}*`, []]);
    expect(batch !== undefined && isTable('market')(batch)).toBe(true);
  });

  it('lets slice write plans alone, by keys that no flag has, and make wakes in their own group alone', () => {
    const limited = (p: Permission): boolean => isTable('safety')(p) && p.keys === `${SLICE_PLAN_PARTITION}*`;
    const actionsOf = (may: (p: Permission) => boolean): readonly string[] =>
      (permissions.get('Slice') ?? []).filter(may).map(({ action }) => action);
    expect(roomsThat(limited)).toEqual(['Slice']);
    expect(actionsOf(limited)).toEqual(['dynamodb:DeleteItem', 'dynamodb:PutItem']);
    expect(actionsOf((p) => isTable('safety')(p) && p.keys === null)).toEqual(['dynamodb:GetItem', 'dynamodb:Query']);
    const schedules = (p: Permission): boolean => p.action.startsWith('scheduler:') || p.action === 'iam:PassRole';
    expect(roomsThat(schedules)).toEqual(['Slice']);
    const [passed] = (permissions.get('Slice') ?? []).filter(({ action }) => action === 'iam:PassRole');
    expect(passed?.resource).toContain('WakesRole');
    const invokes = house
      .ofType('AWS::IAM::Policy')
      .filter(({ props }) => props.at('Roles', 0, 'Ref').text.startsWith('WakesRole'))
      .flatMap(({ props }) => props.at('PolicyDocument', 'Statement').list)
      .map((statement) => [statement.at('Action').text, statement.at('Resource', 'Fn::GetAtt', 0).text]);
    expect(invokes).toEqual([['lambda:InvokeFunction', expect.stringMatching(/^SliceFunction/)]]);
  });

  it('names every action and resource in full, but for the schedules of a group', () => {
    const all = [...permissions.values()].flat();
    expect(all.filter((p) => p.action.includes('*'))).toEqual([]);
    const open = all.filter((p) => p.resource.includes('*'));
    expect(open.map(({ action }) => action)).toEqual(['scheduler:CreateSchedule', 'scheduler:DeleteSchedule']);
    for (const { resource } of open) expect(resource).toMatch(/:schedule\/[a-zA-Z-]*Wakes-Group-[0-9A-F]+\/\*"/);
    expect(
      house.ofType('AWS::IAM::Role').filter(({ props }) => props.at('ManagedPolicyArns').value !== undefined),
    ).toEqual([]);
    const roles = house.ofType('AWS::Lambda::Function').map(({ props }) => props.at('Role').json);
    expect(new Set(roles).size).toBe(ROOMS.length);
  });
});

describe('what functions are told', () => {
  const variables = new Map(
    house
      .ofType('AWS::Lambda::Function')
      .map(({ logicalId, props }) => [logicalId.split('Function')[0], props.at('Environment', 'Variables')] as const),
  );

  it.each(ROOMS)('fits what $id may do', (row) => {
    const told = variables.get(row.id);
    const may = permissions.get(row.id) ?? [];
    const isTold = (name: string): boolean => told?.at(name).value !== undefined;
    const sendsTo = (lane: string): boolean =>
      may.some((p) => p.action === 'sqs:SendMessage' && p.resource.includes(`${lane}LaneQueue`));
    const touched = TABLE_NAMES.filter((table) =>
      may.some((p) => isTable(table)(p) && !p.resource.includes('StreamArn')),
    );
    expect(TABLE_NAMES.filter((table) => isTold(`TABLE_${table.toUpperCase()}`))).toEqual(touched);
    expect(isTold('QUEUE_ORDERS_URL')).toBe(sendsTo('Orders'));
    expect(isTold('QUEUE_URGENT_URL')).toBe(sendsTo('Urgent'));
    expect(isTold('SECRET_BROKER_ID')).toBe(may.some((p) => p.resource.includes('SecretBroker')));
    expect(isTold('SECRET_WEBHOOK_ID')).toBe(may.some((p) => p.resource.includes('SecretWebhook')));
    expect(isTold('SECRET_INTERNAL_ID')).toBe(may.some((p) => p.resource.includes('SecretInternal')));
    expect(isTold('WAKE_GROUP')).toBe(may.some((p) => p.action === 'scheduler:CreateSchedule'));
    expect(isTold('WAKE_ROLE_ARN')).toBe(may.some((p) => p.action === 'iam:PassRole'));
    expect(isTold('EVENT_BUS_NAME')).toBe(may.some((p) => p.action === 'events:PutEvents'));
    expect(isTold('ALPACA_BASE_URL')).toBe(row.broker);
    expect(told?.at('BUILD_ID').text).toBe('build-under-test');
    expect(told?.at('BELAY_ACCOUNT').text).toBe('live-1');
  });
});

import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Handler } from '#infra/local/lambda/invocation.ts';
import { fifoResource, functionResource, startTestHouse, type TestHouse } from '#infra/local/run/house-under-test.ts';

/** Clients as functions make them: everything comes from the environment. */
const asFunctionsDo: Handler = async (event) => {
  if (typeof event === 'object' && event !== null && 'secret' in event) {
    const { SecretString } = await new SecretsManagerClient({}).send(
      new GetSecretValueCommand({ SecretId: String(event.secret) }),
    );
    return SecretString;
  }
  const bus = process.env['EVENT_BUS_NAME'];
  const entry = { Source: 'belay.execute', DetailType: 'order.filled.v1', Detail: '{"data":{"symbol":"AAPL"}}' };
  return new EventBridgeClient({}).send(
    new PutEventsCommand({
      Entries: [
        { ...entry, ...(bus === undefined ? {} : { EventBusName: bus }) },
        { ...entry, EventBusName: 'nobody' },
        { ...entry, Detail: 'not json' },
      ],
    }),
  );
};

const RESOURCES = {
  Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'facts' } },
  Broker: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'broker' } },
  Say: functionResource('say', {
    environment: { EVENT_BUS_NAME: { Ref: 'Bus' }, SECRET_BROKER_ID: { Ref: 'Broker' } },
  }),
  Hear: functionResource('hear'),
  Lane: fifoResource('told'),
  Filled: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventBusName: { Ref: 'Bus' },
      EventPattern: { 'detail-type': ['order.filled.v1'] },
      State: 'ENABLED',
      Targets: [
        { Id: 'a', Arn: { 'Fn::GetAtt': ['Hear', 'Arn'] } },
        {
          Id: 'b',
          Arn: { 'Fn::GetAtt': ['Lane', 'Arn'] },
          SqsParameters: { MessageGroupId: 'g' },
          Input: '{"woken":1}',
        },
      ],
    },
  },
};

let house: TestHouse;
let heard: unknown[];

beforeEach(async () => {
  heard = [];
  house = await startTestHouse({
    stacks: { flow: { Resources: RESOURCES } },
    rooms: { say: asFunctionsDo, hear: (event) => heard.push(event) },
    secrets: { SECRET_BROKER_ID: '{"key":"PK"}' },
  });
});
afterEach(() => house.stop());

describe('the services that the house answers itself', () => {
  it('take events from a function and hand them to what their rules name', async () => {
    const { outcome } = house.house.runtime.invoke('say', {});
    expect(await outcome).toMatchObject({
      ok: true,
      payload: {
        FailedEntryCount: 2,
        Entries: [
          { EventId: expect.any(String) },
          { ErrorCode: 'ResourceNotFoundException' },
          { ErrorCode: 'MalformedDetail' },
        ],
      },
    });
    expect(heard).toEqual([]);
    await house.conductor.drain();
    expect(heard).toMatchObject([
      {
        source: 'belay.execute',
        'detail-type': 'order.filled.v1',
        time: '2024-03-08T12:00:00Z',
        detail: { data: { symbol: 'AAPL' } },
      },
    ]);
    const [told] = await house.house.queues.receive('told.fifo', { count: 1 });
    expect(told?.Body).toBe('{"woken":1}');
    expect(house.events).toHaveLength(1);
  });

  it('tell a secret by its name or ARN, and nothing of one that nobody may read', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:broker';
    expect(await house.house.runtime.invoke('say', { secret: arn }).outcome).toEqual({
      ok: true,
      payload: '{"key":"PK"}',
    });
    expect(await house.house.runtime.invoke('say', { secret: 'broker' }).outcome).toMatchObject({ ok: true });
    expect(await house.house.runtime.invoke('say', { secret: 'other' }).outcome).toMatchObject({
      ok: false,
      errorType: 'ResourceNotFoundException',
    });
  });
});

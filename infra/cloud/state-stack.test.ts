import { describe, expect, it } from 'vitest';
import { type HouseUnderTest, houseUnderTest } from '#infra/cloud/templates-under-test.ts';
import { ENVIRONMENT_NAMES, ENVIRONMENTS, type EnvironmentName } from '#infra/environments.ts';
import { TABLE_NAMES, TABLES } from '#shared/ports/table-catalogue.ts';

const houses: Readonly<Record<EnvironmentName, HouseUnderTest>> = {
  dev: houseUnderTest('dev'),
  paper: houseUnderTest('paper'),
  live: houseUnderTest('live'),
};

const keys = (partition: string, sort: string): unknown => [
  { AttributeName: partition, KeyType: 'HASH' },
  { AttributeName: sort, KeyType: 'RANGE' },
];

describe.each(ENVIRONMENT_NAMES)('the state of %s', (name) => {
  const house = houses[name];
  const { keepsState } = ENVIRONMENTS[name];
  const tables = house.ofType('AWS::DynamoDB::Table');

  it('holds the tables of the catalogue and no other', () => {
    expect(tables.map(({ body }) => body.at('Metadata', 'belay:table').text).sort()).toEqual([...TABLE_NAMES].sort());
  });

  it.each(TABLE_NAMES)('makes table %s as the catalogue describes it', (table) => {
    const [found] = tables.filter(({ body }) => body.at('Metadata', 'belay:table').text === table);
    const description = TABLES[table];
    expect(found?.props.at('KeySchema').value).toEqual(keys('pk', 'sk'));
    expect(found?.props.at('GlobalSecondaryIndexes').value ?? []).toEqual(
      description.indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: keys(index.partitionKey, index.sortKey),
        Projection: { ProjectionType: index.projects === 'keys' ? 'KEYS_ONLY' : 'ALL' },
      })),
    );
    const attributes = found?.props.at('AttributeDefinitions').list ?? [];
    expect(attributes.every((attribute) => attribute.at('AttributeType').text === 'S')).toBe(true);
    expect(found?.props.at('StreamSpecification', 'StreamViewType').value).toBe(
      description.streamed ? 'NEW_IMAGE' : undefined,
    );
    expect(found?.props.at('TimeToLiveSpecification').value).toEqual(
      description.expiryAttribute === null ? undefined : { AttributeName: description.expiryAttribute, Enabled: true },
    );
  });

  it('pays by request, recovers to a point in time, and outlives its stack where it must', () => {
    for (const { props, body } of tables) {
      expect(props.at('BillingMode').text).toBe('PAY_PER_REQUEST');
      expect(props.at('PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled').value).toBe(true);
      expect(props.at('DeletionProtectionEnabled').value).toBe(keepsState);
      expect(body.at('DeletionPolicy').text).toBe(keepsState ? 'Retain' : 'Delete');
      expect(props.at('TableName').value).toBeUndefined();
    }
    expect(tables).toHaveLength(TABLE_NAMES.length);
  });

  it('holds secrets whose values are generated, never written', () => {
    const secrets = house.ofType('AWS::SecretsManager::Secret');
    expect(secrets.map(({ body }) => body.at('Metadata', 'belay:secret').text)).toEqual([
      'broker',
      'webhook',
      'internal',
    ]);
    for (const { props, body } of secrets) {
      expect(props.at('SecretString').value).toBeUndefined();
      expect(props.at('GenerateSecretString', 'GenerateStringKey').text).toBe('secret');
      expect(props.at('GenerateSecretString', 'PasswordLength').number).toBeGreaterThanOrEqual(64);
      expect(body.at('DeletionPolicy').text).toBe(keepsState ? 'Retain' : 'Delete');
    }
  });
});

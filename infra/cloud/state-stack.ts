import { CfnOutput, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { HouseStackProps } from '#infra/cloud/house.ts';
import { mark } from '#infra/cloud/marks.ts';
import { type SecretName, SECRET_NAMES } from '#infra/cloud/rooms.ts';
import type { EnvironmentDescription } from '#infra/environments.ts';
import { TABLE_NAMES, type TableDescription, type TableName, TABLES } from '#shared/ports/table-catalogue.ts';

/** What the operator must know before the house can use a secret. */
const SECRET_TEXTS: Readonly<Record<SecretName, { readonly says: string; readonly template: string }>> = {
  broker: {
    says: 'The broker key and its secret as {"key","secret"}. Made with placeholders: put the real ones in.',
    template: '{"key":"to-be-put-in"}',
  },
  webhook: { says: 'What webhook bodies are signed with, as {"secret"}.', template: '{}' },
  internal: { says: 'What calls from service to service are signed with, as {"secret"}.', template: '{}' },
};

const UNROTATED_BECAUSE: Readonly<Record<SecretName, string>> = {
  broker:
    'The broker issues its keys by hand and has no call to change one; a rotation that Lambda starts would lock trading out.',
  webhook: 'The sender of the webhooks holds the same secret and is told a new one by hand; both ends change together.',
  internal:
    'The calling services hold the same secret and are told a new one by hand, while the one before stands beside it.',
};

/** What outlives everything else: tables and secrets. */
export class StateStack extends Stack {
  readonly tables: Readonly<Record<TableName, Table>>;
  readonly secrets: Readonly<Record<SecretName, Secret>>;

  constructor(scope: Construct, id: string, props: HouseStackProps) {
    super(scope, id, props);
    const { environment } = props.settings;
    const table = (name: TableName): Table => this.#table(name, TABLES[name], environment);
    this.tables = {
      safety: table('safety'),
      orders: table('orders'),
      books: table('books'),
      market: table('market'),
      journal: table('journal'),
    };
    this.secrets = {
      broker: this.#secret('broker', environment),
      webhook: this.#secret('webhook', environment),
      internal: this.#secret('internal', environment),
    };
    for (const name of TABLE_NAMES) {
      new CfnOutput(this, `Table${capital(name)}Name`, {
        value: this.tables[name].tableName,
        description: `Table ${name}: ${TABLES[name].holds}`,
      });
    }
    for (const name of SECRET_NAMES) {
      new CfnOutput(this, `Secret${capital(name)}Id`, {
        value: this.secrets[name].secretArn,
        description: SECRET_TEXTS[name].says,
      });
    }
  }

  #table(name: TableName, description: TableDescription, environment: EnvironmentDescription): Table {
    const string = (key: string): { name: string; type: AttributeType } => ({ name: key, type: AttributeType.STRING });
    const table = new Table(this, `Table${capital(name)}`, {
      partitionKey: string('pk'),
      sortKey: string('sk'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: environment.keepsState,
      removalPolicy: removalOf(environment),
      ...(description.expiryAttribute === null ? {} : { timeToLiveAttribute: description.expiryAttribute }),
      ...(description.streamed ? { stream: StreamViewType.NEW_IMAGE } : {}),
    });
    for (const index of description.indexes) {
      table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: string(index.partitionKey),
        sortKey: string(index.sortKey),
        projectionType: index.projects === 'keys' ? ProjectionType.KEYS_ONLY : ProjectionType.ALL,
      });
    }
    mark(table, { table: name });
    return table;
  }

  #secret(name: SecretName, environment: EnvironmentDescription): Secret {
    const { says, template } = SECRET_TEXTS[name];
    const secret = new Secret(this, `Secret${capital(name)}`, {
      description: says,
      generateSecretString: {
        secretStringTemplate: template,
        generateStringKey: 'secret',
        passwordLength: 64,
        excludePunctuation: true,
      },
      removalPolicy: removalOf(environment),
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: UNROTATED_BECAUSE[name],
    });
    mark(secret, { secret: name });
    return secret;
  }
}

const removalOf = (environment: EnvironmentDescription): RemovalPolicy =>
  environment.keepsState ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

const capital = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

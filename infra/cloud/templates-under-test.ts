/** The synthesised templates as tests read them: plain values, narrowed step by step. */
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { codeLeftOut } from '#infra/cloud/code-left-out.ts';
import { houseApp, STACK_KINDS, type StackKind, stackName } from '#infra/cloud/house-app.ts';
import type { EnvironmentName } from '#infra/environments.ts';

/** A value somewhere in a template. Absent steps lead to further absent ones, so that a test need not guard each. */
export class Part {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  at(...path: readonly (string | number)[]): Part {
    let value = this.value;
    for (const step of path) value = isRecord(value) ? value[step] : undefined;
    return new Part(value);
  }

  get text(): string {
    return typeof this.value === 'string' ? this.value : '';
  }

  get number(): number {
    return typeof this.value === 'number' ? this.value : Number.NaN;
  }

  /** Elements of a list; a single value counts as a list of one, as in IAM; an absent one is empty. */
  get list(): readonly Part[] {
    if (this.value === undefined) return [];
    const values: readonly unknown[] = Array.isArray(this.value) ? this.value : [this.value];
    return values.map((value) => new Part(value));
  }

  get entries(): readonly (readonly [string, Part])[] {
    return isRecord(this.value) ? Object.entries(this.value).map(([key, value]) => [key, new Part(value)]) : [];
  }

  get json(): string {
    return JSON.stringify(this.value ?? null);
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string | number, unknown>> =>
  typeof value === 'object' && value !== null;

export interface FoundResource {
  readonly stack: StackKind;
  readonly logicalId: string;
  readonly body: Part;
  /** Its properties. */
  readonly props: Part;
}

export interface HouseUnderTest {
  readonly stacks: Readonly<Record<StackKind, Template>>;
  ofType(type: string): readonly FoundResource[];
}

/** Synthesises one environment as it is deployed, its code left out. */
export function houseUnderTest(name: EnvironmentName, context: Readonly<Record<string, string>> = {}): HouseUnderTest {
  const app = houseApp([name], { buildId: 'build-under-test', codeOf: codeLeftOut, validate: false, context });
  const template = (kind: StackKind): Template => {
    const stack = app.node.findChild(stackName(name, kind));
    if (!(stack instanceof Stack)) throw new TypeError(`${stackName(name, kind)} is no stack`);
    return Template.fromStack(stack);
  };
  const stacks = { state: template('state'), flow: template('flow'), edge: template('edge'), watch: template('watch') };
  const resources = STACK_KINDS.flatMap((stack) =>
    new Part(stacks[stack].toJSON())
      .at('Resources')
      .entries.map(([logicalId, body]) => ({ stack, logicalId, body, props: body.at('Properties') })),
  );
  return { stacks, ofType: (type) => resources.filter(({ body }) => body.at('Type').text === type) };
}

/** What the role of a function may do: actions with the text of the resource that each is allowed on. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
  /** Partition keys that it is limited to, as a pattern; null for the whole table. */
  readonly keys: string | null;
}

const keysOf = (statement: Part): string | null => {
  const keys = statement.at('Condition', 'ForAllValues:StringLike', 'dynamodb:LeadingKeys').list;
  return keys.length === 0 ? null : keys.map((key) => key.text).join(' ');
};

/** Permissions of the role of each function, by the id of its row. */
export function permissionsByRoom(house: HouseUnderTest): ReadonlyMap<string, readonly Permission[]> {
  const found = new Map<string, readonly Permission[]>();
  for (const policy of house.ofType('AWS::IAM::Policy')) {
    const roles = policy.props.at('Roles').list.map((role) => role.at('Ref').text);
    const permissions = policy.props.at('PolicyDocument', 'Statement').list.flatMap((statement) =>
      statement.at('Action').list.flatMap((action) =>
        statement.at('Resource').list.map((resource) => ({
          action: action.text,
          resource: resource.json,
          keys: keysOf(statement),
        })),
      ),
    );
    for (const role of roles) found.set(role, [...(found.get(role) ?? []), ...permissions]);
  }
  return new Map(
    house.ofType('AWS::Lambda::Function').map(({ logicalId, props }) => {
      const role = props.at('Role', 'Fn::GetAtt', 0).text;
      return [logicalId.split('Function')[0] ?? logicalId, found.get(role) ?? []];
    }),
  );
}

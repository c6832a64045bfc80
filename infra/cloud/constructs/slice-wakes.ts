import { Arn, ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { FunctionRoom } from '#infra/cloud/constructs/function-room.ts';

/** The group of the one-off schedules that wake plans of slices, and the role that they invoke as. */
export class SliceWakes extends Construct {
  readonly group: ScheduleGroup;
  readonly role: Role;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.group = new ScheduleGroup(this, 'Group');
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account, 'aws:SourceArn': this.group.scheduleGroupArn },
        },
      }),
    });
  }

  /** ARNs of every schedule of the group, and of no other. */
  get scheduleArns(): string {
    const { scheduleGroupName } = this.group;
    return Arn.format(
      {
        service: 'scheduler',
        resource: 'schedule',
        resourceName: `${scheduleGroupName}/*`,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      },
      Stack.of(this),
    );
  }

  /** The role may invoke this room's function and nothing else. */
  wake({ lambda }: FunctionRoom): void {
    const stack = Stack.of(this);
    const groupName: unknown = stack.resolve(this.group.scheduleGroupName);
    const found = `arn:aws:scheduler:${stack.region}:<AWS::AccountId>:schedule/${String(groupName)}/*`;
    Validations.of(lambda.node.scope ?? lambda).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${found}]`,
      reason:
        'One-off schedules are named for the slices that they wake, which nobody knows before; the group holds no others.',
    });
    this.role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['lambda:InvokeFunction'],
        resources: [lambda.functionArn],
      }),
    );
  }
}

import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { FACTS } from '#events/catalogue.ts';
import { type AlarmRow, alarmRows } from '#infra/cloud/alarms.ts';
import { LastResort } from '#infra/cloud/constructs/last-resort.ts';
import { makeDashboard } from '#infra/cloud/dashboard.ts';
import type { EdgeStack } from '#infra/cloud/edge-stack.ts';
import { FACT_SOURCE, type FlowStack } from '#infra/cloud/flow-stack.ts';
import type { HouseStackProps } from '#infra/cloud/house.ts';

export interface WatchStackProps extends HouseStackProps {
  readonly flow: FlowStack;
  readonly edge: EdgeStack;
  /** Who is called. Nobody is, where the list is empty. */
  readonly alarmEmails: readonly string[];
}

/** What calls people and what they look at. */
export class WatchStack extends Stack {
  readonly alarms: Topic;

  constructor(scope: Construct, id: string, props: WatchStackProps) {
    super(scope, id, props);
    const untold = new LastResort(this, 'Untold', { name: 'untold' });
    const watched = { environment: props.settings.environment.name, flow: props.flow, edge: props.edge, untold };
    this.alarms = this.#topic(props.alarmEmails);
    this.#criticalFacts(props.flow, untold);
    for (const row of alarmRows(watched)) this.#alarm(watched.environment, row);
    const dashboard = makeDashboard(this, watched);
    new CfnOutput(this, 'AlarmTopicArn', { value: this.alarms.topicArn, description: 'Where alarms are said' });
    new CfnOutput(this, 'DashboardName', { value: dashboard.dashboardName, description: 'Where to look' });
  }

  #topic(emails: readonly string[]): Topic {
    const topic = new Topic(this, 'Alarms', { displayName: 'Belay alarms', enforceSSL: true });
    for (const email of emails) topic.addSubscription(new EmailSubscription(email));
    // The topic has a policy of its own, which takes the place of the one that lets alarms of the account in.
    topic.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    return topic;
  }

  /** What is critical is told at once, and not only where somebody thought of an alarm for it. */
  #criticalFacts(flow: FlowStack, untold: LastResort): void {
    const critical = FACTS.filter((fact) => fact.priority === 'CRITICAL').map((fact) => fact.type);
    const rule = new Rule(this, 'CriticalFacts', {
      eventBus: flow.parts.bus,
      description: 'Tells people of every critical fact',
      eventPattern: { ...FACT_SOURCE, detailType: critical },
    });
    rule.addTarget(
      new SnsTopic(this.alarms, {
        message: RuleTargetInput.fromText(
          [
            `Belay: ${EventField.detailType} of ${EventField.fromPath('$.detail.meta.aggregateId')}`,
            `at ${EventField.time} from ${EventField.source},`,
            `correlation ${EventField.fromPath('$.detail.meta.correlationId')}.`,
            'What to do: docs/runbooks/critical-facts.md',
          ].join(' '),
        ),
        deadLetterQueue: untold,
        retryAttempts: 3,
        maxEventAge: Duration.minutes(5),
      }),
    );
  }

  #alarm(environment: string, row: AlarmRow): void {
    const alarm = new Alarm(this, `Alarm-${row.name}`, {
      alarmName: `belay-${environment}-${row.name}`,
      alarmDescription: `${row.says} What to do: docs/runbooks/${row.runbook}.md`,
      metric: row.metric,
      threshold: row.threshold,
      comparisonOperator: row.comparison,
      evaluationPeriods: row.periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const tell = new SnsAction(this.alarms);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
  }
}

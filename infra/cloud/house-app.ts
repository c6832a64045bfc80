/** The whole house as a CDK app: four stacks for each environment. */
import { App, Tags } from 'aws-cdk-lib';
import { type Choices, readChoices, readSettings } from '#infra/cloud/choices.ts';
import { EdgeStack } from '#infra/cloud/edge-stack.ts';
import { FlowStack } from '#infra/cloud/flow-stack.ts';
import type { HouseSettings } from '#infra/cloud/house.ts';
import { StateStack } from '#infra/cloud/state-stack.ts';
import { WatchStack } from '#infra/cloud/watch-stack.ts';
import { type EnvironmentName, ENVIRONMENTS } from '#infra/environments.ts';

export const STACK_KINDS = ['state', 'flow', 'edge', 'watch'] as const;
export type StackKind = (typeof STACK_KINDS)[number];

export const stackName = (environment: EnvironmentName, kind: StackKind): string => `belay-${environment}-${kind}`;

/** How CDK behaves, wherever the app is started from: cdk.json is read by its command line only. */
const CDK_CONTEXT = {
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/core:checkSecretUsage': true,
  '@aws-cdk/core:enablePartitionLiterals': true,
  '@aws-cdk/aws-lambda:createNewPoliciesWithAddToRolePolicy': false,
} as const;

export interface HouseAppOptions extends Pick<HouseSettings, 'buildId' | 'codeOf'> {
  /** Folder of the cloud assembly; absent: one of CDK's own that nobody is told of. */
  readonly outdir?: string;
  /** Whether CDK holds the templates to CloudFormation's own schemas, which takes seconds. */
  readonly validate: boolean;
  /** The operator's choices; the CDK command line adds its own. */
  readonly context?: Readonly<Record<string, string>>;
}

/** @throws ChoiceError when the operator's choices are not readable. */
export function houseApp(environments: readonly EnvironmentName[], options: HouseAppOptions): App {
  const app = new App({
    analyticsReporting: false,
    treeMetadata: false,
    stackTraces: false,
    builtinCloudFormationValidation: options.validate,
    context: { ...CDK_CONTEXT, ...options.context },
    ...(options.outdir === undefined ? {} : { outdir: options.outdir }),
  });
  const choices = readChoices(app.node);
  for (const name of environments) addHouse(app, name, options, choices);
  return app;
}

function addHouse(app: App, name: EnvironmentName, options: HouseAppOptions, choices: Choices): void {
  const environment = ENVIRONMENTS[name];
  const { buildId, codeOf } = options;
  const of = (kind: StackKind, says: string): { stackName: string; description: string } => ({
    stackName: stackName(name, kind),
    description: `Belay ${name}: ${says}`,
  });
  const common = {
    settings: { environment, buildId, codeOf, dryRun: choices.dryRun, chosen: readSettings(app.node, name) },
    env: { region: environment.region },
    terminationProtection: environment.keepsState,
  };
  const state = new StateStack(app, stackName(name, 'state'), { ...common, ...of('state', 'tables and secrets') });
  const flow = new FlowStack(app, stackName(name, 'flow'), { ...common, ...of('flow', 'lanes, bus and rooms'), state });
  const edge = new EdgeStack(app, stackName(name, 'edge'), { ...common, ...of('edge', 'the HTTP API'), flow });
  const watch = new WatchStack(app, stackName(name, 'watch'), {
    ...common,
    ...of('watch', 'alarms and dashboard'),
    flow,
    edge,
    alarmEmails: choices.alarmEmails,
  });
  for (const stack of [state, flow, edge, watch]) Tags.of(stack).add('belay:environment', name);
}

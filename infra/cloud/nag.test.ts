import { type App, Stack, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it, vi } from 'vitest';
import { INTERNAL_ROUTES } from '#functions/control/routes.ts';
import { codeLeftOut } from '#infra/cloud/code-left-out.ts';
import { houseApp } from '#infra/cloud/house-app.ts';
import { ENVIRONMENT_NAMES, type EnvironmentName } from '#infra/environments.ts';

const made = (name: EnvironmentName): App =>
  houseApp([name], { buildId: 'build-under-test', codeOf: codeLeftOut, validate: false });

/** Rule and place of everything that the rules find, as `AwsSolutions-SQS4 path/of/construct`. */
const findings = (app: App): readonly string[] =>
  new AwsSolutionsChecks(app)
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );

describe('the rules of AwsSolutions', () => {
  it.each(ENVIRONMENT_NAMES)('find nothing in %s that is not acknowledged', (name) => {
    expect(findings(made(name))).toEqual([]);
  });

  it('find what is planted', () => {
    const app = made('dev');
    const flow = app.node.findChild('belay-dev-flow');
    expect(flow).toBeInstanceOf(Stack);
    new Queue(flow, 'Planted');
    expect(findings(app)).toEqual([
      'AwsSolutions-SQS3 belay-dev-flow/Planted/Resource',
      'AwsSolutions-SQS4 belay-dev-flow/Planted/Resource',
    ]);
  });

  it('would find exactly what is acknowledged, each with its reason', () => {
    const acknowledge = vi.spyOn(Validations.prototype, 'acknowledge').mockReturnValue();
    const app = made('live');
    const given = acknowledge.mock.calls.flat();
    acknowledge.mockRestore();
    expect(findings(app)).toEqual([
      'AwsSolutions-SMG4 belay-live-state/SecretBroker/Resource',
      'AwsSolutions-SMG4 belay-live-state/SecretWebhook/Resource',
      'AwsSolutions-SMG4 belay-live-state/SecretInternal/Resource',
      'AwsSolutions-SQS3 belay-live-flow/FailedSlots/Resource',
      'AwsSolutions-SQS3 belay-live-flow/Unpublished/Resource',
      'AwsSolutions-SQS3 belay-live-watch/Untold/Resource',
      expect.stringMatching(
        /^AwsSolutions-IAM5\[.*:schedule\/.*\] belay-live-flow\/Slice\/Role\/DefaultPolicy\/Resource$/,
      ),
      'AwsSolutions-APIG4 belay-live-edge/Api/GET--/Resource',
      'AwsSolutions-APIG4 belay-live-edge/Api/GET--api--v1--openapi.json/Resource',
      'AwsSolutions-APIG4 belay-live-edge/Api/GET--api--v1--docs/Resource',
      'AwsSolutions-APIG4 belay-live-edge/Api/POST--api--v1--webhooks--orders/Resource',
      ...INTERNAL_ROUTES.map(
        ([, { method, path }]) =>
          `AwsSolutions-APIG4 belay-live-edge/Api/${method}${path.replaceAll('/', '--')}/Resource`,
      ),
    ]);
    expect(given.map(({ id }) => id)).toHaveLength(11 + INTERNAL_ROUTES.length);
    for (const { reason } of given) expect(reason.length).toBeGreaterThan(60);
  });
});

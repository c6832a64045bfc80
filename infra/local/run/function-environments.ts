/**
 * What the house changes in the environments that the template gives the functions: where the broker is, whether orders
 * may leave, which build this is. A variable is changed where the template gives it and added nowhere, so that a
 * function that lacks one lacks it at home too.
 */
import type { FunctionPlan } from '#infra/local/template/house-plan.ts';
import { LOCAL_REGION } from '#infra/local/template/physical-names.ts';
import { TemplateError } from '#infra/local/template/template-files.ts';
import { QUIET_SDK } from './quiet-sdk.ts';

const isLoopback = (host: string): boolean => host === '' || host === '127.0.0.1' || /(^|\.)localhost$/.test(host);
const hostOf = (text: string): string | null => (URL.canParse(text) ? new URL(text).hostname : null);

/** @throws TemplateError when a function would still be told an address that is not of this machine. */
export function atHome(
  plans: readonly FunctionPlan[],
  changes: Readonly<Record<string, string>>,
): readonly FunctionPlan[] {
  return plans.map((plan) => {
    const environment = Object.fromEntries(
      Object.entries(plan.environment).map(([name, value]) => [name, changes[name] ?? value]),
    );
    for (const [name, value] of Object.entries(environment)) {
      const host = hostOf(value);
      if (host !== null && !isLoopback(host)) {
        throw new TemplateError(`${plan.name}: its variable ${name} leads to ${host}, which a local house never calls`);
      }
    }
    return { ...plan, environment };
  });
}

/** The value that every function which has the variable is given. @throws TemplateError when they differ or none has it. */
export function sharedVariable(plans: readonly FunctionPlan[], name: string): string {
  const values = new Set(plans.flatMap(({ environment }) => environment[name] ?? []));
  const [value, other] = values;
  if (value === undefined) throw new TemplateError(`no function has the variable ${name}`);
  if (other !== undefined) throw new TemplateError(`functions disagree about ${name}: ${[...values].join(', ')}`);
  return value;
}

/** Credentials that no service of the real cloud takes, and the endpoints of this house for every service. */
export const machineVariables = (endpoints: {
  readonly dynamodb: string;
  readonly sqs: string;
  readonly house: string;
}): Readonly<Record<string, string>> => ({
  BELAY_LOCAL: '1',
  AWS_REGION: LOCAL_REGION,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL: endpoints.house,
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.house,
  AWS_ENDPOINT_URL_SCHEDULER: endpoints.house,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.house,
  AWS_EC2_METADATA_DISABLED: 'true',
  ...QUIET_SDK,
});

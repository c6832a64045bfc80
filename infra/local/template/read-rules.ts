/** The event buses and what their rules hand to whom. */
import type * as z from 'zod';
import { refuseUnknownPattern } from '#infra/local/rules/event-pattern.ts';
import type { RulePlan, RuleTarget, TargetInput } from './house-plan.ts';
import type { TemplateResolver } from './intrinsics.ts';
import type { KnownNames } from './known-names.ts';
import { READINGS } from './resource-readings.ts';
import { type StackTemplate, TemplateError } from './template-files.ts';
import { readResources } from './template-reader.ts';

export const readBuses = (templates: readonly StackTemplate[], resolver: TemplateResolver): readonly string[] =>
  readResources(templates, resolver, READINGS.bus).map(({ ref }) => ref);

type Target = z.output<typeof READINGS.rule.schema>['Targets'][number];

/** @throws TemplateError for a pattern or a target that the house cannot follow. */
export function readRules(
  templates: readonly StackTemplate[],
  resolver: TemplateResolver,
  names: KnownNames,
  buses: readonly string[],
): readonly RulePlan[] {
  return readResources(templates, resolver, READINGS.rule)
    .filter(({ properties }) => properties.State === 'ENABLED')
    .map(({ where, ref, properties }) => {
      const bus = properties.EventBusName.split('/').at(-1) ?? properties.EventBusName;
      if (bus !== 'default' && !buses.includes(bus)) throw new TemplateError(`${where}: there is no event bus ${bus}`);
      refuseUnknownPattern(properties.EventPattern, where);
      return {
        name: ref,
        bus,
        pattern: properties.EventPattern,
        targets: properties.Targets.map((target) => readTarget(target, names, where)),
      };
    });
}

function readTarget(target: Target, names: KnownNames, where: string): RuleTarget {
  const input = readInput(target);
  const functionName = names.functionIn(target.Arn);
  if (functionName !== null) return { kind: 'function', functionName, input };
  const queueName = names.queueIn(target.Arn);
  if (queueName !== null) {
    return { kind: 'queue', queueName, groupId: target.SqsParameters?.MessageGroupId ?? null, input };
  }
  if (/:(sns|logs):/.test(target.Arn)) return { kind: 'notice', arn: target.Arn };
  throw new TemplateError(`${where}: the local house has no target ${target.Arn}`);
}

function readInput(target: Target): TargetInput | null {
  if (target.Input !== undefined) return { template: target.Input, paths: {} };
  const transformer = target.InputTransformer;
  return transformer === undefined ? null : { template: transformer.InputTemplate, paths: transformer.InputPathsMap };
}

/** Event source mappings: which queues and which tables' changes are handed to which functions. */
import * as z from 'zod';
import type { EventPattern, LanePlan, StreamPlan } from './house-plan.ts';
import type { TemplateResolver } from './intrinsics.ts';
import type { KnownNames } from './known-names.ts';
import { READINGS } from './resource-readings.ts';
import { type StackTemplate, TemplateError } from './template-files.ts';
import { readResources, type ReadResource } from './template-reader.ts';

type Mapping = ReadResource<z.output<typeof READINGS.eventSourceMapping.schema>>;

const mappings = (templates: readonly StackTemplate[], resolver: TemplateResolver): readonly Mapping[] =>
  readResources(templates, resolver, READINGS.eventSourceMapping).filter(({ properties }) => properties.Enabled);

const isOfTable = (mapping: Mapping): boolean => mapping.properties.EventSourceArn.includes(':dynamodb:');

/** @throws TemplateError for a source that is neither a queue nor a table of these templates. */
export function readLanes(
  templates: readonly StackTemplate[],
  resolver: TemplateResolver,
  names: KnownNames,
): readonly LanePlan[] {
  return mappings(templates, resolver)
    .filter((mapping) => !isOfTable(mapping))
    .map(({ where, properties }) => ({
      functionName: names.expectFunction(properties.FunctionName, where),
      queueName: names.expectQueue(properties.EventSourceArn, where),
      batchSize: properties.BatchSize ?? 10,
      concurrencyMax: properties.ScalingConfig?.MaximumConcurrency ?? null,
      reportsItemFailures: properties.FunctionResponseTypes.length > 0,
    }));
}

/** @throws TemplateError for a mapping that is not complete. */
export function readStreams(
  templates: readonly StackTemplate[],
  resolver: TemplateResolver,
  names: KnownNames,
): readonly StreamPlan[] {
  return mappings(templates, resolver)
    .filter(isOfTable)
    .map(({ where, properties }) => {
      const tableName = /:table\/([^/]+)\/stream\//.exec(properties.EventSourceArn)?.[1];
      if (tableName === undefined || properties.StartingPosition === undefined) {
        throw new TemplateError(`${where}: a mapping of a table needs its stream and a starting position`);
      }
      const destination = properties.DestinationConfig?.OnFailure.Destination;
      return {
        functionName: names.expectFunction(properties.FunctionName, where),
        tableName,
        batchSize: properties.BatchSize ?? 100,
        startingPosition: properties.StartingPosition,
        bisectsOnError: properties.BisectBatchOnFunctionError,
        retriesMax: properties.MaximumRetryAttempts,
        recordAgeSecondsMax: properties.MaximumRecordAgeInSeconds,
        reportsItemFailures: properties.FunctionResponseTypes.length > 0,
        onFailureQueue: destination === undefined ? null : names.expectQueue(destination, where),
        filters: (properties.FilterCriteria?.Filters ?? []).map(({ Pattern }) => readPattern(Pattern, where)),
      };
    });
}

function readPattern(text: string, where: string): EventPattern {
  const pattern = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
  if (!pattern.success) throw new TemplateError(`${where}: a filter is not a pattern: ${text}`);
  return pattern.data;
}

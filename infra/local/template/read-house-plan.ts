/** The whole plan of the house, from the synthesised templates of one environment. */
import type { HousePlan, QueuePlan, SchedulePlan, TablePlan } from './house-plan.ts';
import { TemplateResolver } from './intrinsics.ts';
import { KnownNames, lastPart } from './known-names.ts';
import type { PhysicalSettings } from './physical-names.ts';
import { readApi } from './read-api.ts';
import { readLanes, readStreams } from './read-event-sources.ts';
import { readFunctions } from './read-functions.ts';
import { readBuses, readRules } from './read-rules.ts';
import { READINGS } from './resource-readings.ts';
import { readTemplates, type StackTemplate, TemplateError } from './template-files.ts';
import { readResources, refuseUnknownTypes } from './template-reader.ts';

/**
 * @param directory where the environment's cloud assembly lies.
 * @throws TemplateError for anything that the local house does not understand, with the stack and the resource.
 */
export function readHousePlan(directory: string, settings: PhysicalSettings): HousePlan {
  const templates = readTemplates(directory);
  refuseUnknownTypes(templates);
  const resolver = new TemplateResolver(templates, settings);
  const queues = readQueues(templates, resolver);
  const functions = readFunctions(templates, resolver);
  const buses = readBuses(templates, resolver);
  const names = new KnownNames(
    functions.map(({ name }) => name),
    queues.map(({ name }) => name),
  );
  return {
    tables: readTables(templates, resolver),
    queues,
    functions,
    lanes: readLanes(templates, resolver, names),
    streams: readStreams(templates, resolver, names),
    schedules: readSchedules(templates, resolver, names),
    scheduleGroups: readResources(templates, resolver, READINGS.scheduleGroup).map(({ ref }) => ref),
    buses,
    rules: readRules(templates, resolver, names, buses),
    secrets: readResources(templates, resolver, READINGS.secret).map(({ ref }) => ({ name: lastPart(ref), arn: ref })),
    api: readApi(templates, resolver, names),
  };
}

const readTables = (templates: readonly StackTemplate[], resolver: TemplateResolver): readonly TablePlan[] =>
  readResources(templates, resolver, READINGS.table).map(({ ref, properties }) => ({
    name: ref,
    keySchema: properties.KeySchema,
    attributes: properties.AttributeDefinitions,
    indexes: properties.GlobalSecondaryIndexes,
    streamView: properties.StreamSpecification?.StreamViewType ?? null,
    expiryAttribute: properties.TimeToLiveSpecification?.AttributeName ?? null,
  }));

const readQueues = (templates: readonly StackTemplate[], resolver: TemplateResolver): readonly QueuePlan[] =>
  readResources(templates, resolver, READINGS.queue).map(({ where, attributes, properties }) => {
    const name = attributes['QueueName'];
    if (name === undefined) throw new TemplateError(`${where}: the queue has no name`);
    const redrive = properties.RedrivePolicy;
    return {
      name,
      fifo: properties.FifoQueue,
      contentBasedDeduplication: properties.ContentBasedDeduplication,
      visibilityTimeoutSeconds: properties.VisibilityTimeout,
      deadLetter:
        redrive === undefined
          ? null
          : { queueName: lastPart(redrive.deadLetterTargetArn), receivesMax: redrive.maxReceiveCount },
    };
  });

const readSchedules = (
  templates: readonly StackTemplate[],
  resolver: TemplateResolver,
  names: KnownNames,
): readonly SchedulePlan[] =>
  readResources(templates, resolver, READINGS.schedule)
    .filter(({ properties }) => properties.State === 'ENABLED')
    .map(({ where, ref, properties }) => ({
      name: ref,
      expression: properties.ScheduleExpression,
      timeZone: properties.ScheduleExpressionTimezone,
      functionName: names.expectFunction(properties.Target.Arn, where),
      input: properties.Target.Input ?? null,
    }));

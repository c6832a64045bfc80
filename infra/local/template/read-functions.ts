/** Functions with their rooms, environments and what becomes of their failed asynchronous invocations. */
import type { AsynchronousPlan, FunctionPlan } from './house-plan.ts';
import type { TemplateResolver } from './intrinsics.ts';
import { lastPart } from './known-names.ts';
import { READINGS } from './resource-readings.ts';
import { type StackTemplate, TemplateError } from './template-files.ts';
import { readResources } from './template-reader.ts';

/** What Lambda does where nothing is configured. */
const DEFAULT_ASYNCHRONOUS: AsynchronousPlan = { retriesMax: 2, eventAgeSecondsMax: 21_600, onFailureQueue: null };

/** @throws TemplateError when a function does not say which room it is. */
export function readFunctions(
  templates: readonly StackTemplate[],
  resolver: TemplateResolver,
): readonly FunctionPlan[] {
  const asynchronous = readAsynchronous(templates, resolver);
  return readResources(templates, resolver, READINGS.lambdaFunction).map(({ where, ref, properties, metadata }) => {
    const room = metadata['belay:room'];
    const handlerExport = metadata['belay:export'] ?? 'handler';
    if (typeof room !== 'string' || !/^[a-z][a-z-]*$/.test(room)) {
      throw new TemplateError(`${where}: its metadata belay:room does not name a folder of functions/`);
    }
    if (typeof handlerExport !== 'string') throw new TemplateError(`${where}: its metadata belay:export is not a name`);
    return {
      name: ref,
      room,
      handlerExport,
      timeoutSeconds: properties.Timeout,
      memoryMb: properties.MemorySize,
      environment: properties.Environment?.Variables ?? {},
      asynchronous: asynchronous.get(ref) ?? DEFAULT_ASYNCHRONOUS,
    };
  });
}

function readAsynchronous(
  templates: readonly StackTemplate[],
  resolver: TemplateResolver,
): ReadonlyMap<string, AsynchronousPlan> {
  return new Map(
    readResources(templates, resolver, READINGS.eventInvokeConfig).map(({ properties }) => {
      const destination = properties.DestinationConfig?.OnFailure.Destination;
      return [
        properties.FunctionName,
        {
          retriesMax: properties.MaximumRetryAttempts,
          eventAgeSecondsMax: properties.MaximumEventAgeInSeconds,
          onFailureQueue: destination?.includes(':sqs:') === true ? lastPart(destination) : null,
        },
      ];
    }),
  );
}

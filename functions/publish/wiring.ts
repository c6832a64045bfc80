/** What publish is made of. */
import { openEventBridgeBus } from '#shared/adapters/eventbridge/bus.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { type RoomTelemetry, roomTelemetry } from '#shared/runtime/telemetry.ts';
import type { PublishDependencies } from './publish-facts.ts';

/** @throws ConfigurationError when a setting is missing or wrong. */
export function wire(
  environment: Readonly<Record<string, string | undefined>>,
): PublishDependencies & { readonly telemetry: RoomTelemetry } {
  const settings = readConfiguration(environment, ['ENVIRONMENT', 'EVENT_BUS_NAME']);
  return {
    telemetry: roomTelemetry('publish', settings.ENVIRONMENT),
    bus: openEventBridgeBus({ busName: settings.EVENT_BUS_NAME, pacing: systemPacing }),
  };
}

/** From the journal's stream to the bus: every fact at least once, in the order of the stream. */
import type { FactType } from '#events/catalogue.ts';
import type { Fact } from '#events/envelope.ts';
import type { Bus } from '#shared/ports/bus.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { MetricName } from '#shared/runtime/metric-names.ts';

/** One entry of the stream with its facts; none of one that is not to be published (the journal is append-only). */
export interface StreamEntry {
  readonly sequenceNumber: string;
  readonly facts: readonly Fact[];
}

export interface PublishDependencies {
  readonly bus: Bus;
  readonly telemetry: Telemetry;
}

/** What people follow is counted here, where every fact passes, whichever room it came from. */
const COUNTED: ReadonlyMap<string, MetricName> = new Map<FactType, MetricName>([
  ['order.filled.v1', 'OrdersFilled'],
  ['order.canceled.v1', 'OrdersCanceled'],
  ['order.expired.v1', 'OrdersCanceled'],
  ['order.rejected.v1', 'OrdersRejected'],
  ['position.opened.v1', 'PositionsOpened'],
  ['position.closed.v1', 'PositionsClosed'],
  ['stop.triggered.v1', 'StopsTriggered'],
]);

/**
 * @returns the sequence number of the first entry that the bus did not take, or null: the stream comes again from there,
 * and what is said twice is known by its id.
 */
export async function publishFacts(
  { bus, telemetry }: PublishDependencies,
  entries: readonly StreamEntry[],
): Promise<string | null> {
  const facts = entries.flatMap((entry) => entry.facts);
  const left = await bus.publish(facts);
  telemetry.count('EventsPublished', facts.length - left.length);
  const waiting = new Set(left.map((fact) => fact.meta.eventId));
  for (const { type, meta } of facts) {
    const metric = COUNTED.get(type);
    if (metric !== undefined && !waiting.has(meta.eventId)) telemetry.count(metric);
  }
  if (left.length === 0) return null;
  const first = entries.find((entry) => entry.facts.some(({ meta }) => waiting.has(meta.eventId)));
  telemetry.warn('the bus did not take every fact', { left: left.length });
  return first?.sequenceNumber ?? null;
}

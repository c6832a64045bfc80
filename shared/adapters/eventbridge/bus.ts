/** The bus over EventBridge. */
import {
  EventBridgeClient,
  type EventBridgeClientConfig,
  PutEventsCommand,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import type { Fact } from '#events/envelope.ts';
import { attempt, type AttemptLimits } from '#shared/core/kernel/attempts.ts';
import { callFault } from '#shared/core/kernel/call-failure.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { refuseRealAwsRequests } from '#shared/core/kernel/real-aws.ts';
import type { Bus } from '#shared/ports/bus.ts';
import type { Pacing } from '#shared/ports/pacing.ts';
import { type BusEntry, entriesOf, requestsOf } from './bus-entries.ts';

export interface EventBridgeBusOptions {
  readonly busName: string;
  readonly pacing: Pacing;
  /** Region, credentials and endpoint come from the standard environment variables unless given. */
  readonly client?: EventBridgeClientConfig;
}

const LIMITS: AttemptLimits = { attemptsMax: 5, waitMsBase: 20, waitMsMax: 500 };
const TIMEOUTS = { connectionTimeout: 1000, requestTimeout: 4000, throwOnRequestTimeout: true } as const;
/** Codes of an entry that the bus may take when it comes again. */
const TRANSIENT_CODES = new Set(['InternalFailure', 'InternalException', 'ThrottlingException', 'ServiceUnavailable']);

export function openEventBridgeBus(options: EventBridgeBusOptions): Bus {
  const client = new EventBridgeClient({ requestHandler: TIMEOUTS, ...options.client, maxAttempts: 1 });
  if (process.env['BELAY_LOCAL'] === '1') {
    client.middlewareStack.add(refuseRealAwsRequests, { step: 'finalizeRequest', name: 'refuseRealAws' });
  }
  return {
    async publish(facts) {
      const left: Fact[] = [];
      for (const request of requestsOf(entriesOf(facts))) left.push(...(await putRequest(client, options, request)));
      return left;
    },
  };
}

/** @returns what the bus did not take after a few attempts; a fact that it took twice is known by its id. */
async function putRequest(
  client: EventBridgeClient,
  { busName, pacing }: EventBridgeBusOptions,
  request: readonly BusEntry[],
): Promise<readonly Fact[]> {
  let left = request;
  try {
    await attempt(pacing, LIMITS, true, async () => {
      const results = await resultsOf(client, busName, left);
      const failed = results.find((result) => result.ErrorCode !== undefined);
      left = left.filter((_, index) => results[index]?.ErrorCode !== undefined);
      if (failed !== undefined) throw entryFault(results);
    });
    return [];
  } catch (error) {
    // Later requests may still get through; what did not is told to the caller, who says it again.
    if (error instanceof Fault && error.kind !== 'permanent') return left.map((entry) => entry.fact);
    throw error;
  }
}

async function resultsOf(
  client: EventBridgeClient,
  busName: string,
  entries: readonly BusEntry[],
): Promise<readonly PutEventsResultEntry[]> {
  const Entries = entries.map((entry) => ({
    EventBusName: busName,
    Source: entry.source,
    DetailType: entry.fact.type,
    Detail: entry.detail,
    Time: new Date(entry.fact.meta.occurredAt),
  }));
  try {
    const results = (await client.send(new PutEventsCommand({ Entries }))).Entries ?? [];
    if (results.length === entries.length) return results;
  } catch (error) {
    throw callFault('bus', error, 'write');
  }
  throw new Fault('uncertain', 'bus-answer-lost', 'the bus did not tell what became of every entry');
}

function entryFault(results: readonly PutEventsResultEntry[]): Fault {
  const codes = results.flatMap((result) => (result.ErrorCode === undefined ? [] : [result.ErrorCode]));
  const lasting = results.find((result) => result.ErrorCode !== undefined && !TRANSIENT_CODES.has(result.ErrorCode));
  if (lasting === undefined)
    return new Fault('transient', 'bus-throttled', `the bus did not take: ${codes.join(', ')}`);
  const why = `${lasting.ErrorCode ?? 'no code'}: ${lasting.ErrorMessage ?? 'no message'}`;
  return new Fault('permanent', 'bus-refused', `the bus will never take an entry: ${why}`);
}

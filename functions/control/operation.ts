/** What an operation gets, and what it answers; one operation is a schema and the work behind it. */
import * as z from 'zod';
import type { Grant } from '#shared/core/access/permissions.ts';
import { Bug } from '#shared/core/kernel/fault.ts';
import type { AccountId, BuildId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { DeployedLimits } from '#shared/core/risk/check.ts';
import type { Adjustments } from '#shared/ports/adjustments.ts';
import type { Books } from '#shared/ports/books.ts';
import type { BrokerTraffic } from '#shared/ports/broker-traffic.ts';
import type { Broker, MarketData } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { Models } from '#shared/ports/models.ts';
import type { Nonces } from '#shared/ports/nonces.ts';
import type { Lanes } from '#shared/ports/lanes.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { OrderRequests } from '#shared/ports/order-requests.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Orphans } from '#shared/ports/orphans.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { RateLimits } from '#shared/ports/rate-limits.ts';
import type { Reconciliations } from '#shared/ports/reconciliations.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { SlicePlans } from '#shared/ports/slice-plans.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { Problem } from '#shared/runtime/outcome.ts';
import type { InternalAccess } from './internal-caller.ts';
import type { RateLimitsPerMinute } from './limits.ts';
import type { OperationSchema, Success } from './operation-schema.ts';

/** How far back figures of performance go, and for how long they are kept. */
export interface PerformanceSettings {
  readonly daysMax: number;
  readonly keptMs: number;
}

export interface ControlDependencies {
  readonly accountId: AccountId;
  readonly environment: string;
  readonly dryRun: boolean;
  readonly build: BuildId;
  readonly deployed: DeployedLimits;
  readonly performance: PerformanceSettings;
  readonly clock: Clock;
  readonly safety: Safety;
  readonly policies: Policies;
  /** The document that reads back as the policy. */
  readonly documentOf: (policy: Policy) => Readonly<Record<string, unknown>>;
  readonly adjustments: Pick<Adjustments, 'adjust'>;
  readonly books: Books;
  readonly orders: Orders;
  readonly requests: OrderRequests;
  readonly plans: SlicePlans;
  readonly orphans: Pick<Orphans, 'all'>;
  readonly reconciliations: Pick<Reconciliations, 'mark' | 'force' | 'decide' | 'giveUp' | 'ask' | 'session'>;
  readonly journal: Journal;
  readonly marketStore: Pick<MarketStore, 'loadQuotes' | 'loadBars' | 'loadSignals' | 'loadUniverse'>;
  readonly models: Omit<Models, 'keep' | 'noteUse'>;
  readonly broker: Pick<Broker, 'instruments' | 'account' | 'position' | 'clock'>;
  readonly traffic: BrokerTraffic;
  readonly marketData: Pick<MarketData, 'latestQuotes'>;
  readonly lanes: Lanes;
  /** How calls from service to service are let in, and what keeps one from being played again. */
  readonly internal: InternalAccess;
  readonly nonces: Nonces;
  readonly rates: RateLimits;
  readonly rateLimits: RateLimitsPerMinute;
  /** A strategy that made no signal for longer counts as inactive. */
  readonly inactiveAfterMs: number;
  readonly telemetry: Telemetry;
}

/** Who asks, and when. */
export interface Call {
  /** The subject of the token; "anonymous" on an open route. */
  readonly subject: string;
  readonly grant: Grant;
  readonly requestId: string;
  readonly now: EpochMs;
  /** What makes a repeat of the call known for one. */
  readonly idempotencyKey: string | null;
}

/** Why nothing was done. */
export type NotDone =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'problem'; readonly problem: Problem };

export type Outcome<R> =
  | { readonly kind: 'done'; readonly body: R; readonly headers?: Readonly<Record<string, string>> }
  | NotDone;

export const done = <R>(body: R, headers: Readonly<Record<string, string>> = {}): Outcome<R> => ({
  kind: 'done',
  body,
  headers,
});
export const refused = (refusal: Refusal): NotDone => ({ kind: 'refused', refusal });

export const problemOutcome = (
  status: number,
  code: string,
  title: string,
  detail: string,
  field?: string,
): NotDone => ({
  kind: 'problem',
  problem: {
    type: `urn:belay:problem:${code}`,
    title,
    status,
    code,
    detail,
    ...(field === undefined ? {} : { field }),
  },
});

export const notFound = (code: string, detail: string): NotDone =>
  problemOutcome(404, code, 'There is no such thing', detail);
export const outOfScope = (strategyId: string): NotDone =>
  problemOutcome(
    403,
    'strategy-out-of-scope',
    'The request is not permitted',
    `your scopes do not reach the strategy ${strategyId}`,
  );

/** A request as it came, before anybody has looked at it. */
export interface RawInput {
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

interface Input<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
}

export interface Operation {
  readonly schema: OperationSchema;
  readonly run: (dependencies: ControlDependencies, call: Call, raw: RawInput) => Promise<Outcome<unknown>>;
}

/**
 * The problem that names the first field at fault and what would be right.
 * @param within where in the request the document lies that the error is about
 */
export function malformed(error: z.ZodError, within: readonly string[] = []): NotDone {
  const issue = error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...within, ...(issue?.path ?? []).map(String), ...(unknown === undefined ? [] : [unknown])];
  const detail = unknown === undefined ? (issue?.message ?? 'not readable') : `there is no field "${unknown}"`;
  return problemOutcome(
    400,
    'malformed',
    'The request is malformed',
    detail,
    path.length === 0 ? undefined : path.join('.'),
  );
}

/** Joins a schema with its work: what reaches the work fits the schema, and what it answers is typed by it. */
export function operation<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, R extends z.ZodType>(
  schema: { readonly params: P; readonly query: Q; readonly body: B; readonly success: Success<R> },
  work: (dependencies: ControlDependencies, call: Call, input: Input<P, Q, B>) => Promise<Outcome<z.input<R>>>,
): Operation {
  return {
    schema,
    async run(dependencies, call, raw) {
      const params = schema.params.safeParse(raw.params);
      if (!params.success) return malformed(params.error);
      const query = schema.query.safeParse(raw.query);
      if (!query.success) return malformed(query.error);
      const body = schema.body.safeParse(raw.body);
      if (!body.success) return malformed(body.error);
      try {
        return await work(dependencies, call, { params: params.data, query: query.data, body: body.data });
      } catch (thrown) {
        // The request was read already: what cannot be read now is our own.
        if (thrown instanceof z.ZodError) throw new Bug('something stored is not readable', { cause: thrown });
        throw thrown;
      }
    },
  };
}

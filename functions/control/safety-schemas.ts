/** Switches, breaker, reconciliation, policy, quarantine: what keeps the house safe, and what people change about it. */
import * as z from 'zod';
import {
  count,
  cursor,
  date,
  decimal,
  givenInstant,
  instant,
  limit,
  nextCursor,
  positiveDecimal,
  reason,
  reasonView,
  signedDecimal,
  strategy,
  symbol,
  text,
} from './field-schemas.ts';
import { json, TAKES_NOTHING } from './operation-schema.ts';
import { factView } from './reading-schemas.ts';

/** Which open orders an engagement cancels. */
const KILL_CANCELS = ['risk-increasing', 'all'] as const;

const killView = z.strictObject({
  state: z.enum(['missing', 'engaged', 'disengaged']),
  engaged: z.boolean(),
  by: text.nullable(),
  reason: text.nullable(),
  at: instant.nullable(),
  cancels: z.enum(KILL_CANCELS).nullable(),
  /** No send that began before the engagement is on its way any more. */
  settled: z.boolean(),
});
const killSwitches = z.strictObject({
  global: killView,
  account: killView,
  strategies: z.array(z.strictObject({ strategy_id: strategy, ...killView.shape })),
});
const killFields = {
  scope: z
    .enum(['global', 'account', 'strategy'], { error: 'expected "global", "account" or "strategy"' })
    .default('account'),
  /** Whose orders are stopped, where the scope is a strategy. */
  strategy_id: strategy.optional(),
  reason,
};
const namesItsStrategy = {
  holds: ({ scope, strategy_id: name }: { readonly scope: string; readonly strategy_id?: string | undefined }) =>
    (scope === 'strategy') === (name !== undefined),
  says: { error: 'expected a strategy with the scope "strategy", and with no other', path: ['strategy_id'] },
};
const disengagement = z.strictObject(killFields).refine(namesItsStrategy.holds, namesItsStrategy.says);
const engagement = z
  .strictObject({
    ...killFields,
    /** Which open orders the engagement cancels. */
    cancels: z.enum(KILL_CANCELS, { error: 'expected "risk-increasing" or "all"' }).default('risk-increasing'),
  })
  .refine(namesItsStrategy.holds, namesItsStrategy.says);

const breakerView = z.strictObject({
  state: z.enum(['missing', 'ARMED', 'TRIPPED', 'QUIET_PERIOD']),
  cause: text.nullable(),
  by: text.nullable(),
  at: instant.nullable(),
  quiet_until: instant.nullable(),
  /** Whether entries pass the breaker now. */
  lets_entries_pass: z.boolean(),
});

const enabledView = z.strictObject({ strategy_id: strategy, enabled: z.boolean() });
const enabledChange = {
  ...TAKES_NOTHING,
  params: z.strictObject({ strategy_id: strategy }),
  body: z.strictObject({ reason }),
  success: json(enabledView),
} as const;

const fatFinger = z.strictObject({
  policy_version: count,
  notional_max: decimal,
  quantity_max: decimal,
  volume_share_bps_max: count,
});

const policyVersion = { expected_version: count.optional(), reason };
const policyView = z.strictObject({ version: count, document: z.record(z.string(), z.unknown()) });

const orphanDecision = {
  ...TAKES_NOTHING,
  params: z.strictObject({
    broker_order_id: z.string().regex(/^[\x21-\x7e]{1,96}$/, 'expected the id of a broker order'),
  }),
  body: z.strictObject({ reason }),
  success: json(z.strictObject({ broker_order_id: text, decision: z.enum(['adopt', 'cancel', 'dismiss']) }), 202),
} as const;

/** Of a plain decimal text. */
const signOf = (text: string): -1 | 0 | 1 => (!/[1-9]/.test(text) ? 0 : text.startsWith('-') ? -1 : 1);

const span = z.strictObject({ after: instant, until: instant });
/** What was asked of reconciliation; its status tells until when it waits. */
const asked = json(z.strictObject({ request_id: text, backfill: span.nullable(), status_url: text }), 202);

const lastPass = z.strictObject({
  started_at: instant,
  ended_at: instant,
  duration_ms: z.number(),
  /** False for a pass that did not come to its end. */
  complete: z.boolean(),
  failure: text.nullable(),
  orders_settled: count,
  fills_booked: count,
  orphans: count,
  differences: z.array(z.strictObject({ symbol, ours: decimal, broker: decimal, cause: text })),
  broker_requests: count.nullable(),
});

const ARMED_MINUTES_MAX = 1_440;
const ARMED_ERROR = `expected whole minutes, 0 to ${ARMED_MINUTES_MAX}`;

const FORCED_MINUTES_MAX = 60;
const FORCED_ERROR = `expected whole minutes, 1 to ${FORCED_MINUTES_MAX}`;

const versionNumber = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'expected the number of a version')
  .transform(Number);

export const SAFETY_SCHEMAS = {
  enableStrategy: enabledChange,
  disableStrategy: enabledChange,
  getKillSwitch: { ...TAKES_NOTHING, success: json(killSwitches) },
  engageKillSwitch: { ...TAKES_NOTHING, body: engagement, success: json(killSwitches) },
  disengageKillSwitch: { ...TAKES_NOTHING, body: disengagement, success: json(killSwitches) },
  getCircuitBreaker: { ...TAKES_NOTHING, success: json(breakerView) },
  getCircuitBreakerHistory: {
    ...TAKES_NOTHING,
    query: z.strictObject({ limit }),
    success: json(z.strictObject({ history: z.array(factView) })),
  },
  tripCircuitBreaker: { ...TAKES_NOTHING, body: z.strictObject({ reason }), success: json(breakerView) },
  resetCircuitBreaker: { ...TAKES_NOTHING, body: z.strictObject({ reason }), success: json(breakerView) },
  armLive: {
    ...TAKES_NOTHING,
    body: z.strictObject({
      /** How long live trading is armed from now on; 0 disarms it. */
      minutes: z.int(ARMED_ERROR).min(0, ARMED_ERROR).max(ARMED_MINUTES_MAX, ARMED_ERROR),
      reason,
    }),
    success: json(z.strictObject({ live: z.boolean(), armed_until: instant.nullable() })),
  },
  getReconciliation: {
    ...TAKES_NOTHING,
    success: json(
      z.strictObject({
        /** Whether entries pass the gate now. */
        gate_open: z.boolean(),
        shut_by: reasonView.nullable(),
        at: instant.nullable(),
        age_ms: z.number().nullable(),
        session: date.nullable(),
        build: text.nullable(),
        orders_seen_to: instant.nullable(),
        activities_seen_to: instant.nullable(),
        /** The last pass, whole or not; null before the first. */
        last_pass: lastPass.nullable(),
        /** Asked for by people, and not answered by a whole pass yet. */
        asked: z.array(z.strictObject({ request_id: text, backfill: span.nullable() })),
        /** Until when a person's word keeps the gate open. */
        forced_until: instant.nullable(),
      }),
    ),
  },
  runReconciliation: {
    ...TAKES_NOTHING,
    body: z.strictObject({ reason: reason.optional() }).optional(),
    success: asked,
  },
  backfillFills: {
    ...TAKES_NOTHING,
    body: z.strictObject({ after: givenInstant, until: givenInstant.optional(), reason: reason.optional() }),
    success: asked,
  },
  generateSignals: {
    ...TAKES_NOTHING,
    body: z.strictObject({ reason: reason.optional() }).optional(),
    success: json(z.strictObject({ request_id: text, session: date, status_url: text }), 202),
  },
  forceReconciliation: {
    ...TAKES_NOTHING,
    body: z.strictObject({
      minutes: z.int(FORCED_ERROR).min(1, FORCED_ERROR).max(FORCED_MINUTES_MAX, FORCED_ERROR),
      reason,
    }),
    success: json(z.strictObject({ forced_until: instant })),
  },
  getFatFingerThresholds: { ...TAKES_NOTHING, success: json(fatFinger) },
  putFatFingerThresholds: {
    ...TAKES_NOTHING,
    body: z
      .strictObject({
        notional_max: positiveDecimal.optional(),
        quantity_max: positiveDecimal.optional(),
        volume_share_bps_max: z.int('expected whole basis points').min(1).max(10_000).optional(),
        ...policyVersion,
      })
      .refine(
        (body) =>
          body.notional_max !== undefined || body.quantity_max !== undefined || body.volume_share_bps_max !== undefined,
        { error: 'expected at least one threshold', path: ['notional_max'] },
      ),
    success: json(fatFinger),
  },
  getPolicy: {
    ...TAKES_NOTHING,
    query: z.strictObject({
      version: versionNumber.optional(),
    }),
    success: json(policyView),
  },
  putPolicy: {
    ...TAKES_NOTHING,
    body: z.strictObject({ document: z.record(z.string(), z.unknown()), ...policyVersion }),
    success: json(policyView),
  },
  getPolicyVersions: {
    ...TAKES_NOTHING,
    query: z.strictObject({ limit, cursor }),
    success: json(
      z.strictObject({
        versions: z.array(
          z.strictObject({ version: count, by: text, reason: text, at: instant, in_force: z.boolean() }),
        ),
        cursor: nextCursor,
      }),
    ),
  },
  getPolicyDiff: {
    ...TAKES_NOTHING,
    query: z.strictObject({ from: versionNumber, to: versionNumber }),
    success: json(
      z.strictObject({
        from: count,
        to: count,
        changes: z.array(z.strictObject({ path: text, before: text.nullable(), after: text.nullable() })),
      }),
    ),
  },
  rollBackPolicy: {
    ...TAKES_NOTHING,
    body: z.strictObject({
      version: z.int('expected the number of a version').min(1).max(999_999_999),
      ...policyVersion,
    }),
    success: json(policyView),
  },
  getQuarantine: {
    ...TAKES_NOTHING,
    success: json(
      z.strictObject({ quarantined: z.array(z.strictObject({ symbol, code: text, message: text, at: instant })) }),
    ),
  },
  liftQuarantine: {
    ...TAKES_NOTHING,
    params: z.strictObject({ symbol }),
    body: z.strictObject({ reason }),
    success: json(z.strictObject({ symbol, lifted: z.boolean() })),
  },
  restatePosition: {
    ...TAKES_NOTHING,
    params: z.strictObject({ symbol }),
    body: z
      .strictObject({
        strategy_id: strategy,
        /** What the strategy holds from now on; negative when short. */
        qty: signedDecimal,
        /** What that cost, with the sign of the quantity. */
        cost: signedDecimal,
        reason,
      })
      .refine(({ qty, cost }) => signOf(cost) === 0 || signOf(cost) === signOf(qty), {
        error: 'expected a cost with the sign of the quantity, and none for a quantity of 0',
        path: ['cost'],
      }),
    success: json(
      z.strictObject({
        symbol: text,
        strategy_id: text,
        qty: decimal,
        cost: decimal,
        /** False when the books say so already. */
        restated: z.boolean(),
      }),
    ),
  },
  getOrphans: {
    ...TAKES_NOTHING,
    success: json(
      z.strictObject({
        orphans: z.array(
          z.strictObject({
            broker_order_id: text,
            client_order_id: text.nullable(),
            status: text.nullable(),
            cumulative_qty: decimal.nullable(),
            first_seen_at: instant,
          }),
        ),
      }),
    ),
  },
  adoptOrphan: orphanDecision,
  cancelOrphan: orphanDecision,
  dismissOrphan: orphanDecision,
} as const;

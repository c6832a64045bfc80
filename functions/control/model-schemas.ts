/** Trained models: what is asked of the registry, and what it answers. */
import * as z from 'zod';
import { isModelVersionName } from '#shared/core/signal/model/model-version.ts';
import { count, cursor, date, instant, limit, nextCursor, reason, strategy, symbol, text } from './field-schemas.ts';
import { json, TAKES_NOTHING } from './operation-schema.ts';

const VERSION_ERROR = 'expected a version such as 2025-12-31-, followed by 26 letters and digits';
const version = z.string().refine(isModelVersionName, VERSION_ERROR);
const ofStrategy = z.strictObject({ strategy_id: strategy });

const score = z.strictObject({
  samples: count,
  positive_share: z.number(),
  /** Mean; below ln 2 the model says more than a coin. */
  log_loss: z.number(),
  accuracy: z.number(),
});
const summary = z.strictObject({
  version: text,
  active: z.boolean(),
  created_at: instant,
  policy_version: count,
  feature_set: z.strictObject({ name: text, hash: text }),
  trained_from: date,
  trained_through: date,
  horizon_sessions: count,
  symbols: count,
  l2: z.number(),
  converged: z.boolean(),
  in_sample: score,
  /** Of a model trained a quarter earlier, on the quarter that it had not seen; null where there were too few rows. */
  out_of_sample: z.strictObject({ ...score.shape, trained_through: date, through: date }).nullable(),
});
const listed = z.strictObject({
  version: text,
  /** Why what is stored cannot be used; null where it can. */
  unreadable: text.nullable(),
  model: summary.nullable(),
});
const whole = z.strictObject({
  ...summary.shape,
  trained_on: z.array(symbol),
  plan_id: text,
  iterations: count,
  rows_hash: text,
  weights_hash: text,
  /** Exact texts of the numbers. */
  intercept: text,
  features: z.array(z.strictObject({ name: text, weight: text, mean: text, scale: text })),
});
const aliasView = z.strictObject({
  version: text,
  /** A person set it, and training does not move it. */
  pinned: z.boolean(),
  revision: count,
  previous_version: text.nullable(),
  by: text,
  reason: text,
  at: instant,
});
const activeView = z.strictObject({
  strategy_id: strategy,
  active: aliasView.nullable(),
  /** Whether the sender takes it for one that is there and whole. */
  usable: z.boolean(),
  unusable_because: text.nullable(),
  trained_through: date.nullable(),
  /** Which version made the signals of the last session, or why none could; null where they were never made. */
  last_use: z.strictObject({ session: date, version: text.nullable(), reason: text.nullable() }).nullable(),
  /** Every move of the alias, newest first. */
  history: z.array(aliasView),
  cursor: nextCursor,
});

const changeNamesItsVersion = {
  holds: ({ pinned, version: named }: { readonly pinned: boolean; readonly version?: string | undefined }) =>
    pinned === (named !== undefined),
  says: { error: 'expected a version where one is pinned, and none where it is let go', path: ['version'] },
};

export const MODEL_SCHEMAS = {
  getModels: {
    ...TAKES_NOTHING,
    params: ofStrategy,
    query: z.strictObject({ limit, cursor }),
    success: json(z.strictObject({ strategy_id: strategy, models: z.array(listed), cursor: nextCursor })),
  },
  getModel: {
    ...TAKES_NOTHING,
    params: z.strictObject({ strategy_id: strategy, version }),
    success: json(whole),
  },
  getActiveModel: {
    ...TAKES_NOTHING,
    params: ofStrategy,
    query: z.strictObject({ limit, cursor }),
    success: json(activeView),
  },
  setActiveModel: {
    ...TAKES_NOTHING,
    params: ofStrategy,
    body: z
      .strictObject({
        pinned: z.boolean({ error: 'expected true to pin a version, or false to follow training' }),
        version: version.optional(),
        /** The revision of the alias that the caller saw; 0 where there was none. */
        expected_revision: count.optional(),
        reason,
      })
      .refine(changeNamesItsVersion.holds, changeNamesItsVersion.says),
    success: json(activeView),
  },
} as const;

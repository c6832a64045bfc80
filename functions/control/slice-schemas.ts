/** Parent orders that are worked in slices: asked for, looked at, canceled. */
import * as z from 'zod';
import { SLICES_MAX, SLICES_MIN } from '#shared/core/order/slice-plan.ts';
import { intentFits } from '#shared/core/order/terms.ts';
import {
  clientOrder,
  count,
  decimal,
  instant,
  positionIntent,
  positiveDecimal,
  reason,
  reasonView,
  side,
  strategy,
  symbol,
  text,
} from './field-schemas.ts';
import { json, TAKES_NOTHING } from './operation-schema.ts';

const DURATION_ERROR = 'expected whole minutes, 2 to 390';
const INTERVAL_ERROR = 'expected whole seconds, 60 to 3600';
const SHARE_ERROR = 'expected a share of the volume above 0 and up to 1, such as "0.05", with 4 decimals at most';

/** A decimal share, read as basis points. */
const share = z
  .union([z.string(), z.number()], { error: SHARE_ERROR })
  .transform((given) => String(given))
  .refine((given) => /^(0(\.\d{1,4})?|1(\.0{1,4})?)$/.test(given) && /[1-9]/.test(given), SHARE_ERROR);

const wholeNumber = (least: number, most: number, error: string) => z.int({ error }).min(least, error).max(most, error);

const sliceBody = z
  .strictObject({
    symbol,
    side,
    /** Of the parent; the slices add up to it. */
    qty: positiveDecimal,
    /** Slices are limit orders at this price; market orders without it. */
    limit_price: positiveDecimal.optional(),
    duration_minutes: wholeNumber(2, 390, DURATION_ERROR),
    interval_seconds: wholeNumber(60, 3600, INTERVAL_ERROR),
    /** Most that one slice may be of what trades in one interval on average. */
    max_participation: share.optional(),
    position_intent: positionIntent.optional(),
    strategy_id: strategy.optional(),
    /** Clears the plan and shows it, and writes nothing. */
    preview: z.boolean({ error: 'expected true or false' }).optional(),
  })
  .superRefine((body, context) => {
    const slices = (body.duration_minutes * 60) / body.interval_seconds;
    const message = Number.isInteger(slices)
      ? slices < SLICES_MIN || slices > SLICES_MAX
        ? `expected an interval that makes ${SLICES_MIN} to ${SLICES_MAX} slices, not ${slices}`
        : null
      : 'expected an interval that divides the duration';
    if (body.position_intent !== undefined && !intentFits(body.position_intent, body.side)) {
      const says = `expected an intent of a ${body.side}`;
      context.addIssue({ code: 'custom', path: ['position_intent'], message: says });
    }
    if (message !== null) context.addIssue({ code: 'custom', path: ['interval_seconds'], message });
  });
export type SliceBody = z.output<typeof sliceBody>;

const sliceView = z.strictObject({
  slice: count,
  due_at: instant,
  /** Its equal part of the parent. */
  planned_qty: decimal,
  /** What its order was for, with what slices before it left; zero before it is decided. */
  asked_qty: decimal,
  filled_qty: decimal,
  state: z.enum(['pending', 'working', 'ended', 'refused', 'missed']),
  client_order_id: clientOrder.nullable(),
  status_url: text.nullable(),
  reason: reasonView.nullable(),
});

const planView = z.strictObject({
  parent_order_id: clientOrder,
  /** `preview` where nothing was written; `stopping` while the slice at work is being canceled. */
  state: z.enum(['preview', 'working', 'stopping', 'completed', 'expired', 'canceled', 'stopped']),
  account_id: text,
  strategy_id: strategy,
  symbol,
  side,
  type: z.enum(['market', 'limit']),
  position_intent: positionIntent,
  qty: decimal,
  filled_qty: decimal,
  /** Counted as used up without being filled: in a dry run, and where nobody proved an order's fate. */
  assumed_qty: decimal,
  /** Neither used up nor at work: what slices still get, or what nobody gets once the plan has ended. */
  left_qty: decimal,
  limit_price: decimal.nullable(),
  interval_seconds: count,
  start_at: instant,
  end_at: instant,
  /** No slice is larger; null where only the parent limits it. */
  slice_qty_max: decimal.nullable(),
  slices: z.array(sliceView),
  ended_at: instant.nullable(),
  reason: reasonView.nullable(),
  status_url: text,
  dry_run: z.boolean(),
});
export type PlanView = z.input<typeof planView>;

const place = z.strictObject({ parent_id: clientOrder });

export const SLICE_SCHEMAS = {
  sliceOrder: {
    ...TAKES_NOTHING,
    body: sliceBody,
    success: json(
      z.strictObject({
        plan: planView,
        /** True when an earlier request is answered again. */
        repeated: z.boolean(),
        warnings: z.array(text),
      }),
      202,
    ),
  },
  getSlices: { ...TAKES_NOTHING, params: place, success: json(planView) },
  cancelSlices: {
    ...TAKES_NOTHING,
    params: place,
    body: z.strictObject({ reason: reason.optional() }).optional(),
    success: json(planView, 202),
  },
} as const;

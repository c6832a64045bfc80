/** A plan of slices as text, and back. */
import * as z from 'zod';
import { ORDER_PARTS, WRITTEN_PARTS } from '#shared/adapters/stores/order-record.ts';
import { formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { clientOrderIdOf, decisionId } from '#shared/core/kernel/identity.ts';
import { ORDER_PURPOSES, type OrderTerms, type Reason } from '#shared/core/order/order.ts';
import { type ParentTerms, PLAN_ENDS, SLICE_STATES, type SlicePlan } from '#shared/core/order/slice-plan.ts';

const { terms, intent, reason, price, quantity, instant, text } = ORDER_PARTS;

const isParent = (read: OrderTerms): read is ParentTerms => read.size.kind === 'quantity';

const slice = z.strictObject({
  index: z.int().min(0),
  dueAt: instant,
  planned: quantity,
  state: z.enum(SLICE_STATES),
  asked: quantity,
  counted: quantity,
  filled: quantity,
  clientOrderId: text(clientOrderIdOf).nullable(),
  reason: reason.nullable(),
});

const record = z.strictObject({
  parentId: text(decisionId),
  terms: terms.refine(isParent, 'expected a quantity'),
  purpose: z.enum(ORDER_PURPOSES),
  arrivalPrice: price,
  wishHash: z.string(),
  by: z.string(),
  step: quantity,
  sliceMax: quantity.nullable(),
  startAt: instant,
  intervalMs: z.int().min(1),
  slices: z.array(slice),
  working: intent.nullable(),
  stop: z.strictObject({ kind: z.enum(['canceled', 'stopped']), by: z.string(), reason, at: instant }).nullable(),
  end: z.strictObject({ kind: z.enum(PLAN_ENDS), at: instant, reason: reason.nullable() }).nullable(),
  wakesMade: z.boolean(),
  version: z.int().min(1),
  sequence: z.int().min(0),
});

const writtenReason = (why: Reason): Reason & { context: Record<string, string> } => ({
  ...why,
  context: { ...why.context },
});
const orNull = <T, U>(value: T | null, write: (value: T) => U): U | null => (value === null ? null : write(value));

/** The text that reads back as this very plan. */
export function writeSlicePlan(plan: SlicePlan): string {
  const body: z.input<typeof record> = {
    ...plan,
    terms: WRITTEN_PARTS.terms(plan.terms),
    arrivalPrice: formatPrice(plan.arrivalPrice),
    step: formatQuantity(plan.step),
    sliceMax: orNull(plan.sliceMax, formatQuantity),
    slices: plan.slices.map((one) => ({
      ...one,
      planned: formatQuantity(one.planned),
      asked: formatQuantity(one.asked),
      counted: formatQuantity(one.counted),
      filled: formatQuantity(one.filled),
      reason: orNull(one.reason, writtenReason),
    })),
    working: orNull(plan.working, WRITTEN_PARTS.intent),
    stop: orNull(plan.stop, (stop) => ({ ...stop, reason: writtenReason(stop.reason) })),
    end: orNull(plan.end, (end) => ({ ...end, reason: orNull(end.reason, writtenReason) })),
  };
  return JSON.stringify(body);
}

/** @throws ZodError when the text is no plan. */
export const readSlicePlan = (stored: string): SlicePlan => record.parse(JSON.parse(stored));

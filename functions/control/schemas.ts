/** The schema of each operation of the API, by its name in the table of routes. */
import * as z from 'zod';
import { MODEL_SCHEMAS } from './model-schemas.ts';
import { json, type OperationSchema, TAKES_NOTHING } from './operation-schema.ts';
import { ORDER_SCHEMAS } from './order-schemas.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';
import type { ControlOperation } from './routes.ts';
import { SAFETY_SCHEMAS } from './safety-schemas.ts';
import { SLICE_SCHEMAS } from './slice-schemas.ts';

export { ROUTES } from './routes.ts';

export const SCHEMAS = {
  ...READING_SCHEMAS,
  ...MODEL_SCHEMAS,
  ...ORDER_SCHEMAS,
  ...SAFETY_SCHEMAS,
  ...SLICE_SCHEMAS,
} as const satisfies Readonly<Record<ControlOperation, OperationSchema>>;

/** The broker's own form: it is read by the adapter that speaks to that broker. */
export const WEBHOOK_SCHEMA = {
  ...TAKES_NOTHING,
  body: z.looseObject({
    event: z.string(),
    timestamp: z.string().optional(),
    order: z.looseObject({ id: z.string(), client_order_id: z.string(), symbol: z.string(), status: z.string() }),
  }),
  success: json(
    z.strictObject({
      kind: z.enum(['settled', 'unchanged', 'kept-as-orphan']),
      /** False for an event or a status that is not known: the order is read again. */
      understood: z.boolean(),
      brokerOrderId: z.string().nullable(),
    }),
    202,
  ),
} as const;

/** Every answer that is not a success (RFC 9457). */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  /** Stable, kebab-case. */
  code: z.string(),
  detail: z.string(),
  /** The field at fault, as a path with dots. */
  field: z.string().optional(),
  context: z.record(z.string(), z.string()).optional(),
});

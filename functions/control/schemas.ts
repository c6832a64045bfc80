/** The schema of each operation of the API, by its name in the table of routes. */
import * as z from 'zod';
import type { OperationSchema } from './operation-schema.ts';
import { ORDER_SCHEMAS } from './order-schemas.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';
import type { ControlOperation } from './routes.ts';
import { SAFETY_SCHEMAS } from './safety-schemas.ts';

export { ROUTES } from './routes.ts';

export const SCHEMAS = {
  ...READING_SCHEMAS,
  ...ORDER_SCHEMAS,
  ...SAFETY_SCHEMAS,
} as const satisfies Readonly<Record<ControlOperation, OperationSchema>>;

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

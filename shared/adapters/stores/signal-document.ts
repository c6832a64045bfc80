/** Signals and what became of them, as they are stored. */
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { Fault } from '#shared/core/kernel/fault.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, epochMs } from '#shared/core/kernel/instant.ts';
import { isRefusalCode, type RefusalCode } from '#shared/core/kernel/refusal.ts';
import type { SignalRecord } from '#shared/core/signal/types.ts';

export const signalDocument = z.strictObject({
  strategyId: z.string().transform((value) => strategyId(value)),
  ticker: z.string().transform((value) => ticker(value)),
  kind: z.enum(['entry', 'exit']),
  side: z.enum(['buy', 'sell']),
  confidence: z.number(),
  reason: z.strictObject({ code: z.string(), text: z.string(), numbers: z.record(z.string(), z.number()) }),
  price: z.number(),
  atr: z.number(),
  asOf: z.string().transform((value) => calendarDate(value)),
  // Signals that were stored before versions were have none.
  modelVersion: z.string().nullable().default(null),
});

const refusalDocument = z.strictObject({
  code: z.custom<RefusalCode>((value) => typeof value === 'string' && isRefusalCode(value), 'expected a refusal code'),
  message: z.string(),
  context: z.record(z.string(), z.string()),
});

const recordsDocument = z.array(
  z.strictObject({
    id: z.string(),
    signal: signalDocument,
    state: z.enum(['pending', 'executed', 'refused', 'expired']),
    blockedBy: refusalDocument.nullable(),
    attempts: z.int().min(0),
    expiresOn: z.string().transform((value) => calendarDate(value)),
    at: z.int().transform((value) => epochMs(value)),
  }),
);

/** Packed: a busy session's records would not fit an item as plain text. */
export const packRecords = (records: readonly SignalRecord[]): Uint8Array => gzipSync(JSON.stringify(records));

/** @throws Fault `permanent` when the bytes are no records. */
export function unpackRecords(packed: Uint8Array): readonly SignalRecord[] {
  try {
    return recordsDocument.parse(JSON.parse(gunzipSync(packed).toString('utf8')));
  } catch (cause) {
    throw new Fault('permanent', 'item-corrupt', 'stored signal records are not readable', { cause });
  }
}

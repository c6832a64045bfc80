/** The kinds of values that a policy document is made of, each with what would be right. */
import * as z from 'zod';
import { parseMoney, parseQuantity } from '#shared/core/kernel/decimal.ts';

export const decimal = z
  .string()
  .regex(/^\d{1,18}(\.\d{1,9})?$/, 'expected a decimal text of zero or more, such as "2500.00"');
export const amount = decimal.transform((text) => parseMoney(text));
export const units = decimal.transform((text) => parseQuantity(text));
export const basisPoints = z
  .int('expected whole basis points')
  .min(0)
  .max(1_000_000)
  .transform((value) => BigInt(value));
export const count = z.int('expected a whole number').min(0).max(1_000_000);
export const durationMs = z.int('expected whole milliseconds').min(0).max(86_400_000);

/** A name of the kernel, read by its own parser. */
export const identity = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (cause) {
      context.addIssue({ code: 'custom', message: cause instanceof Error ? cause.message : 'not a name' });
      return z.NEVER;
    }
  });

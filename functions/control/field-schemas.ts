/** The fields that requests and answers of the API are made of. Decimals are texts in answers, never numbers. */
import * as z from 'zod';
import { isCursor } from './page-cursor.ts';
import { calendarDate, InstantError, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { FIRST_YEAR, LAST_YEAR } from '#shared/core/market/session-calendar.ts';

const PLAIN_DECIMAL = /^\d{1,15}(\.\d{1,9})?$/;
const DECIMAL_ERROR = 'expected a plain decimal above zero, such as "12.5"';

/** A positive decimal; a JSON number is taken where its shortest text is a plain decimal. */
export const positiveDecimal = z
  .union(
    [
      z.string().regex(PLAIN_DECIMAL, DECIMAL_ERROR),
      z.number({ error: DECIMAL_ERROR }).positive(DECIMAL_ERROR).max(999_999_999_999, DECIMAL_ERROR),
    ],
    { error: DECIMAL_ERROR },
  )
  .transform((given) => String(given))
  .refine((text) => PLAIN_DECIMAL.test(text) && /[1-9]/.test(text), DECIMAL_ERROR);

const SIGNED_DECIMAL = /^-?\d{1,15}(\.\d{1,9})?$/;
const SIGNED_ERROR = 'expected a plain decimal, such as "-12.5" or "0"';
export const signedDecimal = z
  .union(
    [
      z.string().regex(SIGNED_DECIMAL, SIGNED_ERROR),
      z.number({ error: SIGNED_ERROR }).min(-999_999_999_999, SIGNED_ERROR).max(999_999_999_999, SIGNED_ERROR),
    ],
    { error: SIGNED_ERROR },
  )
  .transform((given) => String(given))
  .refine((text) => SIGNED_DECIMAL.test(text), SIGNED_ERROR);

/** Decimals, times and names as answers carry them. */
export const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);
/** Whether a parser of the kernel takes a text. */
function isReadBy(parse: (text: string) => unknown, given: string): boolean {
  try {
    parse(given);
    return true;
  } catch (thrown) {
    if (thrown instanceof InstantError) return false;
    throw thrown;
  }
}

const INSTANT_ERROR = 'expected a time in UTC such as "2026-03-09T14:00:00Z"';
export const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3,9})?Z$/, INSTANT_ERROR);
/** A time that a caller gives. */
export const givenInstant = instant.refine((given) => isReadBy(parseEpochMs, given), INSTANT_ERROR);
const DATE_ERROR = 'expected a date such as 2026-03-09';
export const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, DATE_ERROR);
/** A day that a caller gives, with a session before it that the calendar knows. */
export const givenDate = date
  .refine((given) => isReadBy(calendarDate, given), DATE_ERROR)
  .refine((given) => Number(given.slice(0, 4)) > FIRST_YEAR && Number(given.slice(0, 4)) <= LAST_YEAR, {
    error: `expected a date from ${FIRST_YEAR + 1} to ${LAST_YEAR}`,
  });
export const text = z.string();
export const count = z.int().min(0);

export const symbol = z.string().regex(/^[A-Z0-9][A-Z0-9./-]{0,15}$/, 'expected a symbol such as AAPL');
export const strategy = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected the name of a strategy such as ma-crossover');
export const clientOrder = z.string().regex(/^[A-Za-z0-9._-]{1,48}$/, 'expected a client order id');
export const run = z.string().regex(/^[A-Za-z0-9:._-]{1,96}$/, 'expected the id of a run');

export const side = z.enum(['buy', 'sell'], { error: 'expected "buy" or "sell"' });
export const orderType = z.enum(['market', 'limit', 'stop', 'stop_limit'], {
  error: 'expected "market", "limit", "stop" or "stop_limit"',
});
export const entryTimeInForce = z.enum(['day', 'ioc'], { error: 'expected "day" or "ioc"' });
export const positionIntent = z.enum(['buy_to_open', 'buy_to_close', 'sell_to_open', 'sell_to_close'], {
  error: 'expected "buy_to_open", "buy_to_close", "sell_to_open" or "sell_to_close"',
});

/** Why a person does something dangerous; it is journaled. */
export const reason = z
  .string({ error: 'expected a reason of 3 to 500 characters' })
  .trim()
  .min(3, 'expected a reason of 3 to 500 characters')
  .max(500, 'expected a reason of 3 to 500 characters');

/** How long to wait for the broker's acknowledgement before answering. */
const WAIT_MS_MAX = 10_000;
const WAIT_ERROR = `expected whole milliseconds, 0 to ${WAIT_MS_MAX}`;
export const wait = z
  .string()
  .regex(/^\d{1,5}$/, WAIT_ERROR)
  .transform(Number)
  .refine((value) => value <= WAIT_MS_MAX, WAIT_ERROR)
  .optional();

const PAGE_MAX = 200;
const LIMIT_ERROR = `expected a number from 1 to ${PAGE_MAX}`;
export const limit = z
  .string()
  .regex(/^\d{1,3}$/, LIMIT_ERROR)
  .transform(Number)
  .refine((value) => value >= 1 && value <= PAGE_MAX, LIMIT_ERROR)
  .optional();
const DAYS_ERROR = 'expected a number of sessions, 1 or more';
/** How many sessions back; the deployment sets the most. */
export const days = z
  .string()
  .regex(/^\d{1,4}$/, DAYS_ERROR)
  .transform(Number)
  .refine((value) => value >= 1, DAYS_ERROR)
  .optional();
const CURSOR_ERROR = 'expected the cursor of the page before';
/** From the page before. */
export const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,512}$/, CURSOR_ERROR)
  .refine(isCursor, CURSOR_ERROR)
  .optional();
export const nextCursor = z.string().nullable();

/** Why something is as it is. */
export const reasonView = z.strictObject({
  code: text,
  message: text,
  context: z.record(z.string(), z.string()),
});

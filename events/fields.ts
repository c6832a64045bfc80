/** The fields that facts and commands are made of, as they look on the wire: texts, checked, never numbers for money. */
import * as z from 'zod';

/** A plain decimal text, such as "12.5" or "-3". */
export const decimal = z.string().regex(/^-?\d{1,29}(\.\d{1,18})?$/, 'expected a plain decimal text such as "12.5"');
/** RFC 3339 in UTC, three to nine digits of a second. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3,9})?Z$/, 'expected an RFC 3339 time in UTC');
export const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date such as 2026-03-09');
export const name = z.string().min(1).max(96);
export const account = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);
export const strategy = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);
export const symbol = z.string().regex(/^[A-Z0-9][A-Z0-9./-]{0,15}$/);
export const clientOrder = z.string().regex(/^[A-Za-z0-9._-]{1,48}$/);
export const count = z.int().min(0);
export const text = z.string().max(2000);

export const side = z.enum(['buy', 'sell']);
export const orderType = z.enum(['market', 'limit', 'stop', 'stop_limit']);
export const timeInForce = z.enum(['day', 'gtc', 'ioc', 'fok']);
export const positionIntent = z.enum(['buy_to_open', 'buy_to_close', 'sell_to_open', 'sell_to_close']);
export const purpose = z.enum(['entry', 'exit', 'protective-stop', 'flatten', 'manual']);
const details = z.record(z.string(), z.string());

/** A refusal or another reason: stable code, a sentence, the numbers. */
export const reason = z.strictObject({ code: name, message: text, context: details });

/** Who asked for something: a person, a room, or a program by its name. */
export const actor = z.string().min(1).max(128);

/** Which order, on every fact about one. */
export const orderIdentity = {
  clientOrderId: clientOrder,
  accountId: account,
  strategyId: strategy,
  symbol,
  side,
};

/** Which parent order, on every fact about a plan of slices. */
export const slicePlanIdentity = {
  /** Also the decision of each of its slices. */
  parentOrderId: clientOrder,
  accountId: account,
  strategyId: strategy,
  symbol,
  side,
};

/** One execution as the broker named it. */
export const execution = z.strictObject({
  executionId: name.nullable(),
  quantity: decimal,
  price: decimal,
  at: instant,
});

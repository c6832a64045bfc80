/**
 * The fields that Alpaca's objects are made of, read leniently and exactly: numbers have arrived as texts (exact-json),
 * so a decimal is read from its own digits; null, absent and empty are one; unknown fields are ignored by the schemas.
 */
import * as z from 'zod';
import {
  DecimalError,
  divideRounded,
  type Money,
  type Price,
  parseMoney,
  parsePrice,
  parseQuantity,
  parseScaled,
  PRICE_SCALE,
  formatScaled,
  type Quantity,
} from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import {
  type BrokerOrderId,
  brokerOrderId,
  type ExecutionId,
  executionId,
  IdentityError,
  type Ticker,
  ticker,
} from '#shared/core/kernel/identity.ts';
import {
  type CalendarDate,
  calendarDate,
  type EpochNs,
  InstantError,
  parseEpochNs,
} from '#shared/core/kernel/instant.ts';
import type { Side } from '#shared/core/order/terms.ts';
import { plainDecimal } from './exact-json.ts';
import type { Redact } from './redaction.ts';

/** A schema of a text that a reader turns into a value; what the reader refuses is an issue of the field. */
const textOf = <T>(read: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof DecimalError || error instanceof InstantError || error instanceof IdentityError))
        throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

/** Null for null, absent and empty. */
const maybe = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === undefined || value === '' ? null : value), schema.nullable());

const plain = (text: string): string => {
  const decimal = plainDecimal(text);
  if (decimal === null) throw new DecimalError(text, 'expected a number, such as "12.5"');
  return decimal;
};

const AVERAGE_SCALE = 30;

/** An average carries as many digits as its division gave; it is rounded half-even to a price. */
const averageFrom = (text: string): Price => {
  const scaled = parseScaled(plain(text), AVERAGE_SCALE);
  return parsePrice(
    formatScaled(divideRounded(scaled, 10n ** BigInt(AVERAGE_SCALE - PRICE_SCALE), 'half-even'), PRICE_SCALE),
  );
};

export const price: z.ZodType<Price> = textOf((text) => parsePrice(plain(text)));
export const quantity: z.ZodType<Quantity> = textOf((text) => parseQuantity(plain(text)));
export const money: z.ZodType<Money> = textOf((text) => parseMoney(plain(text)));
export const average: z.ZodType<Price> = textOf(averageFrom);
/** For statistics: the nearest number. */
export const statistic: z.ZodType<number> = textOf((text) => Number(plain(text)));

export const maybePrice: z.ZodType<Price | null> = maybe(price);
export const maybeQuantity: z.ZodType<Quantity | null> = maybe(quantity);
export const maybeMoney: z.ZodType<Money | null> = maybe(money);
export const maybeAverage: z.ZodType<Price | null> = maybe(average);
export const maybeText: z.ZodType<string | null> = maybe(z.string());

export const instant: z.ZodType<EpochNs> = textOf(parseEpochNs);
/** A time that nothing set is written as the year 1 by some of the broker's services. */
export const maybeInstant: z.ZodType<EpochNs | null> = z.preprocess(
  (value) => (typeof value === 'string' && value.startsWith('0001-01-01') ? null : value),
  maybe(instant),
);
export const date: z.ZodType<CalendarDate> = textOf(calendarDate);

export const orderId: z.ZodType<BrokerOrderId> = textOf(brokerOrderId);
export const maybeOrderId: z.ZodType<BrokerOrderId | null> = maybe(orderId);
export const maybeExecutionId: z.ZodType<ExecutionId | null> = maybe(textOf(executionId));
export const symbol: z.ZodType<Ticker> = textOf(ticker);

/** Account activities and short sales say `sell_short`. */
export const side: z.ZodType<Side> = z.preprocess(
  (value) => (value === 'sell_short' ? 'sell' : value),
  z.enum(['buy', 'sell']),
);

/** Currencies that crypto is quoted in, the longest first. */
const QUOTE_CURRENCIES = ['USDT', 'USDC', 'USD', 'BTC'] as const;

/** Crypto is ordered as BTC/USD and held as BTCUSD. */
export function houseTicker(text: Ticker, assetClass: string | null): Ticker {
  if (assetClass !== 'crypto' || text.includes('/')) return text;
  const quoted = QUOTE_CURRENCIES.find((currency) => text.endsWith(currency) && text.length > currency.length);
  return quoted === undefined ? text : ticker(`${text.slice(0, -quoted.length)}/${quoted}`);
}

const ISSUES_MAX = 3;

/** Which fields are wrong and how, the first few: enough to mend a reader, without the whole answer. */
export const issuesOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, ISSUES_MAX)
    .map((issue) => `${['answer', ...issue.path.map(String)].join('.')}: ${issue.message}`)
    .join('; ');

/**
 * The answer in the schema's terms. @throws Fault `permanent`, `broker-answer-unreadable`, that names the fields:
 * guessing at a field of money is worse than none.
 */
export function readAnswer<T>(schema: z.ZodType<T>, value: unknown, what: string, redact: Redact): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new Fault('permanent', 'broker-answer-unreadable', redact(`${what} cannot be read: ${issuesOf(read.error)}`));
}

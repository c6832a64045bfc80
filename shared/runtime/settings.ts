/**
 * Every environment variable that a function may read, in one place: what it means, how it is read, and what holds where
 * it is not set. Tables, queues and secrets have no default: a room that lacks one does not start.
 */
import * as z from 'zod';
import { parseMoney, parseQuantity, parseScaled } from '#shared/core/kernel/decimal.ts';
import { accountId, buildId, strategyId } from '#shared/core/kernel/identity.ts';
import { OPERATOR_SETTINGS, type OperatorSettingName } from '#shared/runtime/operator-settings.ts';

const trueOrFalse = z
  .enum(['true', 'false'], { error: 'expected "true" or "false"' })
  .transform((text) => text === 'true');
const name = z.string().min(1, 'expected a name');
const url = z.url({ error: 'expected a URL' });
const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected a whole number from ${min} to ${max}`);

/** A kernel's parser as a schema: what it throws becomes the variable's fault. */
const parsed = <T>(parse: (text: string) => T, expected: string) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    }
  });

/** A share such as "0.05", in basis points. */
const share = parsed((text) => {
  const bps = parseScaled(text, 4);
  if (bps < 0n || bps > 10_000n) throw new RangeError(text);
  return bps;
}, 'expected a share from 0 to 1 with at most four decimals, such as "0.05"');

const strategies = parsed(
  (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => strategyId(part)),
  'expected names of strategies with commas between them',
);

interface Setting {
  readonly means: string;
  readonly read: z.ZodType;
  /** What holds where the variable is not set; null: it must be. */
  readonly standard: string | null;
}

const required = <S extends z.ZodType>(read: S, means: string) => ({ means, read, standard: null }) as const;
const optional = <S extends z.ZodType>(read: S, standard: string, means: string) =>
  ({ means, read, standard }) as const;

/** One that the operator chooses at a deploy. */
const chosen = <S extends z.ZodType>(variable: OperatorSettingName, read: S) =>
  optional(read, OPERATOR_SETTINGS[variable].standard, OPERATOR_SETTINGS[variable].means);

/** Every variable there is; the rooms pick. */
export const SETTINGS = {
  ENVIRONMENT: optional(z.enum(['dev', 'paper', 'live']), 'dev', 'which of the environments this is'),
  DRY_RUN: required(trueOrFalse, 'orders pass every gate and reach no broker'),
  BUILD_ID: required(
    parsed((text) => buildId(text), 'expected the name of a build'),
    'the deployed build; the gate asks for a reconciliation pass of it',
  ),
  BELAY_ACCOUNT: required(
    parsed((text) => accountId(text), 'expected the name of an account'),
    'the broker account that is traded',
  ),
  STRATEGY_ID: optional(
    parsed((text) => strategyId(text), 'expected the name of a strategy'),
    'ma-crossover',
    'the strategy that a new account begins with',
  ),
  TABLE_SAFETY: required(name, 'physical name of the table'),
  TABLE_ORDERS: required(name, 'physical name of the table'),
  TABLE_BOOKS: required(name, 'physical name of the table'),
  TABLE_MARKET: required(name, 'physical name of the table'),
  TABLE_JOURNAL: required(name, 'physical name of the table'),
  QUEUE_ORDERS_URL: required(url, 'the lane of entries'),
  QUEUE_URGENT_URL: required(url, 'the lane of exits and cancels'),
  WAKE_GROUP: required(name, 'the group that one-off schedules are made in'),
  WAKE_ROLE_ARN: required(z.string().startsWith('arn:', 'expected an ARN'), 'what one-off schedules invoke as'),
  EVENT_BUS_NAME: required(name, 'the bus that facts are published on'),
  ALPACA_PAPER: optional(trueOrFalse, 'true', "orders go to the broker's paper side"),
  ALPACA_BASE_URL: optional(url, 'https://paper-api.alpaca.markets', "the broker's trading API"),
  ALPACA_DATA_URL: optional(url, 'https://data.alpaca.markets', "the broker's market data API"),
  ALPACA_STREAM_URL: optional(url, 'wss://paper-api.alpaca.markets/stream', "the broker's stream of order news"),
  SECRET_BROKER_ID: required(name, "the secret that holds the broker's key"),
  SECRET_WEBHOOK_ID: required(name, 'the secret that webhooks are signed with'),
  SECRET_INTERNAL_ID: required(name, 'the secret that calls from service to service are signed with'),
  TRADING_DISABLED: chosen('TRADING_DISABLED', trueOrFalse),
  STRATEGY_DISABLED_LIST: chosen('STRATEGY_DISABLED_LIST', strategies),
  SAFE_MODE: chosen('SAFE_MODE', trueOrFalse),
  CIRCUIT_BREAKER_ENABLED: chosen('CIRCUIT_BREAKER_ENABLED', trueOrFalse),
  LIQUIDITY_CHECK_ENABLED: chosen('LIQUIDITY_CHECK_ENABLED', trueOrFalse),
  MAX_SLICE_PCT_OF_ADV: chosen('MAX_SLICE_PCT_OF_ADV', share),
  FAT_FINGER_NOTIONAL_MAX: chosen('FAT_FINGER_NOTIONAL_MAX', parsed(parseMoney, 'expected a decimal such as "100000"')),
  FAT_FINGER_QUANTITY_MAX: chosen(
    'FAT_FINGER_QUANTITY_MAX',
    parsed(parseQuantity, 'expected a decimal such as "10000"'),
  ),
  FAT_FINGER_PCT_OF_ADV_MAX: chosen('FAT_FINGER_PCT_OF_ADV_MAX', share),
  PERFORMANCE_CACHE_TTL: chosen('PERFORMANCE_CACHE_TTL', wholeNumber(0, 86_400)),
  MAX_PERFORMANCE_DAYS: chosen('MAX_PERFORMANCE_DAYS', wholeNumber(1, 3650)),
  STRATEGY_ACTIVITY_THRESHOLD_SECONDS: chosen('STRATEGY_ACTIVITY_THRESHOLD_SECONDS', wholeNumber(60, 31_536_000)),
  INTERNAL_TOKEN_ROLE: chosen(
    'INTERNAL_TOKEN_ROLE',
    z.enum(['viewer', 'trader', 'operator', 'admin'], { error: 'expected "viewer", "trader", "operator" or "admin"' }),
  ),
  INTERNAL_TOKEN_TOLERANCE_SECONDS: chosen('INTERNAL_TOKEN_TOLERANCE_SECONDS', wholeNumber(1, 900)),
  RATE_LIMIT_READ: chosen('RATE_LIMIT_READ', wholeNumber(1, 100_000)),
  RATE_LIMIT_CHANGE: chosen('RATE_LIMIT_CHANGE', wholeNumber(1, 100_000)),
  RATE_LIMIT_SUBMIT: chosen('RATE_LIMIT_SUBMIT', wholeNumber(1, 100_000)),
  RATE_LIMIT_SLICE: chosen('RATE_LIMIT_SLICE', wholeNumber(1, 100_000)),
  RATE_LIMIT_CANCEL: chosen('RATE_LIMIT_CANCEL', wholeNumber(1, 100_000)),
} as const satisfies Readonly<Record<string, Setting>>;

export type VariableName = keyof typeof SETTINGS;
export type Configuration<K extends VariableName> = { readonly [N in K]: z.output<(typeof SETTINGS)[N]['read']> };

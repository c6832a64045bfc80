/** The kept state on disk: JSON in which big integers are texts, read back through schemas. */
import * as z from 'zod';
import { formatScaled, parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, epochMs, epochNs } from '#shared/core/kernel/instant.ts';
import { ORDER_TYPES, POSITION_INTENTS, SIDES, TIMES_IN_FORCE } from '#shared/core/order/terms.ts';
import type { DueEvent } from '#shared/core/venue/due-queue.ts';
import { type Execution, ORDER_STATUSES, type VenueOrder, type VenuePosition } from '#shared/core/venue/venue-order.ts';
import type { VenueSnapshot } from '#shared/core/venue/venue-snapshot.ts';
import type { AccountFlags, Adjustment, EquityClose } from '#shared/core/venue/venue-state.ts';
import type { Desk } from './desk.ts';

/** Big integers as texts; all else as it is. */
export const stateText = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));

const integer = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);
const price = integer.transform((scaled) => parsePrice(formatScaled(scaled, 9)));
const quantity = integer.transform((scaled) => parseQuantity(formatScaled(scaled, 9)));
const money = integer.transform((scaled) => parseMoney(formatScaled(scaled, 18)));
const instant = z.number().transform(epochMs);
const stamp = integer.transform(epochNs);
const symbol = z.string().transform(ticker);
const side = z.enum(SIDES);
const status = z.enum(ORDER_STATUSES);

const order: z.ZodType<VenueOrder> = z.object({
  id: z.string(),
  clientOrderId: z.string(),
  number: z.int(),
  ticker: symbol,
  side,
  type: z.enum(ORDER_TYPES),
  timeInForce: z.enum(TIMES_IN_FORCE),
  positionIntent: z.enum(POSITION_INTENTS),
  quantity: quantity.nullable(),
  notional: money.nullable(),
  limitPrice: price.nullable(),
  stopPrice: price.nullable(),
  status,
  filledQuantity: quantity,
  filledNotional: money,
  commission: money,
  executionCount: z.int(),
  triggered: z.boolean(),
  workingLimit: price.nullable(),
  holdPrice: price,
  heldMoney: money,
  heldQuantity: quantity,
  expiresAt: instant,
  submittedAt: stamp,
  createdAt: stamp,
  updatedAt: stamp,
  filledAt: stamp.nullable(),
  canceledAt: stamp.nullable(),
  expiredAt: stamp.nullable(),
  failedAt: stamp.nullable(),
  cancelRequestedAt: stamp.nullable(),
  work: z.int(),
  fate: z.enum(['ordinary', 'reject', 'partial-only', 'never-fill', 'fill-then-bust', 'fill-then-correct']),
  cancelFate: z.enum(['confirm', 'fill-first', 'partial-first', 'stuck', 'refuse']),
});

const position: z.ZodType<VenuePosition> = z.object({ ticker: symbol, quantity, cost: money });

const execution: z.ZodType<Execution> = z.object({
  id: z.string(),
  orderId: z.string(),
  clientOrderId: z.string(),
  ticker: symbol,
  side,
  kind: z.enum(['fill', 'bust', 'correct']),
  undoes: z.string().nullable(),
  quantity,
  price,
  cumulativeQuantity: quantity,
  leavesQuantity: quantity,
  orderStatus: status,
  positionQuantity: quantity,
  at: instant,
  stamp,
});

const adjustment: z.ZodType<Adjustment> = z.object({
  id: z.string(),
  kind: z.literal('split'),
  ticker: symbol,
  to: z.number(),
  from: z.number(),
  quantityChange: quantity,
  at: instant,
  description: z.string(),
});

const equityClose: z.ZodType<EquityClose> = z.object({
  date: z.string().transform(calendarDate),
  at: instant,
  equity: money,
  maintenanceMargin: money,
});

const due: z.ZodType<DueEvent> = z.object({
  at: instant,
  entry: z.int(),
  kind: z.enum([
    'route',
    'trigger',
    'match',
    'reach',
    'age',
    'cancel',
    'bust',
    'overnight',
    'session-open',
    'session-close',
  ]),
  order: z.int(),
  work: z.int(),
});

const flags: z.ZodType<AccountFlags> = z.object({
  accountBlocked: z.boolean(),
  tradingBlocked: z.boolean(),
  tradeSuspended: z.boolean(),
  equitiesAllowed: z.boolean(),
  shortingEnabled: z.boolean(),
  noShorting: z.boolean(),
  fractionalTrading: z.boolean(),
  maxMarginMultiplier: z.union([z.literal(1), z.literal(2), z.literal(4)]),
});

const preferences: z.ZodType<Desk['preferences']> = z.object({
  tradeConfirmEmail: z.enum(['all', 'none']),
  ptpNoExceptionEntry: z.boolean(),
  disableOvernightTrading: z.boolean(),
});

/** What every line of the log tells anew. */
const figures = {
  cash: money,
  feesPaid: money,
  realised: money,
  flags,
  preferences,
  positions: z.array(position),
  dueCount: z.int(),
  lastStamp: stamp,
};

const venue: z.ZodType<VenueSnapshot> = z.object({
  openedAt: instant,
  openingCash: money,
  cash: money,
  feesPaid: money,
  realised: money,
  flags,
  orders: z.array(order),
  positions: z.array(position),
  executions: z.array(execution),
  adjustments: z.array(adjustment),
  equityCloses: z.array(equityClose),
  due: z.array(due),
  dueCount: z.int(),
  lastStamp: stamp,
});

/** The whole state of one account, and which log goes on from it. */
export const savedSnapshot = z.object({
  format: z.literal(1),
  seed: z.number(),
  generation: z.int(),
  venue,
  preferences,
});
export type SavedSnapshot = z.output<typeof savedSnapshot>;

/** One line of the log: what changed in one step. Orders are whole records, the last of each counts. */
export const savedChange = z.object({
  ...figures,
  orders: z.array(order),
  executions: z.array(execution),
  adjustments: z.array(adjustment),
  equityCloses: z.array(equityClose),
  dueAdded: z.array(due),
  dueRemoved: z.array(z.int()),
});
export type SavedChange = z.output<typeof savedChange>;

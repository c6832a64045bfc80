/** What a pre-trade check sees, and what it is. */
import type { Money, Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type { ClientOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import type { Instrument, Quote, Session } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { Policy, PolicyLimits } from '#shared/core/portfolio/policy.ts';
import type { CheckPolicy, StopPolicy } from '#shared/core/portfolio/safety-policy.ts';
import type { BarFacts } from '#shared/core/risk/bar-facts.ts';
import type { Switches } from '#shared/core/risk/switches.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import type { StrategySafety } from '#shared/core/safety/safety-facts.ts';

/** The account as its broker sees it. */
export interface AccountStanding {
  readonly tradable: boolean;
  readonly restriction: string | null;
  readonly shortingEnabled: boolean;
  readonly cash: Money;
  readonly equity: Money;
  readonly buyingPower: Money;
}

/** The broker's own position in the symbol. A flat one is read as zero. */
export interface HoldingRead {
  readonly quantity: Quantity;
  /** What open closing orders leave to close; same sign as the quantity. */
  readonly available: Quantity;
  readonly readAt: EpochMs;
}

/** The model that a strategy trades by, as the registry has it; `none` says why there is none that may be used. */
export type ModelStanding =
  | {
      readonly kind: 'active';
      readonly version: string;
      /** The last session that its training saw. */
      readonly trainedThrough: CalendarDate;
      /** Set by a person, and not moved by training. */
      readonly pinned: boolean;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** What the deployment decides and no policy can widen. */
export interface DeployedLimits {
  readonly switches: Switches;
  /** Whether orders are held against the volume of the market. */
  readonly liquidityCheck: boolean;
  readonly fatFingerNotionalMax: Money | null;
  readonly fatFingerQuantityMax: Quantity | null;
  readonly fatFingerVolumeShareBpsMax: bigint | null;
  readonly sliceVolumeShareBpsMax: bigint | null;
}

/** Facts that the sender read itself, just now. Null is a fact that is not there, and refuses where it is needed. */
export interface ClearingFacts {
  readonly intent: OrderIntent;
  readonly orderClass: OrderClass;
  readonly now: EpochMs;
  readonly policy: Policy;
  readonly deployed: DeployedLimits;
  readonly strategy: StrategySafety | null;
  readonly book: Book | null;
  /** Every book of the account, this symbol's among them; read for entries alone. */
  readonly books: readonly Book[];
  readonly exposure: Exposure | null;
  readonly instrument: Instrument | null;
  readonly quote: Quote | null;
  /** The session that is open now, or null when the market is closed. */
  readonly session: Session | null;
  readonly bars: BarFacts | null;
  /** The symbols of the universe as of the last completed session. */
  readonly universe: readonly Ticker[] | null;
  /** Of the order's strategy; null where it trades by none. */
  readonly model: ModelStanding | null;
  readonly account: AccountStanding | null;
  /** Why the book alone may not size a closing order, or null while it may. */
  readonly bookDoubt: string | null;
  /** Read where the book is in doubt. */
  readonly holding: HoldingRead | null;
  /** Orders of the same decision that are at the broker by now or never will be; what they hold, `holding` tells. */
  readonly lost: readonly ClientOrderId[];
}

/** What a check found: `reject` stops the order, `warn` lets it pass and is written down with it. */
export interface Finding {
  readonly level: 'warn' | 'reject';
  readonly refusal: Refusal;
}

/** A number of the policy that a check reads, by its path in the document. */
export type PolicyNumber =
  | `limits.${keyof PolicyLimits}`
  | `checks.${keyof CheckPolicy}`
  | `stops.${keyof StopPolicy}`
  | 'strategies.cash'
  | 'universe'
  | 'universeSource';

/**
 * One pre-trade check: a small pure function with the codes that it may answer. `applies` names the classes of order
 * that it is for; whatever only guards against more risk leaves reducing orders alone.
 */
export interface PreTradeCheck {
  /** Stable, kebab-case. */
  readonly id: string;
  /** What it asks for, as a sentence without its end. */
  readonly asks: string;
  readonly codes: readonly RefusalCode[];
  readonly applies: readonly OrderClass[];
  readonly numbers: readonly PolicyNumber[];
  /** Whether it warns below its limit. */
  readonly warns: boolean;
  readonly run: (facts: ClearingFacts) => Finding | null;
}

export const ALL_CLASSES: readonly OrderClass[] = ['entry', 'reducing', 'flatten'];
export const ENTRIES_ONLY: readonly OrderClass[] = ['entry'];

export const reject = (
  code: RefusalCode,
  message: string,
  context: Readonly<Record<string, string>> = {},
): Finding => ({ level: 'reject', refusal: refusal(code, message, context) });

/** One measure held against its limit. Both in the same unit, written out by `format`. */
export interface Measured<T extends bigint | number> {
  readonly code: RefusalCode;
  /** What is measured, as the subject of a sentence: "the exposure in AAPL". */
  readonly what: string;
  readonly actual: T;
  readonly limit: T;
  readonly format: (value: T) => string;
}

/**
 * Rejects above the limit, warns from the policy's share of it on, and names the smallest limit that would let it pass.
 */
export function holdTo<T extends bigint | number>(policy: Policy, measured: Measured<T>): Finding | null {
  const { code, what, actual, limit, format } = measured;
  const context = { actual: format(actual), limit: format(limit), wouldPassAt: format(actual) };
  if (actual > limit) return reject(code, `${what} would be ${format(actual)}; the limit is ${format(limit)}`, context);
  // In whole parts of 10,000, so that nothing is rounded; counts are small and exact as big integers.
  const near = BigInt(actual) * 10_000n > BigInt(limit) * policy.checks.warnShareBps;
  return near
    ? {
        level: 'warn',
        refusal: refusal(code, `${what} would be ${format(actual)}, near its limit of ${format(limit)}`, context),
      }
    : null;
}

/** The side of the quote that the order would meet, or null. */
export const farSide = (quote: Quote | null, side: 'buy' | 'sell'): Price | null =>
  quote === null ? null : side === 'buy' ? quote.ask : quote.bid;

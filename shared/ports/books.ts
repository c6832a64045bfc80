/** Books as they stand. They are changed by the claim and the settling of orders, and by nobody else. */
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Money } from '#shared/core/kernel/decimal.ts';
import type { Book, Quarantine } from '#shared/core/portfolio/book.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';

export interface QuarantineLift {
  readonly by: string;
  readonly reason: string;
  readonly now: EpochMs;
  readonly correlationId: string;
  /** Given by a pass that has proved the books right again: only a quarantine with one of these codes is lifted. */
  readonly provedCodes?: readonly string[];
}

export interface Books {
  get(accountId: AccountId, symbol: Ticker): Promise<Book | null>;
  /** Every book of the account. */
  all(accountId: AccountId): Promise<readonly Book[]>;
  exposure(accountId: AccountId): Promise<Exposure | null>;
  /** Every book and the exposure, in one read. */
  ofAccount(accountId: AccountId): Promise<{ readonly books: readonly Book[]; readonly exposure: Exposure | null }>;
  /** Makes empty books for the symbols that have none; the others are left as they are. */
  open(accountId: AccountId, symbols: readonly Ticker[]): Promise<void>;
  /**
   * Begins a session: counts of the day start anew and the equity at its start is kept. A later call in the same session
   * only brings the equity up to date.
   */
  beginSession(accountId: AccountId, session: CalendarDate, equity: Money): Promise<void>;
  /**
   * Sets the quarantine if there is none, or one that a later pass lifts by itself where this one waits for a person. True
   * when it was set by this call.
   */
  quarantine(accountId: AccountId, symbol: Ticker, quarantine: Quarantine, correlationId: string): Promise<boolean>;
  liftQuarantine(accountId: AccountId, symbol: Ticker, change: QuarantineLift): Promise<boolean>;
}

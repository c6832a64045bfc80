/** Exits that are open in the books: opened once, written before each step is acted on, closed when the share is flat. */
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Exit, ExitRequest } from '#shared/core/order/exit.ts';
import type { StopHit } from '#shared/core/safety/position-plan.ts';

/** An exit as it was read; a step holds it to its version. */
export interface StoredExit {
  readonly exit: Exit;
  readonly version: number;
}

/**
 * opened: by this call. same: the very exit was opened before, or is over. other: another holds the symbol, and goes
 * first. flat: a stop was hit of a share that holds nothing any more.
 */
export type ExitOpening = 'opened' | 'same' | 'other' | 'flat';

export interface Exits {
  /** The exit that is open on a symbol, or null. */
  get(accountId: AccountId, symbol: Ticker): Promise<StoredExit | null>;
  /** Every exit of the account that is not completed. */
  all(accountId: AccountId): Promise<readonly StoredExit[]>;
  /**
   * Opens an exit and blocks entries on its symbol, in one transaction with its facts.
   * @throws Fault `permanent` book-missing where the symbol has no book
   */
  open(request: ExitRequest, hit: StopHit | null): Promise<ExitOpening>;
  /** Writes a step. Null when somebody else wrote first: read again. */
  save(seen: StoredExit, next: Exit, now: EpochMs): Promise<StoredExit | null>;
  /** Ends it and frees its symbol. False when somebody else wrote first, or the share is not flat any more. */
  complete(seen: StoredExit, next: Exit, now: EpochMs): Promise<boolean>;
}

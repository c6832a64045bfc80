/** What the monitor remembers of an account from one look to the next. */
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { Watch } from '#shared/core/safety/watch.ts';

export interface Watches {
  /** Null before the first look. @throws Fault `permanent` when it is not readable */
  read(accountId: AccountId): Promise<Watch | null>;
  /**
   * Writes a look over the one that it followed; its version is counted up here.
   * @param seen the version that was read; 0 where there was none
   * @returns false when another look was written in between: look anew
   */
  save(accountId: AccountId, seen: number, next: Watch): Promise<boolean>;
}

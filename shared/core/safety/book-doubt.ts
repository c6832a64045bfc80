/** When the books alone may not size a closing order. */
import type { Book } from '#shared/core/portfolio/book.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import type { AccountSafety } from '#shared/core/safety/safety-facts.ts';

/** Why reconciliation does not vouch for the books now, or null while it does: the gate's own conditions, in words. */
export function reconciliationDoubt(account: AccountSafety, reference: GateReference): string | null {
  const { reconciledAt, reconciledSession, reconciledBuild } = account;
  if (reconciledAt === null) return 'no reconciliation pass has succeeded yet';
  if (reconciledAt > reference.now) return 'the last reconciliation pass lies in the future';
  if (reconciledAt <= reference.now - reference.reconciliationAgeMsMax)
    return 'the last reconciliation pass is too old';
  if (reconciledSession !== reference.session) return 'no reconciliation pass has succeeded in this session';
  return reconciledBuild === reference.build ? null : 'no reconciliation pass has succeeded with this build';
}

/** Why the book of a symbol may not size a closing order by itself, or null when it may. */
export function bookDoubt(book: Book | null, account: AccountSafety, reference: GateReference): string | null {
  if (book === null) return null;
  if (book.quarantine !== null) return 'the symbol is quarantined';
  if (book.openOrders.some((mark) => mark.unknown)) return 'the fate of an order on the symbol is not known';
  return reconciliationDoubt(account, reference);
}

/**
 * One exit as far as this run can bring it: look, step, write the step down, and only then act. Whatever stops the run,
 * the next drive begins from what was written; the house drives every open exit again and again until it is flat.
 */
import {
  absoluteMoney,
  absoluteQuantity,
  addQuantity,
  averagePrice,
  type Price,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { currentSession } from '#shared/core/market/session-calendar.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { driveExit } from '#shared/core/order/exit-drive.ts';
import type { Exit, ExitAction, ExitStep, ExitView, ExitWait } from '#shared/core/order/exit.ts';
import type { Order } from '#shared/core/order/order.ts';
import { type Book, shareOf } from '#shared/core/portfolio/book.ts';
import { farSide } from '#shared/core/risk/check.ts';
import { reconciliationDoubt } from '#shared/core/safety/book-doubt.ts';
import type { StoredExit } from '#shared/ports/exits.ts';
import { clearTheWay } from './clear-the-way.ts';
import { gateReference, readHolding, readQuote } from './gather-facts.ts';
import { type ExecuteDependencies, mayWaitUntil, type Sender } from './sender.ts';
import { submitOrder } from './submit-order.ts';

/** Steps that one run takes at an exit before it leaves it to the next drive. */
const STEPS_MAX = 8;

export type ExitDriven =
  | { readonly kind: 'no-exit' | 'completed' | 'left-to-next' }
  | { readonly kind: 'waits'; readonly for: ExitWait };

/** Every open order on the symbol, by the marks of its book: strongly consistent, unlike any index. */
async function openOrdersOf({ orders }: ExecuteDependencies, book: Book): Promise<readonly Order[]> {
  const rows = await Promise.all(book.openOrders.map((mark) => orders.get(mark.clientOrderId)));
  return rows.filter((row) => row !== null);
}

/** The quote's far side, else what the position cost on average: an exit goes without a quote rather than not at all. */
function priceOf(book: Book, exit: Exit, quote: Parameters<typeof farSide>[0]): Price | null {
  const share = shareOf(book, exit.strategyId);
  const quoted = farSide(quote, share.quantity < 0n ? 'buy' : 'sell');
  if (quoted !== null && quoted > 0n) return quoted;
  if (share.quantity === 0n || share.cost === 0n) return null;
  return averagePrice(absoluteMoney(share.cost), absoluteQuantity(share.quantity), 'half-even');
}

/** What this run has learnt that no table tells. */
interface Learnt {
  readonly holding: ExitView['brokerPosition'];
  /** Why the exit's order was refused before there was a row. */
  readonly refusal: Refusal | null;
}

async function viewOf(dependencies: ExecuteDependencies, exit: Exit, learnt: Learnt): Promise<ExitView | null> {
  const { accountId, ticker, strategyId } = exit;
  const [{ account }, book, quote] = await Promise.all([
    dependencies.safety.read(accountId),
    dependencies.books.get(accountId, ticker),
    readQuote(dependencies, ticker, false),
  ]);
  if (account === null || book === null) return null;
  const policy = await dependencies.policies.forClosing(accountId, account.policyVersion);
  const openOrders = await openOrdersOf(dependencies, book);
  const submitted = exit.submitted;
  const current =
    submitted === null ? null : await dependencies.orders.get(clientOrderIdFor(submitted.terms, submitted.decision));
  const now = dependencies.clock.now();
  const price = priceOf(book, exit, quote);
  const doubt = reconciliationDoubt(account, gateReference(dependencies.build, now, policy));
  return {
    now,
    sessionOpen: currentSession(now) !== null,
    share: shareOf(book, strategyId).quantity,
    othersShare: book.shares
      .filter((share) => share.strategyId !== strategyId)
      .reduce((sum, share) => addQuantity(sum, share.quantity), ZERO_QUANTITY),
    booksFresh: doubt === null && book.quarantine === null,
    brokerPosition: learnt.holding,
    openOrders,
    current,
    currentRefusal: current === null ? learnt.refusal : null,
    pricing: price === null ? null : { arrivalPrice: price, limitPrice: null },
    policyVersion: policy.version,
  };
}

/** The next step, with the broker's position read where the step asks for it. */
async function stepOf(
  dependencies: ExecuteDependencies,
  exit: Exit,
  refused: Refusal | null,
): Promise<ExitStep | null> {
  const view = await viewOf(dependencies, exit, { holding: null, refusal: refused });
  if (view === null) return null;
  const step = driveExit(exit, view);
  if (step.action.kind !== 'read-position') return step;
  const holding = await readHolding(dependencies, exit.ticker);
  const again = await viewOf(dependencies, exit, { holding, refusal: refused });
  return again === null ? null : driveExit(exit, again);
}

function report({ telemetry }: ExecuteDependencies, { exitId, ticker }: Exit, step: ExitStep): void {
  for (const alarm of step.alarms) {
    telemetry.error('an exit is in trouble', { exitId, symbol: ticker, code: alarm });
    telemetry.count('OrderAlarms');
  }
}

/** The end of the run, or what it goes on with. */
type Acted = ExitDriven | { readonly kind: 'go-on'; readonly refusal: Refusal | null };

const GO_ON: Acted = { kind: 'go-on', refusal: null };

async function act(
  dependencies: ExecuteDependencies,
  exit: Exit,
  action: Exclude<ExitAction, { kind: 'complete' }>,
  sender: Sender,
): Promise<Acted> {
  switch (action.kind) {
    case 'none':
      return { kind: 'completed' };
    case 'wait':
      return { kind: 'waits', for: action.for };
    case 'read-position':
      // Read and still asked for: what the broker said was too old by the time it arrived.
      return { kind: 'left-to-next' };
    case 'cancel':
      await clearTheWay(dependencies, { ...action, by: exit.by }, sender);
      return GO_ON;
    case 'submit': {
      const submission = await submitOrder(dependencies, action.intent, sender);
      // It was looked for and not found: the next drive looks again, a while later.
      if (submission.kind === 'unknown') return { kind: 'waits', for: 'order' };
      return { kind: 'go-on', refusal: submission.kind === 'refused' ? submission.refusal : null };
    }
  }
}

/** Writes the step and acts on it; where somebody else wrote first, it is looked at anew. */
async function take(
  dependencies: ExecuteDependencies,
  seen: StoredExit,
  step: ExitStep,
  sender: Sender,
): Promise<Acted> {
  const { exits, clock } = dependencies;
  if (step.action.kind === 'complete') {
    return (await exits.complete(seen, step.exit, clock.now())) ? { kind: 'completed' } : GO_ON;
  }
  const written = step.changed ? await exits.save(seen, step.exit, clock.now()) : seen;
  if (written === null) return GO_ON;
  report(dependencies, step.exit, step);
  return await act(dependencies, step.exit, step.action, sender);
}

/** @throws Fault `transient` when the exit must be driven again: a sender is at one of its orders, or a read failed */
export async function driveOpenExit(
  dependencies: ExecuteDependencies,
  accountId: AccountId,
  symbol: Ticker,
  sender: Sender,
): Promise<ExitDriven> {
  const { exits, clock, dryRun, telemetry } = dependencies;
  if (dryRun) {
    // Its order would end here, and what protects the position at the broker would be canceled for nothing.
    telemetry.warn('an exit is not driven in a dry run', { accountId, symbol });
    return { kind: 'left-to-next' };
  }
  let refused: Refusal | null = null;
  let canceled = false;
  for (let taken = 0; taken < STEPS_MAX && mayWaitUntil(sender, clock.now()); taken += 1) {
    const seen = await exits.get(accountId, symbol);
    if (seen === null) return { kind: 'no-exit' };
    const step: ExitStep | null = await stepOf(dependencies, seen.exit, refused);
    if (step === null) return { kind: 'left-to-next' };
    // Asked and waited for in this very run: whatever has not ended by now is the next drive's.
    if (step.action.kind === 'cancel' && canceled) return { kind: 'waits', for: 'own-orders' };
    canceled = canceled || step.action.kind === 'cancel';
    const acted: Acted = await take(dependencies, seen, step, sender);
    if (acted.kind !== 'go-on') return acted;
    refused = acted.refusal;
  }
  return { kind: 'left-to-next' };
}

/**
 * Drives an exit because its minute has come, or it was just opened. What may pass by itself (a lease, a read that failed, a broker that asks for
 * time) leaves it to the next minute: a message that failed would keep every other command of the symbol behind it for as
 * long as its lane hides it, which is three times as long.
 * @throws Fault `uncertain` or `permanent`: nobody knows what was written, or nothing can be
 */
export async function driveInItsMinute(
  dependencies: ExecuteDependencies,
  accountId: AccountId,
  symbol: Ticker,
  sender: Sender,
): Promise<ExitDriven> {
  try {
    return await driveOpenExit(dependencies, accountId, symbol, sender);
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.kind !== 'transient') throw thrown;
    const { code, message: cause } = thrown;
    dependencies.telemetry.warn('an exit is left to its next minute', { accountId, symbol, code, cause });
    return { kind: 'left-to-next' };
  }
}

/**
 * A decision to close a share, a strategy's or a person's: it becomes an exit in the book, which is driven at once and,
 * until the share is flat, again and again.
 */
import { Fault } from '#shared/core/kernel/fault.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { ExitRequest } from '#shared/core/order/exit.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { exitRefusal } from '#shared/core/risk/clear-exit.ts';
import { refuse } from './claim-order.ts';
import { driveInItsMinute } from './drive-exit.ts';
import { gatherFacts } from './gather-facts.ts';
import { type ExecuteDependencies, mayWaitUntil, type Sender, type Submission } from './sender.ts';

/** Between two tries to open an exit. */
const OPENING_PAUSE_MS = 2_000;

type Closing = OrderIntent & { readonly purpose: ExitRequest['purpose'] };

/** Whether a command asks for an exit rather than for one order. */
export const isClosingDecision = (intent: OrderIntent): intent is Closing =>
  intent.purpose === 'exit' || intent.purpose === 'flatten';

const requestOf = ({ dependencies, intent }: { dependencies: ExecuteDependencies; intent: Closing }): ExitRequest => ({
  exitId: intent.decision.decisionId,
  accountId: intent.terms.accountId,
  strategyId: intent.terms.strategyId,
  ticker: intent.terms.ticker,
  purpose: intent.purpose,
  by: intent.runId === null ? 'control' : 'orchestrate',
  reason:
    intent.purpose === 'flatten'
      ? { code: 'flatten', message: 'A person closes the position.', context: {} }
      : { code: 'decision', message: 'The position is to be closed.', context: {} },
  correlationId: intent.correlationId,
  openedAt: dependencies.clock.now(),
});

/** Opens the exit unless it was opened before. Null once it is open, else how the command ended. */
async function open(dependencies: ExecuteDependencies, intent: Closing): Promise<Submission | null> {
  const { exits, orders } = dependencies;
  const { accountId, ticker } = intent.terms;
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const stored = await exits.get(accountId, ticker);
  if (stored?.exit.exitId === intent.decision.decisionId) return null;
  // The first order of this very exit was there before: the exit has run its course.
  if ((await orders.get(clientOrderId)) !== null) return { kind: 'done', clientOrderId };
  const gathered = await gatherFacts(dependencies, intent);
  if (!gathered.ok) return await refuse(dependencies, intent, gathered.error);
  const why = exitRefusal(gathered.value.facts);
  if (why !== null) return await refuse(dependencies, intent, why);
  const opening = await exits.open(requestOf({ dependencies, intent }), null);
  return opening === 'other'
    ? await refuse(dependencies, intent, refusal('exit-in-progress', `another exit of ${ticker} is open`, {}))
    : null;
}

/**
 * Opens it, and again while this run lasts where that fails for a reason that may pass: its message would come back only
 * when its lane hides it no longer, which is minutes later, and would keep every other command of the symbol waiting.
 */
async function openInThisRun(
  dependencies: ExecuteDependencies,
  intent: Closing,
  sender: Sender,
): Promise<Submission | null> {
  const { clock, telemetry } = dependencies;
  for (;;) {
    try {
      return await open(dependencies, intent);
    } catch (thrown) {
      const next = addMs(clock.now(), OPENING_PAUSE_MS);
      if (!(thrown instanceof Fault) || thrown.kind !== 'transient' || !mayWaitUntil(sender, next)) throw thrown;
      const { code, message: cause } = thrown;
      telemetry.warn('an exit is about to be opened again', { exitId: intent.decision.decisionId, code, cause });
      await clock.sleepUntil(next);
    }
  }
}

/**
 * Opens the exit unless it was opened before, then drives it as far as this run can. Once it is open it is driven in each
 * minute, so that its command has done its part, whatever keeps this first drive from its end.
 * @throws Fault `transient` when the exit could not be opened while this run lasted
 */
export async function closePosition(
  dependencies: ExecuteDependencies,
  intent: Closing,
  sender: Sender,
): Promise<Submission> {
  const { accountId, ticker } = intent.terms;
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const ended = await openInThisRun(dependencies, intent, sender);
  if (ended !== null) return ended;
  const driven = await driveInItsMinute(dependencies, accountId, ticker, sender);
  dependencies.telemetry.info('exit driven', { exitId: intent.decision.decisionId, outcome: driven.kind });
  const row = await dependencies.orders.get(clientOrderId);
  if (row === null) return { kind: 'done', clientOrderId };
  return { kind: row.state === 'unknown' ? 'unknown' : 'acknowledged', clientOrderId };
}

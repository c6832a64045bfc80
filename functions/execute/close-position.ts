/**
 * A decision to close a share, a strategy's or a person's: it becomes an exit in the book, which is driven at once and,
 * until the share is flat, again and again.
 */
import { refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { ExitRequest } from '#shared/core/order/exit.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { exitRefusal } from '#shared/core/risk/clear-exit.ts';
import { refuse } from './claim-order.ts';
import { driveOpenExit } from './drive-exit.ts';
import { gatherFacts } from './gather-facts.ts';
import type { ExecuteDependencies, Sender, Submission } from './sender.ts';

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

/** Opens the exit unless it was opened before, then drives it as far as this run can. */
export async function closePosition(
  dependencies: ExecuteDependencies,
  intent: Closing,
  sender: Sender,
): Promise<Submission> {
  const { exits, orders } = dependencies;
  const { accountId, ticker } = intent.terms;
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const open = await exits.get(accountId, ticker);
  if (open?.exit.exitId !== intent.decision.decisionId) {
    // The first order of this very exit was there before: the exit has run its course.
    if ((await orders.get(clientOrderId)) !== null) return { kind: 'done', clientOrderId };
    const gathered = await gatherFacts(dependencies, intent);
    if (!gathered.ok) return await refuse(dependencies, intent, gathered.error);
    const why = exitRefusal(gathered.value.facts);
    if (why !== null) return await refuse(dependencies, intent, why);
    const opening = await exits.open(requestOf({ dependencies, intent }), null);
    if (opening === 'other') {
      return await refuse(dependencies, intent, refusal('exit-in-progress', `another exit of ${ticker} is open`, {}));
    }
  }
  const driven = await driveOpenExit(dependencies, accountId, ticker, sender);
  dependencies.telemetry.info('exit driven', { exitId: intent.decision.decisionId, outcome: driven.kind });
  const row = await orders.get(clientOrderId);
  if (row === null) return { kind: 'done', clientOrderId };
  return { kind: row.state === 'unknown' ? 'unknown' : 'acknowledged', clientOrderId };
}

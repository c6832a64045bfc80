/** What each command of the lanes comes to: the one place that the door leads to. */
import type { AnyCommand } from '#events/catalogue.ts';
import { intentOf } from '#events/order-command.ts';
import { accountId, clientOrderIdOf, ticker } from '#shared/core/kernel/identity.ts';
import { type Cancellation, cancelOrder } from './cancel-order.ts';
import { giveWay } from './clear-the-way.ts';
import { closePosition, isClosingDecision } from './close-position.ts';
import { driveInItsMinute, type ExitDriven } from './drive-exit.ts';
import type { ExecuteDependencies, Sender, Submission } from './sender.ts';
import { submitOrder } from './submit-order.ts';

export type CommandEnd =
  | { readonly command: 'submit-order.v1'; readonly submission: Submission }
  | { readonly command: 'cancel-order.v1'; readonly cancellation: Cancellation }
  | { readonly command: 'drive-exit.v1'; readonly driven: ExitDriven };

/** @throws Fault `transient` when the command must come again. */
export async function answerCommand(
  dependencies: ExecuteDependencies,
  command: AnyCommand,
  sender: Sender,
): Promise<CommandEnd> {
  switch (command.type) {
    case 'submit-order.v1': {
      const intent = intentOf(command.data, command.meta.correlationId);
      await giveWay(dependencies, intent, sender);
      // In a dry run nothing is held and nothing comes of an exit: its one order shows that it would pass.
      const submission =
        isClosingDecision(intent) && !dependencies.dryRun
          ? await closePosition(dependencies, intent, sender)
          : await submitOrder(dependencies, intent, sender);
      return { command: command.type, submission };
    }
    case 'cancel-order.v1': {
      const { clientOrderId, by, reason } = command.data;
      const wish = { clientOrderId: clientOrderIdOf(clientOrderId), by, reason };
      return { command: command.type, cancellation: await cancelOrder(dependencies, wish, sender) };
    }
    case 'drive-exit.v1': {
      const { accountId: account, symbol } = command.data;
      const driven = await driveInItsMinute(dependencies, accountId(account), ticker(symbol), sender);
      return { command: command.type, driven };
    }
  }
}

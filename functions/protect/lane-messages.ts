/** The commands of protect, all of them on the urgent lane: cancels, drives of exits, resting stops. */
import type { AnyCommand } from '#events/catalogue.ts';
import { makeCommand } from '#events/command.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { Exit } from '#shared/core/order/exit.ts';
import type { Order, OrderIntent, Reason } from '#shared/core/order/order.ts';
import type { LaneMessage } from '#shared/ports/lanes.ts';

const MINUTE_MS = 60_000;

/** Each minute is an attempt of its own, so that no lane takes it for the repetition of the one before. */
const attemptAt = (now: EpochMs): number => Math.floor(now / MINUTE_MS);

const urgent = (command: AnyCommand): LaneMessage => ({
  lane: 'urgent',
  group: `${command.data.accountId}:${command.data.symbol}`,
  dedupId: `${command.meta.commandId}:${command.meta.attempt}`,
  body: JSON.stringify(command),
});

const metaOf = (commandId: string, attempt: number, correlationId: string, now: EpochMs) => ({
  commandId,
  attempt,
  issuedAt: formatEpochMs(now),
  correlationId,
  causationId: null,
});

export function cancelMessage({ clientOrderId, intent }: Order, { code, message, context }: Reason, now: EpochMs) {
  const { accountId, ticker } = intent.terms;
  const meta = metaOf(`cancel-${contentId(['protect', clientOrderId], 26)}`, attemptAt(now), intent.correlationId, now);
  return urgent(
    makeCommand('cancel-order.v1', meta, {
      clientOrderId,
      accountId,
      symbol: ticker,
      by: 'protect',
      reason: { code, message, context: { ...context } },
    }),
  );
}

export function driveMessage(
  exit: Pick<Exit, 'exitId' | 'accountId' | 'strategyId' | 'ticker' | 'correlationId' | 'generations'>,
  now: EpochMs,
): LaneMessage {
  const { exitId, accountId, strategyId, ticker, correlationId, generations } = exit;
  return urgent(
    makeCommand('drive-exit.v1', metaOf(exitId, attemptAt(now), correlationId, now), {
      accountId,
      symbol: ticker,
      strategyId,
      exitId,
      generation: generations,
    }),
  );
}

/** In a group of its own: while its command waits to come again, no drive of an exit waits behind it. */
export function placeMessage(intent: OrderIntent): LaneMessage {
  const id = clientOrderIdFor(intent.terms, intent.decision);
  const message = urgent(
    makeCommand('submit-order.v1', metaOf(id, 1, intent.correlationId, intent.decidedAt), submitOrderOf(intent, id)),
  );
  return { ...message, group: `${message.group}:stop` };
}

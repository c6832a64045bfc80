/** The command that asks the sender to cancel an order. */
import { makeCommand } from '#events/command.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { LaneMessage } from '#shared/ports/lanes.ts';
import type { Call } from './operation.ts';
import { messageOf } from './request-order.ts';

/** Each request is a command of its own: a second cancel must not vanish, a repeat under one key must. */
export function cancelMessage(
  call: Call,
  order: { readonly id: string; readonly accountId: string; readonly symbol: string },
  why: string,
): LaneMessage {
  const asked = contentId(['cancel', order.id, call.idempotencyKey ?? call.requestId], 26);
  const meta = {
    commandId: `cancel-${asked}`,
    attempt: 1,
    issuedAt: formatEpochMs(call.now),
    correlationId: `cancel-${asked}`,
    causationId: call.requestId,
  };
  return messageOf(
    makeCommand('cancel-order.v1', meta, {
      clientOrderId: order.id,
      accountId: order.accountId,
      symbol: order.symbol,
      by: call.subject,
      reason: { code: 'operator', message: why, context: {} },
    }),
  );
}

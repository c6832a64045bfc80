/**
 * What a sender does with a command that it was given, perhaps not for the first time: the row decides. `claimed` was
 * never sent; `sending` may have been, and is never sent again before it was looked for.
 */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor, payloadHashOf } from '#shared/core/order/client-order-id.ts';
import type { Order, OrderIntent, Reason } from '#shared/core/order/order.ts';
import { isEnd } from '#shared/core/order/order.ts';
import { failUnsent, markUnknown, mayHold, sendBar } from '#shared/core/order/sending.ts';
import type { StepResult } from '#shared/core/order/sending.ts';
import { neverArrives } from '#shared/core/order/unknown-fate.ts';

export type Delivery =
  /** No row: clear the order and claim it. */
  | { readonly kind: 'claim' }
  /** The same id with other terms: end the command, alarm. */
  | { readonly kind: 'conflict'; readonly refusal: Refusal }
  /** Claimed and never sent: go on with the last look. */
  | { readonly kind: 'last-look' }
  /** Claimed and not to be sent any more: withdraw it for this reason. */
  | { readonly kind: 'withdraw'; readonly refusal: Refusal }
  /** Another sender is at work: leave the message until its lease has run out. */
  | { readonly kind: 'busy'; readonly until: EpochMs }
  /** May be at the broker: mark it unknown where it is `sending`, look it up, and only then think of a resend. */
  | { readonly kind: 'look-up' }
  /** At the broker, or ended: the command is done. */
  | { readonly kind: 'done' };

/**
 * What to do with a command whose order has this row.
 * @param row null when there is none.
 */
export function onDelivery(intent: OrderIntent, row: Order | null, holder: string, now: EpochMs): Delivery {
  if (row === null) return { kind: 'claim' };
  const hash = payloadHashOf(intent.terms, intent.decision);
  if (row.payloadHash !== hash || row.clientOrderId !== clientOrderIdFor(intent.terms, intent.decision)) {
    return {
      kind: 'conflict',
      refusal: refusal('idempotency-conflict', 'The same decision came again with other terms.', {
        clientOrderId: row.clientOrderId,
        known: row.payloadHash,
        given: hash,
      }),
    };
  }
  if (isEnd(row.state) || row.evidence.length > 0) return { kind: 'done' };
  if (!mayHold(row, holder, now)) return { kind: 'busy', until: row.lease?.until ?? now };
  if (row.state !== 'claimed') return { kind: 'look-up' };
  const bar = sendBar(row, holder, now);
  return bar === null ? { kind: 'last-look' } : { kind: 'withdraw', refusal: bar };
}

/**
 * What becomes of an order whose command ended on the dead-letter queue: never sent, it fails; maybe sent, its fate is
 * unknown; otherwise the broker's news will end it.
 * @returns null when there is nothing to do, or another sender may still be at it.
 */
export function onDeadLetter(row: Order, reason: Reason, now: EpochMs): StepResult | null {
  if (!mayHold(row, '', now)) return null;
  if (row.state === 'claimed') return failUnsent(row, reason, now);
  return row.state === 'sending' ? markUnknown(row, reason, now) : null;
}

/**
 * Whether a generation of a decision may be claimed: the one before it has ended, or closes and is at the broker by now or
 * never will be, or was never claimed and is too old to be claimed any more. A dead-letter queue breaks the order of a lane, so the lane alone does not see to this.
 * @param previous the generation before, and the end of its validity as far as the caller knows it; null for neither.
 */
export function generationBar(
  intent: OrderIntent,
  previous: { readonly order: Order | null; readonly validUntil: EpochMs | null },
  now: EpochMs,
): Refusal | null {
  const { generation } = intent.decision;
  if (generation === 0) return null;
  const { order, validUntil } = previous;
  if (order !== null ? isEnd(order.state) || neverArrives(order, now) : validUntil !== null && validUntil <= now)
    return null;
  return refusal('generation-not-ended', 'The generation before this one has not ended.', {
    generation: String(generation),
    previous: order?.clientOrderId ?? '',
    state: order?.state ?? 'not claimed',
  });
}

/** Requests for orders: written down before their command is sent, so that a repeat is known for one. */
import type { CommandData } from '#events/catalogue.ts';
import type { Command } from '#events/envelope.ts';
import type { ClientOrderId, DecisionId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Reason } from '#shared/core/order/order.ts';

/** Decisions of people begin so; those of runs do not, and have no such row. */
export const REQUESTED_DECISION = 'api-';

export interface OrderRequest {
  readonly decisionId: DecisionId;
  readonly clientOrderId: ClientOrderId;
  /** Hash of what was asked: the same decision with another one is a conflict. */
  readonly bodyHash: string;
  /** As it was first sent; a repeat sends the same. */
  readonly command: Command<'submit-order.v1', CommandData<'submit-order.v1'>>;
  readonly by: string;
  readonly requestedAt: EpochMs;
  /** accepted: written down, its command may not be on the lane. sent: it is. failed: it never will be. */
  readonly state: 'accepted' | 'sent' | 'failed';
  readonly failure: Reason | null;
}

export interface OrderRequests {
  /** Writes the request down unless its decision has one: then that one is answered. */
  make(request: OrderRequest): Promise<{ readonly made: boolean; readonly request: OrderRequest }>;
  ofDecision(decisionId: DecisionId): Promise<OrderRequest | null>;
  ofOrder(clientOrderId: ClientOrderId): Promise<OrderRequest | null>;
  markSent(decisionId: DecisionId): Promise<void>;
  /** Keeps why no order came of it. */
  fail(decisionId: DecisionId, failure: Reason): Promise<void>;
}

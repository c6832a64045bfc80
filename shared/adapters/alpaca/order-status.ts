/** Alpaca's words for the state of an order in the house's. */
import type { BrokerStatus } from '#shared/core/order/broker-order.ts';

/** `stopped` is working with its trade guaranteed; `calculated` has its day behind it and its settlement before it. */
const STATUSES: ReadonlyMap<string, BrokerStatus> = new Map<string, BrokerStatus>([
  ['accepted', 'accepted'],
  ['accepted_for_bidding', 'accepted'],
  ['held', 'accepted'],
  ['pending_new', 'pending'],
  ['pending_review', 'pending'],
  ['new', 'new'],
  ['stopped', 'new'],
  ['partially_filled', 'partially_filled'],
  ['pending_cancel', 'pending_cancel'],
  ['pending_replace', 'pending_replace'],
  ['suspended', 'suspended'],
  ['done_for_day', 'done_for_day'],
  ['calculated', 'done_for_day'],
  ['filled', 'filled'],
  ['canceled', 'canceled'],
  ['expired', 'expired'],
  ['rejected', 'rejected'],
  ['replaced', 'replaced'],
]);

/** Any word that is not known counts as open, to be looked at again. */
export const statusOf = (text: string): BrokerStatus => STATUSES.get(text) ?? 'open-unrecognised';

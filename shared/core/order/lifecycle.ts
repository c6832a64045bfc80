/**
 * What may happen to an order in which state: one table over every pair. House events ask this table before they do
 * anything; what news does follows from the evidence (advance.ts), and the tests hold the table to it.
 */
import type { NamedTransition } from '#shared/core/order/consequences.ts';
import { endRank } from '#shared/core/order/evidence.ts';
import type { BrokerEnd, OrderState } from '#shared/core/order/order.ts';

/** What the house does to an order. */
export const HOUSE_EVENTS = {
  'last-look': 'the gates are looked at once more and the order is about to be sent',
  withdraw: 'a gate closed, the decision went stale or a cancel was requested before sending',
  fail: 'the command ended on the dead-letter queue before sending',
  throttled: 'the broker answered that it took nothing, for want of rate',
  refused: 'the broker answered that it does not take the order',
  ambiguous: 'the outcome of the call is not known',
  resend: 'another last look, to send the same id and body again',
  abandon: 'an order of unknown fate never turned up while it could',
  'cancel-request': 'somebody asks that the order be canceled',
} as const;
export type HouseEvent = keyof typeof HOUSE_EVENTS;

/** What the broker's news may say, whoever brings it. */
export const NEWS_EVENTS = {
  'news-open': 'the order works, nothing filled since',
  'news-pending-cancel': 'the broker is about to cancel it',
  'news-partial-fill': 'units filled, some remain',
  'news-complete-fill': 'all units filled',
  'news-canceled': 'canceled at the broker',
  'news-expired': 'its time in force is over',
  'news-rejected': 'rejected after it was accepted',
  'news-replaced': 'it lives on under another id of the broker',
  'news-bust': 'an execution was undone',
  'news-correction': 'an execution was restated',
} as const;
export type NewsEvent = keyof typeof NEWS_EVENTS;

export type OrderEvent = HouseEvent | NewsEvent;

/** Why a house event is refused in a state. */
export const ILLEGAL_REASONS = {
  'never-sent': 'nothing was sent, so nothing can have been answered',
  'already-sent': 'it is being sent, and may be at the broker',
  'outcome-unknown': 'it may be at the broker; only a lookup or a resend settles that',
  'outcome-not-unknown': 'its fate is not in question',
  'known-at-broker': 'the broker has it; only the broker can end it',
  'already-ended': 'it has ended',
} as const;
export type IllegalReason = keyof typeof ILLEGAL_REASONS;

/** Where a pair leads: to one of these states, under one of these names where an end or a booked execution is touched. */
export type Cell =
  | { readonly to: readonly OrderState[]; readonly named: readonly NamedTransition[] }
  | { readonly illegal: IllegalReason };

type HouseRow = Readonly<Record<HouseEvent, Cell>>;
type NewsRow = Readonly<Record<NewsEvent, Cell>>;
type Row = HouseRow & NewsRow;

const to = (...states: readonly OrderState[]): Cell => ({ to: states, named: [] });
const named = (names: NamedTransition | readonly NamedTransition[], ...states: readonly OrderState[]): Cell => ({
  to: states,
  named: typeof names === 'string' ? [names] : names,
});
const illegal = (reason: IllegalReason): Cell => ({ illegal: reason });

/** News of an order that the broker had said nothing of. With a cancel requested before, it goes on as that. */
const FIRST_NEWS: NewsRow = {
  'news-open': to('acknowledged', 'pending_cancel'),
  'news-pending-cancel': to('pending_cancel'),
  'news-partial-fill': to('partially_filled', 'pending_cancel'),
  'news-complete-fill': to('filled'),
  'news-canceled': to('canceled'),
  'news-expired': to('expired'),
  'news-rejected': to('rejected'),
  'news-replaced': to('replaced'),
  'news-bust': named('trade-bust', 'acknowledged', 'pending_cancel'),
  'news-correction': named('trade-correction', 'acknowledged', 'pending_cancel'),
};

/** The same, of an order that the house had ended: whatever is said, it was there after all. */
const UNHOPED_NEWS: NewsRow = {
  'news-open': named('resurrected', 'acknowledged', 'pending_cancel'),
  'news-pending-cancel': named('resurrected', 'pending_cancel'),
  'news-partial-fill': named('resurrected', 'partially_filled', 'pending_cancel'),
  'news-complete-fill': named('resurrected', 'filled'),
  'news-canceled': named('resurrected', 'canceled'),
  'news-expired': named('resurrected', 'expired'),
  'news-rejected': named('resurrected', 'rejected'),
  'news-replaced': named('resurrected', 'replaced'),
  'news-bust': named('resurrected', 'acknowledged', 'pending_cancel'),
  'news-correction': named('resurrected', 'acknowledged', 'pending_cancel'),
};

const ENDS_TOLD: NewsRow = {
  ...FIRST_NEWS,
  'news-bust': named('trade-bust', 'partially_filled', 'acknowledged'),
  'news-correction': named('trade-correction', 'partially_filled'),
};

/** Older news never leads back: a working order with fills stays one, and what was filled stays filled. */
const WORKING: Readonly<Record<'acknowledged' | 'partially_filled' | 'pending_cancel', NewsRow>> = {
  acknowledged: {
    ...ENDS_TOLD,
    'news-open': to('acknowledged'),
    'news-pending-cancel': to('pending_cancel', 'acknowledged'),
    'news-partial-fill': to('partially_filled'),
    'news-bust': named('trade-bust', 'acknowledged'),
    'news-correction': named('trade-correction', 'acknowledged'),
  },
  partially_filled: {
    ...ENDS_TOLD,
    'news-open': to('partially_filled'),
    'news-pending-cancel': to('pending_cancel', 'partially_filled'),
    'news-partial-fill': to('partially_filled'),
  },
  pending_cancel: {
    ...ENDS_TOLD,
    'news-open': to('pending_cancel', 'acknowledged'),
    'news-partial-fill': to('pending_cancel', 'partially_filled'),
    'news-bust': named('trade-bust', 'pending_cancel'),
    'news-correction': named('trade-correction', 'pending_cancel'),
  },
};

/** An end told by the broker gives way only to one of a higher rank. */
function endTold(end: BrokerEnd): NewsRow {
  const outranked = (other: BrokerEnd): Cell =>
    endRank(other) > endRank(end) ? named('end-outranked', other) : to(end);
  return {
    'news-open': to(end),
    'news-pending-cancel': to(end),
    'news-partial-fill': named('late-fill', end),
    'news-complete-fill': named('late-fill', 'filled'),
    'news-canceled': outranked('canceled'),
    'news-expired': outranked('expired'),
    'news-rejected': outranked('rejected'),
    'news-replaced': outranked('replaced'),
    'news-bust': named('trade-bust', end),
    'news-correction': named('trade-correction', end),
  };
}

const HEARD: HouseRow = {
  'last-look': illegal('known-at-broker'),
  withdraw: illegal('known-at-broker'),
  fail: illegal('known-at-broker'),
  throttled: illegal('known-at-broker'),
  refused: illegal('known-at-broker'),
  ambiguous: illegal('known-at-broker'),
  resend: illegal('known-at-broker'),
  abandon: illegal('known-at-broker'),
  'cancel-request': to('pending_cancel'),
};

const OVER: HouseRow = {
  'last-look': illegal('already-ended'),
  withdraw: illegal('already-ended'),
  fail: illegal('already-ended'),
  throttled: illegal('already-ended'),
  refused: illegal('already-ended'),
  ambiguous: illegal('already-ended'),
  resend: illegal('already-ended'),
  abandon: illegal('already-ended'),
  'cancel-request': illegal('already-ended'),
};

export const LIFECYCLE: Readonly<Record<OrderState, Row>> = {
  claimed: {
    'last-look': to('sending'),
    withdraw: to('withdrawn'),
    fail: to('failed'),
    throttled: illegal('never-sent'),
    refused: illegal('never-sent'),
    ambiguous: illegal('never-sent'),
    resend: illegal('outcome-not-unknown'),
    abandon: illegal('outcome-not-unknown'),
    'cancel-request': to('claimed'),
    ...FIRST_NEWS,
  },
  sending: {
    'last-look': illegal('already-sent'),
    withdraw: illegal('already-sent'),
    fail: illegal('already-sent'),
    throttled: to('claimed', 'unknown'),
    refused: to('rejected', 'unknown'),
    ambiguous: to('unknown'),
    resend: illegal('already-sent'),
    abandon: illegal('already-sent'),
    'cancel-request': to('sending'),
    ...FIRST_NEWS,
  },
  unknown: {
    'last-look': illegal('outcome-unknown'),
    withdraw: illegal('outcome-unknown'),
    fail: illegal('outcome-unknown'),
    throttled: illegal('outcome-unknown'),
    refused: illegal('outcome-unknown'),
    ambiguous: to('unknown'),
    resend: to('sending'),
    abandon: to('abandoned'),
    'cancel-request': to('unknown'),
    ...FIRST_NEWS,
  },
  acknowledged: { ...HEARD, ...WORKING.acknowledged },
  partially_filled: { ...HEARD, ...WORKING.partially_filled },
  pending_cancel: { ...HEARD, ...WORKING.pending_cancel },
  filled: { ...OVER, ...endTold('filled'), 'news-complete-fill': to('filled') },
  canceled: { ...OVER, ...endTold('canceled') },
  expired: { ...OVER, ...endTold('expired') },
  // Rejected by the broker's answer alone, the order may turn up; rejected by its news, it has ended there.
  rejected: {
    ...OVER,
    'news-open': named('resurrected', 'rejected', 'acknowledged', 'pending_cancel'),
    'news-pending-cancel': named('resurrected', 'rejected', 'pending_cancel'),
    'news-partial-fill': named(['resurrected', 'late-fill'], 'rejected', 'partially_filled', 'pending_cancel'),
    'news-complete-fill': named(['resurrected', 'late-fill'], 'filled'),
    'news-canceled': named(['resurrected', 'end-outranked'], 'canceled'),
    'news-expired': named(['resurrected', 'end-outranked'], 'expired'),
    'news-rejected': to('rejected'),
    'news-replaced': named(['resurrected', 'end-outranked'], 'replaced'),
    'news-bust': named(['resurrected', 'trade-bust'], 'rejected', 'acknowledged', 'pending_cancel'),
    'news-correction': named(['resurrected', 'trade-correction'], 'rejected', 'acknowledged', 'pending_cancel'),
  },
  replaced: { ...OVER, ...endTold('replaced') },
  withdrawn: { ...OVER, ...UNHOPED_NEWS },
  failed: { ...OVER, ...UNHOPED_NEWS },
  abandoned: { ...OVER, ...UNHOPED_NEWS },
  // Nobody can have asked to cancel it: it ended as it was claimed.
  dry_run: {
    ...OVER,
    ...UNHOPED_NEWS,
    'news-open': named('resurrected', 'acknowledged'),
    'news-partial-fill': named('resurrected', 'partially_filled'),
    'news-bust': named('resurrected', 'acknowledged'),
    'news-correction': named('resurrected', 'acknowledged'),
  },
};

/** Why the event may not happen in the state, or null when it may. */
export function illegalReason(state: OrderState, event: OrderEvent): IllegalReason | null {
  const cell = LIFECYCLE[state][event];
  return 'illegal' in cell ? cell.illegal : null;
}

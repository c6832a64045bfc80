/** The (from, to) table of order statuses, and what each status means. */
import type { OrderStatus } from './venue-order.ts';

/** A broker's cancel may be taken back and a fill may be undone; all else moves along these lines only. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  accepted: ['pending_new', 'new', 'canceled', 'expired', 'rejected'],
  pending_new: ['new', 'partially_filled', 'filled', 'rejected', 'canceled'],
  accepted_for_bidding: ['new', 'canceled', 'rejected'],
  held: ['new', 'accepted', 'canceled'],
  new: [
    'partially_filled',
    'filled',
    'canceled',
    'expired',
    'done_for_day',
    'pending_cancel',
    'pending_replace',
    'replaced',
    'rejected',
    'stopped',
    'suspended',
    'calculated',
  ],
  partially_filled: [
    'partially_filled',
    'filled',
    'canceled',
    'expired',
    'done_for_day',
    'pending_cancel',
    'pending_replace',
    'replaced',
    'calculated',
  ],
  stopped: ['partially_filled', 'filled'],
  suspended: ['new', 'canceled'],
  pending_cancel: ['canceled', 'filled', 'partially_filled', 'expired', 'new'],
  pending_replace: ['replaced', 'filled', 'new', 'partially_filled'],
  done_for_day: ['new', 'partially_filled', 'expired', 'canceled', 'pending_cancel'],
  calculated: ['filled', 'done_for_day'],
  filled: [],
  canceled: [],
  expired: [],
  rejected: [],
  replaced: [],
};

const ENDED: ReadonlySet<OrderStatus> = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);

export const hasEnded = (status: OrderStatus): boolean => ENDED.has(status);

/** Keeping a status is always allowed: a bust changes a filled order without moving it. */
export const mayMove = (from: OrderStatus, to: OrderStatus): boolean => from === to || TRANSITIONS[from].includes(to);

/** Statuses in which a request to cancel is taken. */
const CANCELABLE: ReadonlySet<OrderStatus> = new Set([
  'accepted',
  'new',
  'partially_filled',
  'calculated',
  'pending_new',
  'pending_cancel',
  'accepted_for_bidding',
  'held',
  'suspended',
  'done_for_day',
]);

export const isCancelable = (status: OrderStatus): boolean => CANCELABLE.has(status);

/** Routed to the market, so that it may fill. */
const WORKING: ReadonlySet<OrderStatus> = new Set(['new', 'partially_filled', 'pending_cancel', 'stopped']);

export const isWorking = (status: OrderStatus): boolean => WORKING.has(status);

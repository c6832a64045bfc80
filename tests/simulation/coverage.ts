/** Which pairs of an order's state and event a world has been through, by what a commit wrote. */
import { LIFECYCLE, type OrderEvent } from '#shared/core/order/lifecycle.ts';
import { ORDER_STATES, type OrderState } from '#shared/core/order/order.ts';
import type { OrderChange } from './observed.ts';

/** The event that a fact tells of; where two say the same, the state before tells them apart. */
const EVENTS: ReadonlyMap<string, OrderEvent> = new Map<string, OrderEvent>([
  ['order.withdrawn.v1', 'withdraw'],
  ['order.failed.v1', 'fail'],
  ['order.unknown.v1', 'ambiguous'],
  ['order.abandoned.v1', 'abandon'],
  ['order.cancel-requested.v1', 'cancel-request'],
  ['order.acknowledged.v1', 'news-open'],
  ['order.partially-filled.v1', 'news-partial-fill'],
  ['order.filled.v1', 'news-complete-fill'],
  ['order.canceled.v1', 'news-canceled'],
  ['order.expired.v1', 'news-expired'],
  ['order.replaced.v1', 'news-replaced'],
]);

function eventOf(type: string, { before, after }: OrderChange): OrderEvent | null {
  if (type === 'order.submitted.v1') return before?.state === 'unknown' ? 'resend' : 'last-look';
  if (type === 'order.rejected.v1') return after.houseEnded === null ? 'news-rejected' : 'refused';
  if (type === 'order.execution-revised.v1') {
    const kinds = new Set(after.evidence.flatMap(({ revisions }) => revisions.map(({ kind }) => kind)));
    return kinds.has('correct') ? 'news-correction' : 'news-bust';
  }
  return EVENTS.get(type) ?? null;
}

const isLegal = (state: OrderState, event: OrderEvent): boolean => 'to' in LIFECYCLE[state][event];
const pairOf = (state: OrderState, event: OrderEvent): string => `${state} × ${event}`;

/** @param types of the facts that were written with the change */
export function statePairsOf(change: OrderChange, types: readonly string[]): readonly string[] {
  const { before, after } = change;
  if (before === null) return [];
  const told = types.flatMap((type) => eventOf(type, change) ?? []);
  const silent: OrderEvent[] = [];
  if (before.state === 'sending' && after.state === 'claimed') silent.push('throttled');
  if (before.state !== 'pending_cancel' && after.state === 'pending_cancel' && told.length === 0) {
    silent.push('news-pending-cancel');
  }
  return [...told, ...silent]
    .filter((event) => isLegal(before.state, event))
    .map((event) => pairOf(before.state, event));
}

const events = (state: OrderState): readonly OrderEvent[] =>
  Object.keys(LIFECYCLE[state]).filter((name): name is OrderEvent => Object.hasOwn(LIFECYCLE[state], name));

/** Every pair that the lifecycle allows. */
export const STATE_PAIRS: ReadonlySet<string> = new Set(
  ORDER_STATES.flatMap((state) =>
    events(state)
      .filter((event) => isLegal(state, event))
      .map((event) => pairOf(state, event)),
  ),
);

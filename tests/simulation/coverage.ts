/** Which pairs of an order's state and event there are, and which of them a world can go through. */
import { LIFECYCLE, type OrderEvent } from '#shared/core/order/lifecycle.ts';
import { ORDER_STATES, type OrderState } from '#shared/core/order/order.ts';

const isLegal = (state: OrderState, event: OrderEvent): boolean => 'to' in LIFECYCLE[state][event];

export const pairOf = (state: OrderState, event: OrderEvent): string => `${state} × ${event}`;

const events = (state: OrderState): readonly OrderEvent[] =>
  Object.keys(LIFECYCLE[state]).filter((name): name is OrderEvent => Object.hasOwn(LIFECYCLE[state], name));

const pairsWhere = (takes: (state: OrderState, event: OrderEvent) => boolean): readonly string[] =>
  ORDER_STATES.flatMap((state) =>
    events(state)
      .filter((event) => takes(state, event))
      .map((event) => pairOf(state, event)),
  );

/** Every pair that the lifecycle allows. */
export const STATE_PAIRS: ReadonlySet<string> = new Set(pairsWhere(isLegal));

const ENDS: Readonly<Partial<Record<OrderState, OrderEvent>>> = {
  filled: 'news-complete-fill',
  canceled: 'news-canceled',
  expired: 'news-expired',
};
const END_EVENTS: ReadonlySet<OrderEvent> = new Set([
  'news-complete-fill',
  'news-canceled',
  'news-expired',
  'news-rejected',
]);

/** Why no world comes to a pair that the lifecycle allows; null where one can. */
function unreachable(state: OrderState, event: OrderEvent): string | null {
  if (state === 'dry_run') return 'nothing of a dry run is ever at a broker';
  if (state === 'replaced' || event === 'news-replaced') return 'the broker of a world replaces no order';
  const own = ENDS[state];
  if (own !== undefined && event !== own && END_EVENTS.has(event)) return 'the broker of a world ends an order once';
  if (state === 'partially_filled' && event === 'news-rejected') return 'a broker rejects only what has not filled';
  return null;
}

/** Every pair that a world can come to. */
export const REACHABLE_PAIRS: ReadonlySet<string> = new Set(
  pairsWhere((state, event) => isLegal(state, event) && unreachable(state, event) === null),
);

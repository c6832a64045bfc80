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

/** Pairs that the lifecycle's table refuses: its own test asks for each of them. */
export const REFUSED_PAIRS: ReadonlySet<string> = new Set(pairsWhere((state, event) => !isLegal(state, event)));

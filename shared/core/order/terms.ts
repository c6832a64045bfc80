/** The words an order is written in. */

export const SIDES = ['buy', 'sell'] as const;
export type Side = (typeof SIDES)[number];
export const oppositeSide = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');

export const ORDER_TYPES = ['market', 'limit', 'stop', 'stop_limit'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];

/** Entries are day or ioc; gtc is for protective stops. */
export const TIMES_IN_FORCE = ['day', 'gtc', 'ioc', 'fok'] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];

/** What the order does to the position; a broker refuses an order whose intent does not fit what it would do. */
export const POSITION_INTENTS = ['buy_to_open', 'buy_to_close', 'sell_to_open', 'sell_to_close'] as const;
export type PositionIntent = (typeof POSITION_INTENTS)[number];

/** Whether an order of the side can do that to a position. */
export const intentFits = (intent: PositionIntent, side: Side): boolean => intent.startsWith(`${side}_`);

/** True for the intents that can only shrink a position. */
export const isClosing = (intent: PositionIntent): boolean => intent === 'buy_to_close' || intent === 'sell_to_close';

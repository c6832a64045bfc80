/**
 * An order and the news of it, as types. What may happen to an order is in lifecycle.ts, what news does to it in
 * advance.ts, what our own sending does to it in sending.ts.
 */
import type { Money, Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type {
  AccountId,
  BrokerOrderId,
  ClientOrderId,
  CorrelationId,
  DecisionId,
  ExecutionId,
  RunId,
  StrategyId,
  Ticker,
} from '#shared/core/kernel/identity.ts';
import type { EpochMs, EpochNs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { BrokerStatus } from '#shared/core/order/broker-order.ts';
import type { OrderType, PositionIntent, Side, TimeInForce } from '#shared/core/order/terms.ts';

/** How much: units, or an amount of money that the broker turns into units. Both are positive. */
export type OrderSize =
  | { readonly kind: 'quantity'; readonly quantity: Quantity }
  | { readonly kind: 'notional'; readonly notional: Money };

/** What is asked of the broker. Equal terms and an equal decision are the same order. */
export interface OrderTerms {
  readonly accountId: AccountId;
  readonly strategyId: StrategyId;
  readonly ticker: Ticker;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly positionIntent: PositionIntent;
  readonly size: OrderSize;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
}

/**
 * Which decision an order carries out. A generation is a new try of the same decision after the one before has ended;
 * a slice is one part of a decision that is worked in parts. Both count from 0.
 */
export interface DecisionRef {
  readonly decisionId: DecisionId;
  readonly generation: number;
  readonly slice: number;
}

export const ORDER_PURPOSES = ['entry', 'exit', 'protective-stop', 'flatten', 'manual'] as const;
export type OrderPurpose = (typeof ORDER_PURPOSES)[number];

/** What the decision saw of the strategy's own book; an entry whose basis has changed is refused. */
export interface DecisionBasis {
  /** Signed. */
  readonly position: Quantity;
  /** Signed sum of what open orders could still add: buys positive, sells negative. */
  readonly openQuantity: Quantity;
}

export interface OrderIntent {
  readonly terms: OrderTerms;
  readonly decision: DecisionRef;
  readonly purpose: OrderPurpose;
  readonly correlationId: CorrelationId;
  readonly runId: RunId | null;
  readonly decidedAt: EpochMs;
  /** From this instant on the decision is stale and is never sent. */
  readonly validUntil: EpochMs;
  /** The reference price at the decision, for slippage. */
  readonly arrivalPrice: Price;
  readonly policyVersion: number;
  readonly basis: DecisionBasis;
}

/** States in which the order may still fill: its exposure is reserved. */
export const OPEN_STATES = [
  'claimed',
  'sending',
  'unknown',
  'acknowledged',
  'partially_filled',
  'pending_cancel',
] as const;
export type OpenState = (typeof OPEN_STATES)[number];

/** Ends that the broker tells. */
export const BROKER_ENDS = ['rejected', 'expired', 'canceled', 'replaced', 'filled'] as const;
export type BrokerEnd = (typeof BROKER_ENDS)[number];

/** Ends that the house decides; `rejected` where the broker's own answer to the submit refused the order. */
export const HOUSE_ENDS = ['withdrawn', 'failed', 'abandoned', 'dry_run', 'rejected'] as const;
export type HouseEnd = (typeof HOUSE_ENDS)[number];

export type OrderEnd = BrokerEnd | HouseEnd;
export type OrderState = OpenState | OrderEnd;

/** Every state once, in the order in which they are written down. */
export const ORDER_STATES = [
  ...OPEN_STATES,
  'filled',
  'canceled',
  'expired',
  'rejected',
  'replaced',
  'withdrawn',
  'failed',
  'abandoned',
  'dry_run',
] as const satisfies readonly OrderState[];

/** Where a piece of news came from, least trusted first. */
export const UPDATE_SOURCES = ['submit-answer', 'webhook', 'stream', 'reconciliation'] as const;
export type UpdateSource = (typeof UPDATE_SOURCES)[number];

/** What one piece of news says of one execution. */
export interface UpdateExecution {
  /** The source's own name for it; the stream and the account's activities name the same execution differently. */
  readonly id: ExecutionId | null;
  /** Units of this execution. The sign of a bust is ignored; a correction carries the corrected quantity. */
  readonly quantity: Quantity;
  /** Price of this execution alone; of a correction, the corrected price. */
  readonly price: Price;
  readonly at: EpochNs;
  readonly kind: 'fill' | 'bust' | 'correct';
  /** The execution that a bust undoes or a correction restates. */
  readonly previousExecutionId: ExecutionId | null;
}

/** One piece of news of one order, in the house's words, whoever told it. */
export interface OrderUpdate {
  readonly source: UpdateSource;
  /** Null where the source does not say; the caller has then found the order by the broker's id. */
  readonly clientOrderId: ClientOrderId | null;
  readonly brokerOrderId: BrokerOrderId | null;
  /** Null where the news says nothing of the status, as an account activity. */
  readonly status: BrokerStatus | null;
  /**
   * Units filled in all, right after this event. An execution makes a tile only where this is known from some report
   * of it: a fill covers (cumulative - quantity, cumulative].
   */
  readonly cumulativeQuantity: Quantity | null;
  /** The broker's own average over the whole order, rounded by it: for checks, never for booking. */
  readonly averagePrice: Price | null;
  readonly execution: UpdateExecution | null;
  /** When it happened at the broker. */
  readonly brokerTime: EpochNs | null;
  readonly receivedAt: EpochMs;
  /** The broker's own words, such as why it rejected. */
  readonly detail: string | null;
}

/** One execution as it counts: a tile of the order. */
export interface Execution {
  /** All names it is known by, sorted; empty where no source named it. */
  readonly ids: readonly ExecutionId[];
  /** Units; the tile is (start, start + quantity]. */
  readonly start: Quantity;
  readonly quantity: Quantity;
  readonly price: Price;
  readonly at: EpochNs;
}

/** One way in which one source told one fill. Equal tellings are one. */
export interface ExecutionReport {
  readonly id: ExecutionId | null;
  readonly quantity: Quantity;
  readonly price: Price;
  readonly at: EpochNs;
  readonly cumulative: Quantity | null;
  /** The most trusted source that told it in these very words. */
  readonly source: UpdateSource;
}

/** A bust or a correction, as told. Equal tellings are one. */
export interface RevisionReport {
  readonly kind: 'bust' | 'correct';
  /** Names of the revision itself, sorted; a later revision may point at them. */
  readonly ids: readonly ExecutionId[];
  readonly previousId: ExecutionId | null;
  /** Units undone, or the corrected units. */
  readonly quantity: Quantity;
  readonly price: Price;
  readonly at: EpochNs;
}

/** That so many units had filled in all at some time of the broker. */
export interface Sighting {
  readonly at: EpochNs | null;
  readonly cumulative: Quantity;
}

/** That the order was open in some way. Who told it decides nothing: no two claims that differ rank alike. */
export interface OpenClaim {
  readonly status: BrokerStatus;
  readonly cumulative: Quantity;
  readonly at: EpochNs | null;
}

/** That the order had ended. */
export interface EndClaim {
  readonly end: BrokerEnd;
  readonly at: EpochNs | null;
  readonly detail: string | null;
}

/**
 * Everything that was told of one broker order, as sets that only grow. An order has one of these; two only where the
 * broker carries two orders under our one id.
 */
export interface BrokerLine {
  readonly brokerOrderId: BrokerOrderId | null;
  readonly reports: readonly ExecutionReport[];
  readonly revisions: readonly RevisionReport[];
  readonly sightings: readonly Sighting[];
  readonly openClaims: readonly OpenClaim[];
  readonly endClaim: EndClaim | null;
}

/** Sorted by broker order id, the line without one first. */
export type Evidence = readonly BrokerLine[];

/** Why something happened: a stable code, a sentence, the numbers. Every Refusal is one. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly context: Readonly<Record<string, string>>;
}

export interface Lease {
  /** One run of one sender. */
  readonly holder: string;
  readonly until: EpochMs;
}

export interface CancelRequest {
  readonly by: string;
  readonly reason: Reason;
  readonly at: EpochMs;
}

/** A submit whose outcome nobody proved. */
export interface Ambiguity {
  readonly reason: Reason;
  /** The last look of the first attempt that nobody proved. */
  readonly firstAt: EpochMs;
  /** The last look of the last one. From here it is watched: an attempt that was proved moves nothing on. */
  readonly lastAt: EpochMs;
  /** What the broker said for certain to a repetition. From then on the order is looked for, and never sent again. */
  readonly answer: Refusal | null;
}

/** What was set aside at the claim for the whole order. */
export interface Reservation {
  readonly quantity: Quantity;
  /** The worst price that the order may fill at; a gap in the executions is valued with it until they are known. */
  readonly price: Price;
  /** Zero for an order that closes. */
  readonly money: Money;
}

/** What is set aside now: what remains while the order is open, nothing once it has ended. */
export interface Reserved {
  readonly quantity: Quantity;
  readonly money: Money;
}

export interface Ended {
  readonly end: OrderEnd;
  /** The broker's time of the end, or null where it told none or the house ended the order. */
  readonly at: EpochNs | null;
  readonly reason: Reason | null;
}

/** How the house itself ended the order; kept even when the broker later tells otherwise. */
export interface HouseEnded {
  readonly end: HouseEnd;
  readonly at: EpochMs;
  readonly reason: Reason;
}

export interface Order {
  readonly intent: OrderIntent;
  readonly clientOrderId: ClientOrderId;
  /** Hash of everything that the broker would act on: the same id with another hash is a conflict. */
  readonly payloadHash: string;
  readonly state: OrderState;
  /** Counts writes, from 1; each write names the version it saw. */
  readonly version: number;
  /** Sequence of this order's last journal fact; facts count from 1 without gaps. */
  readonly journalSequence: number;
  readonly lease: Lease | null;
  /** How many last looks have committed. */
  readonly attempt: number;
  readonly cancelRequested: CancelRequest | null;
  /** Why its fate became unknown, the first time that it did, and what is known of the attempts since. */
  readonly ambiguity: Ambiguity | null;
  readonly reservation: Reservation;
  /** The refusal that ended it, or null. */
  readonly refusal: Refusal | null;
  readonly houseEnded: HouseEnded | null;
  /** All that the broker's news said; the fields below follow from it. */
  readonly evidence: Evidence;

  readonly brokerOrderId: BrokerOrderId | null;
  readonly brokerStatus: BrokerStatus | null;
  /** Tiles in order, never overlapping; with a gap among them the order is provisional. */
  readonly executions: readonly Execution[];
  /** Counts how often the past was restated; within one epoch the filled quantity never shrinks. */
  readonly epoch: number;
  /** Units filled in all, as far as anybody told; position and reservation follow it at once. */
  readonly filledQuantity: Quantity;
  /** Exact cost of the executions, always positive; without the units of a gap. */
  readonly filledCost: Money;
  /** Units filled whose execution is not known yet. */
  readonly gapQuantity: Quantity;
  /** The gap valued at the reservation's price. */
  readonly gapCost: Money;
  /** Cost and profit are not final: a gap is open, or a revision has not found its execution. */
  readonly provisional: boolean;
  /** Sources contradict each other; executions are then taken from the account's activities alone. */
  readonly contradicted: boolean;
  readonly reserved: Reserved;
  readonly ended: Ended | null;
  /** The house had ended the order, and the broker then told of it. */
  readonly resurrected: boolean;

  readonly claimedAt: EpochMs;
  /** When the last look of the last attempt committed. */
  readonly sentAt: EpochMs | null;
  /** When the house first heard of it from the broker. */
  readonly acknowledgedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly updatedAt: EpochMs;
}

const ENDS: ReadonlySet<OrderState> = new Set<OrderState>([...BROKER_ENDS, ...HOUSE_ENDS]);

/** True for the states that are final but for the named transitions. */
export const isEnd = (state: OrderState): state is OrderEnd => ENDS.has(state);
export const isOpen = (order: Order): boolean => !isEnd(order.state);

/** Ordered units, or null for a notional order. */
export const orderedQuantity = (terms: OrderTerms): Quantity | null =>
  terms.size.kind === 'quantity' ? terms.size.quantity : null;

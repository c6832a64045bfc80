/**
 * An exit: the durable wish that a strategy's share of a position be gone. It blocks entries on its symbol, clears own
 * resting orders out of the way, sizes from what remains, submits, and is driven again with a new generation until the
 * share is flat. Every step is a value that is written before it is acted on, so that a crash anywhere only repeats.
 */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import type {
  AccountId,
  ClientOrderId,
  CorrelationId,
  DecisionId,
  StrategyId,
  Ticker,
} from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal, RefusalCode } from '#shared/core/kernel/refusal.ts';
import type { Order, OrderIntent, Reason } from '#shared/core/order/order.ts';

export const EXIT_PHASES = ['opened', 'canceling-own', 'sizing', 'submitted', 'blocked', 'completed'] as const;
export type ExitPhase = (typeof EXIT_PHASES)[number];

export interface Exit {
  /** The decision that its orders carry out, one generation after another. */
  readonly exitId: DecisionId;
  readonly accountId: AccountId;
  readonly strategyId: StrategyId;
  readonly ticker: Ticker;
  /** A flatten is a person's and passes even the kill switch. */
  readonly purpose: 'exit' | 'flatten';
  readonly by: string;
  readonly reason: Reason;
  readonly correlationId: CorrelationId;
  readonly openedAt: EpochMs;
  readonly phase: ExitPhase;
  /** Orders that came to be so far; the next one has this generation. One that was never claimed does not count. */
  readonly generations: number;
  /** Commands issued so far, each under an attempt of its own, so that none is taken for the repetition of another. */
  readonly attempts: number;
  /** The order that was last submitted, until it has ended; the very same is submitted again after a crash. */
  readonly submitted: OrderIntent | null;
  /** The broker did not agree with the books: the next size comes from its own position. */
  readonly distrustsBooks: boolean;
  /** Generations in a row that filled nothing. */
  readonly failures: number;
  /** No new generation before this instant. */
  readonly notBefore: EpochMs | null;
  /** The permanent refusal that stopped it; a person resumes it. */
  readonly blockedBy: Refusal | null;
}

/** What a step of the exit may look at. */
export interface ExitView {
  readonly now: EpochMs;
  readonly sessionOpen: boolean;
  /** The strategy's own share by the book, signed. */
  readonly share: Quantity;
  /** What the other strategies hold by the book, signed. */
  readonly othersShare: Quantity;
  /** Reconciliation is fresh and the symbol is not quarantined. */
  readonly booksFresh: boolean;
  /** The broker's own position, or null when it was not read. A flat one is read as zero. */
  readonly brokerPosition: {
    readonly quantity: Quantity;
    readonly available: Quantity;
    readonly readAt: EpochMs;
  } | null;
  /** All of the house's open orders on the symbol, whoever's they are. */
  readonly openOrders: readonly Order[];
  /** The row of the order that was last submitted, or null while it is not claimed. */
  readonly current: Order | null;
  /** Why the command of that order was refused before it was claimed, or null. */
  readonly currentRefusal: Refusal | null;
  /** The price to reckon with; `limitPrice` null submits a market order. Null when no price is known at all. */
  readonly pricing: { readonly arrivalPrice: Price; readonly limitPrice: Price | null } | null;
  readonly policyVersion: number;
}

/**
 * own-orders: orders in the way have not ended. order: the exit's own is at work. shares-held: the broker lets go of
 * none. books: the broker holds nothing more, and the book does not know it yet. operator: a permanent refusal.
 */
export type ExitWait = 'own-orders' | 'order' | 'session' | 'backoff' | 'price' | 'shares-held' | 'books' | 'operator';

export type ExitAction =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'wait';
      readonly for: ExitWait;
    }
  | { readonly kind: 'cancel'; readonly orders: readonly ClientOrderId[]; readonly reason: Reason }
  /** Read the broker's position and drive again within the limit of its age. */
  | { readonly kind: 'read-position' }
  /** The same attempt comes again after a crash and is then the same command. */
  | { readonly kind: 'submit'; readonly intent: OrderIntent; readonly attempt: number }
  | { readonly kind: 'complete' };

export type ExitAlarm = 'exit-blocked' | 'exit-struggling';

export interface ExitStep {
  readonly exit: Exit;
  /** Unchanged means that there is nothing to write; the action holds all the same. */
  readonly changed: boolean;
  readonly action: ExitAction;
  readonly alarms: readonly ExitAlarm[];
}

export type ExitRequest = Pick<
  Exit,
  'exitId' | 'accountId' | 'strategyId' | 'ticker' | 'purpose' | 'by' | 'reason' | 'correlationId' | 'openedAt'
>;

export const openExit = (request: ExitRequest): Exit => ({
  ...request,
  phase: 'opened',
  generations: 0,
  attempts: 0,
  submitted: null,
  distrustsBooks: false,
  failures: 0,
  notBefore: null,
  blockedBy: null,
});

/** Entries on the symbol wait for the end of every exit. */
export const blocksEntries = (exit: Exit): boolean => exit.phase !== 'completed';

/** A person lets a blocked exit go on, with the books looked at anew. */
export const resumeExit = (exit: Exit): Exit =>
  exit.phase === 'blocked'
    ? { ...exit, phase: 'opened', blockedBy: null, failures: 0, notBefore: null, distrustsBooks: true }
    : exit;

/** Answers that say how things stand rather than no: the exit clears its way and sizes anew. */
const REENTERING: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'broker-insufficient-quantity',
  'broker-wash-trade',
]);

/** Answers that the same order will get for ever: never tried again without a person. */
const PERMANENT: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'broker-refused',
  'broker-not-shortable',
  'broker-not-tradable',
  'broker-account-blocked',
  'broker-credentials',
  'broker-duplicate-mismatch',
  'idempotency-conflict',
  'instrument-not-tradable',
  'instrument-unknown',
]);

/** What a refusal means to an exit. */
export const refusalEffect = (code: RefusalCode): 're-enter' | 'blocked' | 'retry' =>
  REENTERING.has(code) ? 're-enter' : PERMANENT.has(code) ? 'blocked' : 'retry';

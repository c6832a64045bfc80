/**
 * The tables, as data: the CDK stack, the local house and the adapters all read this one description.
 * A table is drawn by lifetime and permission: who may write it, and how long its items live.
 */

export interface IndexDescription {
  readonly name: string;
  /** The question that the index answers. */
  readonly answers: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  /** What an index holds costs a write each time that it changes; one of keys is written when a row comes and goes. */
  readonly projects: 'whole' | 'keys';
}

export interface TableDescription {
  readonly holds: string;
  readonly indexes: readonly IndexDescription[];
  /** The attribute (epoch seconds) after which an item may vanish, or null when items stay. */
  readonly expiryAttribute: string | null;
  readonly streamed: boolean;
}

/** Every table has the string keys pk and sk. Index keys are strings too. */
export const TABLES = {
  safety: {
    holds:
      'safety flags, strategies, policy versions, run rows, plans of slices, request budgets, broker circuits, used nonces',
    indexes: [],
    // Of used nonces alone; a flag that vanished by mistake would refuse everything.
    expiryAttribute: 'expiresAt',
    streamed: false,
  },
  orders: {
    holds: 'orders with their executions, and requests for orders',
    indexes: [
      {
        name: 'by-broker-order',
        answers: 'which order the broker calls by this id',
        partitionKey: 'brokerOrderId',
        sortKey: 'pk',
        projects: 'keys',
      },
    ],
    expiryAttribute: null,
    streamed: false,
  },
  books: {
    holds: 'positions, exits, exposure, orphans, session equity, reconciliation marks',
    indexes: [],
    expiryAttribute: null,
    streamed: false,
  },
  market: {
    holds: 'daily bars by symbol and year, latest prices, signals, models by version and their aliases',
    indexes: [],
    expiryAttribute: 'expiresAt',
    streamed: false,
  },
  journal: {
    holds: 'facts, append-only: one entry for those of one change of one aggregate',
    indexes: [
      {
        name: 'by-correlation',
        answers: 'what happened for one run or request',
        partitionKey: 'correlationId',
        sortKey: 'occurredKey',
        projects: 'whole',
      },
      {
        name: 'by-day',
        answers: 'what happened on one UTC day',
        partitionKey: 'day',
        sortKey: 'occurredKey',
        projects: 'whole',
      },
    ],
    expiryAttribute: null,
    streamed: true,
  },
} as const satisfies Readonly<Record<string, TableDescription>>;

/**
 * Items of the table `safety` under keys that begin so stand in front of the broker, and nothing else does: whoever calls
 * the broker may write these, and needs no right to any flag for it.
 */
export const REQUEST_GATE_PARTITION = 'REQUESTS#';

/** Items of the table `safety` under keys that begin so are plans of slices. */
export const SLICE_PLAN_PARTITION = 'PLANS#';

/** Items of the table `market` under keys that begin so are the latest quotes. */
export const QUOTE_PARTITION = 'PRICE#';

/** Items of the table `market` under keys that begin so say which version of a model is active. */
export const MODEL_ALIAS_PARTITION = 'MODEL-ALIAS#';

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES: readonly TableName[] = ['safety', 'orders', 'books', 'market', 'journal'];

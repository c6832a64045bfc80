/**
 * The function rooms, as data: one row a Lambda, with what wakes it and all that it may touch. Roles, environment
 * variables, schedules, rules, alarms and the dashboard are made from these rows and from nothing else.
 */
import type { FactType } from '#events/catalogue.ts';
import type { Room } from '#events/envelope.ts';
import type { TableName } from '#shared/ports/table-catalogue.ts';
import { each, once, type ScheduleRow } from '#infra/cloud/equity-day.ts';

export type LaneName = 'orders' | 'urgent';
export const LANE_NAMES: readonly LaneName[] = ['orders', 'urgent'];

export type SecretName = 'broker' | 'webhook' | 'internal';
export const SECRET_NAMES: readonly SecretName[] = ['broker', 'webhook', 'internal'];

/** `check` holds a transaction to an item that others own; it neither reads it out nor changes it. */
export type TableVerb = 'read' | 'check' | 'put' | 'update' | 'delete';
export type TableGrants = Readonly<Partial<Record<TableName, readonly TableVerb[]>>>;

/** Facts on the bus that wake the room, beside its schedules. */
export interface FactTrigger {
  readonly kind: string;
  readonly facts: readonly FactType[];
}

export interface RoomRow {
  /** Unique; names the Lambda in the stack. */
  readonly id: string;
  readonly room: Room;
  /** Which export of functions/<room>/handler.ts is invoked. */
  readonly entry: 'handler' | 'deadLetterHandler';
  readonly stack: 'flow' | 'edge';
  readonly timeoutS: number;
  readonly memoryMb: number;
  readonly tables: TableGrants;
  /** Whether the broker's hosts are told. Its key is a secret of its own. */
  readonly broker: boolean;
  readonly secrets: readonly SecretName[];
  readonly sends: readonly LaneName[];
  readonly consumes: readonly LaneName[];
  /** Lanes whose dead letters it ends. */
  readonly buries: readonly LaneName[];
  /** Whether it carries the journal's stream. */
  readonly carriesJournal: boolean;
  /** Whether it works plans of slices: their rows, and one-off schedules that wake it. */
  readonly slices: boolean;
  /** Whether it may move the alias of a model, and write nothing else of the market's table. */
  readonly movesModels: boolean;
  /** Whether it puts quotes, many in one call. */
  readonly putsQuotes: boolean;
  /** Whether it says things on the bus. */
  readonly speaks: boolean;
  readonly schedules: readonly ScheduleRow[];
  readonly wokenBy: readonly FactTrigger[];
}

/** What a row is unless it says otherwise: nothing granted, nothing that wakes it. */
const QUIET = {
  entry: 'handler',
  stack: 'flow',
  memoryMb: 512,
  tables: {},
  broker: false,
  secrets: [],
  sends: [],
  consumes: [],
  buries: [],
  carriesJournal: false,
  slices: false,
  movesModels: false,
  putsQuotes: false,
  speaks: false,
  schedules: [],
  wokenBy: [],
} as const satisfies Partial<RoomRow>;

/** What it takes to settle an order: its row, its book, the account's exposure, the strategy's cash, the journal. */
const SETTLES: TableGrants = {
  safety: ['update'],
  orders: ['read', 'update'],
  books: ['read', 'update'],
  journal: ['put'],
};

/** Broker deadline 10 s < command 30 s < lease 45 s < visibility of the lane 180 s. */
export const COMMAND_TIMEOUT_S = 30;
export const LANE_VISIBILITY_S = 180;
/** The broker's stream is held for 150 s of each invocation; two overlap, so that no update falls between. */
const LISTEN_TIMEOUT_S = 180;
/** The guards finish before their next minute. */
const GUARD_TIMEOUT_S = 55;

/** The rooms, in the order the data flows; each has its handler, which a test holds both ways. */
export const ROOMS: readonly RoomRow[] = [
  {
    ...QUIET,
    id: 'Ingest',
    room: 'ingest',
    timeoutS: 300,
    memoryMb: 1024,
    // Held symbols are priced wherever they are: a position may have left the universe.
    tables: { safety: ['read'], books: ['read'], market: ['read', 'put'] },
    broker: true,
    secrets: ['broker'],
    putsQuotes: true,
    // Prices are worth nothing a minute later: they are said on the bus and never journaled.
    speaks: true,
    schedules: [each('quotes', 1, '09:30', '16:00'), once('daily-bars', '16:30')],
  },
  {
    ...QUIET,
    id: 'Signal',
    room: 'signal',
    timeoutS: 300,
    memoryMb: 1769,
    tables: { safety: ['read'], books: ['read'], market: ['read', 'put'], journal: ['put'] },
    schedules: [once('signals', '16:35')],
    wokenBy: [{ kind: 'asked', facts: ['signals.requested.v1'] }],
  },
  {
    ...QUIET,
    id: 'Orchestrate',
    room: 'orchestrate',
    timeoutS: 120,
    memoryMb: 1769,
    tables: {
      safety: ['read', 'put', 'update'],
      orders: ['read'],
      books: ['read'],
      market: ['read'],
      journal: ['put'],
    },
    broker: true,
    secrets: ['broker'],
    sends: ['orders', 'urgent'],
    schedules: [once('decide', '09:35'), each('finish', 1, '09:36', '16:00')],
  },
  {
    ...QUIET,
    id: 'Execute',
    room: 'execute',
    timeoutS: COMMAND_TIMEOUT_S,
    memoryMb: 1024,
    tables: {
      safety: ['read', 'check', 'update'],
      orders: ['read', 'put', 'update'],
      books: ['read', 'update'],
      market: ['read'],
      journal: ['put'],
    },
    broker: true,
    secrets: ['broker'],
    consumes: ['orders', 'urgent'],
  },
  {
    ...QUIET,
    id: 'ExecuteDeadLetter',
    room: 'execute',
    entry: 'deadLetterHandler',
    timeoutS: COMMAND_TIMEOUT_S,
    tables: SETTLES,
    buries: ['orders', 'urgent'],
  },
  {
    ...QUIET,
    id: 'Webhook',
    room: 'webhook',
    stack: 'edge',
    timeoutS: 15,
    tables: SETTLES,
    secrets: ['webhook'],
  },
  {
    ...QUIET,
    id: 'Listen',
    room: 'listen',
    timeoutS: LISTEN_TIMEOUT_S,
    tables: SETTLES,
    broker: true,
    secrets: ['broker'],
    schedules: [each('listen', 2, '09:00', '16:30')],
  },
  {
    ...QUIET,
    id: 'Publish',
    room: 'publish',
    timeoutS: 60,
    carriesJournal: true,
    speaks: true,
  },
  {
    ...QUIET,
    id: 'Reconcile',
    room: 'reconcile',
    timeoutS: GUARD_TIMEOUT_S,
    memoryMb: 1024,
    tables: {
      safety: ['read', 'update'],
      orders: ['read', 'put', 'update'],
      books: ['read', 'put', 'update'],
      market: ['read'],
      journal: ['read', 'put'],
    },
    broker: true,
    secrets: ['broker'],
    schedules: [each('pass', 1, '09:00', '16:30')],
    wokenBy: [{ kind: 'asked', facts: ['order.unknown.v1', 'order.rejected.v1', 'reconciliation.requested.v1'] }],
  },
  {
    ...QUIET,
    id: 'Protect',
    room: 'protect',
    timeoutS: GUARD_TIMEOUT_S,
    memoryMb: 1024,
    tables: {
      safety: ['read', 'update'],
      orders: ['read'],
      books: ['read', 'update'],
      market: ['read'],
      journal: ['read', 'put'],
    },
    broker: true,
    secrets: ['broker'],
    // Exits, cancels and resting stops; entries are none of its business.
    sends: ['urgent'],
    schedules: [each('guard', 1, '09:00', '16:30')],
    wokenBy: [
      { kind: 'price-updated', facts: ['price.updated.v1'] },
      { kind: 'filled', facts: ['order.filled.v1'] },
      { kind: 'kill-switch', facts: ['kill-switch.engaged.v1'] },
    ],
  },
  {
    ...QUIET,
    id: 'Slice',
    room: 'slice',
    timeoutS: GUARD_TIMEOUT_S,
    tables: { safety: ['read'], orders: ['read'], books: ['read'], journal: ['read', 'put'] },
    sends: ['orders', 'urgent'],
    slices: true,
    // Until the last pass of the day: what a session's last slice left is known by then.
    schedules: [each('sweep', 1, '09:30', '16:30')],
    wokenBy: [{ kind: 'plan-changed', facts: ['slice-plan.created.v1', 'slice-plan.cancel-requested.v1'] }],
  },
  {
    ...QUIET,
    id: 'Control',
    room: 'control',
    stack: 'edge',
    timeoutS: 20,
    // What is asked for lies beside the run rows; the orders themselves are for the claim and the settle path alone.
    tables: {
      safety: ['read', 'put', 'update'],
      orders: ['read'],
      books: ['read', 'update'],
      market: ['read'],
      journal: ['read', 'put'],
    },
    broker: true,
    secrets: ['broker', 'internal'],
    sends: ['orders', 'urgent'],
    movesModels: true,
  },
  {
    ...QUIET,
    id: 'Report',
    room: 'report',
    timeoutS: 300,
    memoryMb: 1024,
    tables: { books: ['read'], journal: ['put'] },
    schedules: [once('day-end', '16:45')],
  },
];

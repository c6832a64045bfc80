/**
 * The routes of the HTTP API, as data: the one table that the router, the gateway, the OpenAPI document, the permission
 * matrix and the typed client are made of. What goes in and what comes out of each is in schemas.ts under the same name.
 */
import type { Permission } from '#shared/core/access/permissions.ts';

/**
 * Which budget of requests a route takes from. `halt` has none: what stops trading is never turned away, and neither is
 * the question whether the house stands.
 */
export type RateClass = 'read' | 'change' | 'submit' | 'slice' | 'cancel' | 'halt';

/** A route that is reached without a person's token: why that is right, and what it is held to instead. */
export interface OpenRoute {
  readonly because: string;
  /** Requests a second. */
  readonly rateMax: number;
  readonly burstMax: number;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'ANY';
  /** With parameters in braces, as the gateway writes them. */
  readonly path: string;
  readonly room: 'control' | 'webhook';
  /** Null where nobody in particular asks. */
  readonly permission: Permission | null;
  readonly rate: RateClass;
  readonly open: OpenRoute | null;
  /** One sentence for the document. */
  readonly summary: string;
}

const GREETING: OpenRoute = {
  because: 'It answers name and version only, so that a caller can tell that it has found the house.',
  rateMax: 5,
  burstMax: 10,
};

const DOCUMENTATION: OpenRoute = {
  because: 'It describes the API as the published source does, and reads no table.',
  rateMax: 5,
  burstMax: 10,
};

const SIGNED_WEBHOOK: OpenRoute = {
  because: 'The sender signs each body with HMAC-SHA256, which the function requires before it parses anything.',
  // A flatten of the whole universe answers with several updates an order within a second.
  rateMax: 50,
  burstMax: 100,
};

const SIGNED_SERVICE: OpenRoute = {
  because:
    'The caller signs method, path, query, body hash, time and nonce with HMAC-SHA256, which the function requires first.',
  rateMax: 20,
  burstMax: 40,
};

const control = { room: 'control', open: null } as const;
const view = { ...control, method: 'GET', permission: 'VIEW_POSITIONS', rate: 'read' } as const;
const safety = { ...control, method: 'POST', permission: 'MANAGE_SAFETY', rate: 'change' } as const;
const submit = { ...control, method: 'POST', permission: 'SUBMIT_ORDER', rate: 'submit' } as const;
const reconciliation = { ...control, method: 'POST', permission: 'MANAGE_RECONCILIATION', rate: 'change' } as const;
const policy = { ...control, permission: 'MANAGE_POLICY', rate: 'change' } as const;
const strategies = { ...control, method: 'POST', permission: 'MANAGE_STRATEGIES', rate: 'change' } as const;

/** By operation. */
export const ROUTES = {
  getRoot: {
    method: 'GET',
    path: '/',
    room: 'control',
    permission: null,
    rate: 'read',
    open: GREETING,
    summary: 'The name and the build of the house.',
  },
  getHealth: { ...view, path: '/health', rate: 'halt', summary: 'Whether the parts answer, and what may be traded.' },
  getMetrics: { ...view, path: '/metrics', summary: 'Figures of the house in the text format of Prometheus.' },

  getConfig: { ...view, path: '/api/v1/config', summary: 'The settings that the deployment runs with.' },
  getOpenApi: {
    method: 'GET',
    path: '/api/v1/openapi.json',
    room: 'control',
    permission: null,
    rate: 'read',
    open: DOCUMENTATION,
    summary: 'This document.',
  },
  getDocs: {
    method: 'GET',
    path: '/api/v1/docs',
    room: 'control',
    permission: null,
    rate: 'read',
    open: DOCUMENTATION,
    summary: 'This document as a page to read.',
  },

  getStrategies: { ...view, path: '/api/v1/strategies', summary: 'All strategies.' },
  getStrategy: { ...view, path: '/api/v1/strategies/{strategy_id}', summary: 'One strategy.' },
  getModels: {
    ...view,
    path: '/api/v1/strategies/{strategy_id}/models',
    summary: 'The trained versions of the model that a strategy trades by, newest training first.',
  },
  getModel: {
    ...view,
    path: '/api/v1/strategies/{strategy_id}/models/{version}',
    summary: 'One trained version: what it was trained on, how well it did, and its weights.',
  },
  getActiveModel: {
    ...view,
    path: '/api/v1/strategies/{strategy_id}/active-model',
    summary: 'The version that a strategy trades by, whether it can be used, and who moved it when.',
  },
  setActiveModel: {
    ...strategies,
    method: 'PUT',
    path: '/api/v1/strategies/{strategy_id}/active-model',
    summary: 'Pins a version, which rolls back to an earlier one too, or lets the model follow its training again.',
  },
  enableStrategy: {
    ...strategies,
    path: '/api/v1/strategies/{strategy_id}/enable',
    summary: 'Lets a strategy enter positions.',
  },
  disableStrategy: {
    ...strategies,
    path: '/api/v1/strategies/{strategy_id}/disable',
    rate: 'halt',
    summary: 'Keeps a strategy from entering positions.',
  },

  generateSignals: {
    ...strategies,
    path: '/api/v1/signals/generate',
    summary: 'Asks for the signals of the last session to be made again.',
  },

  getKillSwitch: { ...view, path: '/api/v1/kill-switch/status', summary: 'Both kill switches.' },
  engageKillSwitch: {
    ...safety,
    path: '/api/v1/kill-switch/engage',
    rate: 'halt',
    summary: "Stops everything but cancels and an operator's flatten.",
  },
  disengageKillSwitch: { ...safety, path: '/api/v1/kill-switch/disengage', summary: 'Lets trading go on.' },
  getCircuitBreaker: { ...view, path: '/api/v1/circuit-breaker/status', summary: 'The circuit breaker.' },
  getCircuitBreakerHistory: {
    ...view,
    path: '/api/v1/circuit-breaker/history',
    summary: 'When the breaker tripped, was reset and was armed.',
  },
  tripCircuitBreaker: {
    ...safety,
    path: '/api/v1/circuit-breaker/trip',
    rate: 'halt',
    summary: 'Stops entries until the breaker is reset.',
  },

  resetCircuitBreaker: {
    ...safety,
    path: '/api/v1/circuit-breaker/reset',
    summary: 'Begins the quiet period after which entries pass again; refused while the cause holds.',
  },
  armLive: {
    ...safety,
    path: '/api/v1/arming',
    summary: 'Lets a live account take entries for a limited time, or no longer.',
  },

  getReconciliation: {
    ...view,
    path: '/api/v1/reconciliation/status',
    summary: 'How far reconciliation has come, and whether its gate is open.',
  },

  runReconciliation: {
    ...reconciliation,
    path: '/api/v1/reconciliation/run',
    summary: 'Asks for a pass of reconciliation now.',
  },
  backfillFills: {
    ...reconciliation,
    path: '/api/v1/reconciliation/fills-backfill',
    summary:
      "Asks for the broker's executions of a span of time to be read again, and those that are missing to be booked.",
  },
  forceReconciliation: {
    ...reconciliation,
    path: '/api/v1/reconciliation/force-complete',
    summary: "Opens the gate of reconciliation for a limited time on a person's word, whatever the passes find.",
  },

  submitOrder: { ...submit, path: '/api/v1/orders', summary: 'Asks for an order.' },
  submitManualOrder: {
    ...submit,
    path: '/api/v1/manual/orders',
    summary: 'Asks for an order of the strategy "manual".',
  },
  getPendingOrders: { ...view, path: '/api/v1/orders/pending', summary: 'Orders that have not ended.' },
  getRecentFills: { ...view, path: '/api/v1/orders/recent-fills', summary: 'The latest executions, newest first.' },
  cancelAllOrders: {
    ...control,
    method: 'POST',
    permission: 'CANCEL_ORDER',
    rate: 'cancel',
    path: '/api/v1/orders/cancel-all',
    summary: 'Asks for all open orders to be canceled; protective stops only when told so.',
  },
  sliceOrder: {
    ...submit,
    rate: 'slice',
    path: '/api/v1/orders/slice',
    summary: 'Asks for an order that is worked in equal slices over a stretch of time.',
  },
  getSlices: { ...view, path: '/api/v1/orders/{parent_id}/slices', summary: 'The plan of a sliced order.' },
  cancelSlices: {
    ...control,
    method: 'DELETE',
    permission: 'CANCEL_ORDER',
    rate: 'cancel',
    path: '/api/v1/orders/{parent_id}/slices',
    summary: 'Lets no further slice follow, and asks for the one at work to be canceled.',
  },
  getOrder: { ...view, path: '/api/v1/orders/{client_order_id}', summary: 'One order, or the request for it.' },
  cancelOrder: {
    ...control,
    method: 'POST',
    permission: 'CANCEL_ORDER',
    rate: 'cancel',
    path: '/api/v1/orders/{client_order_id}/cancel',
    summary: 'Asks for an order to be canceled.',
  },

  giveUpOrder: {
    ...reconciliation,
    path: '/api/v1/orders/{client_order_id}/give-up',
    summary: 'Gives up an order of unknown fate; the next pass that looks for it in vain ends it.',
  },

  getPositions: { ...view, path: '/api/v1/positions', summary: 'What is held, strategy by strategy.' },
  getRealtimePnl: {
    ...view,
    permission: 'VIEW_PNL',
    path: '/api/v1/positions/pnl/realtime',
    summary: 'Profit and loss on the latest quotes.',
  },
  closePosition: {
    ...submit,
    path: '/api/v1/positions/{symbol}/close',
    summary: 'Asks for a position to be closed at the market.',
  },
  adjustPosition: {
    ...submit,
    path: '/api/v1/positions/{symbol}/adjust',
    summary: 'Asks for the order that brings a position to a target.',
  },
  flattenAll: {
    ...safety,
    path: '/api/v1/positions/flatten-all',
    summary: 'Asks for every position to be closed, whatever the kill switch says.',
  },
  getDailyPerformance: {
    ...view,
    permission: 'VIEW_PNL',
    path: '/api/v1/performance/daily',
    summary: 'The figures of the last sessions.',
  },

  getFunnel: { ...view, path: '/api/v1/funnel/{run_id}', summary: 'What became of every signal of a run.' },
  getWhy: { ...view, path: '/api/v1/why/{symbol}', summary: 'Why a symbol was traded, or was not.' },

  getFatFingerThresholds: {
    ...view,
    path: '/api/v1/fat-finger/thresholds',
    summary: 'The fat-finger limits in force.',
  },
  putFatFingerThresholds: {
    ...policy,
    method: 'PUT',
    path: '/api/v1/fat-finger/thresholds',
    summary: 'Puts a policy version with other fat-finger limits in force.',
  },
  getPolicy: { ...view, path: '/api/v1/policy', summary: 'The policy in force, or one of its versions.' },
  putPolicy: { ...policy, method: 'PUT', path: '/api/v1/policy', summary: 'Puts another policy in force.' },
  getPolicyVersions: { ...view, path: '/api/v1/policy/versions', summary: 'The versions of the policy, newest first.' },
  getPolicyDiff: {
    ...view,
    path: '/api/v1/policy/diff',
    summary: 'What differs between two versions of the policy, field by field.',
  },
  rollBackPolicy: {
    ...policy,
    method: 'POST',
    path: '/api/v1/policy/rollback',
    summary: 'Puts an earlier policy in force again, as a new version.',
  },

  getQuarantine: { ...view, path: '/api/v1/quarantine', summary: 'Symbols that take no entries.' },
  liftQuarantine: {
    ...reconciliation,
    path: '/api/v1/quarantine/{symbol}/lift',
    summary: 'Lets a symbol take entries again.',
  },
  restatePosition: {
    ...reconciliation,
    path: '/api/v1/positions/{symbol}/restate',
    summary: 'Says what a strategy holds where no execution tells it, as after a split; places no order.',
  },
  getOrphans: { ...view, path: '/api/v1/orphans', summary: 'Broker orders that are not in the table.' },
  adoptOrphan: {
    ...reconciliation,
    path: '/api/v1/orphans/{broker_order_id}/adopt',
    summary: 'Has the next pass take a broker order into the table.',
  },
  cancelOrphan: {
    ...reconciliation,
    path: '/api/v1/orphans/{broker_order_id}/cancel',
    summary: 'Has the next pass cancel a broker order that is not in the table.',
  },
  dismissOrphan: {
    ...reconciliation,
    path: '/api/v1/orphans/{broker_order_id}/dismiss',
    summary: 'Lets a broker order be that is not in the table.',
  },

  getJournal: { ...view, path: '/api/v1/journal', summary: 'Facts of an order, of a run or request, or of a day.' },

  receiveOrderUpdate: {
    method: 'POST',
    path: '/api/v1/webhooks/orders',
    room: 'webhook',
    permission: null,
    rate: 'change',
    open: SIGNED_WEBHOOK,
    summary: 'Takes a signed update of an order from its broker.',
  },
} as const satisfies Readonly<Record<string, Route>>;

export type OperationId = keyof typeof ROUTES;

type ControlRow<K extends OperationId> = (typeof ROUTES)[K] extends { readonly room: 'control' } ? K : never;
/** The operations that this room answers. */
export type ControlOperation = { readonly [K in OperationId]: ControlRow<K> }[OperationId];

/**
 * What services do as well as people, under /internal/v1 with a token of their own. What takes a person's word for it,
 * such as disengaging, resetting, forcing and arming, is not among them.
 */
const SERVICE_OPERATIONS = [
  'getHealth',
  'getMetrics',
  'getKillSwitch',
  'engageKillSwitch',
  'getCircuitBreaker',
  'tripCircuitBreaker',
  'getReconciliation',
  'runReconciliation',
  'generateSignals',
  'submitOrder',
  'sliceOrder',
  'getSlices',
  'cancelSlices',
  'getPendingOrders',
  'getRecentFills',
  'cancelAllOrders',
  'getOrder',
  'cancelOrder',
  'getPositions',
  'getRealtimePnl',
  'getFunnel',
  'getWhy',
  'getJournal',
] as const satisfies readonly ControlOperation[];

const internalRow = (row: Route): Route => ({
  ...row,
  path: `/internal/v1${row.path.replace('/api/v1', '')}`,
  open: SIGNED_SERVICE,
});

/** By operation: the same work behind another door. */
export const INTERNAL_ROUTES: readonly (readonly [ControlOperation, Route])[] = SERVICE_OPERATIONS.map(
  (id) => [id, internalRow(ROUTES[id])] as const,
);

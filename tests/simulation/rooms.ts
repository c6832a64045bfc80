/** What each function of a world is made of: what its wiring makes of it in the cloud, over the world's own adapters. */
import { DayMemory } from '#functions/execute/day-memory.ts';
import type { ExecuteDependencies } from '#functions/execute/sender.ts';
import type { IngestBarsDependencies } from '#functions/ingest/ingest-bars.ts';
import type { IngestQuotesDependencies } from '#functions/ingest/ingest-quotes.ts';
import type { ListenDependencies } from '#functions/listen/hold-stream.ts';
import type { OrchestrateDependencies } from '#functions/orchestrate/orchestrate-run.ts';
import type { ProtectDependencies } from '#functions/protect/look.ts';
import { RangeMemory } from '#functions/protect/range-memory.ts';
import type { PublishDependencies } from '#functions/publish/publish-facts.ts';
import { passMemory } from '#functions/reconcile/pass-memory.ts';
import type { ReconcileDependencies } from '#functions/reconcile/pass.ts';
import type { ReportDependencies } from '#functions/report/report-session.ts';
import type { SignalDependencies } from '#functions/signal/generate-signals.ts';
import { sliceStores } from '#functions/slice/wiring.ts';
import type { SliceDependencies } from '#functions/slice/work-plans.ts';
import type { WebhookDependencies } from '#functions/webhook/receive-update.ts';
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { type AlpacaEndpoints, alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaMarketData } from '#shared/adapters/alpaca/market-data.ts';
import { orderUpdateOf, tradeUpdate } from '#shared/adapters/alpaca/stream-event.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import { brokerTrafficStore } from '#shared/adapters/stores/broker-traffic-store.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { exitsStore } from '#shared/adapters/stores/exits-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { stopsStore } from '#shared/adapters/stores/stops-store.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { watchesStore } from '#shared/adapters/stores/watches-store.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { runsStore } from '#shared/adapters/stores/runs-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import type { Room } from '#events/envelope.ts';
import type { AccountId, BuildId } from '#shared/core/kernel/identity.ts';
import { NO_SWITCHES } from '#shared/core/risk/switches.ts';
import type { Broker, OrderStream } from '#shared/ports/broker.ts';
import type { Bus } from '#shared/ports/bus.ts';
import type { Lanes } from '#shared/ports/lanes.ts';
import type { Tables } from '#shared/ports/tables.ts';
import type { Wakes } from '#shared/ports/wakes.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { Alterations } from './alterations.ts';
import { WEBHOOK_SECRET } from './broker-side.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { type PairWatch, watchOrders } from './watched-orders.ts';

/** What the world gives to every process. */
export interface Ground {
  readonly account: AccountId;
  readonly build: () => BuildId;
  readonly dryRun: boolean;
  readonly alterations: Alterations;
  readonly telemetry: Telemetry;
  readonly tablesOf: (process: SimulatedProcess) => Tables;
  readonly lanesOf: (process: SimulatedProcess) => Lanes;
  readonly busOf: (process: SimulatedProcess) => Bus;
  readonly wakesOf: (process: SimulatedProcess) => Wakes;
  readonly streamOf: (process: SimulatedProcess) => OrderStream;
  /** Where the wire of a process to the broker begins. */
  readonly addressOf: (process: SimulatedProcess) => string;
  readonly strategyOf: SignalDependencies['strategyOf'];
  /** Sees what becomes of orders at the doors of their store. */
  readonly pairs: PairWatch;
}

const roomTables = ({ tablesOf, alterations }: Ground, process: SimulatedProcess, room: string): Tables => {
  const tables = tablesOf(process);
  return alterations.tables?.(tables, room) ?? tables;
};

const endpointsOf = (ground: Ground, process: SimulatedProcess): AlpacaEndpoints =>
  alpacaEndpoints({ paper: true, baseUrl: ground.addressOf(process), key: 'PKSIMULATED', secret: 'simulated-secret' });

function brokerOf(ground: Ground, process: SimulatedProcess, tables: Tables) {
  const { account, telemetry } = ground;
  const { clock } = process;
  const endpoints = endpointsOf(ground, process);
  const trading = storedRequestGate({ tables, accountId: account, service: 'trading', clock });
  const broker: Broker = alpacaBroker({ endpoints, telemetry, gate: trading });
  const data = storedRequestGate({ tables, accountId: account, service: 'data', clock });
  return { broker, permits: trading, marketData: alpacaMarketData({ endpoints, telemetry, gate: data }) };
}

const ordersOf = ({ pairs }: Ground, tables: Tables, room: Room, { clock }: SimulatedProcess) =>
  watchOrders(ordersStore(tables, room, clock), clock, pairs);

const storesOf = (
  ground: Ground,
  tables: Tables,
  room: 'execute' | 'reconcile' | 'protect',
  process: SimulatedProcess,
) => ({
  policies: policiesStore(tables, room),
  safety: safetyStore(tables, room),
  books: booksStore(tables, room),
  orders: ordersOf(ground, tables, room, process),
});

export function executeRoom(ground: Ground, process: SimulatedProcess): ExecuteDependencies {
  const tables = roomTables(ground, process, 'execute');
  const room: ExecuteDependencies = {
    ...storesOf(ground, tables, 'execute', process),
    ...brokerOf(ground, process, tables),
    exits: exitsStore(tables, 'execute'),
    build: ground.build(),
    dryRun: ground.dryRun,
    clock: process.clock,
    telemetry: ground.telemetry,
    marketStore: marketStore(tables, process.clock),
    models: modelsStore(tables, 'execute', process.clock),
    memory: new DayMemory(),
    deployed: {
      switches: NO_SWITCHES,
      liquidityCheck: true,
      fatFingerNotionalMax: null,
      fatFingerQuantityMax: null,
      fatFingerVolumeShareBpsMax: null,
      sliceVolumeShareBpsMax: null,
    },
  };
  return ground.alterations.execute?.(room, tables) ?? room;
}

export function reconcileRoom(ground: Ground, process: SimulatedProcess): ReconcileDependencies {
  const tables = roomTables(ground, process, 'reconcile');
  const room: ReconcileDependencies = {
    ...storesOf(ground, tables, 'reconcile', process),
    broker: brokerOf(ground, process, tables).broker,
    accountId: ground.account,
    build: ground.build(),
    dryRun: ground.dryRun,
    clock: process.clock,
    telemetry: ground.telemetry,
    marketStore: marketStore(tables, process.clock),
    orphans: orphansStore(tables, 'reconcile'),
    adjustments: adjustmentsStore(tables, 'reconcile'),
    journal: journalStore(tables),
    reconciliations: reconciliationsStore(tables, 'reconcile'),
    memory: passMemory(),
  };
  return ground.alterations.reconcile?.(room, tables) ?? room;
}

export function protectRoom(ground: Ground, process: SimulatedProcess): ProtectDependencies {
  const tables = roomTables(ground, process, 'protect');
  const market = marketStore(tables, process.clock);
  const room: ProtectDependencies = {
    ...storesOf(ground, tables, 'protect', process),
    accountId: ground.account,
    dryRun: ground.dryRun,
    tripsBreaker: true,
    clock: process.clock,
    telemetry: ground.telemetry,
    exits: exitsStore(tables, 'protect'),
    stops: stopsStore(tables, 'protect'),
    watches: watchesStore(tables),
    plans: slicePlansStore(tables, 'protect'),
    journal: journalStore(tables),
    traffic: brokerTrafficStore(tables),
    marketStore: market,
    ranges: new RangeMemory(market),
    broker: brokerOf(ground, process, tables).broker,
    lanes: ground.lanesOf(process),
  };
  return ground.alterations.protect?.(room) ?? room;
}

export function listenRoom(ground: Ground, process: SimulatedProcess): ListenDependencies {
  const tables = roomTables(ground, process, 'listen');
  const room: ListenDependencies = {
    accountId: ground.account,
    clock: process.clock,
    telemetry: ground.telemetry,
    stream: ground.streamOf(process),
    broker: brokerOf(ground, process, tables).broker,
    orders: ordersOf(ground, tables, 'listen', process),
    orphans: orphansStore(tables, 'listen'),
    reconciliations: reconciliationsStore(tables, 'listen'),
  };
  return ground.alterations.listen?.(room, tables) ?? room;
}

export function webhookRoom(ground: Ground, process: SimulatedProcess): WebhookDependencies {
  const tables = roomTables(ground, process, 'webhook');
  return {
    accountId: ground.account,
    telemetry: ground.telemetry,
    orders: ordersOf(ground, tables, 'webhook', process),
    orphans: orphansStore(tables, 'webhook'),
    clock: process.clock,
    reconciliations: reconciliationsStore(tables, 'webhook'),
    secrets: () => Promise.resolve([WEBHOOK_SECRET]),
    readUpdate: (body) => orderUpdateOf(tradeUpdate.parse(body), process.clock.now()),
  };
}

export const publishRoom = (ground: Ground, process: SimulatedProcess): PublishDependencies => ({
  bus: ground.busOf(process),
  telemetry: ground.telemetry,
});

export function orchestrateRoom(ground: Ground, process: SimulatedProcess): OrchestrateDependencies {
  const tables = roomTables(ground, process, 'orchestrate');
  const { broker, marketData } = brokerOf(ground, process, tables);
  const room: OrchestrateDependencies = {
    accountId: ground.account,
    build: ground.build(),
    clock: process.clock,
    telemetry: ground.telemetry,
    broker,
    marketData,
    safety: safetyStore(tables, 'orchestrate'),
    policies: policiesStore(tables, 'orchestrate'),
    books: booksStore(tables, 'orchestrate'),
    orders: ordersOf(ground, tables, 'orchestrate', process),
    models: modelsStore(tables, 'orchestrate', process.clock),
    marketStore: marketStore(tables, process.clock),
    runs: runsStore(tables),
    journal: journalStore(tables),
    lanes: ground.lanesOf(process),
  };
  return ground.alterations.orchestrate?.(room, tables) ?? room;
}

export function ingestRoom(
  ground: Ground,
  process: SimulatedProcess,
): IngestQuotesDependencies & IngestBarsDependencies {
  const tables = roomTables(ground, process, 'ingest');
  return {
    accountId: ground.account,
    clock: process.clock,
    telemetry: ground.telemetry,
    policies: policiesStore(tables, 'ingest'),
    books: booksStore(tables, 'ingest'),
    marketData: brokerOf(ground, process, tables).marketData,
    marketStore: marketStore(tables, process.clock),
    bus: ground.busOf(process),
  };
}

export function signalRoom(ground: Ground, process: SimulatedProcess): SignalDependencies {
  const tables = roomTables(ground, process, 'signal');
  return {
    accountId: ground.account,
    clock: process.clock,
    telemetry: ground.telemetry,
    policies: policiesStore(tables, 'signal'),
    books: booksStore(tables, 'signal'),
    marketStore: marketStore(tables, process.clock),
    models: modelsStore(tables, 'signal', process.clock),
    journal: journalStore(tables),
    strategyOf: ground.strategyOf,
  };
}

export function reportRoom(ground: Ground, process: SimulatedProcess): ReportDependencies {
  const tables = roomTables(ground, process, 'report');
  return {
    accountId: ground.account,
    clock: process.clock,
    telemetry: ground.telemetry,
    books: booksStore(tables, 'report'),
    journal: journalStore(tables),
  };
}

export function sliceRoom(ground: Ground, process: SimulatedProcess): SliceDependencies {
  const tables = roomTables(ground, process, 'slice');
  return {
    ...sliceStores(tables, process.clock),
    orders: ordersOf(ground, tables, 'slice', process),
    accountId: ground.account,
    build: ground.build(),
    clock: process.clock,
    telemetry: ground.telemetry,
    lanes: ground.lanesOf(process),
    wakes: ground.wakesOf(process),
  };
}

/** The hand of an operator and of whoever asks for orders: the stores that control has. */
export function controlRoom(ground: Ground, process: SimulatedProcess) {
  const tables = roomTables(ground, process, 'control');
  return {
    clock: process.clock,
    safety: safetyStore(tables, 'control'),
    policies: policiesStore(tables, 'control'),
    books: booksStore(tables, 'control'),
    exits: exitsStore(tables, 'control'),
    adjustments: adjustmentsStore(tables, 'control'),
    plans: slicePlansStore(tables, 'control'),
    orphans: orphansStore(tables, 'control'),
    reconciliations: reconciliationsStore(tables, 'control'),
    orders: ordersOf(ground, tables, 'control', process),
    marketStore: marketStore(tables, process.clock),
    lanes: ground.lanesOf(process),
  };
}
export type ControlRoom = ReturnType<typeof controlRoom>;

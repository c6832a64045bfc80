/** Reconciliation over tables in memory, at a broker simulator of its own, in time that only the test moves. */
import { readOpening } from '#cli/opening-positions.ts';
import { passMemory } from '#functions/reconcile/pass-memory.ts';
import type { ReconcileDependencies } from '#functions/reconcile/pass.ts';
import { reconcilePass } from '#functions/reconcile/reconcile-pass.ts';
import { startBroker } from '#infra/local/alpaca/broker.ts';
import type { BrokerOptions, BrokerSimulator } from '#infra/local/alpaca/embedding.ts';
import { tinyMarket } from '#infra/local/alpaca/tiny-market.ts';
import { alpacaBroker } from '#shared/adapters/alpaca/broker.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { type ClientOrderId, decisionId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { Order, OrderIntent, OrderTerms } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { ReconciliationPolicy } from '#shared/core/portfolio/policy.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { PassReport } from '#shared/ports/reconciliations.ts';
import { sampleIntent } from '#tests/order/sample-orders.ts';
import { type RecordedTelemetry, recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { ACCOUNT, BUILD, CASH, makeAccount, MOMENTUM } from './account.ts';
import { violatedInvariants } from './invariant-check.ts';
import { seedResting, send, type SubmitFate } from './sender.ts';

/** Tuesday, half an hour into the session. */
const TEN_O_CLOCK = parseEpochMs('2026-01-06T10:00:00-05:00');
export const MINUTE_MS = 60_000;
const INVOCATION_MS = 55_000;
export const SYMBOLS = ['AAPL', 'F', 'KO', 'MSFT'].map(ticker);

export interface Desk {
  readonly simulator: BrokerSimulator;
  readonly tables: MemoryTables;
  readonly clock: ManualClock;
  readonly broker: Broker;
  readonly room: ReconcileDependencies;
  readonly market: MarketStore;
  readonly telemetry: RecordedTelemetry;
  now(): EpochMs;
  /** Moves time on, and does what is due at the broker until then. */
  pass(durationMs: number): void;
  /** An order of its own decision: 10 KO at the market unless told otherwise. */
  place(terms?: Partial<OrderTerms>, fate?: SubmitFate): Promise<ClientOrderId>;
  /** Orders that rest and are known, without the transactions that bring them there. */
  seedResting(terms: readonly Partial<OrderTerms>[]): Promise<void>;
  order(id: ClientOrderId): Promise<Order>;
  book(symbol: string): Promise<Book>;
  /** Runs one pass. @throws what the pass throws, and Error on a day without a session */
  reconcile(changes?: Partial<ReconcileDependencies>, remainingMs?: () => number): Promise<PassReport>;
  /** A request of somebody else at the broker; its answer's body. */
  foreign(method: string, path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export interface DeskOptions extends Partial<BrokerOptions> {
  readonly reconciliation?: Partial<ReconciliationPolicy>;
  readonly at?: EpochMs;
  /** Listed and in the universe. Default AAPL, F, KO and MSFT. */
  readonly symbols?: readonly string[];
  /** What happens at the broker before the account is initialised here. */
  readonly beforeInit?: (desk: Pick<Desk, 'foreign' | 'pass'>) => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** A buy far below the market. */
export const RESTING: Partial<OrderTerms> = { type: 'limit', limitPrice: parsePrice('1') };

const KO_AT_MARKET: Partial<OrderTerms> = {
  accountId: ACCOUNT,
  strategyId: MOMENTUM,
  ticker: ticker('KO'),
  type: 'market',
  limitPrice: null,
  size: { kind: 'quantity', quantity: wholeQuantity(10) },
};

function roomOver(tables: MemoryTables, clock: ManualClock, broker: Broker, telemetry: RecordedTelemetry) {
  const room = 'reconcile';
  return {
    accountId: ACCOUNT,
    build: BUILD,
    dryRun: false,
    clock,
    broker,
    orders: ordersStore(tables, room, clock),
    orphans: orphansStore(tables, room),
    books: booksStore(tables, room),
    adjustments: adjustmentsStore(tables, room),
    journal: journalStore(tables),
    marketStore: marketStore(tables, clock),
    policies: policiesStore(tables, room),
    safety: safetyStore(tables, room),
    reconciliations: reconciliationsStore(tables, room),
    memory: passMemory(),
    telemetry,
  };
}

async function foreignRequest(simulator: BrokerSimulator, method: string, path: string, body: unknown) {
  const headers = { 'APCA-API-KEY-ID': simulator.key, 'APCA-API-SECRET-KEY': simulator.secret };
  const answer = await fetch(simulator.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  const parsed: unknown = text === '' ? null : JSON.parse(text);
  return parsed;
}

/** After each whole pass, whatever the test is about. A pass that finds a violation itself is what its test looks at. */
function holdInvariants(desk: Desk): void {
  const violated = violatedInvariants(desk);
  if (violated.length > 0) throw new Error(`after a pass there do not hold:\n${violated.join('\n')}`);
}

const openSimulator = (clock: ManualClock, symbols: readonly string[], broking: Partial<BrokerOptions>) =>
  startBroker({
    port: 0,
    seed: 7,
    clock,
    market: tinyMarket({ seed: 7, symbols }),
    accounts: [{ key: 'PKSIMULATED', secret: 'simulated-secret', cash: CASH }],
    behaviour: { partialFillOneIn: 0, surprises: false },
    requestsPerMinute: 100_000,
    ...broking,
  });

/** The account is made, and its first pass has been run, unless `fresh` leaves that to the test. */
export async function openDesk(options: DeskOptions = {}, fresh = false): Promise<Desk> {
  const { reconciliation = {}, at = TEN_O_CLOCK, symbols = SYMBOLS, beforeInit = nothing, ...broking } = options;
  const clock = new ManualClock(at);
  const simulator = await openSimulator(clock, symbols, broking);
  const tables = new MemoryTables({ clock });
  const telemetry = recordedTelemetry();
  const { key, secret } = simulator;
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: simulator.url, key, secret });
  const broker = alpacaBroker({ endpoints, telemetry });
  const pass = (durationMs: number): void => {
    clock.moveTo(addMs(clock.now(), durationMs));
    simulator.advanceTo(clock.now());
  };
  const foreign: Desk['foreign'] = (method, path, body) => foreignRequest(simulator, method, path, body);
  await beforeInit({ foreign, pass });
  const opening = (await readOpening(broker, clock)).positions;
  await makeAccount(tables, symbols.map(ticker), clock.now(), { reconciliation, opening });
  const room = roomOver(tables, clock, broker, telemetry);
  const policy = await room.policies.active(ACCOUNT);
  if (policy === null) throw new Error('the account has no policy');
  let decisions = 0;
  const intentOf = (terms: Partial<OrderTerms>): OrderIntent => {
    decisions += 1;
    const decision = { decisionId: decisionId(`desk:${decisions}`), generation: 0, slice: 0 };
    const times = { decidedAt: clock.now(), validUntil: addMs(clock.now(), 5 * MINUTE_MS) };
    return sampleIntent({ ...KO_AT_MARKET, ...terms }, { decision, ...times });
  };
  const desk: Desk = {
    simulator,
    tables,
    clock,
    broker,
    room,
    market: marketStore(tables, clock),
    telemetry,
    now: () => clock.now(),
    pass,
    place: (terms = {}, fate = 'settled') => send({ ...room, broker, policy }, intentOf(terms), fate),
    seedResting: (terms) => {
      const intents = terms.map((changes) => intentOf({ ...RESTING, ...changes }));
      return seedResting(tables, { ...room, broker, policy }, intents, () => simulator.advanceTo(clock.now()));
    },
    async order(id) {
      const found = await room.orders.get(id);
      if (found === null) throw new Error(`there is no order ${id}`);
      return found;
    },
    async book(symbol) {
      const found = await room.books.get(ACCOUNT, ticker(symbol));
      if (found === null) throw new Error(`there is no book of ${symbol}`);
      return found;
    },
    async reconcile(changes = {}, remainingMs = () => INVOCATION_MS) {
      const outcome = await reconcilePass({ ...room, ...changes }, remainingMs);
      if (outcome.kind !== 'checked') throw new Error('there is no session today');
      const { complete, violations } = outcome.report;
      if (complete && violations.length === 0 && changes.dryRun !== true) holdInvariants(desk);
      return outcome.report;
    },
    foreign,
    close: () => simulator.close(),
  };
  if (!fresh) await desk.reconcile();
  return desk;
}

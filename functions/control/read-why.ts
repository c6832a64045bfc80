/**
 * Why a symbol was traded or was not: what the strategies said, what was decided about it, what became of the orders,
 * and what would keep an entry from passing at this moment.
 */
import type { AnyFact } from '#events/catalogue.ts';
import { formatMoney, formatQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { clientOrderIdOf, type StrategyId, type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, type CalendarDate, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import {
  currentSession,
  lastCompletedSession,
  sessionBefore,
  sessionToReconcile,
} from '#shared/core/market/session-calendar.ts';
import type { Order } from '#shared/core/order/order.ts';
import { type Book, positionOf, shareOf } from '#shared/core/portfolio/book.ts';
import { enterableSymbols } from '#shared/core/portfolio/session-universe.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { modelRefusal } from '#shared/core/risk/model-standing.ts';
import { switchRefusal } from '#shared/core/risk/switches.ts';
import type { StrategySafety } from '#shared/core/safety/safety-facts.ts';
import { tradesByModel } from '#shared/core/signal/strategies/catalogue.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import type { StoredUniverse } from '#shared/ports/market-store.ts';
import type { ModelUseNote } from '#shared/ports/models.ts';
import { gateReference, reasonView } from './gate-view.ts';
import { type ControlDependencies, done, operation } from './operation.ts';
import { factView } from './read-journal.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';
import { whyVerdict } from './why-verdict.ts';

type SymbolFact = Extract<AnyFact, { readonly data: { readonly symbol: string } }>;

/** Prices say nothing of why. */
const isAbout =
  (symbol: Ticker) =>
  (fact: AnyFact): fact is SymbolFact =>
    fact.type !== 'price.updated.v1' && 'symbol' in fact.data && fact.data.symbol === symbol;

const FACTS_MAX = 200;
/** Orders of one symbol and day that are looked up. */
const ORDERS_MAX = 50;

interface Obstacle {
  readonly code: string;
  readonly message: string;
  readonly context: Readonly<Record<string, string>>;
}
const obstacle = (code: string, message: string, context: Readonly<Record<string, string>> = {}): Obstacle => ({
  code,
  message,
  context,
});

interface Standing {
  readonly symbol: Ticker;
  readonly policy: Policy | null;
  readonly strategies: readonly StrategySafety[];
  readonly book: Book | null;
  readonly inUniverse: boolean;
  /** The first gate that an entry would not pass now. */
  readonly shut: Obstacle | null;
}

function bookObstacles({ book, symbol }: Standing): readonly Obstacle[] {
  if (book === null)
    return [obstacle('book-missing', `${symbol} has no book; the first pass of reconciliation makes it`)];
  const unknown = book.openOrders.find((mark) => mark.unknown);
  return [
    ...(book.quarantine === null ? [] : [obstacle('symbol-quarantined', book.quarantine.message)]),
    ...(unknown === undefined
      ? []
      : [obstacle('symbol-has-unknown-order', 'an order of unknown fate is open', { order: unknown.clientOrderId })]),
    ...(book.exitId === null ? [] : [obstacle('exit-in-progress', 'an exit is being driven on the symbol')]),
  ];
}

function strategyObstacles({ deployed }: ControlDependencies, { policy, strategies }: Standing): readonly Obstacle[] {
  return strategies.flatMap((strategy): readonly Obstacle[] => {
    const { strategyId } = strategy;
    const context = { strategyId };
    const entry = policy?.strategies.find((candidate) => candidate.strategyId === strategyId);
    const switched = switchRefusal(deployed.switches, 'entry', strategyId);
    return [
      ...(strategy.enabled ? [] : [obstacle('strategy-disabled', `${strategyId} is disabled`, context)]),
      ...(strategy.killSwitch.engaged
        ? [obstacle('kill-switch-engaged', `the kill switch of ${strategyId} is engaged`, context)]
        : []),
      ...(entry !== undefined && !entry.enabled
        ? [obstacle('strategy-disabled', `the policy disables ${strategyId}`, context)]
        : []),
      ...(switched === null ? [] : [reasonView(switched)]),
    ];
  });
}

/** Everything that would keep an entry from passing now, the widest first; what an order itself is refused for is not. */
function obstaclesOf(dependencies: ControlDependencies, standing: Standing): readonly Obstacle[] {
  const { policy, shut, symbol } = standing;
  return [
    ...(policy === null ? [obstacle('policy-missing', 'the account has no policy')] : []),
    ...(shut === null ? [] : [shut]),
    ...(policy === null || standing.inUniverse
      ? []
      : [obstacle('symbol-not-in-universe', `${symbol} is not in the universe of the last session`)]),
    ...bookObstacles(standing),
    ...strategyObstacles(dependencies, standing),
  ];
}

const signalView = (signal: Signal) => ({
  strategy_id: signal.strategyId,
  kind: signal.kind,
  side: signal.side,
  as_of: signal.asOf,
  model_version: signal.modelVersion,
  confidence: signal.confidence,
  reason: {
    code: signal.reason.code,
    message: signal.reason.text,
    context: Object.fromEntries(Object.entries(signal.reason.numbers).map(([name, value]) => [name, String(value)])),
  },
});

function decisionView(fact: SymbolFact) {
  if (fact.type !== 'intent.created.v1' && fact.type !== 'signal.rejected.v1') return [];
  const { runId, strategyId, asOf } = fact.data;
  const refused = fact.type === 'signal.rejected.v1' ? fact.data : null;
  return [
    {
      run_id: runId,
      strategy_id: strategyId,
      as_of: asOf,
      outcome: refused === null ? ('ordered' as const) : ('refused' as const),
      stage: refused?.stage ?? null,
      reason: refused?.reason ?? null,
      would_pass_at: refused?.reason.context['wouldPassAt'] ?? null,
      client_order_id: fact.type === 'intent.created.v1' ? fact.data.clientOrderId : null,
    },
  ];
}

const orderView = (order: Order) => ({
  client_order_id: order.clientOrderId,
  strategy_id: order.intent.terms.strategyId,
  side: order.intent.terms.side,
  purpose: order.intent.purpose,
  qty: order.intent.terms.size.kind === 'quantity' ? formatQuantity(order.intent.terms.size.quantity) : null,
  notional: order.intent.terms.size.kind === 'notional' ? formatMoney(order.intent.terms.size.notional) : null,
  filled_qty: formatQuantity(order.filledQuantity),
  state: order.state,
  reason: order.ended === null || order.ended.reason === null ? null : reasonView(order.ended.reason),
});

/** Orders of the symbol that the day's facts tell of; one that was refused before it existed has its refusal alone. */
async function ordersOf({ orders }: ControlDependencies, facts: readonly SymbolFact[]) {
  const ids = [...new Set(facts.flatMap(({ data }) => ('clientOrderId' in data ? [data.clientOrderId] : [])))];
  const found = await Promise.all(ids.slice(-ORDERS_MAX).map((id) => orders.get(clientOrderIdOf(id))));
  const existing = found.flatMap((order) => (order === null ? [] : [orderView(order)]));
  const known = new Set<string>(existing.map(({ client_order_id: id }) => id));
  const refused = facts.flatMap((fact) => {
    if (fact.type !== 'order.refused.v1' || known.has(fact.data.clientOrderId)) return [];
    const { clientOrderId, strategyId, side, purpose, reason } = fact.data;
    const size = { qty: null, notional: null, filled_qty: '0' };
    return [
      {
        client_order_id: clientOrderId,
        strategy_id: strategyId,
        side,
        purpose,
        ...size,
        state: 'refused' as const,
        reason,
      },
    ];
  });
  return [...refused, ...existing];
}

/** The universe of the session, with the symbol's place in it. */
function universeView(recorded: StoredUniverse | null, symbol: Ticker) {
  if (recorded === null) return null;
  const place = recorded.ranking.findIndex(({ ticker: name }) => name === symbol);
  return {
    source: recorded.source,
    policy_version: recorded.policyVersion,
    members: recorded.symbols.length,
    rank: place < 0 ? null : place + 1,
    average_dollars: recorded.ranking[place]?.dollars ?? null,
  };
}

interface OwnModel {
  readonly strategyId: StrategyId;
  readonly use: ModelUseNote | null;
  /** Why no entry may go by it now. */
  readonly refused: Refusal | null;
}

/** Of each strategy that trades by a model: what made its signals, and what its entries are held to now. */
async function modelsOf(
  { models }: ControlDependencies,
  strategies: readonly StrategySafety[],
  { signalsAsOf, now }: { readonly signalsAsOf: CalendarDate; readonly now: EpochMs },
): Promise<readonly OwnModel[]> {
  return await Promise.all(
    strategies
      .map(({ strategyId }) => strategyId)
      .filter(tradesByModel)
      .map(async (strategyId) => {
        const [use, standing] = await Promise.all([models.useOf(strategyId, signalsAsOf), models.standing(strategyId)]);
        return { strategyId, use, refused: modelRefusal(strategyId, standing, sessionToReconcile(now).date) };
      }),
  );
}

const modelView = (model: OwnModel | undefined) =>
  model === undefined || model.use === null
    ? null
    : {
        version: model.use.kind === 'active' ? model.use.version : null,
        reason: model.use.kind === 'none' ? model.use.reason : null,
      };

const sessionAsked = (given: string | undefined, dependencies: ControlDependencies): CalendarDate => {
  if (given !== undefined) return calendarDate(given);
  const now = dependencies.clock.now();
  return (currentSession(now) ?? lastCompletedSession(now)).date;
};

export const getWhy = operation(READING_SCHEMAS.getWhy, async (dependencies, call, { params, query }) => {
  const { accountId, books, policies, safety, journal, marketStore } = dependencies;
  const symbol = ticker(params.symbol);
  const day = sessionAsked(query.session, dependencies);
  const signalsAsOf = sessionBefore(day).date;
  const [book, policy, strategies, dayFacts, allSignals, recorded] = await Promise.all([
    books.get(accountId, symbol),
    policies.active(accountId),
    safety.strategies(accountId),
    journal.byDay(day),
    marketStore.loadSignals(signalsAsOf),
    marketStore.loadUniverse(signalsAsOf),
  ]);
  const models = await modelsOf(dependencies, strategies, { signalsAsOf, now: call.now });
  const gate =
    policy === null ? null : await safety.shutGate(accountId, 'entry', gateReference(dependencies, call.now, policy));
  const shut = gate === null ? null : reasonView(gate);
  const facts = dayFacts.filter(isAbout(symbol));
  const signals = allSignals?.filter((signal) => signal.ticker === symbol).map(signalView) ?? null;
  const decisions = facts.flatMap(decisionView);
  const orders = await ordersOf(dependencies, facts);
  const inUniverse = policy !== null && enterableSymbols(policy, recorded)?.includes(symbol) === true;
  const universe = universeView(recorded, symbol);
  const unfit = models.flatMap(({ refused }) => (refused === null ? [] : [reasonView(refused)]));
  const obstacles = [...obstaclesOf(dependencies, { symbol, policy, strategies, book, shut, inUniverse }), ...unfit];
  const withoutModel = models.flatMap(({ strategyId, use }) =>
    use?.kind === 'none' ? [{ strategy_id: strategyId, reason: use.reason }] : [],
  );
  return done({
    symbol,
    day,
    verdict: whyVerdict({ symbol, day, inUniverse, universe, signalsAsOf, signals, withoutModel, decisions, orders }),
    in_universe: inUniverse,
    universe,
    quantity: formatQuantity(book === null ? ZERO_QUANTITY : positionOf(book)),
    quarantine: book === null || book.quarantine === null ? null : reasonView({ ...book.quarantine, context: {} }),
    shut_gate: shut,
    obstacles: obstacles.map(({ code, message, context }) => ({ code, message, context: { ...context } })),
    strategies: strategies.map(({ strategyId, enabled }) => ({
      strategy_id: strategyId,
      enabled,
      quantity: formatQuantity(book === null ? ZERO_QUANTITY : shareOf(book, strategyId).quantity),
      model: modelView(models.find((model) => model.strategyId === strategyId)),
    })),
    signals_as_of: signalsAsOf,
    signals,
    decisions,
    orders,
    facts: facts.slice(-FACTS_MAX).map(factView),
  });
});

/**
 * One run: take the slot, gather, decide, write the decision down, and only then send it. A second start of the slot
 * sends what was written and never decides again.
 */
import type { AnyCommand } from '#events/catalogue.ts';
import { type AccountId, type BuildId, correlationId, type Ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type CalendarDate, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { validateBars } from '#shared/core/market/data-validator.ts';
import { historyStart } from '#shared/core/market/history.ts';
import { currentSession, sessionBefore } from '#shared/core/market/session-calendar.ts';
import type { Session } from '#shared/core/market/types.ts';
import { volatilityAsOf } from '#shared/core/market/volatility.ts';
import { decide, refusedEntry, symbolsOf } from '#shared/core/portfolio/decide.ts';
import { correlationsOf, universeVolatility } from '#shared/core/portfolio/market-reading.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { runIdOf } from '#shared/core/portfolio/run-id.ts';
import type { Snapshot } from '#shared/core/portfolio/snapshot.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import { entryClassesOf, tradesByModel } from '#shared/core/signal/strategies/catalogue.ts';
import type { Signal, SignalRecord } from '#shared/core/signal/types.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Broker, MarketData } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { Lanes } from '#shared/ports/lanes.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Models } from '#shared/ports/models.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { RunDecision, Runs, RunSlot } from '#shared/ports/runs.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { openOrdersOf, planOrders, withoutResting } from './plan-orders.ts';
import { calendarRefusal } from './check-calendar.ts';
import { completedFact, runDecisionOf } from './run-decision.ts';

/** A slot older than this was missed; deciding on it now would be deciding on another day's world. */
const SLOT_AGE_MS_MAX = 60_000;
/** How long one start may hold the slot before another may take it over. */
const LEASE_MS = 45_000;

export interface OrchestrateDependencies {
  readonly accountId: AccountId;
  readonly build: BuildId;
  readonly clock: Clock;
  readonly safety: Safety;
  readonly policies: Policies;
  readonly books: Books;
  readonly broker: Broker;
  readonly marketData: MarketData;
  readonly marketStore: MarketStore;
  readonly models: Pick<Models, 'standing'>;
  readonly orders: Orders;
  readonly runs: Runs;
  readonly journal: Journal;
  readonly lanes: Lanes;
  readonly telemetry: Telemetry;
}

export type RunOutcome =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'held' }
  | { readonly kind: 'completed'; readonly runId: string; readonly commands: number };

/**
 * @param slot the time that the schedule meant
 * @param holder names this invocation in the lease
 */
export async function orchestrateRun(
  dependencies: OrchestrateDependencies,
  slot: EpochMs,
  holder: string,
): Promise<RunOutcome> {
  const { clock, runs, accountId, telemetry } = dependencies;
  const now = clock.now();
  const session = currentSession(now);
  if (session === null)
    return { kind: 'refused', refusal: refusal('session-closed', 'no session is open at the slot') };
  const id = runIdOf(accountId, slot);
  const runSlot: RunSlot = { accountId, runId: id, slot, session: session.date };
  const stale = now - slot > SLOT_AGE_MS_MAX || slot > now;
  const start = await runs.start(runSlot, { holder, until: addMs(now, LEASE_MS), now });
  switch (start.kind) {
    case 'completed':
      return { kind: 'completed', runId: id, commands: 0 };
    case 'held':
      return { kind: 'held' };
    case 'resend':
      telemetry.warn('the slot was decided before; its commands are sent again', { runId: id });
      return await sendRun(dependencies, runSlot, start.decision);
    case 'decide': {
      if (stale) {
        return {
          kind: 'refused',
          refusal: refusal('run-slot-stale', 'the slot is too old to decide on', { slot: formatEpochMs(slot) }),
        };
      }
      const { decision, pending } = await decideRun(dependencies, runSlot, session);
      const kept = await runs.commit(runSlot, holder, decision, pending);
      if (!kept) return { kind: 'held' };
      return await sendRun(dependencies, runSlot, decision);
    }
  }
}

interface DecidedRun {
  readonly decision: RunDecision;
  /** Signals that go on waiting. */
  readonly pending: readonly SignalRecord[];
}

/** The gates first, then the day's loss, what rests, and only then what the strategies said: see docs/concepts/decisions.md. */
async function decideRun(dependencies: OrchestrateDependencies, slot: RunSlot, session: Session): Promise<DecidedRun> {
  const { policies, orders, clock, accountId } = dependencies;
  const signalSession = sessionBefore(session.date).date;
  const policy = await policies.active(accountId);
  if (policy === null) {
    const { signals, pending } = await readSignals(dependencies, signalSession);
    const missing = refusal('policy-missing', 'the account has no policy; `belay init` makes the first');
    const funnel = signals.map((signal) => refusedEntry(signal, missing));
    return { decision: runDecisionOf(slot, { cancels: [], intents: [], funnel }, 0, clock.now()), pending };
  }
  const gates = await shutGates(dependencies, session, policy);
  const means = await readMeans(dependencies, session);
  const open = await openOrdersOf(orders, accountId);
  const said = await readSignals(dependencies, signalSession);
  const seen = await gather(dependencies, slot, policy, { ...means, ...said, session, signalSession, gates });
  const snapshot = { ...seen, books: withoutResting(seen.books, open, seen) };
  const decided = await planOrders(orders, open, decide(snapshot, policy), snapshot);
  return {
    decision: runDecisionOf(slot, decided, policy.version, snapshot.now),
    pending: decided.records.filter((record) => record.state === 'pending'),
  };
}

async function readSignals(
  { marketStore, runs, accountId, telemetry }: OrchestrateDependencies,
  session: CalendarDate,
): Promise<Pick<Snapshot, 'signals' | 'pending'>> {
  const [signals, pending] = await Promise.all([marketStore.loadSignals(session), runs.pendingSignals(accountId)]);
  if (signals === null) telemetry.error('no signals were made for the last session', { session });
  return { signals: signals ?? [], pending };
}

type Means = Pick<Snapshot, 'books' | 'equity' | 'cash' | 'equityAtOpen'>;

/** What the account has: the loss of the day follows from it. */
async function readMeans({ books, broker, accountId }: OrchestrateDependencies, session: Session): Promise<Means> {
  const [{ books: held, exposure }, account] = await Promise.all([books.ofAccount(accountId), broker.account()]);
  return {
    books: new Map(held.map((book) => [book.ticker, book])),
    equity: account.equity,
    cash: account.cash,
    equityAtOpen: exposure?.session === session.date ? exposure.equityAtOpen : null,
  };
}

/** The gates once for each class, so that a run whose gate is shut says so for each signal instead of failing later. */
async function shutGates(
  { safety, clock, accountId, build, broker, telemetry }: OrchestrateDependencies,
  session: Session,
  policy: Policy,
): Promise<Readonly<Record<Signal['kind'], Refusal | null>>> {
  const reference: GateReference = {
    now: clock.now(),
    session: session.date,
    build,
    policyVersion: policy.version,
    reconciliationAgeMsMax: policy.limits.reconciliationAgeMsMax,
  };
  const [entry, exit, calendar] = await Promise.all([
    safety.shutGate(accountId, 'entry', reference),
    safety.shutGate(accountId, 'reducing', reference),
    calendarRefusal({ broker, telemetry }, session),
  ]);
  return { entry: entry ?? calendar, exit };
}

type DayFacts = Means &
  Pick<Snapshot, 'signalSession' | 'signals' | 'pending' | 'gates'> & { readonly session: Session };

async function gather(
  dependencies: OrchestrateDependencies,
  slot: RunSlot,
  policy: Policy,
  { session, ...day }: DayFacts,
): Promise<Snapshot> {
  const { broker, marketData, accountId, clock } = dependencies;
  const symbols = symbolsOf(day);
  const [market, quotes, instruments] = await Promise.all([
    readMarket(dependencies, policy, [...day.books.keys()], day.signalSession),
    symbols.length === 0 ? new Map() : marketData.latestQuotes(symbols),
    symbols.length === 0 ? new Map() : broker.instruments(symbols),
  ]);
  return {
    ...day,
    ...market,
    accountId,
    runId: slot.runId,
    correlationId: correlationId(slot.runId),
    models: await activeModels(dependencies, policy),
    entryClasses: entryClassesOf(policy.strategies.map(({ strategyId }) => strategyId)),
    session: session.date,
    now: clock.now(),
    quotes,
    instruments,
  };
}

/** One that is missing or damaged is none; the sender refuses entries by it. */
async function activeModels({ models }: OrchestrateDependencies, { strategies }: Policy): Promise<Snapshot['models']> {
  const names = strategies.map(({ strategyId }) => strategyId).filter(tradesByModel);
  const standing = await Promise.all(names.map(async (name) => [name, await models.standing(name)] as const));
  return new Map(standing.flatMap(([name, model]) => (model.kind === 'active' ? [[name, model] as const] : [])));
}

/** No feed tells the VIX: what is read is the universe's own volatility, labelled so. */
async function readMarket(
  { marketStore }: OrchestrateDependencies,
  policy: Policy,
  held: readonly Ticker[],
  session: CalendarDate,
): Promise<Pick<Snapshot, 'volatility' | 'correlations'>> {
  const symbols = [...new Set([...policy.universe, ...held])];
  const loaded = await marketStore.loadBars(symbols, yearOf(historyStart(session)), yearOf(session));
  const { bars } = validateBars({ bars: [...loaded.values()], universe: policy.universe, session });
  return {
    volatility: volatilityAsOf(universeVolatility(bars, policy.universe), session),
    correlations: correlationsOf(bars, session, policy.decision.correlation),
  };
}

const yearOf = (date: CalendarDate): number => Number(date.slice(0, 4));

/** Facts first, then the commands in the order of the decision, exits on the urgent lane; all of it may be repeated. */
export async function sendRun(
  {
    journal,
    lanes,
    runs,
    clock,
    telemetry,
  }: Pick<OrchestrateDependencies, 'journal' | 'lanes' | 'runs' | 'clock' | 'telemetry'>,
  slot: RunSlot,
  decision: RunDecision,
): Promise<RunOutcome> {
  await journal.append(decision.facts);
  await lanes.send(decision.commands.map(messageOf));
  await journal.append([completedFact(slot, decision, clock.now())]);
  await runs.complete(slot);
  telemetry.info('run completed', { runId: slot.runId, commands: decision.commands.length });
  return { kind: 'completed', runId: slot.runId, commands: decision.commands.length };
}

function messageOf(command: AnyCommand) {
  const urgent = command.type !== 'submit-order.v1' || command.data.purpose !== 'entry';
  return {
    lane: urgent ? 'urgent' : 'orders',
    group: `${command.data.accountId}:${command.data.symbol}`,
    dedupId: `${command.meta.commandId}:${command.meta.attempt}`,
    body: JSON.stringify(command),
  } as const;
}

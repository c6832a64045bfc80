/**
 * The backtest: the days of a market through the same signals, the same decision, the same clearing and the same venue
 * as the house runs them, in one process and without a clock.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  approximateMoney,
  approximatePrice,
  approximateQuantity,
  type Money,
  type Price,
  subtractMoney,
} from '#shared/core/kernel/decimal.ts';
import { accountId, correlationId, type StrategyId, type Ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusalStage } from '#shared/core/kernel/refusal.ts';
import type { DataReport } from '#shared/core/market/data-validator.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import { sessionBefore, sessionOf } from '#shared/core/market/session-calendar.ts';
import type { Session } from '#shared/core/market/types.ts';
import type { VolatilitySeries } from '#shared/core/market/volatility.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { decide, symbolsOf } from '#shared/core/portfolio/decide.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { openPositionsOf } from '#shared/core/portfolio/open-positions.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { runIdOf } from '#shared/core/portfolio/run-id.ts';
import type { FunnelEntry, Snapshot } from '#shared/core/portfolio/snapshot.ts';
import { Funnel } from '#shared/core/report/funnel.ts';
import type { EquityPoint } from '#shared/core/report/metrics.ts';
import type { Execution } from '#shared/core/report/round-trips.ts';
import type { BarFacts } from '#shared/core/risk/bar-facts.ts';
import type { ModelStanding } from '#shared/core/risk/check.ts';
import { standingOf } from '#shared/core/risk/model-standing.ts';
import type { ModelVersion } from '#shared/core/signal/model/model-version.ts';
import { type ModelUse, noModel, WalkForwardModels } from '#shared/core/signal/model/walk-forward.ts';
import { tradesByModel } from '#shared/core/signal/strategies/catalogue.ts';
import type { Strategy } from '#shared/core/signal/strategy.ts';
import type { Signal, SignalRecord } from '#shared/core/signal/types.ts';
import type { StrategyView } from '#shared/core/signal/view.ts';
import { accountFigures } from '#shared/core/venue/account-figures.ts';
import { type FeeSchedule, feesOf, NO_FEES } from '#shared/core/venue/fees.ts';
import { openVenue } from '#shared/core/venue/venue.ts';
import type { Venue } from '#shared/core/venue/venue-state.ts';
import { barFeed } from '#infra/local/alpaca/bar-feed.ts';
import { PAPER_LATENCY } from '#infra/local/alpaca/embedding.ts';
import type { MarketFeed } from '#infra/local/alpaca/market-feed.ts';
import type { LocalMarket } from '#infra/local/market/open-market.ts';
import { AT_QUOTES, type FillChoice, fillRuleOf } from './fill-choice.ts';
import { MarketDays } from './market-days.ts';
import { PaperDesk } from './paper-desk.ts';
import { type PaperCommand, PaperHouse } from './paper-house.ts';
import { PaperLedger } from './paper-ledger.ts';
import { slippedMarket } from './slipped-market.ts';

const MINUTES_A_DAY = 24 * 60;

export interface BacktestCosts {
  /** Millionths of the price: 750 is 7.5 basis points. */
  readonly slippagePerMillion: number;
  /** Dollars a share. */
  readonly commissionPerShare: Price;
}

export interface BacktestRequest {
  readonly market: LocalMarket;
  readonly strategies: readonly Strategy[];
  readonly cash: Money;
  readonly seed: number;
  readonly costs: BacktestCosts;
  /** At the quotes unless said otherwise. */
  readonly fills?: FillChoice;
  readonly vix: VolatilitySeries | null;
  /** Named in every order; the local house's own unless said otherwise. */
  readonly account?: string;
  /** Told after each day, with what became of the signals that it looked at. */
  readonly onDay?: (done: number, session: Session, funnel: readonly FunnelEntry[]) => void;
}

/** A strategy threw, for one session. The message names both; the cause is what it threw. */
export class StrategyError extends Error {
  override readonly name = 'StrategyError';
}

export interface BacktestRun {
  readonly dirt: DataReport;
  readonly policy: Policy;
  /** All commands of all days, in the order in which the lanes handed them on. */
  readonly commands: readonly PaperCommand[];
  readonly funnel: Funnel;
  readonly points: readonly EquityPoint[];
  readonly executions: readonly Execution[];
  readonly fills: FillChoice;
  /** Orders with a limit. */
  readonly limitOrders: number;
  /** SHA-256 over every day's commands and refusals. */
  readonly decisionsSha256: string;
  readonly signals: number;
  /** Versions that were trained on the way, oldest first. */
  readonly models: readonly ModelVersion[];
  readonly volatilitySource: VolatilitySeries['source'];
  /** Sessions that lost as much as the day may: live the breaker stops entries there until a person resets it. */
  readonly dailyLossSessions: number;
}

/** What a run of the day decided, with the refusals that came after it. */
interface DecidedRun {
  readonly funnel: readonly FunnelEntry[];
  readonly decisionOf: ReadonlyMap<string, string>;
  readonly late: Map<string, Refusal>;
}

/** What one backtest goes on with from day to day. */
interface World {
  readonly request: BacktestRequest;
  readonly policy: Policy;
  readonly days: MarketDays;
  readonly feed: MarketFeed;
  readonly venue: Venue;
  readonly ledger: PaperLedger;
  readonly desk: PaperDesk;
  readonly house: PaperHouse;
  readonly funnel: Funnel;
  readonly points: EquityPoint[];
  readonly hash: Hash;
  /** The session of the day. */
  today: Session;
  /** As of the session before, as they were made after its close. */
  signals: readonly Signal[];
  /** The registry, and what the strategies that trade by a model used for these signals. */
  readonly registry: WalkForwardModels;
  readonly models: Map<StrategyId, ModelUse>;
  decided: DecidedRun | null;
  pending: readonly SignalRecord[];
  signalsMade: number;
  commandsHashed: number;
  dailyLossSessions: number;
}

/** The session whose daily bars the house has at an instant of the day. */
const knownSession = ({ today }: World): Session => sessionBefore(today.date);

/** The costs as the venue knows them: prices that are worse, and a commission. */
const feesFor = ({ commissionPerShare }: BacktestCosts): FeeSchedule => ({ ...NO_FEES, commissionPerShare });

/** Without a volume no order would ever fill, which looks like a market that nobody wants to trade on. */
function refuseWithoutVolume({ bars, description }: LocalMarket, { volumeShare }: FillChoice): void {
  if (volumeShare === null || bars.some(({ volume }) => volume.some((shares) => shares > 0))) return;
  throw new RangeError(`volume share: ${description} has no volume; expected bars with one, or no volume share`);
}

function openPaperVenue(
  { market, cash, costs, seed, fills = AT_QUOTES }: BacktestRequest,
  feed: MarketFeed,
  now: EpochMs,
): Venue {
  if (market.tradingDays.length === 0) throw new RangeError('a backtest has at least one trading day');
  refuseWithoutVolume(market, fills);
  const { activityMs: _, ...latency } = PAPER_LATENCY;
  const rule = fillRuleOf(fills, costs.slippagePerMillion);
  const rules = {
    ...latency,
    seed,
    partialFillOneIn: 10,
    executionQuantityMax: null,
    immediateOrders: true,
    duplicateCheck: 'first',
    repeatCancel: 'refuse',
    doneForDay: false,
    fees: feesFor(costs),
    fills: rule,
  } as const;
  // Slipped once: by the rule where there is one, and otherwise by the quotes.
  return openVenue(rules, rule === null ? slippedMarket(feed, costs.slippagePerMillion) : feed, cash, now);
}

function openWorld(request: BacktestRequest): World {
  const { market, strategies, cash, seed } = request;
  const [first] = market.tradingDays;
  if (first === undefined) throw new RangeError('a backtest has at least one trading day');
  const policy = firstPolicy(
    market.instruments.map(({ ticker }) => ticker),
    strategies.map(({ id }) => id),
    cash,
    market.universeSource,
  );
  const feed = barFeed({ bars: market.bars, sessions: market.sessions, seed, splits: market.splits });
  const startAt = epochMs(sessionBefore(first.date).closeAt + 1);
  const venue = openPaperVenue(request, feed, startAt);
  const ledger = new PaperLedger(accountId(request.account ?? 'paper-1'), policy);
  const days = new MarketDays(market, request.vix);
  const barsOf = (symbol: Ticker): BarFacts | null => days.barFacts(symbol, world.today.date, knownSession(world).date);
  const modelOf = (id: StrategyId): ModelStanding | null =>
    tradesByModel(id) ? standingOf(world.models.get(id) ?? noModel('none was ever put to use')) : null;
  const universeAt = (): readonly Ticker[] => days.universeAsOf(knownSession(world).date);
  const desk = new PaperDesk({ ledger, policy, venue, quotes: feed, barsOf, modelOf, universeAt });
  const house = new PaperHouse({
    ledger,
    desk,
    policy,
    venue,
    quotes: feed,
    startAt,
    rangeOf: (symbol, { openedOn }) =>
      openedOn === null ? null : days.rangeBefore(symbol, openedOn, knownSession(world).date),
    onStep: (step, now) => takeStep(world, step, now),
  });
  const world: World = {
    request,
    policy,
    days,
    feed,
    venue,
    ledger,
    desk,
    house,
    funnel: new Funnel(),
    points: [],
    hash: createHash('sha256'),
    today: sessionBefore(first.date),
    signals: [],
    registry: new WalkForwardModels(),
    models: new Map(),
    decided: null,
    pending: [],
    signalsMade: 0,
    commandsHashed: 0,
    dailyLossSessions: 0,
  };
  return world;
}

function takeStep(world: World, step: 'daily-bars' | 'signals' | 'decide' | 'day-end', now: EpochMs): void {
  const session = sessionOf(newYorkDate(now));
  if (session === null) return;
  if (step === 'signals') world.signals = signalsAsOf(world, session);
  if (step === 'decide') decideDay(world, session, now);
}

/** Signals as of a session, from its views and the books after it. */
function signalsAsOf({ request, days, ledger, registry, models }: World, session: Session): readonly Signal[] {
  const symbols = days.viewsAsOf(session.date);
  const books = ledger.touchedBooks().filter((book) => book.shares.some(({ quantity }) => quantity !== 0n));
  return request.strategies.flatMap((strategy) => {
    const positions = openPositionsOf(books, strategy.id);
    const { id, trainer } = strategy;
    const trainable = (through: CalendarDate) => days.trainable(session.date, through);
    const use = trainer === undefined ? null : registry.modelFor(id, trainer, session.date, trainable);
    if (use !== null) models.set(id, use);
    const model = use?.kind === 'active' ? use.model : null;
    return ask(strategy, {
      asOf: session.date,
      symbols,
      positionOf: (symbol: Ticker) => positions.get(symbol) ?? null,
      model,
    });
  });
}

function ask(strategy: Strategy, view: StrategyView): readonly Signal[] {
  try {
    return strategy.signals(view);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StrategyError(`${strategy.id}, session ${view.asOf}: ${why}`, { cause });
  }
}

function snapshotOf(world: World, session: Session, now: EpochMs): Snapshot {
  const { ledger, desk, feed, days, policy, pending, request, signals } = world;
  const before = sessionBefore(session.date);
  const symbols = symbolsOf({ signals, pending });
  const account = desk.account(now);
  const known = <T>(read: (symbol: Ticker) => T | null): ReadonlyMap<Ticker, T> =>
    new Map(
      symbols.flatMap((symbol) => {
        const found = read(symbol);
        return found === null ? [] : [[symbol, found] as const];
      }),
    );
  const run = runIdOf(ledger.accountId, now);
  return {
    accountId: ledger.accountId,
    runId: run,
    correlationId: correlationId(run),
    session: session.date,
    signalSession: before.date,
    now,
    signals,
    entryClasses: new Map(request.strategies.map(({ id, entryClass }) => [id, entryClass])),
    // Nobody pins.
    models: new Map(),
    pending,
    gates: { entry: null, exit: null },
    books: ledger.books,
    quotes: known((symbol) => feed.quoteAt(symbol, now)),
    instruments: known((symbol) => feed.asset(symbol)),
    equity: account.equity,
    cash: account.cash,
    equityAtOpen: ledger.exposure.equityAtOpen,
    ...days.readingsAsOf(before.date, policy.decision.correlation),
  };
}

/** Decides, and puts what was decided on the lanes, exits on the urgent one. */
function decideDay(world: World, session: Session, now: EpochMs): void {
  const { house, policy, signals } = world;
  world.signalsMade += signals.length;
  const { intents, funnel, records } = decide(snapshotOf(world, session, now), policy);
  world.pending = records.filter((record) => record.state === 'pending');
  const late = new Map<string, Refusal>();
  const decisionOf = new Map<string, string>();
  for (const intent of intents) {
    const { decisionId } = intent.decision;
    decisionOf.set(clientOrderIdFor(intent.terms, intent.decision), decisionId);
    house.send(intent, (why) => late.set(decisionId, why));
  }
  world.decided = { funnel, decisionOf, late };
}

/** The funnel's end for a signal whose order was refused after its decision. */
const refusedBy = (entry: FunnelEntry, why: Refusal): FunnelEntry => ({
  signal: entry.signal,
  outcome: 'refused',
  stage: refusalStage(why.code),
  refusal: why,
});

/** What became of the day's signals, once everything has happened that may refuse an order after its decision. */
function closeFunnel(world: World, lines: string[]): readonly FunnelEntry[] {
  const { decided } = world;
  world.decided = null;
  if (decided === null) return [];
  return decided.funnel.map((entry) => {
    if (entry.outcome === 'refused') {
      const { strategyId, ticker, kind } = entry.signal;
      const { code, context } = entry.refusal;
      lines.push(`${strategyId} ${ticker} ${kind} ${code} ${context['actual'] ?? ''} ${context['limit'] ?? ''}`);
      return entry;
    }
    const decision = decided.decisionOf.get(entry.clientOrderId);
    const late = decision === undefined ? undefined : decided.late.get(decision);
    return late === undefined ? entry : refusedBy(entry, late);
  });
}

function runDay(world: World, session: Session): void {
  const { house, request, venue } = world;
  world.today = session;
  house.runUntil(session.closeAt);
  const { equity, longValue, shortValue } = accountFigures(venue, session.closeAt);
  const opened = world.ledger.exposure.equityAtOpen;
  const bps = world.policy.limits.dailyLossBpsMax;
  if (opened !== null && subtractMoney(opened, equity) * 10_000n >= opened * bps) world.dailyLossSessions += 1;
  world.points.push({
    session: session.date,
    equity: approximateMoney(equity),
    invested: approximateMoney(subtractMoney(longValue, shortValue)),
  });
  house.runUntil(epochMs(newYorkInstant(session.date, MINUTES_A_DAY) - 1));
  const lines: string[] = [session.date];
  for (const command of house.commands.slice(world.commandsHashed)) lines.push(JSON.stringify(command));
  world.commandsHashed = house.commands.length;
  const ended = closeFunnel(world, lines);
  for (const entry of ended) world.funnel.add(entry);
  world.hash.update(`${lines.join('\n')}\n`);
  request.onDay?.(world.points.length, session, ended);
}

/** Executions with the price that their decision reckoned with, oldest first. */
function executionsOf({ venue, ledger, request }: World): readonly Execution[] {
  const fees = feesFor(request.costs);
  return venue.state.executions.flatMap(({ clientOrderId, ticker, side, quantity, price, at }) => {
    const order = ledger.order(clientOrderId);
    if (order === null) return [];
    const { terms, arrivalPrice } = order.intent;
    return [
      {
        strategyId: terms.strategyId,
        ticker,
        side,
        session: newYorkDate(at),
        quantity: approximateQuantity(quantity),
        requestedPrice: approximatePrice(arrivalPrice),
        price: approximatePrice(price),
        commission: approximateMoney(feesOf(fees, side, quantity, price)),
      },
    ];
  });
}

/** @throws RangeError without a trading day; StrategyError when a strategy throws, as it does that reads past its bar. */
export function runBacktest(request: BacktestRequest): BacktestRun {
  const world = openWorld(request);
  for (const session of request.market.tradingDays) runDay(world, session);
  return {
    dirt: world.days.report,
    policy: world.policy,
    commands: world.house.commands,
    funnel: world.funnel,
    points: world.points,
    executions: executionsOf(world),
    fills: request.fills ?? AT_QUOTES,
    limitOrders: world.venue.state.orders.filter(({ limitPrice }) => limitPrice !== null).length,
    decisionsSha256: world.hash.digest('hex'),
    signals: world.signalsMade,
    models: world.registry.versions,
    volatilitySource: request.vix === null ? 'realised' : 'vix',
    dailyLossSessions: world.dailyLossSessions,
  };
}

/**
 * The backtest: the days of a market through the same signals, the same decision, the same clearing and the same venue
 * as the house runs them, in one process and without a clock.
 */
import { createHash } from 'node:crypto';
import type { CommandData } from '#events/catalogue.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { runIdOf } from '#functions/orchestrate/orchestrate-run.ts';
import {
  approximateMoney,
  approximatePrice,
  approximateQuantity,
  type Money,
  type Price,
  subtractMoney,
} from '#shared/core/kernel/decimal.ts';
import { accountId, correlationId, type StrategyId, type Ticker } from '#shared/core/kernel/identity.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusalStage } from '#shared/core/kernel/refusal.ts';
import type { DataReport } from '#shared/core/market/data-validator.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import type { Session } from '#shared/core/market/types.ts';
import type { VolatilitySeries } from '#shared/core/market/volatility.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { decide, symbolsOf } from '#shared/core/portfolio/decide.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { openPositionsOf } from '#shared/core/portfolio/open-positions.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { FunnelEntry, Snapshot } from '#shared/core/portfolio/snapshot.ts';
import type { EquityPoint } from '#shared/core/report/metrics.ts';
import type { Execution } from '#shared/core/report/round-trips.ts';
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
import { MarketDays } from './market-days.ts';
import { PaperHouse } from './paper-house.ts';
import { slippedMarket } from './slipped-market.ts';

const MINUTES_TO_FIRST_PASS = 9 * 60;
const MINUTES_TO_DECISION = 9 * 60 + 35;

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
  readonly vix: VolatilitySeries | null;
  /** Named in every order; the local house's own unless said otherwise. */
  readonly account?: string;
  /** Told after each day. */
  readonly onDay?: (done: number, session: Session) => void;
}

/** A strategy threw, for one session. The message names both; the cause is what it threw. */
export class StrategyError extends Error {
  override readonly name = 'StrategyError';
}

type Command = CommandData<'submit-order.v1'>;

export interface BacktestRun {
  readonly dirt: DataReport;
  readonly policy: Policy;
  /** In the order of their decision. */
  readonly commands: readonly Command[];
  readonly funnel: readonly FunnelEntry[];
  readonly points: readonly EquityPoint[];
  readonly executions: readonly Execution[];
  /** SHA-256 over every run's commands and refusals. */
  readonly decisionsSha256: string;
  readonly signals: number;
  readonly volatilitySource: VolatilitySeries['source'];
  /** Sessions that lost as much as the day may: live the breaker stops entries there until a person resets it. */
  readonly dailyLossSessions: number;
}

/** What one backtest goes on with from day to day. */
interface World {
  readonly request: BacktestRequest;
  readonly policy: Policy;
  readonly days: MarketDays;
  readonly feed: MarketFeed;
  readonly venue: Venue;
  readonly house: PaperHouse;
  readonly commands: Command[];
  readonly funnel: FunnelEntry[];
  readonly points: EquityPoint[];
  readonly hash: ReturnType<typeof createHash>;
  pending: readonly SignalRecord[];
  signals: number;
  dailyLossSessions: number;
}

const feesFor = ({ commissionPerShare }: BacktestCosts): FeeSchedule => ({ ...NO_FEES, commissionPerShare });

function openWorld(request: BacktestRequest): World {
  const { market, strategies, cash, seed, costs } = request;
  const [first] = market.tradingDays;
  if (first === undefined) throw new RangeError('a backtest has at least one day');
  const universe = market.instruments.map(({ ticker }) => ticker);
  const policy = firstPolicy(
    universe,
    strategies.map(({ id }) => id),
    cash,
  );
  const feed = barFeed({ bars: market.bars, sessions: market.sessions, seed, splits: market.splits });
  const { activityMs: _, ...latency } = PAPER_LATENCY;
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
  } as const;
  const opened = epochMs(sessionBefore(first.date).closeAt + 1);
  const venue = openVenue(rules, slippedMarket(feed, costs.slippagePerMillion), cash, opened);
  const account = accountId(request.account ?? 'paper-1');
  return {
    request,
    policy,
    days: new MarketDays(market, request.vix),
    feed,
    venue,
    house: new PaperHouse({ accountId: account, policy, venue, quotes: feed }),
    commands: [],
    funnel: [],
    points: [],
    hash: createHash('sha256'),
    pending: [],
    signals: 0,
    dailyLossSessions: 0,
  };
}

/** Signals as of a session, from its views and the books after it. */
function signalsAsOf({ request, days, house }: World, session: Session): readonly Signal[] {
  const symbols = days.viewsAsOf(session.date);
  const books = [...house.books.values()].filter((book) => book.shares.some(({ quantity }) => quantity !== 0n));
  return request.strategies.flatMap((strategy) => {
    const positions = openPositionsOf(books, strategy.id);
    return ask(strategy, { asOf: session.date, symbols, positionOf: (symbol) => positions.get(symbol) ?? null });
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

function snapshotOf(
  world: World,
  session: Session,
  before: Session,
  signals: readonly Signal[],
  now: EpochMs,
): Snapshot {
  const { house, feed, days, policy, pending, request } = world;
  const symbols = symbolsOf({ signals, pending });
  const account = house.account(now);
  const known = <T>(read: (symbol: Ticker) => T | null): ReadonlyMap<Ticker, T> =>
    new Map(
      symbols.flatMap((symbol) => {
        const found = read(symbol);
        return found === null ? [] : [[symbol, found] as const];
      }),
    );
  const run = runIdOf(house.exposure.accountId, now);
  return {
    accountId: house.exposure.accountId,
    runId: run,
    correlationId: correlationId(run),
    session: session.date,
    signalSession: before.date,
    now,
    signals,
    entryClasses: new Map(request.strategies.map(({ id, entryClass }) => [id, entryClass])),
    pending,
    gates: { entry: null, exit: null },
    books: house.books,
    quotes: known((symbol) => feed.quoteAt(symbol, now)),
    instruments: known((symbol) => feed.asset(symbol)),
    equity: account.equity,
    cash: account.cash,
    equityAtOpen: house.exposure.equityAtOpen,
    ...days.readingsAsOf(before.date, policy.decision.correlation),
  };
}

/** Exits go first, on their own lane; an order that its clearing refuses is a refusal of its signal. */
function placeAll(
  world: World,
  session: Session,
  before: Session,
  intents: readonly OrderIntent[],
  now: EpochMs,
): ReadonlyMap<string, Refusal> {
  const refused = new Map<string, Refusal>();
  const urgent = intents.filter(({ purpose }) => purpose !== 'entry');
  const entries = intents.filter(({ purpose }) => purpose === 'entry');
  for (const intent of [...urgent, ...entries]) {
    const bars = world.days.barFacts(intent.terms.ticker, session.date, before.date);
    const placed = world.house.place(intent, session, bars, now);
    if (!placed.ok) refused.set(intent.decision.decisionId, placed.error);
  }
  return refused;
}

/** The funnel's end for a signal whose order was refused after its decision. */
const refusedBy = (entry: FunnelEntry, why: Refusal): FunnelEntry => ({
  signal: entry.signal,
  outcome: 'refused',
  stage: refusalStage(why.code),
  refusal: why,
});

function runDay(world: World, session: Session): void {
  const { house, policy, request } = world;
  const before = sessionBefore(session.date);
  const signals = signalsAsOf(world, before);
  world.signals += signals.length;
  house.beginSession(session, newYorkInstant(session.date, MINUTES_TO_FIRST_PASS));
  const now = newYorkInstant(session.date, MINUTES_TO_DECISION);
  house.advanceTo(now);
  const decision = decide(snapshotOf(world, session, before, signals, now), policy);
  world.pending = decision.records.filter((record) => record.state === 'pending');
  const byId = new Map(
    decision.intents.map((intent) => [clientOrderIdFor(intent.terms, intent.decision), intent] as const),
  );
  const lines: string[] = [session.date];
  for (const [id, intent] of byId) {
    const command = submitOrderOf(intent, id);
    world.commands.push(command);
    lines.push(JSON.stringify(command));
  }
  const refused = placeAll(world, session, before, decision.intents, now);
  for (const entry of decision.funnel) {
    const intent = entry.outcome === 'executed' ? byId.get(entry.clientOrderId) : undefined;
    const late = intent === undefined ? undefined : refused.get(intent.decision.decisionId);
    world.funnel.push(late === undefined ? entry : refusedBy(entry, late));
    if (entry.outcome === 'refused') {
      const { strategyId, ticker, kind } = entry.signal;
      const { code, context } = entry.refusal;
      lines.push(`${strategyId} ${ticker} ${kind} ${code} ${context['actual'] ?? ''} ${context['limit'] ?? ''}`);
    }
  }
  world.hash.update(`${lines.join('\n')}\n`);
  house.advanceTo(session.closeAt);
  endDay(world, session);
  request.onDay?.(world.points.length, session);
}

function endDay(world: World, session: Session): void {
  const { equity, longValue, shortValue } = accountFigures(world.venue, session.closeAt);
  const opened = world.house.exposure.equityAtOpen;
  const bps = world.policy.limits.dailyLossBpsMax;
  if (opened !== null && subtractMoney(opened, equity) * 10_000n >= opened * bps) world.dailyLossSessions += 1;
  world.points.push({
    session: session.date,
    equity: approximateMoney(equity),
    invested: approximateMoney(subtractMoney(longValue, shortValue)),
  });
}

/** Executions with the price that their decision reckoned with, oldest first. */
function executionsOf({ venue, house, request }: World): readonly Execution[] {
  const wanted = new Map<string, { readonly strategyId: StrategyId; readonly arrivalPrice: Price }>();
  for (const order of house.orders) {
    const { terms, arrivalPrice } = order.intent;
    wanted.set(order.clientOrderId, { strategyId: terms.strategyId, arrivalPrice });
  }
  const fees = feesFor(request.costs);
  return venue.state.executions.flatMap(({ clientOrderId, ticker, side, quantity, price, at }) => {
    const order = wanted.get(clientOrderId);
    if (order === undefined) return [];
    return [
      {
        strategyId: order.strategyId,
        ticker,
        side,
        session: newYorkDate(at),
        quantity: approximateQuantity(quantity),
        requestedPrice: approximatePrice(order.arrivalPrice),
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
    commands: world.commands,
    funnel: world.funnel,
    points: world.points,
    executions: executionsOf(world),
    decisionsSha256: world.hash.digest('hex'),
    signals: world.signals,
    volatilitySource: request.vix === null ? 'realised' : 'vix',
    dailyLossSessions: world.dailyLossSessions,
  };
}

/** A world from its seed to its end: made, stormed upon, left in peace, and judged. */
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { type Alterations, AS_BUILT } from './alterations.ts';
import { takeOver } from './fake-machine.ts';
import { Functions, type Scheduled } from './functions.ts';
import type { Violation } from './invariants.ts';
import { historyOf, madeMarkets, type MarketSource, symbols } from './market.ts';
import { EQUITY, People, shareOfEquity } from './operations.ts';
import { type Plan, STRATEGIES } from './plan.ts';
import { withoutStop } from './protected.ts';
import { atRest, unrest } from './rest.ts';
import type { Strike } from './faults.ts';
import type { Tally } from './trace.ts';
import { ACCOUNT, World } from './world.ts';

export interface WorldResult {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly hash: string;
  readonly tally: Tally;
  readonly strikes: readonly Strike[];
  readonly lines: readonly string[];
  /** What the judge found. */
  readonly flaws: readonly string[];
}

export interface RunOptions {
  readonly alterations?: Alterations;
  readonly keepTrace?: boolean;
  /** Where its market comes from; made up unless told. */
  readonly markets?: MarketSource;
  /** What else must hold at the end; each text is something that does not. */
  readonly judge?: (world: World) => readonly string[];
}

const MINUTE_MS = 60_000;
/** What a look of the guards begins is over by then, or waits for the next. */
const AFTER_LOOK_MS = 45_000;

/** The account with its first policy, bars, books and an open gate: what `belay init` and the morning leave. */
async function settle(world: World): Promise<void> {
  const { tables, plan } = world;
  const now = world.now;
  const first = firstPolicy(symbols, STRATEGIES.map(strategyId), EQUITY);
  const policy = {
    ...first,
    limits: { ...first.limits, grossExposureMax: shareOfEquity(plan.policy.exposureShare) },
    checks: { ...first.checks, symbolCooldownMs: plan.policy.cooldownMs },
    reconciliation: { ...first.reconciliation, foreignOrders: plan.policy.foreignOrders },
  };
  await initialiseAccount(tables, 'control', {
    accountId: ACCOUNT,
    live: false,
    document: writePolicy(policy),
    equity: EQUITY,
    by: 'ops',
    now,
    opening: { at: now, positions: [] },
  });
  const [books, session] = [booksStore(tables, 'reconcile'), newYorkDate(now)];
  await books.open(ACCOUNT, symbols);
  await books.beginSession(ACCOUNT, session, EQUITY);
  await safetyStore(tables, 'reconcile').recordPass(ACCOUNT, { startedAt: now, session, build: world.build });
  await marketStore(tables, { now: () => now, sleepUntil: () => Promise.resolve() }).saveBars(
    historyOf(plan.day, world.market),
  );
}

/** Whether a run is decided in this world. */
const decides = ({ plan }: World): boolean => plan.operations.some(({ act }) => act.kind === 'run');

/** Whether an order is worked in slices in this world. */
const slices = ({ plan }: World): boolean => plan.operations.some(({ act }) => act.kind === 'slice');

/** Wakes the guards of each minute until an instant. */
function scheduleGuards(world: World, functions: Functions, from: EpochMs, until: EpochMs): void {
  for (let slot = from; slot < until; slot = addMs(slot, MINUTE_MS)) {
    world.scheduler.at(slot, () => functions.fire('reconcile', slot));
    world.scheduler.at(addMs(slot, 20_000), () => functions.fire('protect', slot));
    if (world.plan.quotes) world.scheduler.at(slot, () => functions.fire('quotes', slot));
    if (decides(world)) world.scheduler.at(addMs(slot, 40_000), () => functions.fire('finish', slot));
    if (slices(world)) world.scheduler.at(slot, () => functions.fire('slice', slot));
    const minute = (slot - from) / MINUTE_MS;
    if (world.plan.news.stream && minute % 2 === 0) world.scheduler.at(slot, () => functions.fire('listen', slot));
  }
}

/** After so many minutes of peace a guard looks again; seldom enough that a world stays small. */
const CALM_MINUTES = [1, 2, 3, 5, 8, 12, 20, 30] as const;
/** After the close: at once, and once the broker tells of the whole day. */
const CLOSED_MINUTES = [1, 17] as const;
/**
 * After the next open, where what was held up by the day before goes on: a pass to see it, one to sell, two to hear of it
 * and to close the exit, and whole backoffs of an exit behind them. An order of unknown fate that was sent shortly before
 * a close may still join the next session, and is given up after that one's: so all of it once more. Whoever is not at rest
 * then never will be.
 */
const OPENED_MINUTES = [1, 2, 3, 4, 10, 16] as const;

/** That a person was told of a position does not end the house's own tries to protect it. */
const isCalm = (world: World, functions: Functions, people: People): boolean =>
  unrest(world, functions, people) === null && withoutStop(world).length === 0;

/** Looks once an instant has come, until nothing is left to do. */
async function calm(world: World, functions: Functions, people: People): Promise<void> {
  const from = world.now;
  const { closesAt, next, afterNext } = world.day;
  const after = (instant: EpochMs, minutes: readonly number[]): readonly EpochMs[] =>
    minutes.map((minute) => addMs(instant, minute * MINUTE_MS));
  const looks = [
    ...after(from, CALM_MINUTES),
    ...after(closesAt, CLOSED_MINUTES),
    ...after(next.openAt, OPENED_MINUTES),
    ...after(next.closeAt, CLOSED_MINUTES),
    ...after(afterNext.openAt, OPENED_MINUTES),
  ].filter((at) => at >= from);
  const before = functions.wholePasses;
  for (const at of looks) {
    functions.wakeLanes();
    await world.scheduler.runUntil(at, () => world.violation !== null);
    // A whole pass in peace must have found it so as well.
    const isSeen = functions.wholePasses > before;
    if (world.violation !== null || (isSeen && isCalm(world, functions, people))) return;
    wakeGuards(world, functions, at);
    await world.scheduler.runUntil(addMs(at, AFTER_LOOK_MS), () => world.violation !== null);
    if (world.violation !== null) return;
  }
}

function wakeGuards(world: World, functions: Functions, at: EpochMs): void {
  functions.fire('reconcile', at);
  functions.fire('protect', at);
  if (decides(world)) functions.fire('finish', at);
  if (world.plan.quotes) functions.fire('quotes', at);
  if (slices(world)) functions.fire('slice', at);
}

/** Goes on through the hours that the plan wants to see, whether or not anything is left to do. */
async function goOn(world: World, functions: Functions): Promise<void> {
  const violated = (): boolean => world.violation !== null;
  for (const ms of world.plan.afterwardsMs) {
    const at = addMs(world.beginsAt, ms);
    functions.wakeLanes();
    await world.scheduler.runUntil(at, violated);
    if (violated()) return;
    wakeGuards(world, functions, at);
    await world.scheduler.runUntil(addMs(at, AFTER_LOOK_MS), violated);
  }
}

/** After the close: the last passes, the day's bars, the signals of the session, and its report, each at its time. */
async function spendEvening(world: World, functions: Functions): Promise<void> {
  const violated = (): boolean => world.violation !== null;
  const works: readonly (readonly [number, Scheduled])[] = [
    [1, 'reconcile'],
    [17, 'reconcile'],
    [30, 'bars'],
    [35, 'signals'],
    [45, 'report'],
  ];
  for (const [minute, work] of works) {
    const at = addMs(world.day.closesAt, minute * MINUTE_MS);
    functions.wakeLanes();
    await world.scheduler.runUntil(at, violated);
    if (violated()) return;
    functions.fire(work, at);
    if (work === 'reconcile') functions.fire('protect', at);
    await world.scheduler.runUntil(addMs(at, AFTER_LOOK_MS), violated);
  }
}

/** What an evening has to leave behind, and this one did not. */
async function leftUndone(world: World): Promise<readonly string[]> {
  if (!world.plan.evening) return [];
  const session = newYorkDate(world.day.opensAt);
  const year = Number(session.slice(0, 4));
  const store = marketStore(world.tables, { now: () => world.now, sleepUntil: () => Promise.resolve() });
  const bars = await store.loadBars(symbols, year, year);
  const lacking = symbols.filter((symbol) => bars.get(symbol)?.dates.at(-1) !== session);
  const reported = world.seen.facts.some(
    ({ type, data }) => type === 'session.reported.v1' && data['session'] === session,
  );
  return [
    ...lacking.map((symbol) => `the bar of ${symbol} on ${session} is missing`),
    ...(reported ? [] : [`the session of ${session} was not reported`]),
  ];
}

async function live(world: World): Promise<void> {
  const functions = new Functions(world);
  const people = new People(world, functions);
  const { plan, scheduler } = world;
  const { beginsAt } = world;
  await settle(world);
  const violated = (): boolean => world.violation !== null;
  world.faults.stop();
  if (decides(world)) functions.fire('signals', world.now);
  functions.fire('reconcile', world.now);
  await scheduler.runUntil(beginsAt, violated);
  world.faults.goOn();
  world.setBrokerFaults(true);
  const end = addMs(beginsAt, plan.stormMs);
  scheduleGuards(world, functions, beginsAt, end);
  people.begin(plan.operations, beginsAt);
  await scheduler.runUntil(end, violated);
  world.faults.stop();
  world.countBrokerFaults();
  world.setBrokerFaults(false);
  await goOn(world, functions);
  // A rare world's people may act on when all else is calm.
  const acted = addMs(beginsAt, Math.max(0, ...plan.operations.map(({ afterMs }) => afterMs)));
  if (acted > world.now && !violated()) await scheduler.runUntil(acted, violated);
  if (plan.evening && !violated()) await spendEvening(world, functions);
  if (!violated()) await calm(world, functions, people);
  if (violated()) return;
  const [found] = atRest(world, functions, people);
  world.violate(found ?? null);
  for (const what of await leftUndone(world)) world.violate({ invariant: 10, what });
}

/** @throws nothing that happens in the world: that is its result */
export async function runWorld(plan: Plan, options: RunOptions = {}): Promise<WorldResult> {
  const world = new World(plan, {
    alterations: options.alterations ?? AS_BUILT,
    keepTrace: options.keepTrace ?? false,
    markets: options.markets ?? madeMarkets,
  });
  const giveBack = takeOver(world.scheduler, world.chance.fork('libraries'), world.fetch);
  try {
    await live(world);
  } finally {
    giveBack();
  }
  const { trace, scheduler } = world;
  trace.tally.steps = scheduler.events;
  const { hash, tally, strikes, lines } = trace;
  const flaws = options.judge?.(world) ?? [];
  return { seed: plan.seed, violation: world.violation, hash, tally, strikes, lines, flaws };
}

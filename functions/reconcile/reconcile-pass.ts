/**
 * One pass: read what the broker has, settle it, look up what it did not show, compare. Only a pass in which all of that
 * succeeded opens the gate; what it could not do, it leaves to the next, and the gate goes stale by itself.
 */
import { subtractMoney } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { sessionOf, sessionToReconcile } from '#shared/core/market/session-calendar.ts';
import { paidIn } from '#shared/core/portfolio/book.ts';
import { checkCash, type CashCheck } from '#shared/core/reconcile/cash.ts';
import { windowStart } from '#shared/core/reconcile/news-window.ts';
import { standingDifferences } from '#shared/core/reconcile/position-differences.ts';
import { profitOf } from '#shared/core/reconcile/profit.ts';
import type { MarkChange, PassFigures, PassReport, ReportedDifference } from '#shared/ports/reconciliations.ts';
import { carryOutDecisions } from './carry-out.ts';
import { checkSplits } from './check-splits.ts';
import { beginClosing, type Closing, performance, replayDay } from './close-session.ts';
import { haltOf, liftProved, quarantineDifferences, quarantineViolations } from './compare-books.ts';
import { countedBroker, REQUESTS_MAX } from './counted-broker.ts';
import { type Look, look } from './look.ts';
import { newTally, type Pass, type ReconcileDependencies } from './pass.ts';
import { measurePass } from './measure-pass.ts';
import { recordOpening } from './record-opening.ts';

export type PassOutcome = { readonly kind: 'no-session' } | { readonly kind: 'checked'; readonly report: PassReport };

/** The report and the mark have to be written in what is left. */
const RESERVE_MS = 8_000;

/**
 * @param remainingMs what the invocation has left
 * @throws Fault when something could not be read or written: the pass is journaled as not whole, and counts for nothing
 */
export async function reconcilePass(
  dependencies: ReconcileDependencies,
  remainingMs: () => number,
): Promise<PassOutcome> {
  dependencies.telemetry.count('Heartbeat');
  const now = dependencies.clock.now();
  const mark = await dependencies.reconciliations.mark(dependencies.accountId);
  const today = sessionOf(newYorkDate(now));
  if (today === null && (mark === null || mark.asked.length === 0)) return { kind: 'no-session' };
  // What a person asks for is done on any day; it counts for the session before, which has a gate of its own no more.
  const session = sessionToReconcile(now);
  const pass = await begin(dependencies, { session, inSession: today !== null, mark }, now, remainingMs);
  try {
    return { kind: 'checked', report: await run(pass) };
  } catch (thrown) {
    await reportFailure(pass, thrown);
    throw thrown;
  }
}

async function begin(
  dependencies: ReconcileDependencies,
  when: Pick<Pass, 'session' | 'inSession' | 'mark'>,
  now: EpochMs,
  remainingMs: () => number,
): Promise<Pass> {
  const { accountId, build, broker, policies, safety } = dependencies;
  const { inSession, mark, session } = when;
  const [policy, facts] = await Promise.all([policies.active(accountId), safety.read(accountId)]);
  if (policy === null) {
    throw new Fault('permanent', 'policy-missing', `${accountId} has no policy; \`belay init\` makes the first`);
  }
  const unfinished = mark?.progress ?? null;
  const goesOn = unfinished !== null && unfinished.session === session.date && unfinished.build === build;
  const startedAt = goesOn ? unfinished.startedAt : now;
  return {
    ...dependencies,
    broker: countedBroker(broker, REQUESTS_MAX),
    startedAt,
    session,
    inSession,
    asked: mark?.asked ?? [],
    policy,
    mark: mark === null || goesOn ? mark : { ...mark, progress: null },
    bookedFrom: mark?.bookedFrom ?? now,
    global: facts.global,
    account: facts.account,
    window: {
      ordersAfter: windowStart(mark?.ordersSeenTo ?? epochMs(0), startedAt),
      activitiesAfter: windowStart(mark?.activitiesSeenTo ?? epochMs(0), startedAt),
    },
    correlationId: `reconcile:${accountId}:${startedAt}`,
    hasTime: () => remainingMs() > RESERVE_MS,
    tally: newTally(),
  };
}

/** What a whole pass found. */
interface Checked {
  readonly seen: Look;
  readonly cash: CashCheck;
  readonly differences: readonly ReportedDifference[];
}

async function run(pass: Pass): Promise<PassReport> {
  await recordOpening(pass);
  if (!pass.dryRun) await carryOutDecisions(pass);
  const first = await look(pass);
  if (first.kind === 'unfinished') return await record(pass, reportOf(pass, null), { progress: first.progress });
  if (pass.inSession) await pass.books.beginSession(pass.accountId, pass.session.date, first.account.equity);
  const second = isSound(pass, first) ? first : await look(pass);
  if (second.kind === 'unfinished') return await record(pass, reportOf(pass, null), { progress: second.progress });
  const standing = second === first ? [] : standingDifferences(first.differences, second.differences);
  const differences = await quarantineDifferences(pass, standing, second);
  await liftProved(pass, second.books, second.differences);
  const splitsChecked = pass.inSession && (await checkSplits(pass, second));
  const closing = await beginClosing(pass);
  if (closing !== null) await replayDay(pass, second.books, closing);
  await quarantineViolations(pass, second.books);
  return await conclude(pass, { seen: second, cash: cashOf(pass, second), differences }, { closing, splitsChecked });
}

const isSound = (pass: Pass, seen: Look): boolean =>
  seen.differences.length === 0 && cashOf(pass, seen).withinTolerance;

/** Without a base there is nothing yet that cash could differ from. */
function cashOf({ mark, policy }: Pass, { account, adjusted, books }: Look): CashCheck {
  const paid = paidIn(books);
  return checkCash({
    base: mark?.cashBase ?? { cash: account.cash, paid, adjusted: adjusted.paid },
    cash: account.cash,
    equity: account.equity,
    paid,
    adjusted: adjusted.paid,
    toleranceBps: policy.reconciliation.cashToleranceBps,
  });
}

function figuresOf({ account, books, positions }: Look, cash: CashCheck): PassFigures {
  const { realized } = profitOf(books, new Map()).account;
  const cost = books
    .flatMap((book) => book.shares)
    .reduce((sum, share) => subtractMoney(sum, share.cost), subtractMoney(account.equity, account.cash));
  return {
    cash: account.cash,
    expectedCash: cash.expected,
    equity: account.equity,
    realizedProfit: realized,
    // What the broker values the positions at, less what they cost.
    unrealizedProfit: cost,
    positions: positions.map(({ ticker, quantity }) => ({ ticker, quantity })),
  };
}

const forcedBy = ({ clock, mark }: Pass): string | null =>
  mark?.forcing !== undefined && mark.forcing !== null && mark.forcing.until > clock.now() ? mark.forcing.by : null;

/** A whole pass answers all that was asked for before it; a backfill once the last of its span is settled. */
const answersOf = ({ asked, tally: { backfilled } }: Pass): readonly string[] =>
  asked
    .filter(
      ({ requestId, backfill }) =>
        backfill === null || (backfilled?.requestId === requestId && backfilled.goesOnAfter === null),
    )
    .map(({ requestId }) => requestId);

/** The part of a backfill that is settled stays so, whatever becomes of the rest of the pass. */
function backfilledOf({ tally: { backfilled } }: Pass): MarkChange['backfilled'] {
  if (backfilled === null || backfilled.goesOnAfter === null) return null;
  return { requestId: backfilled.requestId, after: backfilled.goesOnAfter };
}

function reportOf(pass: Pass, checked: Checked | null): PassReport {
  const { build, broker, session, startedAt, tally } = pass;
  return {
    session: session.date,
    build,
    startedAt,
    complete: checked !== null,
    failure: null,
    forcedBy: forcedBy(pass),
    ordersSettled: tally.ordersSettled,
    fillsBooked: tally.fillsBooked,
    orphans: tally.orphans,
    differences: checked?.differences ?? [],
    figures: null,
    missing: [...tally.missing],
    unknownLong: [...tally.unknownLong],
    violations: tally.violations,
    quarantined: [],
    requests: broker.sent(),
    answers: checked === null ? [] : answersOf(pass),
  };
}

/** The base of the cash check is taken by the first whole pass, and moved at the start of each session that begins sound. */
function cashBaseOf(pass: Pass, { seen, cash }: Checked, begins: boolean): Pick<MarkChange, 'cashBase'> {
  const known = pass.mark?.cashBase ?? null;
  if (known !== null && (!begins || !cash.withinTolerance)) return {};
  return { cashBase: { cash: seen.account.cash, paid: paidIn(seen.books), adjusted: seen.adjusted.paid } };
}

async function conclude(
  pass: Pass,
  checked: Checked,
  day: { readonly closing: Closing | null; readonly splitsChecked: boolean },
): Promise<PassReport> {
  const { accountId, account, books, reconciliations, session, startedAt } = pass;
  const all = await books.all(accountId);
  const quarantined = all.filter(({ quarantine }) => quarantine !== null).map(({ ticker }) => ticker);
  const figures = figuresOf(checked.seen, checked.cash);
  const report = { ...reportOf(pass, checked), quarantined, figures };
  await haltAccount(pass, checked.cash, report);
  const begins = pass.inSession && account?.reconciledSession !== session.date;
  if (begins) await reconciliations.keepSession(accountId, session.date, { at: startedAt, figures, ended: false });
  await record(pass, report, {
    progress: null,
    ...cashBaseOf(pass, checked, begins),
    ...(day.splitsChecked ? { splitsCheckedOn: session.date } : {}),
    ...(day.closing === null ? {} : { closes: await performance(pass, all, figures, day.closing) }),
  });
  if (day.closing !== null) {
    await reconciliations.keepSession(accountId, session.date, { at: startedAt, figures, ended: true });
  }
  await measurePass(pass, report, checked.seen);
  return report;
}

/** A person's word keeps the account trading; that something is wrong is said all the same. */
async function haltAccount(pass: Pass, cash: CashCheck, report: PassReport): Promise<void> {
  const { accountId, clock, safety, telemetry } = pass;
  const halt = haltOf(pass, cash, report.quarantined.length);
  if (halt === null) return;
  telemetry.error('reconciliation stops the account', { cause: halt.cause, reason: halt.message });
  if (report.forcedBy === null) {
    await safety.tripBreaker(accountId, { ...halt, by: 'reconcile', now: clock.now() });
  }
}

/** Orders that a person gave up and that are unknown no longer. */
async function endedAmong({ mark, orders }: Pass): Promise<MarkChange['endedGivenUp']> {
  const ended: ClientOrderId[] = [];
  for (const { clientOrderId } of mark?.givenUp ?? []) {
    if ((await orders.get(clientOrderId))?.state !== 'unknown') ended.push(clientOrderId);
  }
  return ended;
}

/** Journals the report first and opens the gate then: an open gate always has a report that opened it. */
async function record(
  pass: Pass,
  report: PassReport,
  change: Omit<MarkChange, 'bookedFrom' | 'carriedOut' | 'backfilled' | 'opened' | 'endedGivenUp'>,
): Promise<PassReport> {
  const { accountId, bookedFrom, build, clock, mark, reconciliations, safety, session, startedAt, tally } = pass;
  const written = {
    ...change,
    bookedFrom,
    opened: tally.opened,
    carriedOut: tally.carriedOut,
    backfilled: backfilledOf(pass),
    endedGivenUp: report.complete ? await endedAmong(pass) : [],
  };
  await reconciliations.record(accountId, mark, report, written, clock.now());
  const opens = report.complete ? startedAt : report.forcedBy === null ? null : clock.now();
  if (opens !== null && pass.inSession)
    await safety.recordPass(accountId, { startedAt: opens, session: session.date, build });
  return report;
}

/** What ended the pass goes on; that it could not be journaled as well is said in the log. */
async function reportFailure(pass: Pass, thrown: unknown): Promise<void> {
  const code = thrown instanceof Fault ? thrown.code : 'bug';
  try {
    await record(pass, { ...reportOf(pass, null), failure: code }, { progress: pass.mark?.progress ?? null });
  } catch (second) {
    pass.telemetry.error('a pass that failed could not be journaled', { code }, second);
  }
}

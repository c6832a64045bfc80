/** The monitor: gathers what may trip the breaker, and trips it. */
import { aggregateOf } from '#events/fact.ts';
import type { AnyFact, FactData } from '#events/catalogue.ts';
import { maxMoney, type Money, parseMoney } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type AccountId, clientOrderIdOf, type Ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { Order } from '#shared/core/order/order.ts';
import { mayBeThereSince } from '#shared/core/order/unknown-fate.ts';
import { markedEquity, type PassFound } from '#shared/core/safety/marked-equity.ts';
import { causesOf, type MonitorFacts, provenSkewMs } from '#shared/core/safety/monitor.ts';
import { failedInRow, lastOutcomes, type OrderOutcome, type OutcomeKind } from '#shared/core/safety/order-outcomes.ts';
import type { RequestGateState } from '#shared/core/safety/request-gate.ts';
import { talliedSince } from '#shared/core/safety/request-tally.ts';
import type { HoldingCause, Probe, Watch } from '#shared/core/safety/watch.ts';
import type { StoredQuote } from '#shared/ports/market-store.ts';
import type { Look, ProtectDependencies } from './look.ts';
import { factsSince } from './recent-facts.ts';
import { usableQuotes } from './usable-quotes.ts';

/** Probes that are remembered. */
const PROBES_MAX = 5;

const OUTCOMES: Readonly<Partial<Record<AnyFact['type'], OutcomeKind>>> = {
  'order.acknowledged.v1': 'accepted',
  'order.rejected.v1': 'rejected',
  'order.unknown.v1': 'failed',
  'order.failed.v1': 'failed',
  'order.abandoned.v1': 'failed',
};

/** What the journal tells of a window. */
interface Told {
  readonly outcomes: readonly OrderOutcome[];
  readonly passesFailed: number;
  /** The last whole pass; null where none is told, or a person adjusted books since. */
  readonly pass: (PassFound & { readonly session: string }) | null;
}

type ToldPass = FactData<'reconciliation.checked.v1'>;

function passFound({ complete, figures, mismatches, session, startedAt }: ToldPass): Told['pass'] {
  if (!complete || figures === null || figures === undefined) return null;
  return {
    session,
    at: parseEpochMs(startedAt),
    cash: parseMoney(figures.cash),
    expectedCash: parseMoney(figures.expectedCash),
    equity: parseMoney(figures.equity),
    realizedProfit: parseMoney(figures.realizedProfit),
    unrealizedProfit: parseMoney(figures.unrealizedProfit),
    agrees: mismatches.length === 0,
  };
}

/** An adjustment moves what the books have paid and no cash: nothing is reckoned across it. */
function lastPass(facts: readonly AnyFact[], passes: readonly ToldPass[], accountId: AccountId): Told['pass'] {
  const pass = passes.map(passFound).findLast((found) => found !== null) ?? null;
  if (pass === null) return null;
  const adjusted = facts.some(
    (fact) =>
      fact.type === 'position.adjusted.v1' &&
      fact.data.accountId === accountId &&
      parseEpochMs(fact.meta.occurredAt) >= pass.at,
  );
  return adjusted ? null : pass;
}

/** Failures and rejections are those of all functions together, whichever of them saw one. */
async function readJournal({ journal, accountId }: ProtectDependencies, { now, policy }: Look): Promise<Told> {
  const facts = await factsSince(journal, addMs(now, -policy.monitor.windowMs), now);
  const outcomes = facts.flatMap(({ type, meta, data }): readonly OrderOutcome[] => {
    const kind = OUTCOMES[type];
    if (kind === undefined || !('accountId' in data) || data.accountId !== accountId) return [];
    const clientOrderId = clientOrderIdOf(meta.aggregateId.slice(aggregateOf.order('').length));
    return [{ clientOrderId, kind, at: parseEpochMs(meta.occurredAt) }];
  });
  const passes = facts.flatMap((fact) =>
    fact.type === 'reconciliation.checked.v1' && fact.meta.aggregateId === aggregateOf.reconciliation(accountId)
      ? [fact.data]
      : [],
  );
  return {
    outcomes: lastOutcomes(outcomes),
    passesFailed: failedInRow(passes),
    pass: lastPass(facts, passes, accountId),
  };
}

/** Asks the broker for its time; an answer that does not come is remembered as well. */
async function probe({ broker, clock, telemetry }: ProtectDependencies): Promise<Probe> {
  const askedAt = clock.now();
  try {
    const { at } = await broker.clock();
    const answeredAt = clock.now();
    return { at: answeredAt, skewMs: provenSkewMs(askedAt, answeredAt, at) };
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    telemetry.warn("the broker's clock did not answer", { code: thrown.code });
    return { at: askedAt, skewMs: null };
  }
}

function oldestUnknown(orders: readonly Order[]): EpochMs | null {
  const since = orders.filter(({ state }) => state === 'unknown').map(mayBeThereSince);
  return since.reduce<EpochMs | null>((oldest, at) => (oldest === null || at < oldest ? at : oldest), null);
}

async function quotesOf({ marketStore }: ProtectDependencies, { policy, open }: Look) {
  return open === null ? new Map<Ticker, StoredQuote>() : await marketStore.loadQuotes(policy.universe);
}

const newestOf = (quotes: ReadonlyMap<Ticker, StoredQuote>): EpochMs | null =>
  [...quotes.values()].reduce<EpochMs | null>(
    (newest, { readAt }) => (newest === null || readAt > newest ? readAt : newest),
    null,
  );

/** The equity of the last pass, or what books and quotes have made of it since where that is less. */
function equityNow(look: Look, pass: Told['pass'], found: ReadonlyMap<Ticker, StoredQuote>) {
  const { exposure, today, policy, books } = look;
  // Before the first pass of a day the figures are those of the session before.
  if (today === null || exposure.session !== today.date || exposure.equity === null) {
    return { equity: null, markedByQuotes: false };
  }
  const { equity } = exposure;
  if (pass?.session !== today.date) return { equity, markedByQuotes: false };
  const { cashToleranceBps } = policy.reconciliation;
  const { spreadBpsMax } = policy.limits;
  const marked = markedEquity({ pass, books, quotes: usableQuotes(look, found), cashToleranceBps, spreadBpsMax });
  // Only a lower one counts: whatever is wrong with a quote, it hides no loss that the broker has told of.
  return marked !== null && marked < equity
    ? { equity: marked, markedByQuotes: true }
    : { equity, markedByQuotes: false };
}

const higher = (a: Money | null, b: Money | null): Money | null => (a === null ? b : b === null ? a : maxMoney(a, b));

export interface Watched {
  readonly facts: MonitorFacts;
  /** The gate in front of the broker; null while nobody has asked the broker anything. */
  readonly gate: RequestGateState | null;
  readonly causes: readonly HoldingCause[];
  /** The watch as this look leaves it, its positions aside. */
  readonly watch: Omit<Watch, 'positions' | 'version'>;
}

/** Looks at everything that may trip, and changes nothing. */
export async function watchCauses(dependencies: ProtectDependencies, look: Look): Promise<Watched> {
  const { now, policy, account, exposure, today, open, watch, occasion } = look;
  const [{ pass, ...told }, quotes, { trading: gate }, probed] = await Promise.all([
    readJournal(dependencies, look),
    quotesOf(dependencies, look),
    dependencies.traffic.read(dependencies.accountId),
    occasion === 'guard' ? probe(dependencies) : null,
  ]);
  const isToday = today !== null && exposure.session === today.date;
  // Heights are the broker's own figures: a quote's would stay after the quote has gone.
  const height = isToday ? exposure.equity : null;
  const session = isToday ? today.date : watch.session;
  const sessionPeak = watch.session === session ? higher(watch.sessionPeak, height) : height;
  const peak = higher(watch.peak, height);
  const probes = probed === null ? watch.probes : [...watch.probes, probed].slice(-PROBES_MAX);
  const facts: MonitorFacts = {
    now,
    policy,
    sessionOpenAt: open?.openAt ?? null,
    equityAtOpen: isToday ? exposure.equityAtOpen : null,
    ...equityNow(look, pass, quotes),
    sessionPeak,
    peak,
    quotedAt: newestOf(quotes),
    ...told,
    requests: gate === null ? { answered: 0, failed: 0 } : talliedSince(gate.tally, policy.monitor.windowMs, now),
    reconciledAt: account.reconciledAt,
    oldestUnknownAt: oldestUnknown(look.orders),
    probes,
  };
  const causes = causesOf(facts);
  return { facts, gate, causes, watch: { at: now, holding: causes, session, sessionPeak, peak, probes } };
}

/** Trips the breaker by the gravest cause, unless it is tripped already: the first cause stays. True when it did. */
export async function tripBreaker(
  { safety, accountId, telemetry, tripsBreaker }: ProtectDependencies,
  { account, now }: Look,
  causes: readonly HoldingCause[],
): Promise<boolean> {
  const [first] = causes;
  for (const { cause, message } of causes) telemetry.warn('a cause to trip holds', { cause, reason: message });
  if (first === undefined || account.breaker.state === 'TRIPPED') return false;
  if (!tripsBreaker) {
    telemetry.error('the breaker is switched off and does not trip', { cause: first.cause, reason: first.message });
    return false;
  }
  await safety.tripBreaker(accountId, { cause: first.cause, by: 'protect', message: first.message, now });
  telemetry.error('breaker tripped', { cause: first.cause, reason: first.message });
  return true;
}

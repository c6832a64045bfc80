/**
 * The facts that an order is cleared on, read here and now: nothing is taken over from whoever asked for the order.
 *
 * A warm function asks the broker twice for an entry (quote and account), once for a closing order (its quote), and once
 * more for the position where the book is in doubt; instruments and bars are kept for the session.
 */
import { ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId, BuildId, ClientOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { currentSession, lastCompletedSession, sessionToReconcile } from '#shared/core/market/session-calendar.ts';
import type { Quote } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { neverArrives } from '#shared/core/order/unknown-fate.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { changesDaily, enterableSymbols } from '#shared/core/portfolio/session-universe.ts';
import type { ClearingFacts, DeployedLimits, HoldingRead } from '#shared/core/risk/check.ts';
import { type Headroom, headroomOf } from '#shared/core/risk/headroom.ts';
import { bookDoubt } from '#shared/core/safety/book-doubt.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import { type OrderClass, orderClassOf } from '#shared/core/safety/order-class.ts';
import type { AccountSafety } from '#shared/core/safety/safety-facts.ts';
import { tradesByModel } from '#shared/core/signal/strategies/catalogue.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Broker, MarketData } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Models } from '#shared/ports/models.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { DayMemory } from './day-memory.ts';

export interface FactSources {
  readonly clock: Clock;
  readonly build: BuildId;
  readonly deployed: DeployedLimits;
  readonly policies: Policies;
  readonly safety: Safety;
  readonly books: Books;
  readonly broker: Broker;
  readonly marketData: MarketData;
  readonly marketStore: MarketStore;
  readonly models: Pick<Models, 'standing'>;
  readonly orders: Pick<Orders, 'get'>;
  readonly memory: DayMemory;
}

export interface Gathered {
  readonly facts: ClearingFacts;
  readonly gates: GateReference;
  readonly headroom: Headroom;
}

/** The session that an instant belongs to: the one that is open, else the last that was. */
const sessionDateOf = (now: EpochMs): CalendarDate => (currentSession(now) ?? lastCompletedSession(now)).date;

/** What the gates are held to at this moment. */
export const gateReference = (
  build: BuildId,
  now: EpochMs,
  policy: { readonly version: number; readonly limits: { readonly reconciliationAgeMsMax: number } },
): GateReference => ({
  now,
  session: sessionToReconcile(now).date,
  build,
  policyVersion: policy.version,
  reconciliationAgeMsMax: policy.limits.reconciliationAgeMsMax,
});

interface Ground {
  readonly account: AccountSafety;
  readonly policy: Policy;
}

/** The account's safety facts and the policy that an order of this class is held to. */
export async function groundOf(
  { safety, policies }: Pick<FactSources, 'safety' | 'policies'>,
  accountId: AccountId,
  orderClass: OrderClass,
): Promise<Result<Ground, Refusal>> {
  const { account } = await safety.read(accountId);
  if (account === null) {
    return fail(refusal('safety-item-missing', 'the account has no safety item; `belay init` makes it'));
  }
  const { policyVersion } = account;
  const policy =
    orderClass === 'entry'
      ? await policies.version(accountId, policyVersion)
      : await policies.forClosing(accountId, policyVersion);
  return policy === null
    ? fail(refusal('policy-missing', `policy ${policyVersion} is in force and not there`))
    : succeed({ account, policy });
}

interface Ledger {
  readonly book: Book | null;
  readonly books: readonly Book[];
  readonly exposure: Exposure | null;
}

/** An entry is held against all that the account has; a closing order against its own symbol. */
async function ledgerOf({ books }: FactSources, intent: OrderIntent, orderClass: OrderClass): Promise<Ledger> {
  const { accountId, ticker } = intent.terms;
  if (orderClass !== 'entry') return { book: await books.get(accountId, ticker), books: [], exposure: null };
  const all = await books.ofAccount(accountId);
  return { ...all, book: all.books.find((book) => book.ticker === ticker) ?? null };
}

/** The broker's own position, stamped with when it was asked for. */
export async function readHolding(
  { broker, clock }: Pick<FactSources, 'broker' | 'clock'>,
  symbol: Ticker,
): Promise<HoldingRead> {
  const readAt = clock.now();
  const position = await broker.position(symbol);
  return {
    quantity: position?.quantity ?? ZERO_QUANTITY,
    available: position?.available ?? ZERO_QUANTITY,
    readAt,
  };
}

/** A closing order needs no quote, so that a market that cannot be read keeps nobody from taking risk off. */
export async function readQuote(
  { marketData }: Pick<FactSources, 'marketData'>,
  symbol: Ticker,
  needed: boolean,
): Promise<Quote | null> {
  try {
    return (await marketData.latestQuotes([symbol])).get(symbol) ?? null;
  } catch (thrown) {
    if (needed || !(thrown instanceof Fault)) throw thrown;
    return null;
  }
}

/** Earlier orders of the same decision that are at the broker by now or never will be. */
async function lostOf(
  { orders }: FactSources,
  { decision, terms }: OrderIntent,
  book: Book | null,
  now: EpochMs,
): Promise<readonly ClientOrderId[]> {
  const marks = (book?.openOrders ?? []).filter(
    (mark) => mark.unknown && mark.decisionId === decision.decisionId && mark.strategyId === terms.strategyId,
  );
  const rows = await Promise.all(marks.map(({ clientOrderId }) => orders.get(clientOrderId)));
  return rows.flatMap((row) => (row !== null && neverArrives(row, now) ? [row.clientOrderId] : []));
}

/** One that changes daily is read as it was recorded with the last signals. */
async function universeOf(
  { marketStore }: FactSources,
  policy: Policy,
  now: EpochMs,
): Promise<readonly Ticker[] | null> {
  const recorded = changesDaily(policy) ? await marketStore.loadUniverse(lastCompletedSession(now).date) : null;
  return enterableSymbols(policy, recorded);
}

/** @throws Fault where a source does not answer: a fact that could not be read is no fact. */
export async function gatherFacts(sources: FactSources, intent: OrderIntent): Promise<Result<Gathered, Refusal>> {
  const { broker, clock, marketStore, memory } = sources;
  const { accountId, ticker, strategyId } = intent.terms;
  const orderClass = orderClassOf({ purpose: intent.purpose, positionIntent: intent.terms.positionIntent });
  const isEntry = orderClass === 'entry';
  const day = sessionDateOf(clock.now());
  const [ground, strategies, ledger, instrument, quote, account, bars, model] = await Promise.all([
    groundOf(sources, accountId, orderClass),
    sources.safety.strategies(accountId),
    ledgerOf(sources, intent, orderClass),
    memory.instrument(broker, ticker, day, clock.now()),
    readQuote(sources, ticker, isEntry),
    isEntry ? broker.account() : null,
    isEntry ? memory.bars(marketStore, ticker, day) : null,
    isEntry && tradesByModel(strategyId) ? sources.models.standing(strategyId) : null,
  ]);
  if (!ground.ok) return ground;
  const { policy } = ground.value;
  const doubt = isEntry
    ? null
    : bookDoubt(ledger.book, ground.value.account, gateReference(sources.build, clock.now(), policy));
  const holding = doubt === null ? null : await readHolding(sources, ticker);
  const now = clock.now();
  const universe = isEntry ? await universeOf(sources, policy, now) : null;
  const strategy = strategies.find((one) => one.strategyId === strategyId) ?? null;
  const facts: ClearingFacts = {
    intent,
    orderClass,
    now,
    policy,
    deployed: sources.deployed,
    strategy,
    ...ledger,
    instrument,
    quote,
    session: currentSession(now),
    bars,
    universe,
    model,
    account,
    bookDoubt: doubt,
    holding,
    lost: isEntry ? [] : await lostOf(sources, intent, ledger.book, now),
  };
  return succeed({
    facts,
    gates: gateReference(sources.build, now, policy),
    headroom: headroomOf(policy, { exposure: ledger.exposure, strategy }, now),
  });
}

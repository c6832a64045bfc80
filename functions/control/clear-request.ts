/**
 * The facts that a request for an order is cleared on before its command is sent. It is the sender's own clearing that
 * counts; this one tells a person at once what the sender would refuse.
 */
import { ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { currentSession, lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import type { Instrument, Quote } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { Book } from '#shared/core/portfolio/book.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { changesDaily, enterableSymbols } from '#shared/core/portfolio/session-universe.ts';
import { type BarFacts, barFactsOf } from '#shared/core/risk/bar-facts.ts';
import type { ClearingFacts, HoldingRead } from '#shared/core/risk/check.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import { besideStops, exitRefusal } from '#shared/core/risk/clear-exit.ts';
import { clearOrder } from '#shared/core/risk/clear-order.ts';
import { bookDoubt } from '#shared/core/safety/book-doubt.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { AccountSafety, StrategySafety } from '#shared/core/safety/safety-facts.ts';
import { tradesByModel } from '#shared/core/signal/strategies/catalogue.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { StoredUniverse } from '#shared/ports/market-store.ts';
import type { ControlDependencies } from './operation.ts';
import { gateReference } from './gate-view.ts';

/** What an order for a symbol is made and cleared with. */
export interface Ground {
  readonly account: AccountSafety;
  /** Fit for closing orders; an entry asks for the version itself. */
  readonly policy: Policy;
  readonly strategies: readonly StrategySafety[];
  readonly book: Book | null;
  readonly books: readonly Book[];
  readonly exposure: Exposure | null;
  readonly instrument: Instrument | null;
  readonly quote: Quote | null;
  /** Why there is no quote, where it could not be read. */
  readonly quoteFault: Fault | null;
}

/** @throws Fault where a source does not answer. */
export async function readGround(
  { policies, safety, books, broker, marketData, accountId }: ControlDependencies,
  symbol: Ticker,
): Promise<Result<Ground, Refusal>> {
  const [{ account }, strategies, ledger, instruments, quote] = await Promise.all([
    safety.read(accountId),
    safety.strategies(accountId),
    books.ofAccount(accountId),
    broker.instruments([symbol]),
    readQuote(marketData, symbol),
  ]);
  if (account === null) {
    return fail(refusal('safety-item-missing', 'the account has no safety item; `belay init` makes it'));
  }
  return succeed({
    account,
    policy: await policies.forClosing(accountId, account.policyVersion),
    strategies,
    ...ledger,
    book: ledger.books.find((book) => book.ticker === symbol) ?? null,
    instrument: instruments.get(symbol) ?? null,
    ...quote,
  });
}

type QuoteRead = Pick<Ground, 'quote' | 'quoteFault'>;

/** A market that cannot be read keeps nobody from closing: what was thrown is thrown where a quote is needed. */
async function readQuote(marketData: ControlDependencies['marketData'], symbol: Ticker): Promise<QuoteRead> {
  try {
    return { quote: (await marketData.latestQuotes([symbol])).get(symbol) ?? null, quoteFault: null };
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    return { quote: null, quoteFault: thrown };
  }
}

/** The broker's own position, stamped with when it was asked for. */
async function readHolding({ broker, clock }: ControlDependencies, symbol: Ticker): Promise<HoldingRead> {
  const readAt = clock.now();
  const position = await broker.position(symbol);
  return { quantity: position?.quantity ?? ZERO_QUANTITY, available: position?.available ?? ZERO_QUANTITY, readAt };
}

/** How much trades of a symbol, and how far its price moves; null where it has no bars. */
export async function readBars({ marketStore, clock }: ControlDependencies, symbol: Ticker): Promise<BarFacts | null> {
  const year = new Date(clock.now()).getUTCFullYear();
  const bars = (await marketStore.loadBars([symbol], year - 1, year)).get(symbol);
  return bars === undefined ? null : barFactsOf(bars);
}

/**
 * The pre-trade checks first, then the gates: a malformed order is no news of a gate.
 * @returns what the order comes near to; the sender's own clearing journals it with the claim
 */
export async function clearRequest(
  dependencies: ControlDependencies,
  ground: Ground,
  intent: OrderIntent,
): Promise<Result<readonly Refusal[], Refusal>> {
  const { safety, accountId, clock, broker, deployed } = dependencies;
  const { account: safetyOfAccount, policy, strategies, quoteFault, ...ledger } = ground;
  const { ticker: symbol, strategyId, positionIntent } = intent.terms;
  const orderClass = orderClassOf({ purpose: intent.purpose, positionIntent });
  const isEntry = orderClass === 'entry';
  if (isEntry) {
    if (quoteFault !== null) throw quoteFault;
    const inForce = await dependencies.policies.version(accountId, safetyOfAccount.policyVersion);
    if (inForce === null) {
      return fail(refusal('policy-missing', `policy ${safetyOfAccount.policyVersion} is in force and not there`));
    }
  }
  const gates = gateReference(dependencies, clock.now(), policy);
  const doubt = isEntry ? null : bookDoubt(ground.book, safetyOfAccount, gates);
  const [account, bars, model, holding] = await Promise.all([
    isEntry ? broker.account() : null,
    isEntry ? readBars(dependencies, symbol) : null,
    isEntry && tradesByModel(strategyId) ? dependencies.models.standing(strategyId) : null,
    doubt === null ? null : readHolding(dependencies, symbol),
  ]);
  const now = clock.now();
  const facts: ClearingFacts = {
    ...ledger,
    intent,
    orderClass,
    now,
    policy,
    deployed,
    strategy: strategies.find((one) => one.strategyId === strategyId) ?? null,
    session: currentSession(now),
    bars,
    universe: isEntry ? enterableSymbols(policy, await recordedUniverse(dependencies, policy, now)) : null,
    model,
    account,
    bookDoubt: doubt,
    holding,
    lost: [],
  };
  const cleared = clearing(facts);
  if (!cleared.ok) return cleared;
  const shut = await safety.shutGate(accountId, orderClass, gateReference(dependencies, now, policy));
  return shut === null ? succeed(cleared.value) : fail(shut);
}

/** Of a universe that changes daily; what was recorded with the last signals. */
const recordedUniverse = async (
  { marketStore }: Pick<ControlDependencies, 'marketStore'>,
  policy: Policy,
  now: EpochMs,
): Promise<StoredUniverse | null> =>
  changesDaily(policy) ? await marketStore.loadUniverse(lastCompletedSession(now).date) : null;

/** A wish to close becomes an exit, which clears its way before its order is cleared. */
function clearing(facts: ClearingFacts): Result<readonly Refusal[], Refusal> {
  const { purpose } = facts.intent;
  if (purpose === 'exit' || purpose === 'flatten') {
    const refused = exitRefusal(facts);
    return refused === null ? succeed([]) : fail(refused);
  }
  // A resting stop gives way to a closing order that needs its units.
  const cleared = clearOrder(isClosing(facts.intent.terms.positionIntent) ? besideStops(facts) : facts);
  return cleared.ok ? succeed(cleared.value.warnings) : cleared;
}

/** Signals as of the last completed session, from its bars, by every strategy of the policy. */
import { aggregateOf, makeFact } from '#events/fact.ts';
import type { Fact } from '#events/envelope.ts';
import { formatPrice } from '#shared/core/kernel/decimal.ts';
import type { AccountId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import { blockedSymbols, validateBars } from '#shared/core/market/data-validator.ts';
import { historyStart } from '#shared/core/market/history.ts';
import { equityInstrument, quantize } from '#shared/core/market/instrument-rules.ts';
import { lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { universeAsOf } from '#shared/core/market/universe.ts';
import { openPositionsOf } from '#shared/core/portfolio/open-positions.ts';
import type { Policy, StrategyPolicy } from '#shared/core/portfolio/policy.ts';
import { heldOutside } from '#shared/core/portfolio/symbols-watched.ts';
import type { ModelVersion } from '#shared/core/signal/model/model-version.ts';
import type { Strategy } from '#shared/core/signal/strategy.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import { MarketHistory, type SymbolView } from '#shared/core/signal/view.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Models } from '#shared/ports/models.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { chooseModel } from './choose-model.ts';

export interface SignalDependencies {
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly policies: Policies;
  readonly books: Books;
  readonly marketStore: MarketStore;
  readonly models: Models;
  readonly journal: Journal;
  readonly telemetry: Telemetry;
  /** Makes the strategy of a policy entry. @throws for a strategy or a parameter that nobody knows. */
  readonly strategyOf: (entry: StrategyPolicy) => Strategy;
}

export interface GeneratedSignals {
  readonly session: CalendarDate;
  readonly signals: readonly Signal[];
}

/** @throws Fault when bars, books or policy cannot be read: no signals are better than signals from half of the facts. */
export async function generateSignals(dependencies: SignalDependencies): Promise<GeneratedSignals> {
  const { accountId, clock, policies, books, marketStore, journal, telemetry } = dependencies;
  const session = lastCompletedSession(clock.now()).date;
  const policy = await policies.active(accountId);
  if (policy === null) return { session, signals: [] };
  const held = await books.all(accountId);
  const shown = [...policy.universe, ...heldOutside(policy.universe, held)];
  const loaded = await marketStore.loadBars(shown, yearOf(historyStart(session)), yearOf(session));
  const { bars, report } = validateBars({ bars: [...loaded.values()], universe: policy.universe, session });
  const blocked = blockedSymbols(report);
  if (blocked.size > 0) {
    telemetry.warn('symbols whose data are not fit for entries', { session, symbols: [...blocked.keys()].join(' ') });
  }
  const universe = universeAsOf(policy.universeSource, policy.universe, bars, session);
  const enterable = new Set(universe.symbols.filter((symbol) => !blocked.has(symbol)));
  const history = new MarketHistory(bars);
  const symbols = history.symbolsAsOf(session, enterable);
  const signals: Signal[] = [];
  for (const entry of policy.strategies) {
    const strategy = dependencies.strategyOf(entry);
    const positions = openPositionsOf(held, entry.strategyId);
    const model = await modelFor(dependencies, strategy, { session, policy, history, bars, raw: [...loaded.values()] });
    const positionOf = (symbol: Ticker) => positions.get(symbol) ?? null;
    signals.push(...strategy.signals({ asOf: session, symbols, positionOf, model }));
  }
  const { kind: source } = policy.universeSource;
  await marketStore.saveUniverse(session, { ...universe, source, policyVersion: policy.version });
  await marketStore.saveSignals(session, signals);
  await journal.append(signals.map((signal) => factOf(signal, clock.now())));
  telemetry.info('signals generated', { session, symbols: symbols.length, signals: signals.length });
  return { session, signals };
}

interface ModelGround {
  readonly session: CalendarDate;
  readonly policy: Policy;
  readonly history: MarketHistory;
  readonly bars: readonly BarColumns[];
  /** Before the validator took rows out. */
  readonly raw: readonly BarColumns[];
}

/** The version that speaks for the session, noted down with the session; null where none may, with the reason why. */
async function modelFor(
  dependencies: SignalDependencies,
  strategy: Strategy,
  { session, policy, history, bars, raw }: ModelGround,
): Promise<ModelVersion | null> {
  const { trainer, id: strategyId } = strategy;
  if (trainer === undefined) return null;
  const { universe, version: policyVersion } = policy;
  // Which symbols there are rows of is asked of the session that is trained through, not of today.
  const trainable = (through: CalendarDate): readonly SymbolView[] => {
    const blocked = blockedSymbols(validateBars({ bars: raw, universe, session: through }).report);
    const { symbols } = universeAsOf(policy.universeSource, universe, bars, through);
    const fit = new Set(symbols.filter((symbol) => !blocked.has(symbol)));
    return history.symbolsAsOf(through, fit, session).filter(({ inUniverse }) => inUniverse);
  };
  const use = await chooseModel(dependencies, { strategyId, trainer, session, policyVersion, trainable });
  if (use.kind === 'none') {
    dependencies.telemetry.warn('no entries by a model', { strategyId, session, reason: use.reason });
    await dependencies.models.noteUse(strategyId, session, use);
    return null;
  }
  await dependencies.models.noteUse(strategyId, session, { kind: 'active', version: use.model.version });
  return use.model;
}

const yearOf = (date: CalendarDate): number => Number(date.slice(0, 4));

function factOf(signal: Signal, now: EpochMs): Fact {
  const { strategyId, ticker, asOf } = signal;
  const door = quantize(equityInstrument(ticker, ticker));
  return makeFact(
    'signal.generated.v1',
    {
      room: 'signal',
      aggregateId: aggregateOf.signal(strategyId, ticker, asOf),
      sequence: 1,
      occurredAt: now,
      correlationId: `signals:${asOf}`,
      causationId: null,
    },
    {
      strategyId,
      symbol: ticker,
      kind: signal.kind,
      side: signal.side,
      asOf,
      confidence: signal.confidence,
      modelVersion: signal.modelVersion,
      referencePrice: formatPrice(door.price(signal.price, 'half-even')),
      averageTrueRange: formatPrice(door.price(signal.atr, 'half-even')),
      reason: {
        code: signal.reason.code,
        message: signal.reason.text,
        context: Object.fromEntries(
          Object.entries(signal.reason.numbers).map(([name, value]) => [name, String(value)]),
        ),
      },
    },
  );
}

/** Switches, breaker, strategies, reconciliation and quarantine: looked at, and changed by people who say why. */
import { formatMoney } from '#shared/core/kernel/decimal.ts';
import { type StrategyId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type CalendarDate, epochMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { lastCompletedSession, sessionBefore } from '#shared/core/market/session-calendar.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { KillSwitchChange } from '#shared/ports/safety.ts';
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import type { AccountSafety, KillSwitch, StrategySafety } from '#shared/core/safety/safety-facts.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { aggregateOf } from '#events/fact.ts';
import {
  type Call,
  type ControlDependencies,
  done,
  type NotDone,
  notFound,
  operation,
  outOfScope,
  refused,
} from './operation.ts';
import { factView } from './read-journal.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';
import { SAFETY_SCHEMAS } from './safety-schemas.ts';

const timeOrNone = (at: EpochMs | null): string | null => (at === null ? null : formatEpochMs(at));

const killView = (kill: KillSwitch | null) =>
  kill === null
    ? ({ state: 'missing', engaged: true, by: null, reason: null, at: null, cancels: null, settled: false } as const)
    : ({
        state: kill.engaged ? 'engaged' : 'disengaged',
        engaged: kill.engaged,
        by: kill.by,
        reason: kill.reason,
        at: timeOrNone(kill.at),
        cancels: kill.cancels,
        settled: kill.settled,
      } as const);

async function killSwitches({ safety, accountId }: ControlDependencies) {
  const [{ global, account }, strategies] = await Promise.all([safety.read(accountId), safety.strategies(accountId)]);
  return {
    global: killView(global?.killSwitch ?? null),
    account: killView(account?.killSwitch ?? null),
    strategies: strategies.map((strategy) => ({
      strategy_id: strategy.strategyId,
      ...killView(strategy.killSwitch),
    })),
  };
}

export const getKillSwitch = operation(SAFETY_SCHEMAS.getKillSwitch, async (dependencies) =>
  done(await killSwitches(dependencies)),
);

interface KillBody {
  readonly scope: 'global' | 'account' | 'strategy';
  readonly strategy_id?: string | undefined;
  readonly reason: string;
}

/** @returns what is out of the caller's reach, or the change. */
function killChangeOf(call: Call, { scope, strategy_id: name, reason }: KillBody): KillSwitchChange | NotDone {
  const { subject: by, now, requestId: correlationId } = call;
  if (scope !== 'strategy') return { scope: { kind: scope }, reason, by, now, correlationId };
  const id = strategyId(name ?? '');
  return reachesStrategy(call.grant, id)
    ? { scope: { kind: scope, strategyId: id }, reason, by, now, correlationId }
    : outOfScope(id);
}

export const engageKillSwitch = operation(SAFETY_SCHEMAS.engageKillSwitch, async (dependencies, call, { body }) => {
  const { safety, accountId, telemetry } = dependencies;
  const change = killChangeOf(call, body);
  if ('kind' in change) return change;
  const changed = await safety.engageKillSwitch(accountId, { ...change, cancels: body.cancels });
  if (!changed.ok) return refused(changed.error);
  telemetry.warn('kill switch engaged', { scope: body.scope, by: call.subject });
  telemetry.count('KillSwitchEngaged');
  return done(await killSwitches(dependencies));
});

export const disengageKillSwitch = operation(
  SAFETY_SCHEMAS.disengageKillSwitch,
  async (dependencies, call, { body }) => {
    const { safety, accountId, telemetry } = dependencies;
    const change = killChangeOf(call, body);
    if ('kind' in change) return change;
    const changed = await safety.disengageKillSwitch(accountId, change);
    if (!changed.ok) return refused(changed.error);
    telemetry.warn('kill switch disengaged', { scope: body.scope, by: call.subject });
    return done(await killSwitches(dependencies));
  },
);

function breakerView(account: AccountSafety | null, now: EpochMs) {
  if (account === null) {
    return { state: 'missing', cause: null, by: null, at: null, quiet_until: null, lets_entries_pass: false } as const;
  }
  const { state, cause, by, at, quietUntil } = account.breaker;
  const quietOver = state === 'QUIET_PERIOD' && quietUntil !== null && quietUntil <= now;
  return {
    state,
    cause,
    by,
    at: timeOrNone(at),
    quiet_until: timeOrNone(quietUntil),
    lets_entries_pass: state === 'ARMED' || quietOver,
  };
}

export const getCircuitBreaker = operation(SAFETY_SCHEMAS.getCircuitBreaker, async ({ safety, accountId }, call) => {
  const { account } = await safety.read(accountId);
  return done(breakerView(account, call.now));
});

const HISTORY_DEFAULT = 50;
const BREAKER_FACTS: ReadonlySet<string> = new Set(['breaker.tripped.v1', 'breaker.reset.v1', 'breaker.armed.v1']);

export const getCircuitBreakerHistory = operation(
  SAFETY_SCHEMAS.getCircuitBreakerHistory,
  async ({ journal, accountId }, _call, { query }) => {
    const facts = await journal.byAggregate(aggregateOf.account(accountId));
    const ofBreaker = facts.filter((fact) => BREAKER_FACTS.has(fact.type)).reverse();
    return done({ history: ofBreaker.slice(0, query.limit ?? HISTORY_DEFAULT).map(factView) });
  },
);

export const tripCircuitBreaker = operation(SAFETY_SCHEMAS.tripCircuitBreaker, async (dependencies, call, { body }) => {
  const { safety, accountId, telemetry } = dependencies;
  await safety.tripBreaker(accountId, { cause: 'operator', by: call.subject, message: body.reason, now: call.now });
  telemetry.warn('circuit breaker tripped', { by: call.subject });
  const { account } = await safety.read(accountId);
  return done(breakerView(account, call.now));
});

export const resetCircuitBreaker = operation(
  SAFETY_SCHEMAS.resetCircuitBreaker,
  async ({ safety, policies, accountId, telemetry }, call, { body }) => {
    const policy = await policies.active(accountId);
    if (policy === null) return refused(refusal('policy-missing', 'the account has no policy'));
    const change = { by: call.subject, reason: body.reason, now: call.now, quietMs: policy.breaker.quietMs };
    const reset = await safety.resetBreaker(accountId, change);
    if (!reset.ok) return refused(reset.error);
    telemetry.warn('circuit breaker reset', { by: call.subject });
    const { account } = await safety.read(accountId);
    return done(breakerView(account, call.now));
  },
);

const MINUTE_MS = 60_000;

export const armLive = operation(SAFETY_SCHEMAS.armLive, async ({ safety, accountId, telemetry }, call, { body }) => {
  const until = body.minutes === 0 ? null : addMs(call.now, body.minutes * MINUTE_MS);
  const change = { by: call.subject, reason: body.reason, now: call.now, until };
  const armed = await safety.armLive(accountId, change);
  if (!armed.ok) return refused(armed.error);
  telemetry.warn('the arming of live trading changed', { by: call.subject, until });
  const { account } = await safety.read(accountId);
  return done({ live: account?.live ?? false, armed_until: timeOrNone(account?.armedUntil ?? null) });
});

/** However long activity is counted: each session is a read of its own. */
const SESSIONS_LOOKED_MAX = 20;

interface StrategySources {
  readonly all: readonly StrategySafety[];
  readonly policy: Policy | null;
  readonly held: (strategy: StrategyId) => number;
  readonly lastSignalOn: ReadonlyMap<StrategyId, CalendarDate>;
}

/**
 * The last session that each strategy made a signal of, as far back as activity is counted. The last session whose close
 * has come always counts: over a weekend nothing could be newer.
 */
async function lastSignals(
  { marketStore, inactiveAfterMs }: ControlDependencies,
  now: EpochMs,
): Promise<ReadonlyMap<StrategyId, CalendarDate>> {
  const last = new Map<StrategyId, CalendarDate>();
  let session = lastCompletedSession(now);
  for (let looked = 0; looked < SESSIONS_LOOKED_MAX; looked += 1) {
    if (looked > 0 && now - session.closeAt > inactiveAfterMs) break;
    for (const signal of (await marketStore.loadSignals(session.date)) ?? []) {
      if (!last.has(signal.strategyId)) last.set(signal.strategyId, session.date);
    }
    session = sessionBefore(session.date);
  }
  return last;
}

async function strategySources(dependencies: ControlDependencies, now: EpochMs): Promise<StrategySources> {
  const { safety, policies, books, accountId } = dependencies;
  const [all, policy, held, lastSignalOn] = await Promise.all([
    safety.strategies(accountId),
    policies.active(accountId),
    books.all(accountId),
    lastSignals(dependencies, now),
  ]);
  return {
    all,
    policy,
    held: (strategy) => held.filter((book) => shareOf(book, strategy).quantity !== 0n).length,
    lastSignalOn,
  };
}

function strategyView({ policy, held, lastSignalOn }: StrategySources, strategy: StrategySafety) {
  const last = lastSignalOn.get(strategy.strategyId) ?? null;
  const entry = policy?.strategies.find((candidate) => candidate.strategyId === strategy.strategyId);
  return {
    strategy_id: strategy.strategyId,
    enabled: strategy.enabled,
    cash_available: formatMoney(strategy.cashAvailable),
    policy:
      entry === undefined
        ? null
        : { enabled: entry.enabled, cash: formatMoney(entry.cash), parameters: { ...entry.parameters } },
    positions: held(strategy.strategyId),
    active: last !== null,
    last_signal_on: last,
  };
}

export const getStrategies = operation(READING_SCHEMAS.getStrategies, async (dependencies, call) => {
  const sources = await strategySources(dependencies, call.now);
  return done({ strategies: sources.all.map((strategy) => strategyView(sources, strategy)) });
});

const noSuchStrategy = (name: string) => notFound('strategy-not-found', `there is no strategy ${name}`);

export const getStrategy = operation(READING_SCHEMAS.getStrategy, async (dependencies, call, { params }) => {
  const sources = await strategySources(dependencies, call.now);
  const found = sources.all.find((strategy) => strategy.strategyId === params.strategy_id);
  return found === undefined ? noSuchStrategy(params.strategy_id) : done(strategyView(sources, found));
});

async function setEnabled(
  dependencies: ControlDependencies,
  call: Call,
  name: string,
  enabled: boolean,
  reason: string,
) {
  const { safety, accountId } = dependencies;
  const id = strategyId(name);
  if (!reachesStrategy(call.grant, id)) return outOfScope(name);
  const known = await safety.strategies(accountId);
  if (!known.some((strategy) => strategy.strategyId === id)) return noSuchStrategy(name);
  const changed = await safety.setEnabled(accountId, id, { enabled, by: call.subject, reason, now: call.now });
  return changed.ok ? done({ strategy_id: name, enabled }) : refused(changed.error);
}

export const enableStrategy = operation(SAFETY_SCHEMAS.enableStrategy, (dependencies, call, { params, body }) =>
  setEnabled(dependencies, call, params.strategy_id, true, body.reason),
);

export const disableStrategy = operation(SAFETY_SCHEMAS.disableStrategy, (dependencies, call, { params, body }) =>
  setEnabled(dependencies, call, params.strategy_id, false, body.reason),
);

export const getQuarantine = operation(SAFETY_SCHEMAS.getQuarantine, async ({ books, accountId }) => {
  const all = await books.all(accountId);
  return done({
    quarantined: all.flatMap(({ ticker: symbol, quarantine }) =>
      quarantine === null
        ? []
        : [{ symbol, code: quarantine.code, message: quarantine.message, at: formatEpochMs(quarantine.at) }],
    ),
  });
});

export const liftQuarantine = operation(
  SAFETY_SCHEMAS.liftQuarantine,
  async ({ books, accountId, telemetry }, call, { params, body }) => {
    const symbol = ticker(params.symbol);
    if ((await books.get(accountId, symbol)) === null)
      return notFound('book-not-found', `there is no book of ${symbol}`);
    const change = { by: call.subject, reason: body.reason, now: call.now, correlationId: call.requestId };
    const lifted = await books.liftQuarantine(accountId, symbol, change);
    telemetry.warn('quarantine lifted', { symbol, by: call.subject, lifted });
    return done({ symbol, lifted });
  },
);

export const getOrphans = operation(SAFETY_SCHEMAS.getOrphans, async ({ orphans, accountId }) => {
  const all = await orphans.all(accountId);
  return done({
    orphans: all.map((orphan) => ({
      broker_order_id: orphan.brokerOrderId,
      client_order_id: orphan.clientOrderId,
      status: orphan.status,
      cumulative_qty: orphan.cumulativeQuantity,
      first_seen_at: formatEpochMs(epochMs(orphan.firstSeenAt)),
    })),
  });
});

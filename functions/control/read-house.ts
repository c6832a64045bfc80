/** The house itself: its greeting, health, settings and figures. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { currentSession, lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import type { GateReference } from '#shared/core/safety/gate-conditions.ts';
import type { AccountSafety } from '#shared/core/safety/safety-facts.ts';
import type { SafetyFacts } from '#shared/ports/safety.ts';
import { BODY_BYTES_MAX, RATE_LIMITS } from './limits.ts';
import { type ControlDependencies, done, operation } from './operation.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';

export const getRoot = operation(READING_SCHEMAS.getRoot, ({ build }) =>
  Promise.resolve(done({ name: 'belay' as const, build })),
);

/** What may be traded, and why no more than that. */
export function tradingStateOf({ global, account }: SafetyFacts): {
  readonly state: 'ACTIVE' | 'REDUCING' | 'HALTED';
  readonly because: string | null;
} {
  if (global === null || account === null) return { state: 'HALTED', because: 'a safety item is missing' };
  for (const [scope, { killSwitch }] of [
    ['global', global],
    ['account', account],
  ] as const) {
    if (killSwitch.engaged) {
      return { state: 'HALTED', because: `the ${scope} kill switch is engaged: ${killSwitch.reason ?? 'no reason'}` };
    }
  }
  if (account.breaker.state !== 'ARMED') {
    return {
      state: 'REDUCING',
      because: `the circuit breaker is ${account.breaker.state}: ${account.breaker.cause ?? ''}`,
    };
  }
  return { state: account.tradingState, because: account.tradingState === 'ACTIVE' ? null : 'set by the account' };
}

type PartState = 'ok' | 'degraded' | 'down' | 'unknown';
interface Part {
  readonly state: PartState;
  readonly latency_ms: number | null;
  readonly detail: string;
}

/** Asks one part, and says how long it took. A part that throws a Fault is down; anything else is a bug and goes on. */
async function ask<T>(
  now: () => EpochMs,
  work: () => Promise<T>,
): Promise<{ readonly part: Part; readonly value: T | null }> {
  const startedAt = now();
  try {
    const value = await work();
    return { part: { state: 'ok', latency_ms: now() - startedAt, detail: 'answered' }, value };
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    return { part: { state: 'down', latency_ms: now() - startedAt, detail: thrown.code }, value: null };
  }
}

/** Three minutes is the age at which the gate itself shuts in the first policy. */
const FRESH_MS = 180_000;

function reconciliationPart(account: AccountSafety | null, now: EpochMs) {
  const at = account?.reconciledAt ?? null;
  const ageMs = at === null ? null : now - at;
  const fresh = ageMs !== null && ageMs >= 0 && ageMs <= FRESH_MS;
  const open = currentSession(now) !== null;
  const state: PartState = at === null ? 'unknown' : fresh ? 'ok' : open ? 'down' : 'degraded';
  const detail =
    at === null ? 'no pass has succeeded' : fresh ? 'fresh' : open ? 'stale in session' : 'stale, the market is closed';
  return {
    state,
    latency_ms: null,
    detail,
    at: at === null ? null : formatEpochMs(at),
    age_ms: ageMs,
    session: account?.reconciledSession ?? null,
  };
}

const WORST: readonly PartState[] = ['down', 'degraded', 'unknown', 'ok'];

export const getHealth = operation(READING_SCHEMAS.getHealth, async (dependencies, call) => {
  const { clock, safety, lanes, accountId } = dependencies;
  const now = (): EpochMs => clock.now();
  const [database, queue] = await Promise.all([
    ask(now, () => safety.read(accountId)),
    ask(now, () => lanes.waiting('orders')),
  ]);
  const facts = database.value ?? { global: null, account: null };
  const { state: tradingState, because } =
    database.value === null
      ? { state: 'HALTED' as const, because: 'the safety items cannot be read' }
      : tradingStateOf(facts);
  const reconciliation = reconciliationPart(facts.account, call.now);
  // Reconciliation reads the whole account from the broker each minute: its last pass is how the broker answers.
  const broker = { state: reconciliation.state, latency_ms: null, detail: `last pass: ${reconciliation.detail}` };
  const waiting = queue.value === null ? queue.part : { ...queue.part, detail: `${queue.value} commands wait` };
  const states = [database.part.state, queue.part.state, reconciliation.state];
  return done({
    state: WORST.find((state) => states.includes(state)) ?? 'unknown',
    environment: dependencies.environment,
    dry_run: dependencies.dryRun,
    build: dependencies.build,
    time: formatEpochMs(call.now),
    trading_state: tradingState,
    trading_state_reason: because,
    database: database.part,
    queue: waiting,
    broker,
    reconciliation,
  });
});

export const getConfig = operation(READING_SCHEMAS.getConfig, async (dependencies) => {
  const { account } = await dependencies.safety.read(dependencies.accountId);
  return done({
    environment: dependencies.environment,
    account_id: dependencies.accountId,
    dry_run: dependencies.dryRun,
    build: dependencies.build,
    live: account?.live ?? null,
    policy_version: account?.policyVersion ?? null,
    rate_limits_per_minute: { ...RATE_LIMITS },
    body_bytes_max: BODY_BYTES_MAX,
  });
});

/** What the gates are held to at this moment. */
export const gateReference = (
  { build }: Pick<ControlDependencies, 'build'>,
  now: EpochMs,
  policy: { readonly version: number; readonly limits: { readonly reconciliationAgeMsMax: number } },
): GateReference => ({
  now,
  session: (currentSession(now) ?? lastCompletedSession(now)).date,
  build,
  policyVersion: policy.version,
  reconciliationAgeMsMax: policy.limits.reconciliationAgeMsMax,
});

export const reasonView = ({
  code,
  message,
  context,
}: Pick<Refusal, 'message' | 'context'> & { readonly code: string }) => ({
  code,
  message,
  context: { ...context },
});

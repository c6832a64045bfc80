/** Whether the parts of the house answer, how fast, and what may be traded. */
import { Fault } from '#shared/core/kernel/fault.ts';
import { addMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { currentSession } from '#shared/core/market/session-calendar.ts';
import type { RequestGateState } from '#shared/core/safety/request-gate.ts';
import type { AccountSafety } from '#shared/core/safety/safety-facts.ts';
import { gateReference } from './gate-view.ts';
import { type ControlDependencies, done, operation } from './operation.ts';
import { type LastPass, lastPassOf } from './read-reconciliation.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';
import { type TradingStanding, tradingStateOf } from './trading-state.ts';

type PartState = 'ok' | 'degraded' | 'down' | 'unknown';
export interface Part {
  readonly state: PartState;
  readonly latency_ms: number | null;
  readonly detail: string;
}

/** Asks one part, and says how long it took. A part that throws a Fault is down; anything else is a bug and goes on. */
async function ask<T>(
  { clock }: Pick<ControlDependencies, 'clock'>,
  work: () => Promise<T>,
): Promise<{ readonly part: Part; readonly value: T | null }> {
  const startedAt = clock.now();
  try {
    const value = await work();
    return { part: { state: 'ok', latency_ms: clock.now() - startedAt, detail: 'answered' }, value };
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    return { part: { state: 'down', latency_ms: clock.now() - startedAt, detail: thrown.code }, value: null };
  }
}

interface Known {
  readonly trading: TradingStanding;
  readonly account: AccountSafety | null;
  readonly ageMsMax: number | null;
  readonly pass: LastPass | null;
  readonly gate: RequestGateState | null;
}

const UNREADABLE: Known = {
  trading: { state: 'HALTED', because: 'the safety items cannot be read' },
  account: null,
  ageMsMax: null,
  pass: null,
  gate: null,
};

/** Everything that the tables know of the house's standing. */
async function readStanding(dependencies: ControlDependencies, now: EpochMs): Promise<Known> {
  const { accountId, deployed, policies, safety, traffic } = dependencies;
  const [facts, policy, pass, gates] = await Promise.all([
    safety.read(accountId),
    policies.active(accountId),
    lastPassOf(dependencies),
    traffic.read(accountId),
  ]);
  const shut =
    policy === null ? null : await safety.shutGate(accountId, 'entry', gateReference(dependencies, now, policy));
  const trading =
    policy === null
      ? { state: 'HALTED' as const, because: 'the account has no policy' }
      : tradingStateOf({ ...facts, switches: deployed.switches, shut, now });
  const ageMsMax = policy?.limits.reconciliationAgeMsMax ?? null;
  return { trading, account: facts.account, ageMsMax, pass, gate: gates.trading };
}

function reconciliationPart({ account, ageMsMax, pass }: Known, now: EpochMs) {
  const at = account?.reconciledAt ?? null;
  const ageMs = at === null ? null : now - at;
  const fresh = ageMs !== null && ageMsMax !== null && ageMs >= 0 && ageMs <= ageMsMax;
  const open = currentSession(now) !== null;
  const state: PartState = at === null ? 'unknown' : fresh ? 'ok' : open ? 'down' : 'degraded';
  const stale = open ? 'stale in session' : 'stale, the market is closed';
  const detail = at === null ? 'no pass has succeeded' : fresh ? 'fresh' : stale;
  const failure = pass?.data.failure ?? null;
  return {
    state,
    latency_ms: pass === null ? null : Math.max(0, pass.endedAt - pass.startedAt),
    detail: failure === null ? detail : `${detail}; the last pass failed: ${failure}`,
    at: at === null ? null : formatEpochMs(at),
    age_ms: ageMs,
    session: account?.reconciledSession ?? null,
  };
}

interface Probe {
  readonly part: Part;
  readonly at: EpochMs;
}

/** Looking at the house must not use up the requests that trading needs. */
const PROBE_KEPT_MS = 15_000;
const probes = new WeakMap<ControlDependencies['broker'], Promise<Probe>>();

async function probeOf(dependencies: ControlDependencies, now: EpochMs): Promise<Probe> {
  const { broker } = dependencies;
  const kept = await probes.get(broker);
  if (kept !== undefined && kept.at <= now && now < addMs(kept.at, PROBE_KEPT_MS)) return kept;
  const asking = ask(dependencies, () => broker.clock()).then(({ part }) => ({ part, at: now }));
  probes.set(broker, asking);
  return await asking;
}

/** A circuit that is not closed keeps orders back even while the broker answers a question. */
function brokerPart({ part, at }: Probe, gate: RequestGateState | null) {
  const circuits = gate === null ? null : { reads: gate.circuits.reads.phase, orders: gate.circuits.orders.phase };
  const closed = circuits === null || (circuits.reads === 'closed' && circuits.orders === 'closed');
  const shown =
    part.state === 'ok' && !closed ? { ...part, state: 'degraded' as const, detail: 'a circuit is open' } : part;
  return { ...shown, asked_at: formatEpochMs(at), circuits };
}

const WORST: readonly PartState[] = ['down', 'degraded', 'unknown', 'ok'];

export const getHealth = operation(READING_SCHEMAS.getHealth, async (dependencies, call) => {
  const { lanes } = dependencies;
  const [database, queue, probe] = await Promise.all([
    ask(dependencies, () => readStanding(dependencies, call.now)),
    ask(dependencies, async () => (await lanes.waiting('orders')) + (await lanes.waiting('urgent'))),
    probeOf(dependencies, call.now),
  ]);
  const known = database.value ?? UNREADABLE;
  const reconciliation = reconciliationPart(known, call.now);
  const broker = brokerPart(probe, known.gate);
  const waiting = queue.value === null ? queue.part : { ...queue.part, detail: `${queue.value} commands wait` };
  const states = [database.part.state, queue.part.state, broker.state, reconciliation.state];
  return done({
    state: WORST.find((state) => states.includes(state)) ?? 'unknown',
    environment: dependencies.environment,
    dry_run: dependencies.dryRun,
    build: dependencies.build,
    time: formatEpochMs(call.now),
    trading_state: known.trading.state,
    trading_state_reason: known.trading.because,
    database: database.part,
    queue: waiting,
    broker,
    reconciliation,
  });
});

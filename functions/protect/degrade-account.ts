/** Sets the account's trading state by what has no gate of its own, and takes back only what protect set itself. */
import { CIRCUIT_NAMES } from '#shared/core/safety/request-gate.ts';
import { type Condition, DEGRADATIONS, tradingStateUnder } from '#shared/core/safety/degrade.ts';
import { quotesAgeMs } from '#shared/core/safety/monitor.ts';
import type { Look, ProtectDependencies } from './look.ts';
import type { Watched } from './watch-causes.ts';

const PROTECT = 'protect';
/** Two slots of the quotes were missed. */
const QUOTES_AGE_MS_MAX = 120_000;
/** One failure is a moment of a network; two in a row are a state. */
const FAILURES_IN_ROW = 2;

async function brokerUnreachable({ traffic, accountId }: ProtectDependencies, { facts }: Watched): Promise<boolean> {
  const { trading: gate } = await traffic.read(accountId);
  const open = gate !== null && CIRCUIT_NAMES.some((name) => gate.circuits[name].phase !== 'closed');
  const last = facts.probes.slice(-FAILURES_IN_ROW);
  return open || (last.length === FAILURES_IN_ROW && last.every(({ skewMs }) => skewMs === null));
}

async function conditionsOf(dependencies: ProtectDependencies, watched: Watched): Promise<readonly Condition[]> {
  const ageMs = quotesAgeMs(watched.facts);
  return [
    ...(watched.facts.passesFailed >= FAILURES_IN_ROW ? (['account-unreadable'] as const) : []),
    ...((await brokerUnreachable(dependencies, watched)) ? (['broker-unreachable'] as const) : []),
    ...(ageMs !== null && ageMs > QUOTES_AGE_MS_MAX ? (['quotes-stale'] as const) : []),
  ];
}

export async function degradeAccount(dependencies: ProtectDependencies, look: Look, watched: Watched): Promise<void> {
  const { safety, accountId, telemetry } = dependencies;
  const conditions = await conditionsOf(dependencies, watched);
  const state = tradingStateUnder(conditions);
  if (state === look.account.tradingState) return;
  const reason =
    conditions.length === 0
      ? 'what had degraded trading holds no more'
      : conditions.map((condition) => DEGRADATIONS[condition].means).join('; ');
  const change = { state, by: PROTECT, reason, now: look.now, ownOnly: true };
  if (await safety.setTradingState(accountId, change)) telemetry.warn('the trading state changed', { state, reason });
}

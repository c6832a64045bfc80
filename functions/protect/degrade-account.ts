/** Sets the account's trading state by what has no gate of its own, and takes back only what protect set itself. */
import { CIRCUIT_NAMES } from '#shared/core/safety/request-gate.ts';
import { type Condition, DEGRADATIONS, tradingStateUnder } from '#shared/core/safety/degrade.ts';
import { quotesAgeMs } from '#shared/core/safety/monitor.ts';
import type { TradingState } from '#shared/core/safety/safety-facts.ts';
import type { Look, ProtectDependencies } from './look.ts';
import type { Watched } from './watch-causes.ts';

const PROTECT = 'protect';
/** Two slots of the quotes were missed. */
const QUOTES_AGE_MS_MAX = 120_000;
/** One failure is a moment of a network; two in a row are a state. */
const FAILURES_IN_ROW = 2;

function brokerUnreachable({ facts, gate }: Watched): boolean {
  const open = gate !== null && CIRCUIT_NAMES.some((name) => gate.circuits[name].phase !== 'closed');
  const last = facts.probes.slice(-FAILURES_IN_ROW);
  return open || (last.length === FAILURES_IN_ROW && last.every(({ skewMs }) => skewMs === null));
}

function conditionsOf(watched: Watched): readonly Condition[] {
  const ageMs = quotesAgeMs(watched.facts);
  return [
    ...(watched.facts.passesFailed >= FAILURES_IN_ROW ? (['account-unreadable'] as const) : []),
    ...(brokerUnreachable(watched) ? (['broker-unreachable'] as const) : []),
    ...(ageMs !== null && ageMs > QUOTES_AGE_MS_MAX ? (['quotes-stale'] as const) : []),
  ];
}

/** @returns the trading state as it is left */
export async function degradeAccount(
  { safety, accountId, telemetry }: ProtectDependencies,
  { account: { tradingState }, now }: Look,
  watched: Watched,
): Promise<TradingState> {
  const conditions = conditionsOf(watched);
  const state = tradingStateUnder(conditions);
  if (state === tradingState) return state;
  const reason =
    conditions.length === 0
      ? 'what had degraded trading holds no more'
      : conditions.map((condition) => DEGRADATIONS[condition].means).join('; ');
  if (!(await safety.setTradingState(accountId, { state, by: PROTECT, reason, now, ownOnly: true }))) {
    return tradingState;
  }
  telemetry.warn('the trading state changed', { state, reason });
  return state;
}

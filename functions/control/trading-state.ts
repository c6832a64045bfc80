/** What may be traded at this moment, and why no more than that. Pure; what each condition leaves is the table's word. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Switches } from '#shared/core/risk/switches.ts';
import { DEGRADATIONS, leavesOf } from '#shared/core/safety/degrade.ts';
import {
  type AccountSafety,
  type GlobalSafety,
  TRADING_STATES,
  type TradingState,
} from '#shared/core/safety/safety-facts.ts';
import type { SafetyFacts } from '#shared/ports/safety.ts';

export interface TradingStanding {
  readonly state: TradingState;
  /** Null while everything may be traded. */
  readonly because: string | null;
}

export interface TradingFacts extends SafetyFacts {
  readonly switches: Switches;
  /** The first gate that an entry would not pass. */
  readonly shut: Refusal | null;
  readonly now: EpochMs;
}

const killed = (scope: string, { killSwitch }: GlobalSafety | AccountSafety): readonly TradingStanding[] =>
  killSwitch.engaged
    ? [
        {
          state: DEGRADATIONS['kill-switch-engaged'].leaves,
          because: `the ${scope} kill switch is engaged: ${killSwitch.reason ?? 'no reason'}`,
        },
      ]
    : [];

function switched({ safeMode, tradingDisabled }: Switches): readonly TradingStanding[] {
  const halted = (because: string): TradingStanding => ({ state: 'HALTED', because });
  return [
    ...(safeMode ? [halted('SAFE_MODE is on: only cancels go to the broker')] : []),
    ...(tradingDisabled ? [halted('TRADING_DISABLED is on: only cancels and a flatten pass')] : []),
  ];
}

function broken({ breaker: { state, cause, quietUntil } }: AccountSafety, now: EpochMs): readonly TradingStanding[] {
  const quietOver = state === 'QUIET_PERIOD' && quietUntil !== null && quietUntil <= now;
  if (state === 'ARMED' || quietOver) return [];
  const { leaves } = DEGRADATIONS[state === 'TRIPPED' ? 'breaker-tripped' : 'quiet-period'];
  return [{ state: leaves, because: `the circuit breaker is ${state}: ${cause ?? 'no cause'}` }];
}

/** The narrowest of all that holds: what halts goes before what reduces. */
export function tradingStateOf({ global, account, switches, shut, now }: TradingFacts): TradingStanding {
  if (global === null || account === null) return { state: 'HALTED', because: 'a safety item is missing' };
  const { tradingState } = account;
  const holding: readonly TradingStanding[] = [
    ...killed('global', global),
    ...killed('account', account),
    ...switched(switches),
    ...(tradingState === 'HALTED' ? [{ state: tradingState, because: 'the account is set to HALTED' }] : []),
    ...broken(account, now),
    ...(tradingState === 'REDUCING' ? [{ state: tradingState, because: 'the account is set to REDUCING' }] : []),
    // What `reducing-only` refuses by is the state above.
    ...(shut === null || shut.code === 'reducing-only' ? [] : [{ state: leavesOf(shut.code), because: shut.message }]),
  ];
  const narrowest = TRADING_STATES.findLast((state) => holding.some((one) => one.state === state));
  return holding.find((one) => one.state === narrowest) ?? { state: 'ACTIVE', because: null };
}

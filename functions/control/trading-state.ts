/** What may be traded at this moment, and why no more than that. Pure. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Switches } from '#shared/core/risk/switches.ts';
import type { SafetyFacts } from '#shared/ports/safety.ts';

export interface TradingStanding {
  readonly state: 'ACTIVE' | 'REDUCING' | 'HALTED';
  /** Null while everything may be traded. */
  readonly because: string | null;
}

export interface TradingFacts extends SafetyFacts {
  readonly switches: Switches;
  /** The first gate that an entry would not pass. */
  readonly shut: Refusal | null;
  readonly now: EpochMs;
}

const halted = (because: string): TradingStanding => ({ state: 'HALTED', because });
const reducing = (because: string): TradingStanding => ({ state: 'REDUCING', because });

/** The narrowest of all that holds: what halts goes before what reduces. */
export function tradingStateOf({ global, account, switches, shut, now }: TradingFacts): TradingStanding {
  if (global === null || account === null) return halted('a safety item is missing');
  for (const [scope, { killSwitch }] of [
    ['global', global],
    ['account', account],
  ] as const) {
    if (killSwitch.engaged) {
      return halted(`the ${scope} kill switch is engaged: ${killSwitch.reason ?? 'no reason'}`);
    }
  }
  if (switches.safeMode) return halted('SAFE_MODE is on: only cancels go to the broker');
  if (switches.tradingDisabled) return halted('TRADING_DISABLED is on: only cancels and a flatten pass');
  if (account.tradingState === 'HALTED') return halted('the account is set to HALTED');
  const { state, cause, quietUntil } = account.breaker;
  const quietOver = state === 'QUIET_PERIOD' && quietUntil !== null && quietUntil <= now;
  if (state !== 'ARMED' && !quietOver) return reducing(`the circuit breaker is ${state}: ${cause ?? 'no cause'}`);
  if (account.tradingState === 'REDUCING') return reducing('the account is set to REDUCING');
  return shut === null ? { state: 'ACTIVE', because: null } : reducing(shut.message);
}

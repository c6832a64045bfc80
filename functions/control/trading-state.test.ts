import { describe, expect, it } from 'vitest';
import { accountId, strategyId } from '#shared/core/kernel/identity.ts';
import { addMs, epochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { NO_SWITCHES } from '#shared/core/risk/switches.ts';
import { type AccountSafety, DISENGAGED, type KillSwitch } from '#shared/core/safety/safety-facts.ts';
import { type TradingFacts, tradingStateOf } from './trading-state.ts';

const NOW = epochMs(1_773_064_800_000);
const ARMED: AccountSafety = {
  accountId: accountId('paper-1'),
  killSwitch: DISENGAGED,
  breaker: { state: 'ARMED', cause: null, by: null, at: null, quietUntil: null },
  tradingState: 'ACTIVE',
  tradingStateBy: null,
  live: false,
  armedUntil: null,
  policyVersion: 1,
  reconciledAt: NOW,
  reconciledSession: null,
  reconciledBuild: null,
  version: 1,
  sequence: 1,
};
const ENGAGED: KillSwitch = { ...DISENGAGED, engaged: true, reason: 'a test engages it' };
const GLOBAL = { killSwitch: DISENGAGED, version: 1, sequence: 0 };
const STALE = refusal('reconciliation-stale', 'the last pass is too old');
const stateOf = (change: Partial<TradingFacts>) =>
  tradingStateOf({ global: GLOBAL, account: ARMED, switches: NO_SWITCHES, shut: null, now: NOW, ...change });
const tripped = (state: 'TRIPPED' | 'QUIET_PERIOD', quietMs: number | null): AccountSafety => ({
  ...ARMED,
  breaker: {
    state,
    cause: 'daily-loss',
    by: 'protect',
    at: NOW,
    quietUntil: quietMs === null ? null : addMs(NOW, quietMs),
  },
});

describe('the trading state', () => {
  it('is ACTIVE, and says no more, when nothing holds against it', () => {
    expect(stateOf({})).toEqual({ state: 'ACTIVE', because: null });
    expect(stateOf({ account: tripped('QUIET_PERIOD', 0) }).state).toBe('ACTIVE');
    const onlyOne = { ...NO_SWITCHES, strategiesDisabled: [strategyId('manual')] };
    expect(stateOf({ switches: onlyOne }).state).toBe('ACTIVE');
  });

  it.each([
    ['the global item is missing', { global: null }, 'HALTED', 'a safety item is missing'],
    ["the account's item is missing", { account: null }, 'HALTED', 'a safety item is missing'],
    ['the global switch is engaged', { global: { ...GLOBAL, killSwitch: ENGAGED } }, 'HALTED', 'global kill switch'],
    ["the account's switch is engaged", { account: { ...ARMED, killSwitch: ENGAGED } }, 'HALTED', 'a test engages it'],
    ['safe mode is on', { switches: { ...NO_SWITCHES, safeMode: true } }, 'HALTED', 'SAFE_MODE'],
    ['trading is disabled', { switches: { ...NO_SWITCHES, tradingDisabled: true } }, 'HALTED', 'TRADING_DISABLED'],
    ['the account is set so', { account: { ...ARMED, tradingState: 'HALTED' } }, 'HALTED', 'set to HALTED'],
    ['the breaker is tripped', { account: tripped('TRIPPED', null) }, 'REDUCING', 'TRIPPED: daily-loss'],
    ['its quiet period goes on', { account: tripped('QUIET_PERIOD', 1) }, 'REDUCING', 'QUIET_PERIOD'],
    ['the account reduces', { account: { ...ARMED, tradingState: 'REDUCING' } }, 'REDUCING', 'set to REDUCING'],
    ['a gate is shut', { shut: STALE }, 'REDUCING', 'the last pass is too old'],
  ] as const)('is narrower when %s', (_, change, state, because) => {
    const found = stateOf(change);
    expect(found.state).toBe(state);
    expect(found.because).toContain(because);
  });

  it('is as narrow as the account is set, and no narrower, when that is the gate that is shut', () => {
    const account = { ...ARMED, tradingState: 'REDUCING' } as const;
    const shut = refusal('reducing-only', 'the trading state does not let this order through');
    expect(stateOf({ account, shut }).state).toBe('REDUCING');
  });

  it('names what halts before what reduces', () => {
    const account = { ...tripped('TRIPPED', null), killSwitch: ENGAGED };
    expect(stateOf({ account, shut: STALE }).state).toBe('HALTED');
  });
});

import { describe, expect, it } from 'vitest';
import { text } from '#shared/adapters/stores/attributes.ts';
import {
  accountSafetyItem,
  globalSafetyItem,
  readAccountSafety,
  readGlobalSafety,
  readStrategy,
  strategyItem,
} from '#shared/adapters/stores/safety-item.ts';
import { parseMoney, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { accountId, buildId, strategyId } from '#shared/core/kernel/identity.ts';
import { calendarDate, epochMs } from '#shared/core/kernel/instant.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import { NO_PACE } from '#shared/core/portfolio/exposure.ts';
import { type AccountSafety, DISENGAGED, type StrategySafety } from '#shared/core/safety/safety-facts.ts';

const NOW = epochMs(1_772_000_000_000);
const ACCOUNT: AccountSafety = {
  accountId: accountId('paper-1'),
  killSwitch: DISENGAGED,
  breaker: { state: 'ARMED', cause: null, by: null, at: null, quietUntil: null },
  tradingState: 'ACTIVE',
  tradingStateBy: null,
  live: false,
  armedUntil: null,
  policyVersion: 3,
  reconciledAt: NOW,
  reconciledSession: calendarDate('2026-03-09'),
  reconciledBuild: buildId('build-1'),
  version: 7,
  sequence: 9,
};
const STRATEGY: StrategySafety = {
  strategyId: strategyId('momentum'),
  enabled: true,
  killSwitch: DISENGAGED,
  minute: NO_PACE,
  cashAvailable: parseMoney('1000'),
};

const without = (item: Item, attribute: string): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => name !== attribute));
const damaged = (item: Item, attribute: string): readonly Item[] => [
  without(item, attribute),
  { ...item, [attribute]: text('nonsense') },
  { ...item, [attribute]: { L: [] } },
];

describe('safety items', () => {
  it('read back as they were written', () => {
    expect(readAccountSafety(accountSafetyItem(ACCOUNT))).toEqual(ACCOUNT);
    expect(readStrategy(strategyItem(ACCOUNT.accountId, STRATEGY))).toEqual(STRATEGY);
    const global = { killSwitch: DISENGAGED, version: 1, sequence: 0 };
    expect(readGlobalSafety(globalSafetyItem(global))).toEqual(global);
  });

  it.each<[string, object]>([
    ['killEngaged', { killSwitch: { engaged: true } }],
    ['breaker', { breaker: { state: 'TRIPPED', cause: 'unreadable' } }],
    ['tradingState', { tradingState: 'HALTED' }],
    ['live', { live: true, armedUntil: null }],
    ['policyVersion', { policyVersion: 0 }],
    ['reconciledAt', { reconciledAt: null }],
    ['reconciledSession', { reconciledSession: null }],
  ])('count what lets the least pass where %s of an account is missing or not readable', (attribute, closed) => {
    for (const item of damaged(accountSafetyItem(ACCOUNT), attribute)) {
      expect(readAccountSafety(item)).toMatchObject(closed);
    }
  });

  it('never count a note that is not readable as a change of what it explains', () => {
    const item = { ...accountSafetyItem(ACCOUNT), killBy: { L: [] }, breakerAt: text('then') };
    expect(readAccountSafety(item)).toMatchObject({
      killSwitch: { engaged: false, by: null },
      breaker: { state: 'ARMED' },
    });
  });

  it('count a strategy as disabled, engaged and without cash', () => {
    const item = strategyItem(ACCOUNT.accountId, STRATEGY);
    for (const broken of damaged(item, 'enabled')) expect(readStrategy(broken).enabled).toBe(false);
    for (const broken of damaged(item, 'killEngaged')) expect(readStrategy(broken).killSwitch.engaged).toBe(true);
    for (const broken of damaged(item, 'cashAvailable')) expect(readStrategy(broken).cashAvailable).toBe(ZERO_MONEY);
  });

  it('count the global switch as engaged, and say why', () => {
    const item = globalSafetyItem({ killSwitch: DISENGAGED, version: 1, sequence: 0 });
    for (const broken of damaged(item, 'killEngaged')) {
      const { killSwitch } = readGlobalSafety(broken);
      expect(killSwitch.engaged).toBe(true);
      expect(killSwitch.reason).toMatch(/not readable/);
    }
  });

  it('refuse to be read when the counters that every change builds on are not readable', () => {
    for (const counter of ['version', 'sequence']) {
      for (const broken of damaged(accountSafetyItem(ACCOUNT), counter)) {
        expect(() => readAccountSafety(broken)).toThrow(/account safety: (version|sequence)/);
      }
    }
  });
});

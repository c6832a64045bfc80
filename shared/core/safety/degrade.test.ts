import { describe, expect, it } from 'vitest';
import { buildId } from '#shared/core/kernel/identity.ts';
import { calendarDate, epochMs } from '#shared/core/kernel/instant.ts';
import { CONDITIONS, DEGRADATIONS, passes, renderDegradations, stops, tradingStateUnder } from './degrade.ts';
import { accountGates, globalGates } from './gate-conditions.ts';
import type { OrderClass } from './order-class.ts';
import type { TradingState } from './safety-facts.ts';

const CLASSES: readonly OrderClass[] = ['entry', 'reducing', 'flatten'];
const REFERENCE = {
  now: epochMs(1_000_000),
  session: calendarDate('2026-02-03'),
  build: buildId('build-1'),
  policyVersion: 1,
  reconciliationAgeMsMax: 180_000,
};

/** Written by hand: what each condition leaves. */
const LEAVES: Readonly<Record<string, TradingState>> = {
  'kill-switch-engaged': 'HALTED',
  'breaker-tripped': 'REDUCING',
  'quiet-period': 'REDUCING',
  'not-armed': 'REDUCING',
  'policy-version-changed': 'REDUCING',
  'reconciliation-stale': 'REDUCING',
  'reconciliation-other-session': 'REDUCING',
  'reconciliation-other-build': 'REDUCING',
  'account-unreadable': 'REDUCING',
  'broker-unreachable': 'REDUCING',
  'quotes-stale': 'REDUCING',
};

describe('the degrade rules', () => {
  it('leave what is written here by hand', () => {
    expect(Object.fromEntries(CONDITIONS.map((name) => [name, DEGRADATIONS[name].leaves]))).toEqual(LEAVES);
  });

  it.each<readonly [TradingState, readonly OrderClass[]]>([
    ['ACTIVE', ['entry', 'reducing', 'flatten']],
    ['REDUCING', ['reducing', 'flatten']],
    ['HALTED', ['flatten']],
  ])('let in %s pass %s', (state, classes) => {
    expect(CLASSES.filter((orderClass) => passes(orderClass, state))).toEqual(classes);
  });

  it('let no entry pass under any condition, and a flatten under each', () => {
    for (const name of CONDITIONS) expect([stops(name, 'entry'), stops(name, 'flatten')]).toEqual([true, false]);
  });

  it('refuse every class when a gate has a name that the table lacks', () => {
    expect(CLASSES.map((orderClass) => stops('safety-item-missing', orderClass))).toEqual([true, true, true]);
  });

  it('come to the worst that any condition leaves', () => {
    expect([
      tradingStateUnder([]),
      tradingStateUnder(['quotes-stale']),
      tradingStateUnder(['breaker-tripped', 'kill-switch-engaged', 'quotes-stale']),
    ]).toEqual(['ACTIVE', 'REDUCING', 'HALTED']);
  });

  it('are what the gates are classed by: one gate for each condition that has its own', () => {
    const names = (orderClass: OrderClass): ReadonlySet<string> =>
      new Set([...globalGates(orderClass), ...accountGates(orderClass, REFERENCE)].map(({ name }) => name));
    const own = CONDITIONS.filter((name) => DEGRADATIONS[name].heldBy === 'gate');
    for (const orderClass of CLASSES) {
      expect(own.filter((name) => names(orderClass).has(name))).toEqual(own.filter((name) => stops(name, orderClass)));
    }
    expect([...names('flatten')]).toEqual(['safety-item-missing']);
  });

  it('are rendered into docs/concepts/degrade-rules.md', async () => {
    await expect(renderDegradations()).toMatchFileSnapshot('../../../docs/concepts/degrade-rules.md');
  });
});

/**
 * The gates as conditions on the safety items. The same fragments are put into the claim and the last look, are
 * evaluated beforehand to explain, and name the refusal when they fail: each fragment's name is a refusal code.
 */
import type { BuildId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate, EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition, ItemTest, ItemValue } from '#shared/core/kernel/item.ts';
import { isRefusalCode, type Refusal, type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import { statesFor, stops } from '#shared/core/safety/degrade.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import { TRADING_STATES } from '#shared/core/safety/safety-facts.ts';

/** Attribute names of the safety items; the stores write them, the conditions test them. */
export const SAFETY = {
  killEngaged: 'killEngaged',
  breaker: 'breaker',
  quietUntil: 'quietUntil',
  tradingState: 'tradingState',
  live: 'live',
  armedUntil: 'armedUntil',
  policyVersion: 'policyVersion',
  reconciledAt: 'reconciledAt',
  reconciledSession: 'reconciledSession',
  reconciledBuild: 'reconciledBuild',
  enabled: 'enabled',
  cashAvailable: 'cashAvailable',
} as const;

/** What the gates compare the items with. */
export interface GateReference {
  readonly now: EpochMs;
  readonly session: CalendarDate;
  readonly build: BuildId;
  /** The version that the order was cleared under. */
  readonly policyVersion: number;
  /** Age of the last pass beyond which the gate is shut. */
  readonly reconciliationAgeMsMax: number;
}

const text = (value: string): ItemValue => ({ S: value });
const number = (value: number): ItemValue => ({ N: String(value) });
const flag = (value: boolean): ItemValue => ({ BOOL: value });

const gate = (name: RefusalCode, test: ItemTest): Condition => ({ name, test });

const exists = (name: RefusalCode): Condition => gate(name, { op: 'exists' });
const killDisengaged = gate('kill-switch-engaged', {
  op: 'equals',
  attribute: SAFETY.killEngaged,
  value: flag(false),
});

/** What a shut gate leaves of trading decides whom it stops; an item that is missing stops everybody. */
const holdsFor =
  (orderClass: OrderClass) =>
  ({ name }: Condition): boolean =>
    name === 'reducing-only' || stops(name, orderClass);

/** Conditions on the global safety item for one class of order. */
export const globalGates = (orderClass: OrderClass): readonly Condition[] =>
  [exists('safety-item-missing'), killDisengaged].filter(holdsFor(orderClass));

/** Conditions on the account's safety item for one class of order. */
export const accountGates = (orderClass: OrderClass, reference: GateReference): readonly Condition[] =>
  [
    exists('safety-item-missing'),
    killDisengaged,
    ...breakerGates(reference),
    ...stateGates(orderClass),
    ...standingGates(reference),
  ].filter(holdsFor(orderClass));

/** Conditions on the strategy's item for one class of order; they hold at the claim and at every last look. */
export const strategyGates = (orderClass: OrderClass): readonly Condition[] => [
  ...[exists('strategy-missing'), killDisengaged].filter(holdsFor(orderClass)),
  ...(orderClass === 'entry'
    ? [gate('strategy-disabled', { op: 'equals', attribute: SAFETY.enabled, value: flag(true) })]
    : []),
];

/** The trading state that protect or a person has set; one that lets every class through is no condition. */
function stateGates(orderClass: OrderClass): readonly Condition[] {
  const states = statesFor(orderClass);
  const tests = states.map((state): ItemTest => ({ op: 'equals', attribute: SAFETY.tradingState, value: text(state) }));
  const [only] = tests;
  if (only === undefined || states.length === TRADING_STATES.length) return [];
  return [gate('reducing-only', tests.length === 1 ? only : { op: 'any', tests })];
}

function breakerGates(reference: GateReference): readonly Condition[] {
  const breakerArmed: ItemTest = { op: 'equals', attribute: SAFETY.breaker, value: text('ARMED') };
  const quietOver: ItemTest = {
    op: 'all',
    tests: [
      { op: 'equals', attribute: SAFETY.breaker, value: text('QUIET_PERIOD') },
      { op: 'at-most', attribute: SAFETY.quietUntil, value: number(reference.now) },
    ],
  };
  return [
    gate('breaker-tripped', {
      op: 'any',
      tests: [breakerArmed, { op: 'equals', attribute: SAFETY.breaker, value: text('QUIET_PERIOD') }],
    }),
    gate('quiet-period', {
      op: 'any',
      tests: [{ op: 'differs', attribute: SAFETY.breaker, value: text('QUIET_PERIOD') }, quietOver],
    }),
  ];
}

/** Arming, policy and reconciliation. */
function standingGates(reference: GateReference): readonly Condition[] {
  const now = number(reference.now);
  return [
    gate('not-armed', {
      op: 'any',
      tests: [
        { op: 'equals', attribute: SAFETY.live, value: flag(false) },
        { op: 'above', attribute: SAFETY.armedUntil, value: now },
      ],
    }),
    gate('policy-version-changed', {
      op: 'equals',
      attribute: SAFETY.policyVersion,
      value: number(reference.policyVersion),
    }),
    gate('reconciliation-stale', {
      op: 'all',
      tests: [
        {
          op: 'above',
          attribute: SAFETY.reconciledAt,
          value: number(reference.now - reference.reconciliationAgeMsMax),
        },
        { op: 'at-most', attribute: SAFETY.reconciledAt, value: now },
      ],
    }),
    gate('reconciliation-other-session', {
      op: 'equals',
      attribute: SAFETY.reconciledSession,
      value: text(reference.session),
    }),
    gate('reconciliation-other-build', {
      op: 'equals',
      attribute: SAFETY.reconciledBuild,
      value: text(reference.build),
    }),
  ];
}

const SENTENCES: Partial<Readonly<Record<RefusalCode, string>>> = {
  'strategy-missing': 'the strategy has no safety item',
  'strategy-disabled': 'the strategy is disabled',
  'safety-item-missing': 'a safety item is missing; `belay init` makes it',
  'kill-switch-engaged': 'the kill switch is engaged',
  'breaker-tripped': 'the circuit breaker is tripped',
  'quiet-period': 'the circuit breaker was reset and its quiet period is not over',
  'reducing-only': 'the trading state does not let this order through',
  'not-armed': 'live trading is not armed, or its arming has run out',
  'policy-version-changed': 'the policy changed after the order was cleared',
  'reconciliation-stale': 'the last reconciliation pass is too old, or lies in the future',
  'reconciliation-other-session': 'no reconciliation pass has succeeded in this session',
  'reconciliation-other-build': 'no reconciliation pass has succeeded since this build was deployed',
};

/**
 * Turns the name of a failed fragment into a refusal. A missing item hides every other fragment: callers give the
 * names in their order and take the first.
 * @throws RangeError when the name is no refusal code, which is a mistake in the conditions themselves.
 */
export function gateRefusal(name: string, context: Readonly<Record<string, string>>): Refusal {
  if (!isRefusalCode(name)) throw new RangeError(`${name} is not the name of a gate`);
  return refusal(name, SENTENCES[name] ?? name, context);
}

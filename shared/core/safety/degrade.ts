/**
 * What a condition leaves of trading, as one table. The gates of the claim are classed by it, protect sets the account's
 * trading state by it, and whoever shows the state reads it here; docs/concepts/degrade-rules.md is made from it.
 */
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import { TRADING_STATES, type TradingState } from '#shared/core/safety/safety-facts.ts';

/**
 * gate: a condition of every claim and last look tests it by itself. trading-state: protect looks each minute and writes
 * what it comes to into the account's item, which the gate `reducing-only` tests.
 */
export type HeldBy = 'gate' | 'trading-state';

export interface Degradation {
  readonly leaves: TradingState;
  readonly heldBy: HeldBy;
  readonly means: string;
}

export const DEGRADATIONS = {
  'kill-switch-engaged': {
    leaves: 'HALTED',
    heldBy: 'gate',
    means: 'a kill switch is engaged, or cannot be read',
  },
  'breaker-tripped': {
    leaves: 'REDUCING',
    heldBy: 'gate',
    means: 'the circuit breaker is tripped, or its state is missing or cannot be read',
  },
  'quiet-period': {
    leaves: 'REDUCING',
    heldBy: 'gate',
    means: 'the circuit breaker was reset and its quiet period is not over',
  },
  'not-armed': {
    leaves: 'REDUCING',
    heldBy: 'gate',
    means: 'live trading is not armed, or its arming has run out',
  },
  'policy-version-changed': {
    leaves: 'REDUCING',
    heldBy: 'gate',
    means: 'the policy in force is not the one that the order was cleared under',
  },
  'reconciliation-stale': {
    leaves: 'REDUCING',
    heldBy: 'gate',
    means: 'the last pass of reconciliation is too old, or lies in the future: balances and positions are not known',
  },
  'reconciliation-other-session': {
    leaves: 'REDUCING',
    heldBy: 'gate',
    means: 'no pass of reconciliation has succeeded in this session',
  },
  'reconciliation-other-build': {
    leaves: 'REDUCING',
    heldBy: 'gate',
    means: 'no pass of reconciliation has succeeded since this build was deployed',
  },
  'account-unreadable': {
    leaves: 'REDUCING',
    heldBy: 'trading-state',
    means: 'the last two passes of reconciliation could not read balances or positions',
  },
  'broker-unreachable': {
    leaves: 'REDUCING',
    heldBy: 'trading-state',
    means: 'the circuit in front of the broker is open, or its clock did not answer twice in a row',
  },
  'quotes-stale': {
    leaves: 'REDUCING',
    heldBy: 'trading-state',
    means: 'no quote was read in a session for more than two minutes',
  },
} as const satisfies Readonly<Record<string, Degradation>>;

export type Condition = keyof typeof DEGRADATIONS;

const isCondition = (name: string): name is Condition => Object.hasOwn(DEGRADATIONS, name);
export const CONDITIONS: readonly Condition[] = Object.keys(DEGRADATIONS).filter(isCondition);

/** Which classes of order a trading state lets through; cancels pass always. */
const PASSES: Readonly<Record<TradingState, readonly OrderClass[]>> = {
  ACTIVE: ['entry', 'reducing', 'flatten'],
  REDUCING: ['reducing', 'flatten'],
  HALTED: ['flatten'],
};

export const passes = (orderClass: OrderClass, state: TradingState): boolean => PASSES[state].includes(orderClass);

/** Whether a condition stops a class of order. A name that is not in the table stops every class. */
export const stops = (name: string, orderClass: OrderClass): boolean =>
  !isCondition(name) || !passes(orderClass, DEGRADATIONS[name].leaves);

/** What a shut gate leaves, by its code. One that is not in the table, as an item that is missing, leaves nothing. */
export const leavesOf = (name: string): TradingState => (isCondition(name) ? DEGRADATIONS[name].leaves : 'HALTED');

/** The states that let a class of order through. */
export const statesFor = (orderClass: OrderClass): readonly TradingState[] =>
  TRADING_STATES.filter((state) => passes(orderClass, state));

const worse = (a: TradingState, b: TradingState): TradingState =>
  TRADING_STATES.indexOf(a) >= TRADING_STATES.indexOf(b) ? a : b;

/** What is left of trading while conditions hold: the worst that any of them leaves. */
export const tradingStateUnder = (conditions: readonly Condition[]): TradingState =>
  conditions.map((condition) => DEGRADATIONS[condition].leaves).reduce(worse, 'ACTIVE');

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The table as a page to read. */
export function renderDegradations(): string {
  return [
    '# Degrade rules',
    '',
    'This page is made from `DEGRADATIONS` in `shared/core/safety/degrade.ts`. To write it anew:',
    '`npx vitest run shared/core/safety/degrade.test.ts --update`.',
    '',
    'A condition leaves a trading state, and the worst of those that hold counts. Cancels pass always.',
    '',
    row(['state', 'lets pass']),
    row(['---', '---']),
    ...TRADING_STATES.map((state) => row([`\`${state}\``, PASSES[state].join(', ')])),
    '',
    'What a gate holds is tested in the transaction of every claim and of every last look. The rest is looked at by protect',
    'each minute, and written into the trading state of the account, which the gate `reducing-only` tests; protect takes',
    'back only what it set itself, so that a state that a person set stays until a person changes it.',
    '',
    row(['condition', 'leaves', 'held by', 'means']),
    row(['---', '---', '---', '---']),
    ...CONDITIONS.map((condition) => {
      const { leaves, heldBy, means } = DEGRADATIONS[condition];
      return row([
        `\`${condition}\``,
        `\`${leaves}\``,
        heldBy === 'gate' ? 'its own gate' : 'the trading state',
        means,
      ]);
    }),
    '',
    'A safety item that is missing or not readable lets nothing pass at all. A symbol in quarantine, or with an order of',
    'unknown fate on it, is reduce-only by itself, whatever the state of the account.',
    '',
  ].join('\n');
}

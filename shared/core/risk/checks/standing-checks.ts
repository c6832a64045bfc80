/** May this be traded at all: by the decision's age, the switches, the lists, the strategy, the account and its pace? */
import { addMoney, formatMoney, type Money, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { sessionsSince } from '#shared/core/market/session-calendar.ts';
import { countedIn, minuteOf, type Pace } from '#shared/core/portfolio/exposure.ts';
import {
  ALL_CLASSES,
  type ClearingFacts,
  ENTRIES_ONLY,
  type Finding,
  holdTo,
  type PreTradeCheck,
  reject,
} from '#shared/core/risk/check.ts';
import { modelRefusal } from '#shared/core/risk/model-standing.ts';
import { switchRefusal } from '#shared/core/risk/switches.ts';
import { reservationOf } from '#shared/core/risk/valuation.ts';

export const decisionFresh: PreTradeCheck = {
  id: 'decision-fresh',
  asks: 'the decision has not gone stale',
  codes: ['decision-stale'],
  applies: ALL_CLASSES,
  numbers: ['limits.decisionAgeMsMax'],
  warns: false,
  run: ({ intent, now }) =>
    now >= intent.validUntil
      ? reject('decision-stale', `the decision was valid until ${formatEpochMs(intent.validUntil)}`, {
          now: formatEpochMs(now),
        })
      : null,
};

export const switchesOff: PreTradeCheck = {
  id: 'switches-off',
  asks: 'no switch of the deployment bars the order: SAFE_MODE, TRADING_DISABLED, STRATEGY_DISABLED_LIST',
  codes: ['safe-mode', 'trading-disabled', 'strategy-disabled'],
  applies: ALL_CLASSES,
  numbers: [],
  warns: false,
  run: ({ deployed, orderClass, intent }) => {
    const refused = switchRefusal(deployed.switches, orderClass, intent.terms.strategyId);
    return refused === null ? null : { level: 'reject', refusal: refused };
  },
};

export const symbolListed: PreTradeCheck = {
  id: 'symbol-listed',
  asks: 'the symbol is on the whitelist or in the universe, and not on the blacklist',
  codes: ['symbol-blacklisted', 'symbol-not-whitelisted'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.blacklist', 'checks.whitelist', 'universe', 'universeSource'],
  warns: false,
  run: ({ intent, policy, universe }) => {
    const { ticker } = intent.terms;
    if (policy.checks.blacklist.includes(ticker)) return reject('symbol-blacklisted', `${ticker} is blacklisted`, {});
    const listed = policy.checks.whitelist ?? universe;
    if (listed === null) return reject('symbol-not-whitelisted', 'the universe of the last session is not known', {});
    return listed.includes(ticker)
      ? null
      : reject('symbol-not-whitelisted', `${ticker} is not among the symbols that may be entered`, {});
  },
};

export const accountUnrestricted: PreTradeCheck = {
  id: 'account-unrestricted',
  asks: "the broker's account was read and is neither blocked nor suspended",
  codes: ['broker-account-restricted'],
  applies: ENTRIES_ONLY,
  numbers: [],
  warns: false,
  run: ({ account }) => {
    if (account === null) return reject('broker-account-restricted', "the broker's account was not read", {});
    return account.tradable
      ? null
      : reject('broker-account-restricted', 'the broker lets the account not trade', {
          restriction: account.restriction ?? 'not told',
        });
  },
};

export const strategyReady: PreTradeCheck = {
  id: 'strategy-ready',
  asks: 'the strategy is known, enabled and has the cash left that the order may take',
  codes: ['strategy-missing', 'strategy-disabled', 'strategy-cash'],
  applies: ENTRIES_ONLY,
  numbers: ['strategies.cash'],
  warns: false,
  run: (facts) => {
    const { strategy, intent } = facts;
    const { strategyId } = intent.terms;
    if (strategy === null) return reject('strategy-missing', `${strategyId} has no safety item`, {});
    if (!strategy.enabled) return reject('strategy-disabled', `${strategyId} is disabled`, {});
    const reserved = reservationOf(facts)?.money ?? null;
    return reserved !== null && reserved > strategy.cashAvailable
      ? reject('strategy-cash', `${strategyId} has no cash left for the order`, {
          actual: formatMoney(reserved),
          limit: formatMoney(strategy.cashAvailable),
          wouldPassAt: formatMoney(reserved),
        })
      : null;
  },
};

export const modelFresh: PreTradeCheck = {
  id: 'model-fresh',
  asks: 'a strategy that trades by a model has one that is whole, the one that is due or the one that is pinned, and not too old',
  codes: ['model-unusable', 'model-not-fresh'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.modelAgeSessionsMax'],
  warns: true,
  run: ({ intent, model, session, policy }) => {
    if (model === null || session === null) return null;
    const { strategyId } = intent.terms;
    const refused = modelRefusal(strategyId, model, session.date);
    if (refused !== null) return { level: 'reject', refusal: refused };
    if (model.kind === 'none') return null;
    return holdTo<number>(policy, {
      code: 'model-not-fresh',
      what: `the sessions that the model of ${strategyId} has not seen`,
      actual: sessionsSince(model.trainedThrough, session.date),
      limit: policy.checks.modelAgeSessionsMax,
      format: String,
    });
  },
};

interface Counted {
  readonly code: 'orders-open-limit' | 'orders-per-day-limit' | 'orders-per-cycle-limit' | 'submit-rate-limit';
  readonly what: string;
  readonly before: number;
  readonly limit: number;
}

const heldToCount = (facts: ClearingFacts, { code, what, before, limit }: Counted): Finding | null =>
  holdTo<number>(facts.policy, { code, what, actual: before + 1, limit, format: String });

export const ordersOpen: PreTradeCheck = {
  id: 'orders-open',
  asks: 'no more orders are open than the policy allows; the claim holds it once more',
  codes: ['orders-open-limit'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.ordersOpenMax'],
  warns: true,
  run: (facts) =>
    facts.exposure === null
      ? null
      : heldToCount(facts, {
          code: 'orders-open-limit',
          what: 'the number of open orders',
          before: facts.exposure.ordersOpen,
          limit: facts.policy.limits.ordersOpenMax,
        }),
};

export const ordersPerDay: PreTradeCheck = {
  id: 'orders-per-day',
  asks: 'no more orders are placed in a session than the policy allows; the claim holds it once more',
  codes: ['orders-per-day-limit'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.ordersPerDayMax'],
  warns: true,
  run: (facts) =>
    facts.exposure === null
      ? null
      : heldToCount(facts, {
          code: 'orders-per-day-limit',
          what: "the number of the session's orders",
          before: facts.exposure.ordersToday,
          limit: facts.policy.limits.ordersPerDayMax,
        }),
};

const cycleOf = ({ exposure, intent }: ClearingFacts): Pick<Pace, 'orders' | 'notional'> | null =>
  exposure === null || intent.runId === null ? null : countedIn(exposure.cycle, intent.runId);

export const ordersPerCycle: PreTradeCheck = {
  id: 'orders-per-cycle',
  asks: 'one run places no more entries than the policy allows; the claim holds it once more',
  codes: ['orders-per-cycle-limit'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.ordersPerCycleMax'],
  warns: true,
  run: (facts) =>
    facts.intent.runId === null
      ? null
      : heldToCount(facts, {
          code: 'orders-per-cycle-limit',
          what: "the number of the run's orders",
          before: cycleOf(facts)?.orders ?? 0,
          limit: facts.policy.limits.ordersPerCycleMax,
        }),
};

export const notionalPerCycle: PreTradeCheck = {
  id: 'notional-per-cycle',
  asks: 'one run reserves no more than the policy allows; the claim holds it once more',
  codes: ['notional-per-cycle-limit'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.notionalPerCycleMax'],
  warns: true,
  run: (facts) =>
    facts.intent.runId === null
      ? null
      : holdTo<Money>(facts.policy, {
          code: 'notional-per-cycle-limit',
          what: "what the run's orders reserve",
          actual: addMoney(cycleOf(facts)?.notional ?? ZERO_MONEY, reservationOf(facts)?.money ?? ZERO_MONEY),
          limit: facts.policy.limits.notionalPerCycleMax,
          format: formatMoney,
        }),
};

export const submitRate: PreTradeCheck = {
  id: 'submit-rate',
  asks: 'account and strategy place no more entries a minute than the policy allows; the claim holds it once more',
  codes: ['submit-rate-limit'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.submitsPerMinuteMax', 'checks.strategySubmitsPerMinuteMax'],
  warns: true,
  run: (facts) => {
    const minute = minuteOf(facts.now);
    const { checks } = facts.policy;
    const ofAccount = facts.exposure === null ? null : countedIn(facts.exposure.minute, minute);
    const ofStrategy = facts.strategy === null ? null : countedIn(facts.strategy.minute, minute);
    const findings = [
      heldToCount(facts, {
        code: 'submit-rate-limit',
        what: "the number of the account's entries in this minute",
        before: ofAccount?.orders ?? 0,
        limit: checks.submitsPerMinuteMax,
      }),
      heldToCount(facts, {
        code: 'submit-rate-limit',
        what: "the number of the strategy's entries in this minute",
        before: ofStrategy?.orders ?? 0,
        limit: checks.strategySubmitsPerMinuteMax,
      }),
    ].filter((finding) => finding !== null);
    return findings.find((finding) => finding.level === 'reject') ?? findings[0] ?? null;
  },
};

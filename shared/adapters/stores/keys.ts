/** Where each item lies. One function a kind of item, so that no key is spelled twice. */
import type { AccountId, ClientOrderId, DecisionId, RunId, StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { ItemKey } from '#shared/core/kernel/item.ts';
import {
  MODEL_ALIAS_PARTITION,
  QUOTE_PARTITION,
  REQUEST_GATE_PARTITION,
  SLICE_PLAN_PARTITION,
} from '#shared/ports/table-catalogue.ts';

const account = (accountId: AccountId): string => `ACCOUNT#${accountId}`;

// table safety
export const globalSafetyKey: ItemKey = { pk: 'GLOBAL', sk: 'SAFETY' };
export const accountSafetyKey = (accountId: AccountId): ItemKey => ({ pk: account(accountId), sk: 'SAFETY' });
export const strategyKey = (accountId: AccountId, strategyId: StrategyId): ItemKey => ({
  pk: account(accountId),
  sk: `STRATEGY#${strategyId}`,
});
/** What the monitor remembers of the account. */
export const watchKey = (accountId: AccountId): ItemKey => ({ pk: account(accountId), sk: 'WATCH' });
export const policyKey = (accountId: AccountId, version: number): ItemKey => ({
  pk: account(accountId),
  sk: `POLICY#${String(version).padStart(9, '0')}`,
});
export const RUN_PREFIX = 'RUN#';
export const runKey = (accountId: AccountId, runId: RunId): ItemKey => ({
  pk: account(accountId),
  sk: `${RUN_PREFIX}${runId}`,
});

export const pendingSignalsKey = (accountId: AccountId): ItemKey => ({
  pk: account(accountId),
  sk: 'PENDING-SIGNALS',
});

export const requestGateKey = (accountId: AccountId, service: 'trading' | 'data'): ItemKey => ({
  pk: `${REQUEST_GATE_PARTITION}${accountId}`,
  sk: service,
});

/** One budget of requests to the API, shared by all its instances. */
export const rateKey = (accountId: AccountId, budget: string): ItemKey => ({
  pk: `RATE#${accountId}`,
  sk: budget,
});
/** A text that was used once. */
export const nonceKey = (owner: string, nonce: string): ItemKey => ({ pk: `NONCE#${owner}#${nonce}`, sk: 'NONCE' });
/** What was asked of the API under one decision; lies beside the run rows, which are the same for a schedule. */
export const orderRequestKey = (decisionId: string): ItemKey => ({ pk: `REQUEST#${decisionId}`, sk: 'REQUEST' });
/** Which decision an order was asked for under. */
export const orderRequestPointerKey = (id: ClientOrderId): ItemKey => ({ pk: `REQUEST-OF#${id}`, sk: 'REQUEST' });

/** The plans of an account, in a partition of their own: who works them may write nothing else of the table. */
export const slicePlansPartition = (accountId: AccountId): string => `${SLICE_PLAN_PARTITION}${accountId}`;
export const slicePlanKey = (accountId: AccountId, parentId: DecisionId): ItemKey => ({
  pk: slicePlansPartition(accountId),
  sk: `PLAN#${parentId}`,
});
export const OPEN_PLAN_PREFIX = 'OPEN#';
/** There while the plan has not ended. */
export const openSlicePlanKey = (accountId: AccountId, parentId: DecisionId): ItemKey => ({
  pk: slicePlansPartition(accountId),
  sk: `${OPEN_PLAN_PREFIX}${parentId}`,
});

// table orders
export const orderKey = (id: ClientOrderId): ItemKey => ({ pk: `ORDER#${id}`, sk: 'ORDER' });

// table books
export const bookKey = (accountId: AccountId, symbol: Ticker): ItemKey => ({
  pk: account(accountId),
  sk: `BOOK#${symbol}`,
});
/** The exit that is open on a symbol, or the last one that was. */
export const exitKey = (accountId: AccountId, symbol: Ticker): ItemKey => ({
  pk: account(accountId),
  sk: `EXIT#${symbol}`,
});
export const exposureKey = (accountId: AccountId): ItemKey => ({ pk: account(accountId), sk: 'EXPOSURE' });
export const sessionKey = (accountId: AccountId, session: CalendarDate): ItemKey => ({
  pk: account(accountId),
  sk: `SESSION#${session}`,
});
/** The mark of reconciliation among the marks of an account. */
export const RECONCILIATION_MARK = 'RECONCILIATION';
export const markKey = (accountId: AccountId, name: string): ItemKey => ({
  pk: account(accountId),
  sk: `MARK#${name}`,
});
export const orphanKey = (accountId: AccountId, brokerOrderId: string): ItemKey => ({
  pk: account(accountId),
  sk: `ORPHAN#${brokerOrderId}`,
});
export const accountPartition = account;

// table market
export const barsKey = (symbol: Ticker, year: number): ItemKey => ({ pk: `BARS#${symbol}`, sk: String(year) });
export const quoteKey = (symbol: Ticker): ItemKey => ({ pk: `${QUOTE_PARTITION}${symbol}`, sk: 'QUOTE' });
export const signalKey = (session: CalendarDate, strategyId: StrategyId, symbol: Ticker): ItemKey => ({
  pk: `SIGNALS#${session}`,
  sk: `${strategyId}#${symbol}`,
});
/** What is kept of a strategy's models: never changed but for the notes of use. */
export const modelsPartition = (strategyId: StrategyId): string => `MODEL#${strategyId}`;
export const MODEL_VERSION_PREFIX = 'VERSION#';
export const modelVersionKey = (strategyId: StrategyId, version: string): ItemKey => ({
  pk: modelsPartition(strategyId),
  sk: `${MODEL_VERSION_PREFIX}${version}`,
});
/** Names the version of a training. */
export const modelTrainingKey = (strategyId: StrategyId, through: CalendarDate, planId: string): ItemKey => ({
  pk: modelsPartition(strategyId),
  sk: `TRAINING#${through}#${planId}`,
});
export const modelUseKey = (strategyId: StrategyId, session: CalendarDate): ItemKey => ({
  pk: modelsPartition(strategyId),
  sk: `USE#${session}`,
});
/** In a partition of its own: people move the alias, and may write nothing else of the table. */
export const modelAliasPartition = (strategyId: StrategyId): string => `${MODEL_ALIAS_PARTITION}${strategyId}`;
export const modelAliasKey = (strategyId: StrategyId): ItemKey => ({
  pk: modelAliasPartition(strategyId),
  sk: 'ACTIVE',
});
export const modelMoveKey = (strategyId: StrategyId, revision: number): ItemKey => ({
  pk: modelAliasPartition(strategyId),
  sk: `MOVE#${String(revision).padStart(9, '0')}`,
});
/** Which symbols could be entered after a session. */
export const universeKey = (session: CalendarDate): ItemKey => ({ pk: `UNIVERSE#${session}`, sk: 'UNIVERSE' });
export const signalsPartition = (session: CalendarDate): string => `SIGNALS#${session}`;

// table journal
export const journalKey = (aggregateId: string, sequence: number): ItemKey => ({
  pk: aggregateId,
  sk: String(sequence).padStart(12, '0'),
});

/** The names of things, branded so that one cannot be given for another. All are checked once, where they are made. */

declare const brand: unique symbol;
type Name<K extends string> = string & { readonly [brand]: K };

/** Belay's own name for a broker account, such as "paper-1". */
export type AccountId = Name<'AccountId'>;
/** A strategy, such as "ma-crossover". Manual trades are strategy "manual". */
export type StrategyId = Name<'StrategyId'>;
/** An instrument's symbol as this house writes it, such as "AAPL" or "BTC/USD". */
export type Ticker = Name<'Ticker'>;
/** One decision to trade; an order's identity follows from it and never from a clock. */
export type DecisionId = Name<'DecisionId'>;
/** Ours, at most 48 characters, a hash of the decision. */
export type ClientOrderId = Name<'ClientOrderId'>;
/** The broker's, opaque. */
export type BrokerOrderId = Name<'BrokerOrderId'>;
/** The broker's name for one execution, opaque. */
export type ExecutionId = Name<'ExecutionId'>;
/** One run of orchestrate: account and slot. */
export type RunId = Name<'RunId'>;
/** Follows one cause through every room. */
export type CorrelationId = Name<'CorrelationId'>;
/** One deployed build; the reconciliation gate closes when it changes. */
export type BuildId = Name<'BuildId'>;

export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}

const PATTERNS = {
  AccountId: /^[a-z0-9][a-z0-9-]{0,31}$/,
  StrategyId: /^[a-z0-9][a-z0-9-]{0,31}$/,
  Ticker: /^[A-Z0-9][A-Z0-9./-]{0,15}$/,
  DecisionId: /^[A-Za-z0-9:._-]{1,96}$/,
  ClientOrderId: /^[A-Za-z0-9._-]{1,48}$/,
  BrokerOrderId: /^[\x21-\x7e]{1,96}$/,
  ExecutionId: /^[\x21-\x7e]{1,128}$/,
  RunId: /^[A-Za-z0-9:._-]{1,96}$/,
  CorrelationId: /^[A-Za-z0-9:._-]{1,96}$/,
  BuildId: /^[A-Za-z0-9._-]{1,64}$/,
} as const;

function named<K extends keyof typeof PATTERNS>(kind: K): (text: string) => Name<K> {
  return (text) => {
    if (!PATTERNS[kind].test(text)) {
      throw new IdentityError(`${JSON.stringify(text.slice(0, 100))} is no ${kind}: expected ${PATTERNS[kind].source}`);
    }
    return text as Name<K>;
  };
}

/** Each throws IdentityError when the text does not have the form of its kind. */
export const accountId = named('AccountId');
export const strategyId = named('StrategyId');
export const ticker = named('Ticker');
export const decisionId = named('DecisionId');
export const clientOrderIdOf = named('ClientOrderId');
export const brokerOrderId = named('BrokerOrderId');
export const executionId = named('ExecutionId');
export const runId = named('RunId');
export const correlationId = named('CorrelationId');
export const buildId = named('BuildId');

/** The strategy that a person's own orders belong to. */
export const MANUAL: StrategyId = strategyId('manual');

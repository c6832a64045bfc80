import { describe, expect, it } from 'vitest';
import { type WhyFacts, type WhyOrder, whyVerdict } from './why-verdict.ts';

const NOTHING: WhyFacts = {
  symbol: 'AAPL',
  day: '2026-03-09',
  inUniverse: true,
  universe: null,
  signalsAsOf: '2026-03-06',
  signals: [],
  withoutModel: [],
  decisions: [],
  orders: [],
};
const order = (change: Partial<WhyOrder>): WhyOrder => ({
  client_order_id: 'x-1',
  strategy_id: 'momentum',
  side: 'buy',
  state: 'acknowledged',
  filled_qty: '0',
  reason: null,
  ...change,
});
const REFUSED = {
  strategy_id: 'momentum',
  outcome: 'refused',
  stage: 'risk',
  reason: { code: 'strategy-cash', message: 'no cash is left' },
  would_pass_at: '1200',
} as const;
const SIGNAL = { strategy_id: 'momentum', kind: 'entry', side: 'buy' } as const;

describe('why a symbol was traded or was not', () => {
  it.each([
    [
      'a fill before all',
      { orders: [order({ state: 'rejected' }), order({ client_order_id: 'x-2', state: 'filled', filled_qty: '10' })] },
      'AAPL was traded: order x-2 of momentum bought 10.',
    ],
    [
      'a strategy that had no model',
      { withoutModel: [{ strategy_id: 'ml-momentum', reason: 'there are 3 rows' }] },
      'No strategy made a signal for AAPL as of 2026-03-06. ml-momentum had no model to make one: there are 3 rows.',
    ],
    [
      'a place below the most traded',
      { inUniverse: false, universe: { source: 'dynamic', members: 50, rank: 57 } },
      'AAPL was number 57 by dollars traded as of 2026-03-06; the universe takes 50, so no strategy looked at it.',
    ],
    ['an order under way', { orders: [order({})] }, 'order x-1 of momentum is on its way: it is acknowledged.'],
    [
      'an order that ended without a fill',
      { orders: [order({ state: 'rejected', reason: { code: 'broker-wash-trade', message: 'it meets another' } })] },
      'order x-1 of momentum brought nothing: it is rejected: it meets another (broker-wash-trade).',
    ],
    [
      'a refusal, with the change that would have let it pass',
      { signals: [SIGNAL], decisions: [REFUSED] },
      'The signal of momentum was refused at the stage risk: no cash is left (strategy-cash); it would pass at 1200.',
    ],
    [
      'a refusal that no limit would lift',
      { decisions: [{ ...REFUSED, would_pass_at: null }] },
      'The signal of momentum was refused at the stage risk: no cash is left (strategy-cash).',
    ],
    [
      'a decision that nobody has claimed',
      { decisions: [{ ...REFUSED, outcome: 'ordered', stage: null, reason: null, would_pass_at: null }] },
      'momentum decided on an order, which nobody has claimed.',
    ],
    [
      'a symbol that nobody looks at',
      { inUniverse: false, signals: null },
      'AAPL is not in the universe of the policy, so no strategy looks at it.',
    ],
    [
      'signals that were never made',
      { signals: null },
      'No signals were made as of 2026-03-06, so there was nothing to decide on 2026-03-09.',
    ],
    ['no signal', {}, 'No strategy made a signal for AAPL as of 2026-03-06.'],
    [
      'a signal that waits',
      { signals: [SIGNAL] },
      'The entry signal of momentum as of 2026-03-06 has not been decided on 2026-03-09.',
    ],
  ] as const)('is told by %s', (_, change, says) => {
    expect(whyVerdict({ ...NOTHING, ...change })).toBe(says);
  });
});

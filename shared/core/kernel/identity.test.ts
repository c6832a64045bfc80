import { describe, expect, it } from 'vitest';
import {
  accountId,
  brokerOrderId,
  buildId,
  clientOrderIdOf,
  correlationId,
  decisionId,
  executionId,
  IdentityError,
  MANUAL,
  runId,
  strategyId,
  ticker,
} from './identity.ts';

/** Each kind of name: its maker, its longest length, texts that it takes and texts that it refuses. */
const KINDS: readonly {
  kind: string;
  make: (text: string) => string;
  lengthMax: number;
  takes: readonly string[];
  refuses: readonly string[];
}[] = [
  { kind: 'AccountId', make: accountId, lengthMax: 32, takes: ['paper-1', '1'], refuses: ['Paper-1', '-paper', 'a_b'] },
  { kind: 'StrategyId', make: strategyId, lengthMax: 32, takes: ['ma-crossover'], refuses: ['MA', '-ma', 'ma/2'] },
  {
    kind: 'Ticker',
    make: ticker,
    lengthMax: 16,
    takes: ['AAPL', 'BRK.B', 'BTC/USD', 'A-B'],
    refuses: ['aapl', '.A', '/B'],
  },
  { kind: 'DecisionId', make: decisionId, lengthMax: 96, takes: ['run:2026_1.a-B'], refuses: ['a/b', 'a#b'] },
  { kind: 'ClientOrderId', make: clientOrderIdOf, lengthMax: 48, takes: ['b-0123.x_Y'], refuses: ['a:b', 'a/b'] },
  { kind: 'BrokerOrderId', make: brokerOrderId, lengthMax: 96, takes: ['61e69015-8549-4bfd', 'a!~/:'], refuses: ['é'] },
  { kind: 'ExecutionId', make: executionId, lengthMax: 128, takes: ['20260309::61e69015'], refuses: ['é'] },
  { kind: 'RunId', make: runId, lengthMax: 96, takes: ['paper-1:2026-03-09T14:35:00'], refuses: ['a/b'] },
  { kind: 'CorrelationId', make: correlationId, lengthMax: 96, takes: ['1-5f:a.b_c'], refuses: ['a/b'] },
  { kind: 'BuildId', make: buildId, lengthMax: 64, takes: ['2026.3-rc_1'], refuses: ['a:b'] },
];

describe.each(KINDS)('$kind', ({ kind, make, lengthMax, takes, refuses }) => {
  it.each(takes)('takes %j', (text) => {
    expect(make(text)).toBe(text);
  });

  it.each([...refuses, '', ' ', 'A B', 'A\n', '\u0000'])('refuses %j and says what is right', (text) => {
    expect(() => make(text)).toThrow(IdentityError);
    expect(() => make(text)).toThrow(`${JSON.stringify(text)} is no ${kind}: expected ^`);
  });

  it(`takes ${lengthMax} characters and refuses one more`, () => {
    expect(make('1'.repeat(lengthMax))).toHaveLength(lengthMax);
    expect(() => make('1'.repeat(lengthMax + 1))).toThrow(IdentityError);
  });
});

describe('an identity', () => {
  it('quotes no more than the beginning of what it refuses', () => {
    const text = 'x'.repeat(5_000);
    expect(() => accountId(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining(text) }));
  });

  it('is there for orders that a person places', () => {
    expect(MANUAL).toBe('manual');
  });
});

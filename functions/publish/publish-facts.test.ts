import { describe, expect, it } from 'vitest';
import type { Fact } from '#events/envelope.ts';
import { makeFact } from '#events/fact.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { publishFacts, type StreamEntry } from './publish-facts.ts';

const fact = (sequence: number): Fact =>
  makeFact(
    'breaker.armed.v1',
    {
      room: 'protect',
      aggregateId: 'account:dev-1',
      sequence,
      occurredAt: epochMs(1_773_064_800_000),
      correlationId: 'c',
      causationId: null,
    },
    { accountId: 'dev-1' },
  );

const entries: readonly StreamEntry[] = [
  { sequenceNumber: '100', facts: [fact(1)] },
  { sequenceNumber: '101', facts: [] },
  { sequenceNumber: '102', facts: [fact(2), fact(3)] },
  { sequenceNumber: '103', facts: [fact(4)] },
];

const publishing = (refuse: readonly number[]) => {
  const taken: number[] = [];
  const counts: number[] = [];
  const silent = (): void => undefined;
  return {
    taken,
    counts,
    dependencies: {
      telemetry: {
        info: silent,
        warn: silent,
        error: silent,
        measure: silent,
        measureFor: silent,
        count: (_: string, value = 1) => {
          counts.push(value);
        },
      },
      bus: {
        publish: (facts: readonly Fact[]) => {
          const left = facts.filter((said) => refuse.includes(said.meta.sequence));
          taken.push(...facts.filter((said) => !left.includes(said)).map((said) => said.meta.sequence));
          return Promise.resolve(left);
        },
      },
    },
  };
};

describe('publishFacts', () => {
  it('says every fact of the stream and asks for nothing again', async () => {
    const { dependencies, taken, counts } = publishing([]);
    expect(await publishFacts(dependencies, entries)).toBeNull();
    expect(taken).toEqual([1, 2, 3, 4]);
    expect(counts).toEqual([4]);
  });

  it('goes on from the entry of the first fact that the bus did not take', async () => {
    const { dependencies } = publishing([3, 4]);
    expect(await publishFacts(dependencies, entries)).toBe('102');
  });
});

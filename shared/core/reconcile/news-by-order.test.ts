import { describe, expect, it } from 'vitest';
import { parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, ticker } from '#shared/core/kernel/identity.ts';
import { epochNs } from '#shared/core/kernel/instant.ts';
import { type ActivityNews, stepsOf } from './news-by-order.ts';

const line = (at: number, kind: ActivityNews['kind'] = 'fill'): ActivityNews => ({
  activityId: `${at}:${kind}`,
  executionId: null,
  brokerOrderId: brokerOrderId('b-1'),
  ticker: ticker('KO'),
  side: 'buy',
  kind,
  quantity: wholeQuantity(1),
  price: parsePrice('10'),
  cumulativeQuantity: wholeQuantity(1),
  at: epochNs(BigInt(at)),
});

const shapeOf = (lines: readonly ActivityNews[], size: number): readonly (readonly string[])[] =>
  stepsOf(lines, size).map((step) => step.map(({ activityId }) => activityId));

describe('the steps of an order', () => {
  it('hold no more than fits, the oldest first', () => {
    expect(shapeOf([line(3), line(1), line(2)], 2)).toEqual([['1:fill', '2:fill'], ['3:fill']]);
  });

  it('are one where there is nothing to book: the order itself is still news', () => {
    expect(shapeOf([], 2)).toEqual([[]]);
  });

  it('never part a correction, which is told as a bust and what stands in for it', () => {
    const told = [line(1), line(5, 'bust'), line(5, 'correct'), line(6, 'bust'), line(6, 'correct')];
    expect(shapeOf(told, 2)).toEqual([
      ['1:fill', '5:bust', '5:correct'],
      ['6:bust', '6:correct'],
    ]);
  });

  it('part executions of one instant: they build on nothing', () => {
    expect(shapeOf([line(1), line(1), line(1)], 2)).toEqual([['1:fill', '1:fill'], ['1:fill']]);
  });
});

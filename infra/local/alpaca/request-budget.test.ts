import { afterEach, describe, expect, it } from 'vitest';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { openRawDesk, type RawDesk } from '#tests/venue/raw-desk.ts';
import { freshBudget, takeRequest } from './request-budget.ts';

const desks: RawDesk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close();
});

describe('the budget of requests', () => {
  it('is used up within a minute of the clock, and fresh in the next', () => {
    const budget = freshBudget(2);
    const take = (at: number) => takeRequest(budget, epochMs(at));
    expect(take(60_000)).toEqual({ allowed: true, remaining: 1, resetsAtSeconds: 120 });
    expect(take(119_999)).toEqual({ allowed: true, remaining: 0, resetsAtSeconds: 120 });
    expect(take(119_999)).toEqual({ allowed: false, remaining: 0, resetsAtSeconds: 120 });
    expect(take(120_000)).toEqual({ allowed: true, remaining: 1, resetsAtSeconds: 180 });
  });

  it('is shared by all trading requests, apart from data, and told in the headers', async () => {
    const desk = await openRawDesk({ requestsPerMinute: 3 });
    desks.push(desk);
    const remaining = async (path: string): Promise<readonly unknown[]> => {
      const { status, headers } = await desk.call('GET', path);
      return [status, headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')];
    };
    expect(await remaining('/v2/clock')).toEqual([200, '3', '2']);
    expect(await remaining('/v2/orders')).toEqual([200, '3', '1']);
    expect(await remaining('/v2/stocks/quotes/latest?symbols=KO')).toEqual([200, '3', '2']);
    expect(await remaining('/v2/nothing')).toEqual([404, '3', '0']);
    expect(await remaining('/v2/positions')).toEqual([429, '3', '0']);
    const { headers } = await desk.call('GET', '/v2/clock');
    expect(headers.get('x-ratelimit-reset')).toBe(String(Date.parse('2026-01-06T15:01:00Z') / 1000));
    desk.pass(60_000);
    expect(await remaining('/v2/clock')).toEqual([200, '3', '2']);
  });
});

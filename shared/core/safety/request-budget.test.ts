import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMs, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import {
  CLOCKS_DIFFER_MS,
  fullBudget,
  heedAnswer,
  paceOf,
  type RequestBudget,
  REQUESTS_A_WINDOW,
  takeTokens,
  TOKEN_MS_MAX,
  WINDOW_MS,
} from './request-budget.ts';

const NOW = epochMs(1_770_000_000_000);
const full = fullBudget(NOW);
const after = (ms: number): EpochMs => addMs(NOW, ms);

function drained(urgent: boolean, now = NOW, from: RequestBudget = full): { budget: RequestBudget; tokens: number } {
  let [budget, tokens] = [from, 0];
  for (;;) {
    const taking = takeTokens(budget, { count: 7, urgent }, now);
    if (taking.kind === 'none') return { budget, tokens };
    budget = taking.budget;
    tokens += taking.tokens;
  }
}

/** Owing more than a bucket can ever owe is a difference of clocks. */
const impossible = (): RequestBudget => {
  const { burst, tokenMs } = paceOf(REQUESTS_A_WINDOW);
  return { ...full, spentUntil: after(burst * tokenMs + WINDOW_MS + 2 * CLOCKS_DIFFER_MS + 1) };
};

const answered = { result: 'answered', retryAfterMs: null, rateLimit: null } as const;
const throttled = { result: 'throttled', retryAfterMs: null, rateLimit: null } as const;

describe('taking tokens', () => {
  it('gives no more than are there, and leaves the reserve to what is urgent', () => {
    const { burst, reserve } = paceOf(REQUESTS_A_WINDOW);
    const ordinary = drained(false);
    expect(ordinary.tokens).toBe(burst - reserve);
    expect(drained(true, NOW, ordinary.budget).tokens).toBe(reserve);
  });

  it('says when the next one comes back, and has it then and not a millisecond before', () => {
    const { budget } = drained(false);
    const none = takeTokens(budget, { count: 1, urgent: false }, NOW);
    if (none.kind !== 'none') throw new Error('the bucket is not empty');
    expect(takeTokens(budget, { count: 1, urgent: false }, addMs(none.readyAt, -1)).kind).toBe('none');
    expect(takeTokens(budget, { count: 3, urgent: false }, none.readyAt)).toMatchObject({ kind: 'taken', tokens: 1 });
  });

  it('fills up again and no further', () => {
    const { budget } = drained(true);
    const { burst, tokenMs } = paceOf(REQUESTS_A_WINDOW);
    expect(drained(true, after(10 * burst * tokenMs), budget).tokens).toBe(burst);
  });

  /** The most that were sent in any span as long as the broker's window. */
  const mostInAWindow = (sentMs: readonly number[]): number =>
    Math.max(0, ...sentMs.map((from) => sentMs.filter((at) => at >= from && at < from + WINDOW_MS).length));

  it.each([10, 37, 200, 1_000])(
    'never lets more than the limit of %i be sent in a minute in the worst case',
    (limit) => {
      // A full bucket taken by a slow clock and used at the last moment, then all that comes back, taken by a fast clock.
      const first = drained(true, NOW, { ...full, limit });
      const sentMs = Array.from({ length: first.tokens }, () => TOKEN_MS_MAX);
      let { budget } = first;
      for (let ms = TOKEN_MS_MAX; ms <= TOKEN_MS_MAX + WINDOW_MS; ms += 50) {
        const more = drained(true, after(ms + 2 * CLOCKS_DIFFER_MS), budget);
        budget = more.budget;
        for (let token = 0; token < more.tokens; token += 1) sentMs.push(ms);
      }
      expect(mostInAWindow(sentMs)).toBeLessThanOrEqual(limit);
      expect(mostInAWindow(sentMs)).toBeGreaterThanOrEqual(Math.floor(limit * 0.9));
    },
  );

  it('never lets more requests be sent in any minute than the limit, whoever takes and uses them when', () => {
    const step = fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 40_000 })),
      sender: fc.integer({ min: 0, max: 2 }),
      count: fc.integer({ min: 1, max: 40 }),
      urgent: fc.boolean(),
      heldMs: fc.integer({ min: 0, max: TOKEN_MS_MAX }),
    });
    const clocks = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 0, max: CLOCKS_DIFFER_MS })));
    const limits = fc.constantFrom(10, 37, 200);
    fc.assert(
      fc.property(clocks, limits, fc.array(step, { minLength: 1, maxLength: 60 }), (ahead, limit, steps) => {
        let [budget, trueMs]: [RequestBudget, number] = [{ ...full, limit }, 0];
        const sentMs: number[] = [];
        for (const { afterMs, sender, count, urgent, heldMs } of steps) {
          trueMs += afterMs;
          const taking = takeTokens(budget, { count, urgent }, after(trueMs + (ahead[sender] ?? 0)));
          if (taking.kind === 'none') continue;
          budget = taking.budget;
          for (let token = 0; token < taking.tokens; token += 1) sentMs.push(trueMs + heldMs);
        }
        expect(mostInAWindow(sentMs)).toBeLessThanOrEqual(limit);
      }),
      { seed: 4_001, numRuns: 200 },
    );
  });
});

describe('what the broker says of the budget', () => {
  it('stops everybody, urgent or not, for as long as a 429 says', () => {
    const stopped = heedAnswer(full, { ...throttled, retryAfterMs: 7_000 }, NOW);
    for (const urgent of [false, true]) {
      expect(takeTokens(stopped, { count: 1, urgent }, after(6_999))).toEqual({
        kind: 'none',
        readyAt: after(7_000),
        because: 'throttled',
      });
      expect(takeTokens(stopped, { count: 1, urgent }, after(7_000)).kind).toBe('taken');
    }
  });

  it('stops until the window ends where a 429 says no time, and else longer with each', () => {
    const reset = { limit: 200, remaining: 0, resetAt: after(25_000) };
    expect(heedAnswer(full, { ...throttled, rateLimit: reset }, NOW).stoppedUntil).toBe(after(25_000));
    const unexplained = { ...throttled, rateLimit: { ...reset, remaining: 190 } };
    expect(heedAnswer(full, unexplained, NOW).stoppedUntil).toBe(after(1_000));
    let [budget, now] = [full, NOW];
    const waitsMs = Array.from({ length: 9 }, () => {
      budget = heedAnswer(budget, throttled, now);
      const waitMs = budget.stoppedUntil - now;
      now = budget.stoppedUntil;
      return waitMs;
    });
    expect(waitsMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('counts the 429s of one burst once, and forgets them with an answer', () => {
    const first = heedAnswer(full, { ...throttled, retryAfterMs: 3_000 }, NOW);
    expect(heedAnswer(first, throttled, after(10))).toBe(first);
    expect(heedAnswer(first, { ...throttled, retryAfterMs: 1_000 }, after(10))).toBe(first);
    const longer = heedAnswer(first, { ...throttled, retryAfterMs: 9_000 }, after(10));
    expect([longer.throttles, longer.stoppedUntil]).toEqual([1, after(9_010)]);
    expect(heedAnswer(first, answered, after(10))).toBe(first);
    expect(heedAnswer(first, answered, after(3_000)).throttles).toBe(0);
  });

  it('lets no header stop the house for ever', () => {
    expect(heedAnswer(full, { ...throttled, retryAfterMs: 86_400_000 }, NOW).stoppedUntil).toBe(after(15 * 60_000));
  });

  it('follows the limit that the headers tell, and believes none that nobody could trade at', () => {
    const told = (limit: number) =>
      heedAnswer(full, { ...answered, rateLimit: { limit, remaining: null, resetAt: null } }, NOW);
    expect(told(1_000).limit).toBe(1_000);
    expect(drained(true, NOW, told(50)).tokens).toBe(30);
    expect(told(3)).toBe(full);
    expect(told(200)).toBe(full);
  });

  it('gives no more than the broker has left when somebody else uses the same limit', () => {
    const told = (remaining: number) =>
      heedAnswer(full, { ...answered, rateLimit: { limit: 200, remaining, resetAt: after(30_000) } }, NOW);
    const takenUntilReset = (from: RequestBudget): number => {
      let [budget, tokens] = [from, 0];
      for (let ms = 0; ms < 30_000; ms += 100) {
        const drawn = drained(true, after(ms), budget);
        budget = drawn.budget;
        tokens += drawn.tokens;
      }
      return tokens;
    };
    expect(takenUntilReset(told(25))).toBe(25);
    expect(takenUntilReset(told(0))).toBe(0);
    expect(told(199)).toBe(full);
  });

  it('is not moved by its own requests, however they are counted', () => {
    // A broker that counts whole minutes, and nobody else but this budget.
    let budget = full;
    let [used, minute] = [0, -1];
    for (let ms = 0; ms < 300_000; ms += 250) {
      const now = after(ms);
      if (Math.floor(now / WINDOW_MS) !== minute) [used, minute] = [0, Math.floor(now / WINDOW_MS)];
      const taking = takeTokens(budget, { count: 2, urgent: true }, now);
      if (taking.kind === 'none') continue;
      used += taking.tokens;
      const resetAt = epochMs((minute + 1) * WINDOW_MS);
      expect(200 - used).toBeGreaterThanOrEqual(0);
      budget = heedAnswer(
        taking.budget,
        { ...answered, rateLimit: { limit: 200, remaining: 200 - used, resetAt } },
        now,
      );
      expect(budget).toBe(taking.budget);
    }
  });
});

describe('a budget from a clock that is ahead', () => {
  it('keeps no exit, cancel or look-up back, owes what they took on top, and stops all else', () => {
    const budget = impossible();
    const taking = takeTokens(budget, { count: 1, urgent: true }, NOW);
    expect(taking).toMatchObject({ kind: 'taken', tokens: 1 });
    if (taking.kind === 'taken') {
      expect(taking.budget.spentUntil - budget.spentUntil).toBe(paceOf(REQUESTS_A_WINDOW).tokenMs);
    }
    expect(takeTokens(budget, { count: 1, urgent: false }, NOW)).toMatchObject({ kind: 'none', because: 'empty' });
  });

  it('is believed as long as a bucket could owe so much', () => {
    const owed = { ...impossible(), spentUntil: addMs(impossible().spentUntil, -1) };
    expect(takeTokens(owed, { count: 1, urgent: true }, NOW)).toMatchObject({ kind: 'none', because: 'empty' });
  });

  it('still heeds a 429', () => {
    const stopped = { ...impossible(), stoppedUntil: after(5_000) };
    expect(takeTokens(stopped, { count: 1, urgent: true }, NOW)).toMatchObject({ kind: 'none', because: 'throttled' });
  });
});

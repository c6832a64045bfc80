/**
 * The budget of requests that all functions of an account share: a token bucket, kept as the one instant at which it
 * would be full again. It is drawn so that no window of a minute, wherever it begins, sees more requests than the broker
 * allows, although tokens are taken some at a time and used a little later by functions whose clocks differ.
 */
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { RateLimit, RequestResult } from '#shared/core/safety/broker-request.ts';

/** The span that the broker counts its limit over. */
export const WINDOW_MS = 60_000;
/** Until the broker's headers tell another. */
export const REQUESTS_A_WINDOW = 200;
/** A token is good for so long after it was taken. */
export const TOKEN_MS_MAX = 5_000;
/** Clocks of two functions differ by no more. */
export const CLOCKS_DIFFER_MS = 1_000;
/** A limit below this is no limit of a broker that one could trade at, and is not believed. */
const LIMIT_MIN = 10;
/** How long a 429 stops everybody where it does not say; doubles with each in a row. */
const THROTTLED_MS_BASE = 1_000;
const THROTTLED_MS_MAX = 60_000;
/** No header stops the house for longer. */
const STOP_MS_MAX = 15 * 60_000;

export interface RequestBudget {
  /** Requests a window. */
  readonly limit: number;
  /** When the bucket would be full if nobody took any more. */
  readonly spentUntil: EpochMs;
  /** After a 429 nobody asks before this instant. */
  readonly stoppedUntil: EpochMs;
  /** 429s in a row. */
  readonly throttles: number;
}

export interface Pace {
  /** Tokens in a full bucket. */
  readonly burst: number;
  /** Tokens of these that are left to what is urgent. */
  readonly reserve: number;
  /** Milliseconds in which one token comes back. */
  readonly tokenMs: number;
}

/**
 * How a limit is spread over time. A span in which the requests of one window can have taken their tokens is longer than
 * the window by a token's life and by what clocks differ; a bucket gives at most `burst + span / tokenMs` in it, which is
 * held to the limit.
 */
export function paceOf(limit: number): Pace {
  const burst = Math.floor((limit * 3) / 5);
  const spanMs = WINDOW_MS + TOKEN_MS_MAX + 2 * CLOCKS_DIFFER_MS;
  return { burst, reserve: Math.floor(limit / 5), tokenMs: Math.ceil(spanMs / (limit - burst)) };
}

/** A bucket that nobody has taken from. */
export const fullBudget = (now: EpochMs): RequestBudget => ({
  limit: REQUESTS_A_WINDOW,
  spentUntil: now,
  stoppedUntil: now,
  throttles: 0,
});

export type Taking =
  | { readonly kind: 'taken'; readonly budget: RequestBudget; readonly tokens: number }
  /** None is to be had before `readyAt`. */
  | { readonly kind: 'none'; readonly readyAt: EpochMs; readonly because: 'empty' | 'throttled' };

/** Takes up to `count` tokens, at least one; what is not urgent leaves the reserve alone. */
export function takeTokens(
  budget: RequestBudget,
  ask: { readonly count: number; readonly urgent: boolean },
  now: EpochMs,
): Taking {
  if (now < budget.stoppedUntil) return { kind: 'none', readyAt: budget.stoppedUntil, because: 'throttled' };
  const { burst, reserve, tokenMs } = paceOf(budget.limit);
  const owedMs = Math.max(0, budget.spentUntil - now);
  // Nothing makes a bucket owe more than it holds and a window besides: this function's clock is behind, or another's was
  // ahead. What takes risk off does not wait for a clock, and what it takes is owed on top.
  if (ask.urgent && owedMs > burst * tokenMs + WINDOW_MS + 2 * CLOCKS_DIFFER_MS) {
    return { kind: 'taken', budget: { ...budget, spentUntil: addMs(budget.spentUntil, tokenMs) }, tokens: 1 };
  }
  const roomMs = (ask.urgent ? burst : burst - reserve) * tokenMs - owedMs;
  const tokens = Math.min(ask.count, Math.floor(roomMs / tokenMs));
  if (tokens < 1) return { kind: 'none', readyAt: addMs(now, tokenMs - roomMs), because: 'empty' };
  return { kind: 'taken', budget: { ...budget, spentUntil: addMs(now, owedMs + tokens * tokenMs) }, tokens };
}

/** What an answer says of the budget. */
export interface BudgetNews {
  readonly result: RequestResult;
  readonly retryAfterMs: number | null;
  readonly rateLimit: RateLimit | null;
}

/** The budget after an answer; the very same where the answer changes nothing. */
export function heedAnswer(budget: RequestBudget, news: BudgetNews, now: EpochMs): RequestBudget {
  const limited = heedLimit(budget, news.rateLimit?.limit ?? null);
  const told = news.rateLimit === null ? limited : heedRemaining(limited, news.rateLimit, now);
  if (news.result === 'throttled') return stop(told, news, now);
  return news.result === 'answered' && told.throttles > 0 && now >= told.stoppedUntil
    ? { ...told, throttles: 0 }
    : told;
}

const heedLimit = (budget: RequestBudget, limit: number | null): RequestBudget =>
  limit === null || limit < LIMIT_MIN || limit === budget.limit ? budget : { ...budget, limit };

/**
 * Where the broker has fewer requests left than this bucket would give until its window ends, somebody else uses the
 * same limit: the bucket is emptied as far as that takes.
 */
function heedRemaining(budget: RequestBudget, { remaining, resetAt }: RateLimit, now: EpochMs): RequestBudget {
  if (remaining === null || resetAt === null || resetAt <= now || resetAt - now > WINDOW_MS) return budget;
  const { burst, tokenMs } = paceOf(budget.limit);
  const owed = Math.ceil(Math.max(0, budget.spentUntil - now) / tokenMs);
  const comesBack = Math.floor((resetAt - now) / tokenMs);
  if (burst - owed + comesBack <= remaining) return budget;
  return { ...budget, spentUntil: addMs(now, (burst + comesBack - remaining) * tokenMs) };
}

/** Several 429s of one burst are one: only the first counts, the others can only lengthen the stop. */
function stop(budget: RequestBudget, { retryAfterMs, rateLimit }: BudgetNews, now: EpochMs): RequestBudget {
  const running = now < budget.stoppedUntil;
  const throttles = running ? budget.throttles : budget.throttles + 1;
  const resetAt = rateLimit?.resetAt ?? null;
  // With requests left in the window it is not the window that throttles.
  const usedUp = (rateLimit?.remaining ?? 0) === 0;
  const untilReset = usedUp && resetAt !== null && resetAt > now && resetAt - now <= WINDOW_MS ? resetAt - now : null;
  const told = retryAfterMs !== null && retryAfterMs > 0 ? retryAfterMs : untilReset;
  if (running && told === null) return budget;
  const guessed = Math.min(THROTTLED_MS_MAX, THROTTLED_MS_BASE * 2 ** Math.max(0, throttles - 1));
  const until = addMs(now, Math.min(STOP_MS_MAX, told ?? guessed));
  if (running && until <= budget.stoppedUntil) return budget;
  return { ...budget, throttles, stoppedUntil: until };
}

/** How much the API takes: of each body, and of each class of requests a minute. */
import type { RateClass } from './routes.ts';

export const BODY_BYTES_MAX = 64 * 1024;

/** Requests a minute over all callers of an account. What stops trading has no limit. */
export const RATE_LIMITS = {
  read: 1200,
  change: 60,
  submit: 40,
  slice: 10,
  cancel: 100,
} as const satisfies Readonly<Record<Exclude<RateClass, 'halt'>, number>>;

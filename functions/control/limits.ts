/** How much the API takes: of each body, and of each class of requests a minute. */
import { OPERATOR_SETTINGS } from '#shared/runtime/operator-settings.ts';
import type { Configuration } from '#shared/runtime/settings.ts';
import type { RateClass } from './routes.ts';

export const BODY_BYTES_MAX = 64 * 1024;

/** Requests a minute over all callers of an account. What stops trading has no limit. */
export type RateLimitsPerMinute = Readonly<Record<Exclude<RateClass, 'halt'>, number>>;

/** Those of a deployment that chooses no others. */
export const RATE_LIMITS: RateLimitsPerMinute = {
  read: Number(OPERATOR_SETTINGS.RATE_LIMIT_READ.standard),
  change: Number(OPERATOR_SETTINGS.RATE_LIMIT_CHANGE.standard),
  submit: Number(OPERATOR_SETTINGS.RATE_LIMIT_SUBMIT.standard),
  slice: Number(OPERATOR_SETTINGS.RATE_LIMIT_SLICE.standard),
  cancel: Number(OPERATOR_SETTINGS.RATE_LIMIT_CANCEL.standard),
};

export const RATE_LIMIT_NAMES = [
  'RATE_LIMIT_READ',
  'RATE_LIMIT_CHANGE',
  'RATE_LIMIT_SUBMIT',
  'RATE_LIMIT_SLICE',
  'RATE_LIMIT_CANCEL',
] as const;

export const rateLimitsOf = (settings: Configuration<(typeof RATE_LIMIT_NAMES)[number]>): RateLimitsPerMinute => ({
  read: settings.RATE_LIMIT_READ,
  change: settings.RATE_LIMIT_CHANGE,
  submit: settings.RATE_LIMIT_SUBMIT,
  slice: settings.RATE_LIMIT_SLICE,
  cancel: settings.RATE_LIMIT_CANCEL,
});

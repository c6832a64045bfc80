/** A request as the routes see it, and what they answer. */
import {
  type CalendarDate,
  type EpochMs,
  InstantError,
  calendarDate,
  msOf,
  parseEpochNs,
} from '#shared/core/kernel/instant.ts';
import { newYorkInstant } from '#shared/core/market/new-york-time.ts';
import type { VenueRefusal } from '#shared/core/venue/venue-refusal.ts';
import { ERROR_CATALOGUE, type WireErrorCode, errorBody } from './error-catalogue.ts';

export interface ApiRequest {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  /** Written as JSON; null is an empty body. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written as it is instead of `body`. */
  readonly text?: { readonly type: string; readonly content: string };
}

export const answer = (body: unknown, status = 200): Answer => ({ status, body });

export const refuse = (code: WireErrorCode, facts: Readonly<Record<string, string>> = {}): Answer => ({
  status: ERROR_CATALOGUE[code].status,
  body: errorBody(code, facts),
});

export const refuseWith = (refusal: VenueRefusal): Answer => refuse(refusal.code, refusal.facts);

/** A parameter that cannot be read: thrown by the readers below, answered by the router. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly parameter: string;
  constructor(parameter: string, reason: string) {
    super(reason);
    this.parameter = parameter;
  }
}

/** Absent and empty are the same. */
export function textOf(query: URLSearchParams, name: string): string | null {
  const value = query.get(name);
  return value === null || value === '' ? null : value;
}

export function wholeNumberOf(
  query: URLSearchParams,
  name: string,
  min: number,
  max: number,
  fallback: number,
): number {
  const text = textOf(query, name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) throw new ParameterError(name, `expected ${min} to ${max}`);
  return value;
}

export function wordOf<T extends string>(query: URLSearchParams, name: string, words: readonly T[], fallback: T): T {
  const text = textOf(query, name);
  if (text === null) return fallback;
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw new ParameterError(name, `expected ${words.join(' or ')}`);
  return word;
}

/** An RFC 3339 timestamp or a date; a date is its midnight in New York. */
export function instantOf(query: URLSearchParams, name: string): EpochMs | null {
  const text = textOf(query, name);
  if (text === null) return null;
  try {
    return text.length === 10 ? newYorkInstant(calendarDate(text), 0) : msOf(parseEpochNs(text));
  } catch (error) {
    if (error instanceof InstantError) throw new ParameterError(name, 'expected an RFC 3339 timestamp or a date');
    throw error;
  }
}

export function nanosecondsOf(query: URLSearchParams, name: string): bigint | null {
  const text = textOf(query, name);
  if (text === null) return null;
  if (text.length === 10) return BigInt(instantOf(query, name) ?? 0) * 1_000_000n;
  try {
    return parseEpochNs(text);
  } catch (error) {
    if (error instanceof InstantError) throw new ParameterError(name, 'expected an RFC 3339 timestamp or a date');
    throw error;
  }
}

/** A date, or the date part of a timestamp. */
export function dateOf(query: URLSearchParams, name: string): CalendarDate | null {
  const text = textOf(query, name);
  if (text === null) return null;
  try {
    return calendarDate(text.slice(0, 10));
  } catch (error) {
    if (error instanceof InstantError) throw new ParameterError(name, 'expected a date such as 2026-03-09');
    throw error;
  }
}

export const listOf = (query: URLSearchParams, name: string): readonly string[] =>
  (textOf(query, name) ?? '').split(',').filter((item) => item !== '');

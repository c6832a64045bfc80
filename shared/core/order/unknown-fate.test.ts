import { describe, expect, it } from 'vitest';
import { addMs, calendarDate, epochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Session } from '#shared/core/market/types.ts';
import type { Order } from '#shared/core/order/order.ts';
import { markTaken, markUnknown, refusedByBroker, resend, throttled } from '#shared/core/order/sending.ts';
import type { StepResult } from '#shared/core/order/sending.ts';
import {
  abandon,
  AFTER_CLOSE_MS,
  IMMEDIATE_WATCH_MS,
  IN_FLIGHT_MS_MAX,
  mayResend,
  mayBeThereSince,
  watchOf,
} from '#shared/core/order/unknown-fate.ts';
import type { ResendFacts } from '#shared/core/order/unknown-fate.ts';
import {
  canceling,
  CLAIMED_AT,
  HOLDER,
  REASON,
  sampleIntent,
  sending,
  taken,
  told,
  unknown,
  VALID_UNTIL,
} from '#tests/order/sample-orders.ts';

const facts = (changes: Partial<ResendFacts> = {}): ResendFacts => ({
  duplicateGuard: true,
  holder: HOLDER,
  now: CLAIMED_AT,
  lookupMisses: 2,
  ...changes,
});

describe('sending the same id again', () => {
  it('is allowed when the broker guards ids, two lookups missed and the decision is fresh', () => {
    expect(mayResend(unknown(), facts())).toEqual({ ok: true, value: true });
  });

  it.each(['exit', 'flatten'] as const)(
    'is allowed to an %s however old it is: it holds while it is open',
    (purpose) => {
      const closing = unknown(sampleIntent({}, { purpose }));
      const late = facts({ now: addMs(VALID_UNTIL, 3_600_000) });
      expect(mayResend(closing, late)).toEqual({ ok: true, value: true });
      expect(mayResend(canceling(closing), late)).toMatchObject({ ok: false });
    },
  );

  it.each<{ why: string; order: () => Order; given: Partial<ResendFacts>; bar: object }>([
    {
      why: 'the broker guards no ids',
      order: unknown,
      given: { duplicateGuard: false },
      bar: { kind: 'no-duplicate-guard' },
    },
    {
      why: 'it was looked up only once',
      order: unknown,
      given: { lookupMisses: 1 },
      bar: { kind: 'look-up-first', missesLeft: 1 },
    },
    { why: 'it is being sent', order: sending, given: {}, bar: { kind: 'not-unknown' } },
    {
      why: 'the broker has it',
      order: () => told(unknown(), { status: 'new' }),
      given: {},
      bar: { kind: 'not-unknown' },
    },
    {
      why: 'the decision is stale',
      order: unknown,
      given: { now: VALID_UNTIL },
      bar: { refusal: { code: 'decision-stale' } },
    },
    {
      why: 'a cancel was requested',
      order: () => canceling(unknown()),
      given: {},
      bar: { refusal: { code: 'cancel-requested' } },
    },
    {
      why: 'another sender holds the lease',
      order: () => ({ ...unknown(), lease: { holder: 'sender-2', until: addMs(CLAIMED_AT, 1) } }),
      given: {},
      bar: { refusal: { code: 'lease-lost' } },
    },
  ])('is refused when $why', ({ order, given, bar }) => {
    expect(mayResend(order(), facts(given))).toMatchObject({ ok: false, error: bar });
  });
});

const session = (date: string, openAt: number, closeAt: number): Session => ({
  date: calendarDate(date),
  openAt: epochMs(openAt),
  closeAt: epochMs(closeAt),
  halfDay: false,
});

/** The sample order is sent at CLAIMED_AT; the first session closes two minutes later. */
const TODAY = session('2023-11-14', CLAIMED_AT - 3_600_000, CLAIMED_AT + 120_000);
const TOMORROW = session('2023-11-15', CLAIMED_AT + 60_000_000, CLAIMED_AT + 80_000_000);

describe('how long an order of unknown fate is watched', () => {
  it('watches a day order to the close of its session, and a while after', () => {
    expect(watchOf(unknown(), [TODAY, TOMORROW])).toEqual({ kind: 'until', at: addMs(TODAY.closeAt, AFTER_CLOSE_MS) });
  });

  it('watches one that may have arrived after the close to the close of the next session', () => {
    const closing = session('2023-11-14', CLAIMED_AT - 3_600_000, CLAIMED_AT + IN_FLIGHT_MS_MAX);
    expect(watchOf(unknown(), [closing, TOMORROW])).toEqual({
      kind: 'until',
      at: addMs(TOMORROW.closeAt, AFTER_CLOSE_MS),
    });
  });

  it('watches from the last attempt that nobody proved, whatever was answered to a later one', () => {
    const late = addMs(TODAY.closeAt, 1);
    const today = { kind: 'until', at: addMs(TODAY.closeAt, AFTER_CLOSE_MS) };
    const tomorrow = { kind: 'until', at: addMs(TOMORROW.closeAt, AFTER_CLOSE_MS) };
    const closing = unknown(sampleIntent({}, { purpose: 'exit' }));
    const again = taken(resend(closing, HOLDER, late)).order;
    const watched = (step: StepResult) => watchOf(taken(step).order, [TODAY, TOMORROW]);
    expect(watched(refusedByBroker(again, refusal('broker-position-intent', 'no'), late))).toEqual(today);
    expect(watched(throttled(again, late))).toEqual(today);
    expect(watched(markTaken(again, REASON, late))).toEqual(today);
    expect(watched(markUnknown(again, REASON, late))).toEqual(tomorrow);
    expect(mayBeThereSince(taken(markUnknown(again, REASON, late)).order)).toBe(CLAIMED_AT);
  });

  it('says so when the calendar does not reach far enough', () => {
    expect(watchOf(unknown(), [])).toEqual({ kind: 'calendar-too-short' });
  });

  it.each(['ioc', 'fok'] as const)('watches an %s order for a quarter of an hour', (timeInForce) => {
    const order = unknown(sampleIntent({ timeInForce }));
    expect(watchOf(order, [TODAY])).toEqual({ kind: 'until', at: addMs(CLAIMED_AT, IMMEDIATE_WATCH_MS) });
  });

  it('leaves a gtc order to an operator', () => {
    expect(watchOf(unknown(sampleIntent({ timeInForce: 'gtc' })), [TODAY])).toEqual({ kind: 'operator' });
  });
});

describe('giving an order of unknown fate up', () => {
  const until = { kind: 'until', at: addMs(CLAIMED_AT, 500_000) } as const;
  const after = addMs(until.at, 1);

  it('ends it as abandoned, with an alarm, once a lookup after the watch found nothing', () => {
    const order = unknown();
    const step = taken(abandon(order, { watch: until, lastMissAt: until.at, operator: null, now: after }));
    expect(step.order).toMatchObject({ state: 'abandoned', endedAt: after, reserved: { quantity: 0n } });
    expect(step.consequences.released).toEqual(order.reserved);
    expect(step.consequences.followUps).toContainEqual({ kind: 'alarm', code: 'abandoned' });
  });

  it.each<{ why: string; changes: object }>([
    { why: 'the watch is not over', changes: { now: addMs(until.at, -1) } },
    { why: 'nobody looked it up', changes: { lastMissAt: null } },
    { why: 'the last lookup was before the end of the watch', changes: { lastMissAt: addMs(until.at, -1) } },
    { why: 'it is for an operator', changes: { watch: { kind: 'operator' } } },
    { why: 'the calendar is too short', changes: { watch: { kind: 'calendar-too-short' } } },
  ])('refuses while $why', ({ changes }) => {
    const given = { watch: until, lastMissAt: until.at, operator: null, now: after, ...changes };
    expect(abandon(unknown(), given)).toMatchObject({ ok: false, error: { kind: 'refused' } });
  });

  it('lets an operator give it up, but not before it could have arrived', () => {
    const arrived = addMs(CLAIMED_AT, IN_FLIGHT_MS_MAX);
    const by = { watch: { kind: 'operator' }, operator: 'ann', now: after } as const;
    expect(abandon(unknown(), { ...by, lastMissAt: addMs(arrived, -1) }).ok).toBe(false);
    const step = taken(abandon(unknown(), { ...by, lastMissAt: arrived }));
    expect(step.order.ended?.reason?.code).toBe('given-up-by-operator');
  });

  it('is brought back when it turns up: reserved, quarantined, canceled, alarmed', () => {
    const start = taken(abandon(unknown(), { watch: until, lastMissAt: until.at, operator: null, now: after })).order;
    const back = told(start, { status: 'new' });
    expect(back).toMatchObject({ state: 'acknowledged', resurrected: true, ended: null, endedAt: null });
    expect(back.reserved).toEqual(unknown().reserved);
  });
});

import { describe, expect, it } from 'vitest';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { type RefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import type { Order } from '#shared/core/order/order.ts';
import {
  LEASE_MS,
  failUnsent,
  lastLook,
  markTaken,
  markUnknown,
  mayHold,
  refusedByBroker,
  resend,
  throttled,
  withdraw,
} from '#shared/core/order/sending.ts';
import {
  canceling,
  claimed,
  CLAIMED_AT,
  dryRun,
  HOLDER,
  REASON,
  sending,
  taken,
  told,
  unknown,
  VALID_UNTIL,
} from '#tests/order/sample-orders.ts';

const REFUSAL = refusal('broker-insufficient-buying-power', 'no money');
const LATER = addMs(CLAIMED_AT, LEASE_MS);

describe('the claim', () => {
  it('writes an order down, reserves for it and sends nothing', () => {
    const order = claimed();
    expect(order).toMatchObject({ state: 'claimed', version: 1, journalSequence: 1, attempt: 0, sentAt: null });
    expect(order).toMatchObject({ provisional: false, contradicted: false, epoch: 0, executions: [] });
    expect(order.reserved).toEqual({ quantity: order.reservation.quantity, money: parseMoney('2020') });
    expect(order.lease).toEqual({ holder: HOLDER, until: LATER });
  });

  it('ends a dry run at once, with nothing reserved', () => {
    const { order, consequences } = dryRun();
    expect(order).toMatchObject({ state: 'dry_run', lease: null, reserved: { quantity: 0n, money: 0n } });
    expect(consequences.facts.map((fact) => fact.kind)).toEqual(['claimed', 'ended']);
    expect(consequences.released).toEqual({ quantity: 0n, money: 0n });
  });
});

describe('the last look', () => {
  it('makes a claimed order one that may be at the broker', () => {
    const { order, consequences } = taken(lastLook(claimed(), HOLDER, CLAIMED_AT));
    expect(order).toMatchObject({ state: 'sending', attempt: 1, sentAt: CLAIMED_AT, version: 2, journalSequence: 2 });
    expect(consequences.facts).toEqual([{ kind: 'submitted', attempt: 1 }]);
    expect(consequences.released).toEqual({ quantity: 0n, money: 0n });
  });

  it('refuses another holder until the lease has run out, and then lets it take over', () => {
    const early = lastLook(claimed(), 'sender-2', addMs(LATER, -1));
    expect(early).toMatchObject({ ok: false, error: { refusal: { code: 'lease-lost' } } });
    const { order } = taken(lastLook(claimed(), 'sender-2', LATER));
    expect(order.lease).toEqual({ holder: 'sender-2', until: addMs(LATER, LEASE_MS) });
  });

  it('refuses an order whose cancel was requested', () => {
    const looked = lastLook(canceling(claimed()), HOLDER, CLAIMED_AT);
    expect(looked).toMatchObject({ ok: false, error: { refusal: { code: 'cancel-requested' } } });
  });

  it('refuses a stale decision from the very instant at which it is one', () => {
    expect(lastLook(claimed(), HOLDER, addMs(VALID_UNTIL, -1)).ok).toBe(true);
    const looked = lastLook(claimed(), HOLDER, VALID_UNTIL);
    expect(looked).toMatchObject({ ok: false, error: { refusal: { code: 'decision-stale' } } });
  });
});

describe('ends without a broker', () => {
  it('withdraws with its refusal and gives everything back', () => {
    const before = claimed();
    const { order, consequences } = taken(withdraw(before, refusal('kill-switch-engaged', 'stop'), CLAIMED_AT));
    expect(order).toMatchObject({
      state: 'withdrawn',
      refusal: { code: 'kill-switch-engaged' },
      lease: null,
      endedAt: CLAIMED_AT,
    });
    expect(consequences.released).toEqual(before.reserved);
    expect(order.ended).toMatchObject({ end: 'withdrawn', reason: { code: 'kill-switch-engaged' } });
  });

  it('fails with an alarm', () => {
    const { order, consequences } = taken(failUnsent(claimed(), REASON, CLAIMED_AT));
    expect(order.state).toBe('failed');
    expect(consequences.followUps).toContainEqual({ kind: 'alarm', code: 'failed' });
  });
});

describe('answers to the call', () => {
  it('is refused for good by a first attempt', () => {
    const before = sending();
    const { order, consequences } = taken(refusedByBroker(before, REFUSAL, CLAIMED_AT));
    expect(order).toMatchObject({ state: 'rejected', refusal: REFUSAL });
    expect(consequences.released).toEqual(before.reserved);
    expect(consequences.followUps).toContainEqual({ kind: 'reconcile', because: 'rejected' });
  });

  it('stays unknown when the repetition of an attempt that nobody proved is refused: the first may hold the money', () => {
    const again = taken(resend(unknown(), HOLDER, CLAIMED_AT)).order;
    expect(again).toMatchObject({ state: 'sending', attempt: 2 });
    const { order, consequences } = taken(refusedByBroker(again, REFUSAL, CLAIMED_AT));
    expect(order).toMatchObject({ state: 'unknown', refusal: null, lease: null });
    expect(order.reserved).toEqual(again.reserved);
    expect(consequences.released).toEqual({ quantity: 0n, money: 0n });
  });

  it('goes back to claimed when it was throttled, and may have another last look', () => {
    const { order } = taken(throttled(sending(), CLAIMED_AT));
    expect(order).toMatchObject({ state: 'claimed', attempt: 1 });
    expect(taken(lastLook(order, HOLDER, CLAIMED_AT)).order.attempt).toBe(2);
  });

  it('goes back to unknown when the repetition of an attempt that nobody proved is throttled', () => {
    const again = taken(resend(unknown(), HOLDER, CLAIMED_AT)).order;
    expect(taken(throttled(again, CLAIMED_AT)).order.state).toBe('unknown');
  });

  it('is unknown after an ambiguous one: reserved, alarmed, looked for', () => {
    const before = sending();
    const { order, consequences } = taken(markUnknown(before, REASON, CLAIMED_AT));
    const ambiguity = { reason: REASON, firstAt: CLAIMED_AT, lastAt: CLAIMED_AT, answer: null };
    expect(order).toMatchObject({ state: 'unknown', lease: null, ambiguity });
    expect(order.reserved).toEqual(before.reserved);
    expect(consequences.facts).toEqual([{ kind: 'unknown', reason: REASON }]);
    expect(consequences.followUps).toEqual([
      { kind: 'reconcile', because: 'unknown' },
      { kind: 'alarm', code: 'unknown' },
    ]);
    expect(taken(markUnknown(order, REASON, LATER))).toMatchObject({ changed: false, order });
  });

  it('counts for nothing once the broker has spoken', () => {
    const heard = told(sending(), { status: 'new' });
    for (const answer of [
      refusedByBroker(heard, REFUSAL, CLAIMED_AT),
      throttled(heard, CLAIMED_AT),
      markUnknown(heard, REASON, CLAIMED_AT),
    ]) {
      expect(answer).toMatchObject({ ok: false, error: { kind: 'illegal', why: 'known-at-broker' } });
    }
  });
});

describe('the repetition of an attempt that nobody proved', () => {
  const repeated = (at = LATER): Order => taken(resend(unknown(), HOLDER, at)).order;

  // All that a broker may say for certain: of the first attempt it proves nothing, of a third everything.
  it.each<RefusalCode>([
    'broker-insufficient-buying-power',
    'broker-insufficient-quantity',
    'broker-wash-trade',
    'broker-position-intent',
    'broker-not-tradable',
    'broker-credentials',
    'broker-refused',
  ])('is never made again once one was refused with %s', (code) => {
    const why = refusal(code, 'no');
    const { order, consequences } = taken(refusedByBroker(repeated(), why, LATER));
    expect(order).toMatchObject({ state: 'unknown', refusal: null, lease: null });
    expect(order.ambiguity).toEqual({ reason: REASON, firstAt: CLAIMED_AT, lastAt: CLAIMED_AT, answer: why });
    expect(consequences.facts).toEqual([{ kind: 'unknown', reason: why }]);
    expect(resend(order, HOLDER, LATER)).toMatchObject({ ok: false, error: { refusal: { code } } });
  });

  it('is never made again once one was answered with its own id, whether or not an earlier one is in doubt', () => {
    const reason = { ...REASON, code: 'duplicate' };
    for (const before of [repeated(), sending()]) {
      const { order } = taken(markTaken(before, reason, LATER));
      expect(order).toMatchObject({ state: 'unknown', lease: null });
      expect(order.ambiguity).toMatchObject({ lastAt: CLAIMED_AT, answer: { code: 'broker-duplicate' } });
      expect(resend(order, HOLDER, LATER)).toMatchObject({ ok: false, error: { kind: 'refused' } });
      expect(taken(markTaken(order, reason, LATER))).toMatchObject({ changed: false, order });
    }
  });

  it('moves the watch on where nobody proved it either, and only there', () => {
    const doubted = taken(markUnknown(repeated(), { ...REASON, code: 'again' }, LATER)).order;
    expect(doubted.ambiguity).toEqual({ reason: REASON, firstAt: CLAIMED_AT, lastAt: LATER, answer: null });
    const held = taken(throttled(repeated(), LATER)).order;
    expect(held.ambiguity).toEqual({ reason: REASON, firstAt: CLAIMED_AT, lastAt: CLAIMED_AT, answer: null });
    expect(resend(held, HOLDER, LATER).ok).toBe(true);
  });
});

describe('the lease', () => {
  it('belongs to its holder while it lasts, and to nobody once the broker has the order', () => {
    const order = claimed();
    expect(mayHold(order, HOLDER, CLAIMED_AT)).toBe(true);
    expect(mayHold(order, 'sender-2', CLAIMED_AT)).toBe(false);
    expect(mayHold(order, 'sender-2', LATER)).toBe(true);
    expect(told(sending(), { status: 'new' }).lease).toBeNull();
  });
});

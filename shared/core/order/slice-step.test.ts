import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addQuantity,
  formatQuantity,
  parsePrice,
  prorateQuantity,
  type Quantity,
  subtractQuantity,
  wholeQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { addMs, type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { claimed, sampleTerms } from '#tests/order/sample-orders.ts';
import { clientOrderIdFor } from './client-order-id.ts';
import { isEnd, type Order, type OrderState, type Reason } from './order.ts';
import { CATCH_UP_MAX, countedOf, makePlan, parentIdOf, planEndsAt, type SlicePlan, totalOf } from './slice-plan.ts';
import {
  decideSlice,
  dueSlice,
  isStopping,
  leavingSlices,
  nextStep,
  type PlanChange,
  recounted,
  type SliceSight,
  type SliceStep,
  stopPlan,
  sumsOf,
  wakesOf,
} from './slice-step.ts';

const START = parseEpochMs('2026-03-09T14:00:00Z');
const INTERVAL_MS = 300_000;
const NOTHING: SliceSight = { order: null, refused: null };
const at = (ms: number): EpochMs => addMs(START, ms);

function planOf(quantity: Quantity, count: number, sliceMax: Quantity | null = null): SlicePlan {
  const made = makePlan(
    {
      parentId: parentIdOf('p'),
      terms: { ...sampleTerms(), size: { kind: 'quantity', quantity } },
      purpose: 'manual',
      arrivalPrice: parsePrice('100'),
      wishHash: 'h',
      by: 'ada',
      startAt: START,
      intervalMs: INTERVAL_MS,
      count,
    },
    {
      step: wholeQuantity(1),
      quantityMin: wholeQuantity(1),
      sliceMax,
      closeAt: addMs(START, 24 * 3_600_000),
      cooldownMs: 0,
    },
  );
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

const ground = (now: EpochMs) => ({
  now,
  policyVersion: 1,
  decisionAgeMsMax: INTERVAL_MS,
  basis: { position: ZERO_QUANTITY, openQuantity: ZERO_QUANTITY },
});

const decided = (plan: SlicePlan, index: number, now: EpochMs): SlicePlan => decideSlice(plan, index, ground(now)).plan;

/** The order of the slice at work, in a state of its life. */
function orderOf(plan: SlicePlan, state: OrderState, filledQuantity: Quantity): Order {
  if (plan.working === null) throw new Error('no slice is at work');
  const { working } = plan;
  return {
    ...claimed(),
    intent: working,
    clientOrderId: clientOrderIdFor(working.terms, working.decision),
    state,
    filledQuantity,
    ended: isEnd(state) ? { end: state, at: null, reason: null } : null,
  };
}

const changed = (step: SliceStep): PlanChange => {
  if (step.kind !== 'change') throw new Error(`expected a change, not ${step.kind}`);
  return step.change;
};
const settle = (plan: SlicePlan, order: Order, now: EpochMs): PlanChange =>
  changed(nextStep(plan, { order, refused: null }, now));
const refuse = (plan: SlicePlan, code: string, now: EpochMs): PlanChange =>
  changed(nextStep(plan, { order: null, refused: { code, message: code, context: {} } }, now));

describe('a slice', () => {
  it('is decided when it is due, as late as its interval, and valid no longer', () => {
    const plan = planOf(wholeQuantity(10), 2);
    expect(nextStep(plan, NOTHING, at(0))).toEqual({ kind: 'decide', index: 0 });
    expect(nextStep(plan, NOTHING, at(INTERVAL_MS - 1))).toEqual({ kind: 'decide', index: 0 });
    const late = decided(plan, 0, at(INTERVAL_MS - 1000));
    expect(late.working?.validUntil).toBe(at(INTERVAL_MS));
    expect(late.working?.decision).toEqual({ decisionId: plan.parentId, generation: 0, slice: 0 });
  });

  it('is sent again while it may be, and closed when it may not and nobody knows of an order', () => {
    const plan = decided(planOf(wholeQuantity(10), 2), 0, at(0));
    expect(nextStep(plan, NOTHING, at(0))).toMatchObject({ kind: 'send', intent: plan.working });
    expect(nextStep(plan, NOTHING, at(INTERVAL_MS - 1)).kind).toBe('send');
    expect(nextStep(plan, NOTHING, at(INTERVAL_MS))).toMatchObject({ kind: 'close', why: 'decision-stale' });
  });

  it('is canceled once a minute from when its time is over, and no other is decided before its end is known', () => {
    const plan = decided(planOf(wholeQuantity(10), 2), 0, at(0));
    const sight = { order: orderOf(plan, 'acknowledged', ZERO_QUANTITY), refused: null };
    expect(nextStep(plan, sight, at(INTERVAL_MS - 1)).kind).toBe('wait');
    expect(nextStep(plan, sight, at(INTERVAL_MS))).toMatchObject({ kind: 'cancel', attempt: 1 });
    expect(nextStep(plan, sight, at(INTERVAL_MS + 59_999))).toMatchObject({ kind: 'cancel', attempt: 1 });
    expect(nextStep(plan, sight, at(INTERVAL_MS + 60_000))).toMatchObject({ kind: 'cancel', attempt: 2 });
    for (const state of ['claimed', 'sending', 'unknown', 'partially_filled', 'pending_cancel'] as const) {
      const open = { order: orderOf(plan, state, ZERO_QUANTITY), refused: null };
      expect(nextStep(plan, open, at(3 * INTERVAL_MS)).kind).toBe('cancel');
    }
  });

  it('counts whole while it is at work, and by what it filled once that is known', () => {
    const plan = decided(planOf(wholeQuantity(10), 2), 0, at(0));
    expect(formatQuantity(countedOf(plan))).toBe('5');
    const { plan: after, news } = settle(plan, orderOf(plan, 'canceled', wholeQuantity(2)), at(10));
    expect(after.slices[0]).toMatchObject({ state: 'ended', filled: wholeQuantity(2), counted: wholeQuantity(2) });
    expect(news).toEqual([{ kind: 'slice-ended', index: 0, fate: 'carried' }]);
    // Five of its own and three that the first one left.
    expect(decided(after, 1, at(INTERVAL_MS)).slices[1]?.asked).toBe(wholeQuantity(8));
  });

  it.each(['replaced', 'abandoned', 'dry_run'] as const)('that ended %s is never given out again', (state) => {
    const plan = decided(planOf(wholeQuantity(10), 2), 0, at(0));
    const { plan: after } = settle(plan, orderOf(plan, state, ZERO_QUANTITY), at(10));
    expect(sumsOf(after)).toEqual({ filled: ZERO_QUANTITY, assumed: wholeQuantity(5), left: wholeQuantity(5) });
    expect(decided(after, 1, at(INTERVAL_MS)).slices[1]?.asked).toBe(wholeQuantity(5));
  });

  it('that was refused or missed is made up for, by no more than twice the plan and its largest size', () => {
    const plan = planOf(wholeQuantity(40), 4);
    const first = refuse(decided(plan, 0, at(0)), 'spread-too-wide', at(1)).plan;
    expect(first.slices[0]).toMatchObject({ state: 'refused', counted: ZERO_QUANTITY });
    // The second was never woken.
    const { plan: third, news } = decideSlice(first, 2, ground(at(2 * INTERVAL_MS)));
    expect(news).toEqual([{ kind: 'slice-sent', index: 2, missed: 1 }]);
    expect(third.slices.map(({ state }) => state)).toEqual(['refused', 'missed', 'working', 'pending']);
    expect(third.slices[2]?.asked).toBe(wholeQuantity(20));
    const capped = refuse(decided(planOf(wholeQuantity(40), 4, wholeQuantity(12)), 0, at(0)), 'quote-stale', at(1));
    expect(decided(capped.plan, 1, at(INTERVAL_MS)).slices[1]?.asked).toBe(wholeQuantity(12));
  });

  it('counts a fill that was told after its end', () => {
    const plan = decided(planOf(wholeQuantity(10), 2), 0, at(0));
    const order = orderOf(plan, 'canceled', wholeQuantity(2));
    const { plan: after } = settle(plan, order, at(10));
    expect(leavingSlices(after).map(({ index }) => index)).toEqual([0]);
    expect(recounted(after, [order])).toBeNull();
    const more = recounted(after, [{ ...order, filledQuantity: wholeQuantity(4) }]);
    expect(more?.plan.slices[0]).toMatchObject({ filled: wholeQuantity(4), counted: wholeQuantity(4) });
    expect(decided(more?.plan ?? after, 1, at(INTERVAL_MS)).slices[1]?.asked).toBe(wholeQuantity(6));
  });
});

describe('a plan', () => {
  it('ends completed as soon as all is used up', () => {
    const plan = planOf(wholeQuantity(10), 2);
    const one = decided(plan, 0, at(0));
    const first = settle(one, orderOf(one, 'filled', wholeQuantity(5)), at(1)).plan;
    expect(nextStep(first, NOTHING, at(2)).kind).toBe('wait');
    const two = decided(first, 1, at(INTERVAL_MS));
    const second = settle(two, orderOf(two, 'filled', wholeQuantity(5)), at(INTERVAL_MS + 1)).plan;
    const ended = changed(nextStep(second, NOTHING, at(INTERVAL_MS + 2)));
    expect(ended.plan.end).toMatchObject({ kind: 'completed', reason: null });
    expect(nextStep(ended.plan, NOTHING, at(INTERVAL_MS + 3)).kind).toBe('wait');
  });

  it('ends expired with what nobody gets any more when its last slice is known or its time is over', () => {
    const plan = planOf(wholeQuantity(10), 2);
    const two = decided(plan, 1, at(INTERVAL_MS));
    const last = refuse(two, 'quote-stale', at(INTERVAL_MS + 1));
    expect(last.news).toEqual([{ kind: 'slice-ended', index: 1, fate: 'dropped' }]);
    expect(changed(nextStep(last.plan, NOTHING, at(INTERVAL_MS + 2))).plan.end?.kind).toBe('expired');
    const over = changed(nextStep(plan, NOTHING, planEndsAt(plan))).plan;
    expect(over.end?.kind).toBe('expired');
    expect(over.slices.map(({ state }) => state)).toEqual(['missed', 'missed']);
    expect(sumsOf(over).left).toBe(wholeQuantity(10));
  });

  it('stops after a refusal that no later slice may try', () => {
    expect(isStopping('kill-switch-engaged')).toBe(true);
    expect(isStopping('quote-stale')).toBe(false);
    expect(isStopping('no such code')).toBe(false);
    const one = decided(planOf(wholeQuantity(10), 2), 0, at(0));
    const refused = refuse(one, 'kill-switch-engaged', at(1));
    expect(refused.news).toEqual([{ kind: 'slice-ended', index: 0, fate: 'dropped' }]);
    const ended = changed(nextStep(refused.plan, NOTHING, at(2))).plan;
    expect(ended.end).toMatchObject({ kind: 'stopped', reason: { code: 'kill-switch-engaged' } });
  });

  const canceled = {
    kind: 'canceled',
    by: 'ada',
    reason: { code: 'operator', message: 'no', context: {} },
    at: at(5),
  } as const;

  it('that is canceled closes or cancels its slice at work, and ends when that has', () => {
    const one = stopPlan(decided(planOf(wholeQuantity(10), 2), 0, at(0)), canceled)?.plan;
    if (one === undefined) throw new Error('the plan did not stop');
    expect(nextStep(one, NOTHING, at(6))).toMatchObject({ kind: 'close', why: 'cancel-requested' });
    const order = orderOf(one, 'acknowledged', wholeQuantity(1));
    expect(nextStep(one, { order, refused: null }, at(6))).toMatchObject({ kind: 'cancel', attempt: 1 });
    const after = settle(one, orderOf(one, 'canceled', wholeQuantity(1)), at(7)).plan;
    const ended = changed(nextStep(after, NOTHING, at(8))).plan;
    expect(ended.end).toMatchObject({ kind: 'canceled', reason: { code: 'operator' } });
    expect(sumsOf(ended)).toMatchObject({ filled: wholeQuantity(1), left: wholeQuantity(9) });
  });

  it('is stopped once', () => {
    const plan = planOf(wholeQuantity(10), 2);
    const stopping = stopPlan(plan, canceled);
    expect(stopping?.news).toEqual([{ kind: 'cancel-requested' }]);
    expect(stopPlan(stopping?.plan ?? plan, { ...canceled, by: 'bob' })).toBeNull();
  });

  it('has a wake for each slice that is to come, and one for its end', () => {
    const plan = planOf(wholeQuantity(10), 2);
    expect(wakesOf(plan, at(0)).map((wake) => [wake.name.slice(plan.parentId.length), wake.at])).toEqual([
      ['-1', at(INTERVAL_MS)],
      ['-end', at(2 * INTERVAL_MS)],
    ]);
    expect(wakesOf(plan, at(2 * INTERVAL_MS))).toEqual([]);
    for (const { name } of wakesOf(plan, at(0))) expect(name).toMatch(/^[0-9A-Za-z._-]{1,64}$/);
  });
});

/** What a life may do to a slice, drawn for each step that is taken. */
interface Draw {
  readonly pauseMs: number;
  readonly fate: 'nothing' | 'fill' | 'part' | 'rest' | 'refuse' | 'stop' | 'end-unknown';
  readonly share: number;
}

const draw: fc.Arbitrary<Draw> = fc.record({
  pauseMs: fc.integer({ min: 1_000, max: 700_000 }),
  fate: fc.constantFrom('nothing', 'fill', 'part', 'rest', 'refuse', 'refuse', 'end-unknown', 'stop'),
  share: fc.integer({ min: 0, max: 99 }),
});

const partOf = (asked: Quantity, share: number): Quantity => prorateQuantity(asked, BigInt(share), 100n, 'floor');

/** What becomes of the slice at work when its command is sent. */
function sightAfter(plan: SlicePlan, { fate, share }: Draw): SliceSight {
  const asked = plan.slices.find(({ state }) => state === 'working')?.asked ?? ZERO_QUANTITY;
  const reason = (code: string): Reason => ({ code, message: code, context: {} });
  switch (fate) {
    case 'nothing':
      return NOTHING;
    case 'fill':
      return { order: orderOf(plan, 'filled', asked), refused: null };
    case 'part':
      return { order: orderOf(plan, 'canceled', partOf(asked, share)), refused: null };
    case 'rest':
      return { order: orderOf(plan, 'partially_filled', partOf(asked, share)), refused: null };
    case 'end-unknown':
      return { order: orderOf(plan, 'abandoned', ZERO_QUANTITY), refused: null };
    case 'refuse':
      return { order: null, refused: reason('quote-stale') };
    case 'stop':
      return { order: null, refused: reason(share < 20 ? 'kill-switch-engaged' : 'breaker-tripped') };
  }
}

/** Leads a plan from wake to wake, checking after each step what must hold at every moment. */
function live(start: SlicePlan, draws: readonly Draw[]): SlicePlan {
  let [plan, sight, now] = [start, NOTHING, START];
  const take = (change: PlanChange): void => {
    plan = change.plan;
    sight = NOTHING;
    expect(countedOf(plan) <= totalOf(plan)).toBe(true);
    expect(plan.slices.filter(({ state }) => state === 'working').length).toBe(plan.working === null ? 0 : 1);
  };
  for (const next of draws) {
    for (let step = nextStep(plan, sight, now); step.kind !== 'wait'; step = nextStep(plan, sight, now)) {
      if (step.kind === 'decide') {
        expect(dueSlice(plan, now)?.index).toBe(step.index);
        take(decideSlice(plan, step.index, ground(now)));
      } else if (step.kind === 'change') take(step.change);
      else if (step.kind === 'close') sight = { order: null, refused: { code: step.why, message: '', context: {} } };
      else if (step.kind === 'cancel') {
        const filled = sight.order?.filledQuantity ?? ZERO_QUANTITY;
        if (next.fate !== 'nothing') sight = { order: orderOf(plan, 'canceled', filled), refused: null };
        break;
      } else {
        sight = sightAfter(plan, next);
        break;
      }
    }
    now = addMs(now, next.pauseMs);
  }
  return plan;
}

describe('whatever happens to a plan', () => {
  it('its slices never use up more than the parent, none is above its bounds, and nothing is lost', () => {
    let ends = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.bigInt({ min: 12n, max: 5_000n }),
        fc.option(fc.bigInt({ min: 0n, max: 100n })),
        fc.array(draw, { minLength: 1, maxLength: 60 }),
        (count, shares, slack, draws) => {
          const quantity = wholeQuantity(Number(shares));
          const largest = (shares + BigInt(count) - 1n) / BigInt(count);
          const sliceMax = slack === null ? null : wholeQuantity(Number(largest + slack));
          const plan = live(planOf(quantity, count, sliceMax), draws);
          const { filled, assumed, left } = sumsOf(plan);
          const working = plan.slices.reduce(
            (all, slice) => (slice.state === 'working' ? addQuantity(all, slice.counted) : all),
            ZERO_QUANTITY,
          );
          expect(addQuantity(addQuantity(filled, assumed), addQuantity(left, working))).toBe(quantity);
          for (const { asked, planned, counted, clientOrderId, state } of plan.slices) {
            const isDecided = clientOrderId !== null;
            expect(asked > 0n).toBe(isDecided);
            expect(counted <= asked).toBe(true);
            expect(['working', 'ended', 'refused'].includes(state)).toBe(isDecided);
            if (!isDecided) continue;
            expect(asked >= planned).toBe(true);
            expect(asked <= prorateQuantity(planned, CATCH_UP_MAX, 1n, 'floor')).toBe(true);
            if (sliceMax !== null) expect(asked <= sliceMax).toBe(true);
          }
          const ids = plan.slices.flatMap(({ clientOrderId }) => clientOrderId ?? []);
          expect(new Set(ids).size).toBe(ids.length);
          if (plan.end !== null) {
            ends += 1;
            expect(plan.working).toBeNull();
            if (plan.end.kind === 'completed') expect(subtractQuantity(totalOf(plan), countedOf(plan))).toBe(0n);
          }
        },
      ),
      { seed: 8, numRuns: 250 },
    );
    expect(ends).toBeGreaterThan(50);
  });
});

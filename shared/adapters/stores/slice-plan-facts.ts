/** What a change of a plan of slices tells, as facts. */
import { aggregateOf, type FactPlace, makeFact } from '#events/fact.ts';
import type { Fact, Room } from '#events/envelope.ts';
import { formatPrice, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { Bug } from '#shared/core/kernel/fault.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Reason } from '#shared/core/order/order.ts';
import { planEndsAt, type Slice, type SlicePlan, sliceEndsAt, totalOf } from '#shared/core/order/slice-plan.ts';
import { type PlanChange, type PlanNews, sumsOf } from '#shared/core/order/slice-step.ts';

const reasonOf = ({ code, message, context }: Reason) => ({ code, message, context: { ...context } });

const identityOf = ({ parentId, terms }: SlicePlan) => ({
  parentOrderId: parentId,
  accountId: terms.accountId,
  strategyId: terms.strategyId,
  symbol: terms.ticker,
  side: terms.side,
});

function sliceAt(plan: SlicePlan, index: number): Slice & { readonly clientOrderId: string } {
  const slice = plan.slices[index];
  if (slice === undefined || slice.clientOrderId === null) throw new Bug(`slice ${index} was never decided`);
  return { ...slice, clientOrderId: slice.clientOrderId };
}

function factOf(plan: SlicePlan, news: PlanNews, place: FactPlace): Fact {
  const identity = identityOf(plan);
  switch (news.kind) {
    case 'created':
      return makeFact('slice-plan.created.v1', place, {
        ...identity,
        positionIntent: plan.terms.positionIntent,
        quantity: formatQuantity(totalOf(plan)),
        limitPrice: plan.terms.limitPrice === null ? null : formatPrice(plan.terms.limitPrice),
        slices: plan.slices.length,
        sliceMax: plan.sliceMax === null ? null : formatQuantity(plan.sliceMax),
        startAt: formatEpochMs(plan.startAt),
        endAt: formatEpochMs(planEndsAt(plan)),
        by: plan.by,
      });
    case 'slice-sent': {
      const slice = sliceAt(plan, news.index);
      return makeFact('slice-plan.slice-sent.v1', place, {
        ...identity,
        slice: slice.index,
        clientOrderId: slice.clientOrderId,
        dueAt: formatEpochMs(slice.dueAt),
        validUntil: formatEpochMs(plan.working?.validUntil ?? sliceEndsAt(plan, slice.index)),
        planned: formatQuantity(slice.planned),
        quantity: formatQuantity(slice.asked),
        missed: news.missed,
      });
    }
    case 'slice-ended': {
      const slice = sliceAt(plan, news.index);
      return makeFact('slice-plan.slice-ended.v1', place, {
        ...identity,
        slice: slice.index,
        clientOrderId: slice.clientOrderId,
        quantity: formatQuantity(slice.asked),
        filled: formatQuantity(slice.filled),
        counted: formatQuantity(slice.counted),
        fate: news.fate,
        reason: slice.reason === null ? null : reasonOf(slice.reason),
      });
    }
    case 'cancel-requested': {
      if (plan.stop === null) throw new Bug('a cancel was requested and is not on the plan');
      const { by, reason } = plan.stop;
      return makeFact('slice-plan.cancel-requested.v1', place, { ...identity, by, reason: reasonOf(reason) });
    }
    case 'ended': {
      if (plan.end === null) throw new Bug('a plan ended and does not say how');
      const { filled, assumed, left } = sumsOf(plan);
      return makeFact('slice-plan.ended.v1', place, {
        ...identity,
        end: plan.end.kind,
        quantity: formatQuantity(totalOf(plan)),
        filled: formatQuantity(filled),
        assumed: formatQuantity(assumed),
        dropped: formatQuantity(left),
        reason: plan.end.reason === null ? null : reasonOf(plan.end.reason),
      });
    }
  }
}

/** The facts of a change, numbered on from those that the plan has told. */
export const slicePlanFacts = (room: Room, { plan, news }: PlanChange, now: EpochMs): readonly Fact[] =>
  news.map((one, index) =>
    factOf(plan, one, {
      room,
      aggregateId: aggregateOf.slicePlan(plan.parentId),
      sequence: plan.sequence + index + 1,
      occurredAt: now,
      correlationId: plan.parentId,
      causationId: null,
    }),
  );

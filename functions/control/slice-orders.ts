/**
 * A parent order that is worked in slices: cleared as a whole and by its first slice, and written down. Control sends
 * none of it; the plan's row is what the slices are made of, each at its own time and through every gate.
 */
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import { parseScaled, roundQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type Canonical, contentId } from '#shared/core/kernel/hash.ts';
import { decisionId, MANUAL, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { currentSession } from '#shared/core/market/session-calendar.ts';
import type { Instrument } from '#shared/core/market/types.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import { makePlan, parentIdOf, type ParentTerms, sliceMaxOf, type SlicePlan } from '#shared/core/order/slice-plan.ts';
import { stopPlan } from '#shared/core/order/slice-step.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import { cancelMessage } from './cancel-message.ts';
import { clearRequest, type Ground, readBars, readGround } from './clear-request.ts';
import {
  type Call,
  type ControlDependencies,
  done,
  notFound,
  operation,
  type Outcome,
  outOfScope,
  refused,
} from './operation.ts';
import { intentOfWish, type OrderWish } from './request-intent.ts';
import { SLICE_SCHEMAS, type SliceBody, type PlanView } from './slice-schemas.ts';
import { planView, slicesUrlOf } from './slice-view.ts';

const TWIN_WARNING =
  'an equal plan was asked for today and is answered again; send an Idempotency-Key of your own to place a twin';

/** One function works them all within a minute. */
const OPEN_PLANS_MAX = 20;

interface Asked {
  readonly plan: PlanView;
  readonly repeated: boolean;
  readonly warnings: string[];
}

const wishOf = (body: SliceBody): OrderWish => ({
  strategyId: strategyId(body.strategy_id ?? MANUAL),
  symbol: ticker(body.symbol),
  side: body.side,
  type: body.limit_price === undefined ? 'market' : 'limit',
  timeInForce: 'day',
  qty: body.qty,
  notional: null,
  limitPrice: body.limit_price ?? null,
  stopPrice: null,
  positionIntent: body.position_intent ?? null,
  purpose: null,
});

/** Everything that makes a plan another one; a preview of it is the same plan. */
const fieldsOf = (body: SliceBody): Canonical => ({
  ...wishOf(body),
  durationMinutes: body.duration_minutes,
  intervalSeconds: body.interval_seconds,
  maxParticipation: body.max_participation ?? null,
});

/** Never of a clock but for its UTC date: the same wish on the same day is the same plan, unless a key says otherwise. */
const identityOf = (body: SliceBody, call: Call, accountId: string): Canonical =>
  call.idempotencyKey === null
    ? ['day', accountId, formatEpochMs(call.now).slice(0, 10), fieldsOf(body)]
    : ['key', accountId, call.idempotencyKey];

const WHOLE = wholeQuantity(1);

/** A parent of whole units is worked in whole units; one with a fraction in the instrument's own step. */
function stepFor({ size }: ParentTerms, instrument: Instrument) {
  return roundQuantity(size.quantity, WHOLE, 'floor') === size.quantity ? WHOLE : instrument.quantityStep;
}

const FULL_BPS_SCALE = 4;
const smaller = (a: bigint, b: bigint | null): bigint => (b === null || a < b ? a : b);

/** What one slice may be at most: the policy's share of a day's volume, and the share that was asked for. */
async function sliceMaxFor(
  dependencies: ControlDependencies,
  { policy }: Ground,
  body: SliceBody,
  closing: boolean,
): Promise<Result<ReturnType<typeof sliceMaxOf>, Refusal>> {
  const { deployed } = dependencies;
  const participationBps =
    body.max_participation === undefined ? null : parseScaled(body.max_participation, FULL_BPS_SCALE);
  // What takes risk off is not held to the market's volume, unless the caller asks for it.
  const sessionShareBps =
    closing || !deployed.liquidityCheck
      ? null
      : smaller(policy.checks.sliceVolumeShareBpsMax, deployed.sliceVolumeShareBpsMax);
  if (sessionShareBps === null && participationBps === null) return succeed(null);
  const bars = await readBars(dependencies, ticker(body.symbol));
  if (bars === null)
    return fail(refusal('data-not-fresh', `there are no bars of ${body.symbol} to tell its volume by`));
  const { averageVolume } = bars;
  return succeed(
    sliceMaxOf({ averageVolume, sessionShareBps, participationBps, intervalMs: body.interval_seconds * 1000 }),
  );
}

const isQuantity = (terms: OrderIntent['terms']): terms is ParentTerms => terms.size.kind === 'quantity';

/** The parent as one order: what is cleared as a whole, and what the slices have in common. */
function parentOf(
  dependencies: ControlDependencies,
  call: Call,
  body: SliceBody,
  ground: Ground,
): OrderIntent & { readonly terms: ParentTerms } {
  const { accountId } = dependencies;
  const parentId = parentIdOf(identityOf(body, call, accountId));
  const intent = intentOfWish(wishOf(body), parentId, ground, { accountId, now: call.now });
  const { terms } = intent;
  if (!isQuantity(terms)) throw new TypeError('a parent order is for a quantity');
  // Closing in slices is a person's own series of orders: an exit of the house would close all at once.
  const purpose = isClosing(terms.positionIntent) ? 'manual' : intent.purpose;
  return { ...intent, terms, purpose };
}

interface ClearedPlan {
  readonly plan: SlicePlan;
  /** What the plan comes near to, a sentence for each limit. */
  readonly warnings: readonly string[];
}

/** The plan, cleared: as a whole by everything but a slice's own measure, and by its first slice as it would be now. */
async function clearedPlan(
  dependencies: ControlDependencies,
  call: Call,
  body: SliceBody,
): Promise<Result<ClearedPlan, Refusal>> {
  const read = await readGround(dependencies, ticker(body.symbol));
  if (!read.ok) return read;
  const ground = read.value;
  const { instrument, policy } = ground;
  if (instrument === null) return fail(refusal('instrument-unknown', `the broker does not know ${body.symbol}`));
  const session = currentSession(call.now);
  if (session === null) return fail(refusal('session-closed', 'no session is open: a plan begins at once'));
  const parent = parentOf(dependencies, call, body, ground);
  const { terms, purpose, arrivalPrice } = parent;
  const closing = isClosing(terms.positionIntent);
  const sliceMax = await sliceMaxFor(dependencies, ground, body, closing);
  if (!sliceMax.ok) return sliceMax;
  const wish = {
    parentId: parent.decision.decisionId,
    terms,
    purpose,
    arrivalPrice,
    wishHash: contentId(['slices', fieldsOf(body)], 32),
    by: call.subject,
    startAt: call.now,
    intervalMs: body.interval_seconds * 1000,
    count: (body.duration_minutes * 60) / body.interval_seconds,
  };
  const plan = makePlan(wish, {
    step: stepFor(terms, instrument),
    quantityMin: instrument.quantityMin,
    sliceMax: sliceMax.value,
    closeAt: session.closeAt,
    cooldownMs: closing ? 0 : policy.checks.symbolCooldownMs,
  });
  if (!plan.ok) return plan;
  const whole = { ...dependencies, deployed: { ...dependencies.deployed, liquidityCheck: false } };
  const asWhole = await clearRequest(whole, ground, parent);
  if (!asWhole.ok) return asWhole;
  const quantity = plan.value.slices[0]?.planned ?? terms.size.quantity;
  const first = { ...parent, terms: { ...terms, size: { kind: 'quantity', quantity } } } as const;
  const bySlice = await clearRequest(dependencies, ground, first);
  if (!bySlice.ok) return bySlice;
  // A limit that both come near to is told by the whole, which comes nearer.
  const ofWhole = new Set(asWhole.value.map(({ code }) => code));
  const near = [...asWhole.value, ...bySlice.value.filter(({ code }) => !ofWhole.has(code))];
  return succeed({ plan: plan.value, warnings: near.map(({ message }) => message) });
}

async function shown({ orders, dryRun }: ControlDependencies, plan: SlicePlan, preview = false): Promise<PlanView> {
  const id = plan.slices.find(({ state }) => state === 'working')?.clientOrderId ?? null;
  return planView(plan, { order: id === null ? null : await orders.get(id), dryRun, preview });
}

async function answerAgain(
  dependencies: ControlDependencies,
  call: Call,
  body: SliceBody,
  plan: SlicePlan,
): Promise<Outcome<Asked>> {
  if (plan.wishHash !== contentId(['slices', fieldsOf(body)], 32)) {
    const message = 'this Idempotency-Key was used for another plan; use another key';
    return refused(refusal('idempotency-conflict', message, { parentId: plan.parentId }));
  }
  const warnings = call.idempotencyKey === null ? [TWIN_WARNING] : [];
  return accepted({ plan: await shown(dependencies, plan), repeated: true, warnings });
}

const accepted = (asked: Asked): Outcome<Asked> => done(asked, { location: slicesUrlOf(asked.plan.parent_order_id) });

export const sliceOrder = operation(
  SLICE_SCHEMAS.sliceOrder,
  async (dependencies, call, { body }): Promise<Outcome<Asked>> => {
    const { plans, accountId } = dependencies;
    const strategy = strategyId(body.strategy_id ?? MANUAL);
    if (!reachesStrategy(call.grant, strategy)) return outOfScope(strategy);
    const preview = body.preview ?? false;
    const earlier = preview ? null : await plans.get(accountId, parentIdOf(identityOf(body, call, accountId)));
    if (earlier !== null) return await answerAgain(dependencies, call, body, earlier);
    const cleared = await clearedPlan(dependencies, call, body);
    if (!cleared.ok) return refused(cleared.error);
    const { plan } = cleared.value;
    const warnings = [...cleared.value.warnings];
    if (preview) return done({ plan: await shown(dependencies, plan, true), repeated: false, warnings });
    const open = (await plans.open(accountId)).length;
    if (open >= OPEN_PLANS_MAX) {
      const message = `${open} orders are worked in slices already; cancel one or wait for its end`;
      const context = { actual: String(open), limit: String(OPEN_PLANS_MAX) };
      return refused(refusal('orders-open-limit', message, context));
    }
    const kept = await plans.make(plan, call.now);
    if (!kept.made) return await answerAgain(dependencies, call, body, kept.plan);
    return accepted({ plan: await shown(dependencies, kept.plan), repeated: false, warnings });
  },
);

const NO_PLAN = notFound('plan-not-found', 'no order with this id was worked in slices');

export const getSlices = operation(SLICE_SCHEMAS.getSlices, async (dependencies, _call, { params }) => {
  const plan = await dependencies.plans.get(dependencies.accountId, decisionId(params.parent_id));
  return plan === null ? NO_PLAN : done(await shown(dependencies, plan));
});

/** How often a plan may move while it is being stopped. */
const ROUNDS_MAX = 10;

/** Lets no further slice follow, and asks for the one at work to be canceled. @returns the plan as it stands then */
async function cancelPlan(
  { plans, lanes }: ControlDependencies,
  call: Call,
  found: SlicePlan,
  why: string,
): Promise<SlicePlan> {
  const reason = { code: 'operator', message: why, context: {} };
  let plan = found;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const change = stopPlan(plan, { kind: 'canceled', by: call.subject, reason, at: call.now });
    if (change === null) return plan;
    const saved = await plans.save(plan, change, call.now);
    if (saved !== null) {
      const { working } = saved;
      const id = saved.slices.find(({ state }) => state === 'working')?.clientOrderId ?? null;
      if (working !== null && id !== null) {
        const { accountId, ticker: symbol } = working.terms;
        await lanes.send([cancelMessage(call, { id, accountId, symbol }, why)]);
      }
      return saved;
    }
    const again = await plans.get(plan.terms.accountId, plan.parentId);
    if (again === null) throw new Fault('permanent', 'plan-missing', `plan ${plan.parentId} is gone`);
    plan = again;
  }
  throw new Fault('transient', 'plan-contended', `plan ${found.parentId} moved at every attempt to stop it`);
}

export const cancelSlices = operation(SLICE_SCHEMAS.cancelSlices, async (dependencies, call, { params, body }) => {
  const plan = await dependencies.plans.get(dependencies.accountId, decisionId(params.parent_id));
  if (plan === null) return NO_PLAN;
  const { strategyId: strategy } = plan.terms;
  if (!reachesStrategy(call.grant, strategy)) return outOfScope(strategy);
  if (plan.end !== null) {
    return refused(
      refusal('order-already-ended', `the plan has ended: it is ${plan.end.kind}`, { state: plan.end.kind }),
    );
  }
  const stopped = await cancelPlan(dependencies, call, plan, body?.reason ?? 'asked for by a person');
  return done(await shown(dependencies, stopped));
});

/** Stops the plans that fit; whoever cancels every order, or closes what is held, wants no slice to follow. */
export async function cancelPlans(
  dependencies: ControlDependencies,
  call: Call,
  which: (plan: SlicePlan) => boolean,
  why: string,
): Promise<readonly string[]> {
  const stopped: string[] = [];
  for (const plan of await dependencies.plans.open(dependencies.accountId)) {
    if (!which(plan)) continue;
    await cancelPlan(dependencies, call, plan, why);
    stopped.push(plan.parentId);
  }
  return stopped;
}

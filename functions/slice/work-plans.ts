/**
 * Plans of slices, one step after another: whoever is woken, by whatever and however often, reads the plans that are
 * open and does what their time and their orders call for. A slice is written down before its command is sent, and what
 * it left is known for certain before another one is sized.
 */
import { makeCommand } from '#events/command.ts';
import { aggregateOf } from '#events/fact.ts';
import { submitOrderOf } from '#events/order-command.ts';
import type { AnyCommand } from '#events/catalogue.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import type { AccountId, BuildId, ClientOrderId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent, Reason } from '#shared/core/order/order.ts';
import type { SlicePlan } from '#shared/core/order/slice-plan.ts';
import {
  decideSlice,
  isStopping,
  leavingSlices,
  nextStep,
  type PlanChange,
  recounted,
  type SliceSight,
  type SliceStep,
  stopPlan,
  wakesOf,
} from '#shared/core/order/slice-step.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import { emptyBook, openQuantityOf, shareOf } from '#shared/core/portfolio/book.ts';
import { orderClassOf } from '#shared/core/safety/order-class.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Journal } from '#shared/ports/journal.ts';
import type { Lanes } from '#shared/ports/lanes.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { SlicePlans } from '#shared/ports/slice-plans.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { Wakes } from '#shared/ports/wakes.ts';

export interface SliceDependencies {
  readonly accountId: AccountId;
  readonly build: BuildId;
  readonly clock: Pick<Clock, 'now'>;
  readonly plans: SlicePlans;
  readonly orders: Pick<Orders, 'get' | 'refuse'>;
  readonly journal: Pick<Journal, 'byAggregate'>;
  readonly books: Pick<Books, 'get'>;
  readonly policies: Pick<Policies, 'active'>;
  readonly safety: Pick<Safety, 'read' | 'shutGate'>;
  readonly lanes: Pick<Lanes, 'send'>;
  readonly wakes: Wakes;
  readonly telemetry: Telemetry;
}

export interface Worked {
  /** Plans that are still open. */
  readonly open: number;
  readonly ended: number;
}

/** Steps that one run takes at one plan before it leaves it to the next wake. */
const STEPS_MAX = 24;

/**
 * Works every open plan as far as it goes now. One plan that fails keeps no other from its turn.
 * @param target ARN of the function that wakes lead to
 * @throws the first Fault or Bug that a plan met, after all plans had their turn
 */
export async function workPlans(dependencies: SliceDependencies, target: string): Promise<Worked> {
  const { plans, accountId, telemetry } = dependencies;
  const failures: unknown[] = [];
  let [open, ended] = [0, 0];
  const all = await plans.open(accountId);
  const killed = all.length === 0 ? null : await killedBy(dependencies);
  for (const plan of all) {
    try {
      const left = await workPlan(dependencies, plan, { target, killed });
      if (left.end === null) open += 1;
      else ended += 1;
    } catch (thrown) {
      telemetry.error('a plan of slices was not worked', { parentId: plan.parentId }, thrown);
      failures.push(thrown);
    }
  }
  if (failures.length > 0) throw failures[0];
  return { open, ended };
}

/** The kill switch that is engaged, as what stops every plan; it is the gates' own business again at each slice. */
async function killedBy({ safety, accountId }: SliceDependencies): Promise<Refusal | null> {
  const { global, account } = await safety.read(accountId);
  if (global === null || account === null) return refusal('safety-item-missing', 'the account has no safety item');
  for (const [scope, { killSwitch }] of [
    ['global', global],
    ['account', account],
  ] as const) {
    if (killSwitch.engaged) return refusal('kill-switch-engaged', `the ${scope} kill switch is engaged`, { scope });
  }
  return null;
}

async function workPlan(
  dependencies: SliceDependencies,
  plan: SlicePlan,
  { target, killed }: { readonly target: string; readonly killed: Refusal | null },
): Promise<SlicePlan> {
  const { clock } = dependencies;
  let current = plan;
  if (killed !== null && plan.stop === null) {
    current = (await write(dependencies, plan, stopped(plan, killed, clock.now()))) ?? plan;
  }
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const step = nextStep(current, await look(dependencies, current), clock.now());
    const next = await take(dependencies, current, step);
    if (next === null) break;
    current = next;
  }
  return await keepWakes(dependencies, current, target);
}

/** What is known of the slice at work. */
async function look({ orders, journal }: SliceDependencies, { working }: SlicePlan): Promise<SliceSight> {
  if (working === null) return { order: null, refused: null };
  const id = clientOrderIdFor(working.terms, working.decision);
  const order = await orders.get(id);
  if (order !== null) return { order, refused: null };
  return { order, refused: await refusedFor(journal, id) };
}

async function refusedFor(journal: SliceDependencies['journal'], id: ClientOrderId): Promise<Reason | null> {
  for (const fact of await journal.byAggregate(aggregateOf.order(id))) {
    if (fact.type === 'order.refused.v1') return fact.data.reason;
  }
  return null;
}

/** @returns the plan to go on with, or null when there is nothing more to do for now. */
async function take(dependencies: SliceDependencies, plan: SlicePlan, step: SliceStep): Promise<SlicePlan | null> {
  const { orders, clock, lanes } = dependencies;
  switch (step.kind) {
    case 'wait':
      return null;
    case 'send':
      await lanes.send([messageOf(submitCommand(step.intent))]);
      return null;
    case 'cancel':
      await lanes.send([messageOf(cancelCommand(plan, step, clock.now()))]);
      return null;
    case 'close': {
      const why = refusal(step.why, 'its slice was closed before there was an order', { parentId: plan.parentId });
      // False where an order or a refusal came first: either is looked at next.
      await orders.refuse(step.intent, why, clock.now());
      return plan;
    }
    case 'decide':
      return await write(dependencies, plan, await decide(dependencies, plan, step.index));
    case 'change':
      return await write(dependencies, plan, step.change);
  }
}

/** A plan that somebody else changed meanwhile is read again, and what it calls for then is done. */
async function write(
  { plans, clock }: SliceDependencies,
  before: SlicePlan,
  change: PlanChange,
): Promise<SlicePlan | null> {
  const saved = await plans.save(before, change, clock.now());
  return saved ?? (await plans.get(before.terms.accountId, before.parentId));
}

/** The slice's own decision; its command passes every gate again, with the sender, at that time. */
async function decide(dependencies: SliceDependencies, plan: SlicePlan, index: number): Promise<PlanChange> {
  const { orders, books, policies, safety, clock, build } = dependencies;
  const { accountId, strategyId, ticker, positionIntent } = plan.terms;
  const ids = leavingSlices(plan).flatMap(({ clientOrderId }) => clientOrderId ?? []);
  const leaving = await Promise.all(ids.map((id) => orders.get(id)));
  const more = recounted(
    plan,
    leaving.filter((order) => order !== null),
  );
  if (more !== null) return more;
  const policy = await policies.active(accountId);
  if (policy === null) {
    return stopped(plan, refusal('policy-missing', 'the policy is gone'), clock.now());
  }
  const now = clock.now();
  const { decisionAgeMsMax, reconciliationAgeMsMax } = policy.limits;
  const orderClass = orderClassOf({ purpose: plan.purpose, positionIntent });
  const gates = { now, session: newYorkDate(now), build, policyVersion: policy.version, reconciliationAgeMsMax };
  const shut = await safety.shutGate(accountId, orderClass, gates);
  if (shut !== null && isStopping(shut.code)) return stopped(plan, shut, now);
  const book = (await books.get(accountId, ticker)) ?? emptyBook(accountId, ticker);
  return decideSlice(plan, index, {
    now: clock.now(),
    policyVersion: policy.version,
    decisionAgeMsMax,
    basis: { position: shareOf(book, strategyId).quantity, openQuantity: openQuantityOf(book, strategyId) },
  });
}

const stopped = (plan: SlicePlan, reason: Reason, at: EpochMs): PlanChange =>
  stopPlan(plan, { kind: 'stopped', by: 'slice', reason, at }) ?? { plan, news: [] };

/** Wakes are made once, after the work that is due: without them the plan goes on by the sweep. */
async function keepWakes(dependencies: SliceDependencies, plan: SlicePlan, target: string): Promise<SlicePlan> {
  const { wakes, clock } = dependencies;
  const coming = wakesOf(plan, clock.now());
  if (plan.end !== null) {
    if (plan.wakesMade && coming.length > 0) await wakes.drop(coming.map(({ name }) => name));
    return plan;
  }
  if (plan.wakesMade || coming.length === 0) return plan;
  await wakes.make(coming.map((wake) => ({ ...wake, target })));
  return (await write(dependencies, plan, { plan: { ...plan, wakesMade: true }, news: [] })) ?? plan;
}

function submitCommand(intent: OrderIntent): AnyCommand {
  const clientOrderId = clientOrderIdFor(intent.terms, intent.decision);
  const meta = {
    commandId: clientOrderId,
    attempt: 1,
    issuedAt: formatEpochMs(intent.decidedAt),
    correlationId: intent.correlationId,
    causationId: intent.decision.decisionId,
  };
  return makeCommand('submit-order.v1', meta, submitOrderOf(intent, clientOrderId));
}

function cancelCommand(
  { parentId, stop }: SlicePlan,
  { intent, clientOrderId, attempt }: Extract<SliceStep, { readonly kind: 'cancel' }>,
  now: EpochMs,
): AnyCommand {
  const commandId = `cancel-${contentId(['slice-cancel', clientOrderId], 26)}`;
  const meta = { commandId, attempt, issuedAt: formatEpochMs(now), correlationId: parentId, causationId: parentId };
  const over = { code: 'slice-over', message: 'the time of the slice is over', context: { parentId } };
  const reason = stop === null ? over : { ...stop.reason, context: { ...stop.reason.context } };
  const { accountId, ticker } = intent.terms;
  return makeCommand('cancel-order.v1', meta, {
    clientOrderId,
    accountId,
    symbol: ticker,
    by: stop?.by ?? 'slice',
    reason,
  });
}

/** Cancels and whatever closes go by the urgent lane, so that they never wait behind entries. */
function messageOf(command: AnyCommand) {
  const entry = command.type === 'submit-order.v1' && !isClosing(command.data.positionIntent);
  return {
    lane: entry ? 'orders' : 'urgent',
    group: `${command.data.accountId}:${command.data.symbol}`,
    dedupId: `${command.meta.commandId}:${command.meta.attempt}`,
    body: JSON.stringify(command),
  } as const;
}

/** An order that a person has worked in slices: the plan, as control makes and stops one. */
import { parseQuantity, type Price } from '#shared/core/kernel/decimal.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { makePlan, parentIdOf } from '#shared/core/order/slice-plan.ts';
import { stopPlan } from '#shared/core/order/slice-step.ts';
import type { Act } from './plan.ts';
import type { ControlRoom } from './rooms.ts';
import { ACCOUNT, type World } from './world.ts';

type Slicing = Extract<Act, { readonly kind: 'slice' }>;

const WHOLE = parseQuantity('1');

/** Asked for again, the plan that is there stays. */
export async function makeSlices(world: World, room: ControlRoom, act: Slicing, index: number, price: Price) {
  const now = room.clock.now();
  const plan = makePlan(
    {
      parentId: parentIdOf(['op', index]),
      terms: {
        accountId: ACCOUNT,
        strategyId: strategyId(act.strategy),
        ticker: ticker(act.symbol),
        side: 'buy',
        type: 'market',
        timeInForce: 'day',
        positionIntent: 'buy_to_open',
        size: { kind: 'quantity', quantity: parseQuantity(String(act.units)) },
        limitPrice: null,
        stopPrice: null,
      },
      purpose: 'entry',
      arrivalPrice: price,
      wishHash: `op-${index}`,
      by: 'ops',
      startAt: now,
      intervalMs: act.everyMs,
      count: act.count,
    },
    { step: WHOLE, quantityMin: WHOLE, sliceMax: null, closeAt: world.day.closesAt, cooldownMs: 0 },
  );
  if (plan.ok) await room.plans.make(plan.value, now);
}

/** No slice follows; whoever works the plans cancels the one at work. */
export async function stopSlices(room: ControlRoom): Promise<void> {
  const at = room.clock.now();
  const reason = { code: 'operator', message: 'a test', context: {} };
  for (const plan of await room.plans.open(ACCOUNT)) {
    const change = stopPlan(plan, { kind: 'canceled', by: 'ops', reason, at });
    if (change !== null) await room.plans.save(plan, change, at);
  }
}

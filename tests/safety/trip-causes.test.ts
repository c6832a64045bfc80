/** Causes to trip that come about at the broker itself, and a fall of the price that no pass has seen yet. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gateReference } from '#functions/execute/gather-facts.ts';
import { guardAccount } from '#functions/protect/guard-account.ts';
import { formatPrice, proratePrice } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { SYMBOL } from '#tests/journey/journey-world.ts';
import { ProtectWorld } from './protect-world.ts';

let world: ProtectWorld;
let worlds = 0;

beforeEach(async () => {
  worlds += 1;
  world = await ProtectWorld.open(`causes-${worlds}`);
});
afterEach(() => world.close());

const faults = () => world.safety.journey.simulator.faults;
const breaker = async () => (await world.protect.safety.read(world.safety.journey.account)).account?.breaker;
const enter = (decision: string) => world.safety.ask({ decision, purpose: 'entry', shares: '1' });

/** What the journal's facts of the breaker say. */
async function trips(): Promise<readonly { readonly cause: string; readonly message: string }[]> {
  const facts = await world.protect.journal.byAggregate(`account:${world.safety.journey.account}`);
  return facts.flatMap((fact) =>
    fact.type === 'breaker.tripped.v1' ? [{ cause: fact.data.cause, message: fact.data.reason.message }] : [],
  );
}

async function expectTripped(cause: string, message: RegExp): Promise<void> {
  expect(await breaker()).toMatchObject({ state: 'TRIPPED', by: 'protect', cause });
  expect(await trips()).toEqual([{ cause, message: expect.stringMatching(message) }]);
  const { execute, journey } = world.safety;
  const policy = await world.protect.policies.active(journey.account);
  if (policy === null) throw new Error('there is no policy');
  const gates = gateReference(execute.build, journey.clock.now(), policy);
  const shut = await world.protect.safety.shutGate(journey.account, 'entry', gates);
  expect(shut?.code).toBe('breaker-tripped');
}

/** A pass that the broker's answers end. */
async function failingPass(): Promise<void> {
  await expect(world.settle(60_000)).rejects.toThrow(Fault);
}

describe('protect trips the breaker by what the broker does', () => {
  it('rejections: five orders that were taken and rejected afterwards, and not four', async () => {
    faults().set('async-reject', {});
    for (let order = 1; order <= 5; order += 1) {
      expect(await enter(`d-${order}`)).toMatchObject({ submission: { kind: 'acknowledged' } });
      await world.settle();
      expect((await breaker())?.state).toBe('ARMED');
      await world.look();
    }
    await expectTripped('rejections', /^the broker rejected 5 of 5 orders/);
  });

  it('reconciliation-failed: three passes in a row that could not read the orders, and not two', async () => {
    await world.settle();
    faults().set('error-before', { parameters: { route: 'list-orders', status: 503, html: false } });
    for (let pass = 1; pass <= 3; pass += 1) {
      expect((await breaker())?.state).toBe('ARMED');
      await failingPass();
      await world.look();
    }
    await expectTripped('reconciliation-failed', /^the last 3 passes of reconciliation compared nothing/);
  });

  it('unknown-order-old: an order whose answer was lost, and which nobody has found for five minutes', async () => {
    const hidden = { parameters: { ms: 3_600_000 } };
    faults().set('drop-answer', { count: 1, parameters: { route: 'submit-order' } });
    faults().set('hide-lookup', hidden);
    faults().set('hide-orders', hidden);
    // Its execution would tell of it.
    faults().set('never-fill', {});
    expect(await enter('lost')).toMatchObject({ submission: { kind: 'unknown' } });
    expect((await world.safety.openOrders()).map(({ state }) => state)).toEqual(['unknown']);
    for (let minute = 1; minute <= 5; minute += 1) {
      await world.settle(60_000);
      expect((await breaker())?.state).toBe('ARMED');
      await world.look();
    }
    await world.settle(60_000);
    await world.look();
    await expectTripped('unknown-order-old', /^the fate of an order has not been known for 3\d\d s/);
  });
});

describe('protect marks the equity by quotes between two passes', () => {
  /** So many hundredths of the market's own price. */
  async function priceAt(percent: bigint): Promise<string> {
    const bid = (await world.safety.execute.marketData.latestQuotes([SYMBOL])).get(SYMBOL)?.bid;
    if (bid === null || bid === undefined) throw new Error('the market has no quote');
    return formatPrice(proratePrice(bid, percent, 100n, 'floor'));
  }

  beforeEach(async () => {
    await world.setPolicy((policy) => ({ ...policy, limits: { ...policy.limits, dailyLossBpsMax: 20n } }));
    await world.holdProtected('100');
    await world.look();
    expect((await breaker())?.state).toBe('ARMED');
  });

  const equityOfPass = async () => (await world.protect.books.exposure(world.safety.journey.account))?.equity;

  it('and trips by a quote alone, before any pass has seen the fall', async () => {
    const before = await equityOfPass();
    world.pass(20_000);
    await world.look('price-updated', await priceAt(95n));
    expect(await equityOfPass()).toBe(before);
    await expectTripped('daily-loss', /since the session began, by the quotes/);
  });

  it('and not by a quote that is too wide to tell a price, nor by one that was read before the pass', async () => {
    world.pass(20_000);
    await world.quote(await priceAt(80n), await priceAt(102n));
    await guardAccount(world.protect, 'price-updated');
    expect((await breaker())?.state).toBe('ARMED');
    await world.quote(await priceAt(95n));
    await world.settle(1_000);
    await guardAccount(world.protect, 'guard');
    expect((await breaker())?.state).toBe('ARMED');
  });
});

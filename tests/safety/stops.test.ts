/** Stops through protect and execute, against the broker simulator: set, resting, restated, hit once, and never lost. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guardAccount } from '#functions/protect/guard-account.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import {
  absoluteMoney,
  averagePrice,
  formatPrice,
  parsePrice,
  parseQuantity,
  prorateMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { stopOf } from '#shared/core/portfolio/stop-rule.ts';
import { slicePlansStore } from '#shared/adapters/stores/slice-plans-store.ts';
import { STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import { planOf } from '#tests/slice/plan-life.ts';
import { ProtectWorld } from './protect-world.ts';

let world: ProtectWorld;
let worlds = 0;

const open = async (changes: Parameters<typeof ProtectWorld.open>[1] = {}): Promise<void> => {
  worlds += 1;
  world = await ProtectWorld.open(`stops-${worlds}`, changes);
};

beforeEach(() => open());
afterEach(() => world.close());

const exits = () => world.protect.exits.all(world.safety.journey.account);
const watched = async () => (await world.protect.watches.read(world.safety.journey.account))?.positions[0] ?? null;

describe('the stop of a position', () => {
  it('is set three ranges below the average entry price, durably and with its fact, and rests at the broker', async () => {
    await world.safety.hold('10');
    expect(await world.minute()).toEqual(['submit-order.v1']);
    const share = await world.share();
    if (share === null) throw new Error('nothing is held');
    const today = newYorkDate(world.safety.journey.clock.now());
    const range = await world.protect.ranges.rangeOf(SYMBOL, today, today);
    expect(range !== null && range > 0n).toBe(true);
    const entry = averagePrice(absoluteMoney(share.cost), share.quantity, 'half-even');
    const rules = { rangePercent: 300n, fallbackBps: 1000n, trailing: false };
    expect(await world.stopPrice()).toBe(formatPrice(stopOf({ share, range, bestPrice: null, rules }) ?? entry));
    expect(share.stopPrice !== null && share.stopPrice < entry).toBe(true);
    expect(world.atBroker('sell')).toEqual(['stop 10 new']);
    expect(await world.said('stop.')).toEqual(['stop.set.v1']);
  });

  it('is asked for once: looks that find it standing ask for nothing', async () => {
    await world.holdProtected('10');
    expect(await world.minute()).toEqual([]);
    expect(await world.minute()).toEqual([]);
    expect(world.atBroker('sell')).toEqual(['stop 10 new']);
    expect(await watched()).toMatchObject({ nakedSince: null, attempts: 0 });
  });

  it('waits for an entry that fills in part, takes its rest away in time, and covers what filled meanwhile', async () => {
    const ofEntries = { parameters: { symbol: '*', side: 'buy' } };
    const { faults } = world.safety.journey.simulator;
    faults.set('partial-only', ofEntries);
    faults.set('partial-then-cancel', ofEntries);
    await world.safety.ask({ decision: 'in-parts', purpose: 'entry', shares: '40' });
    await world.settle();
    const inPart = await world.safety.held();
    expect(inPart > 0n && inPart < parseQuantity('40')).toBe(true);
    const types: string[] = [];
    for (let minutes = 0; minutes < 4; minutes += 1) types.push(...(await world.minute()));
    expect(types).toEqual(['cancel-order.v1', 'submit-order.v1']);
    expect(await world.safety.held()).toBeGreaterThan(inPart);
    expect(world.atBroker('buy')).toEqual(['market 40 canceled']);
    expect(world.atBroker('sell')).toEqual([`stop ${await world.held()} new`]);
    expect(await world.minute()).toEqual([]);
    expect(await watched()).toMatchObject({ nakedSince: null, attempts: 0 });
  });

  it('rests not while its position is built in slices, and again when the plan has ended', async () => {
    await world.holdProtected('10');
    const { journey } = world.safety;
    const plans = slicePlansStore(journey.tables, 'control');
    const { plan } = await plans.make(planOf(journey, 2, null), journey.clock.now());
    await world.minute();
    await world.minute();
    expect(world.atBroker('sell')).toEqual(['stop 10 canceled']);
    expect(await watched()).toMatchObject({ nakedSince: null, flaggedAt: null });
    const end = { kind: 'expired', at: journey.clock.now(), reason: null } as const;
    await plans.save(plan, { plan: { ...plan, end }, news: [{ kind: 'ended' }] }, journey.clock.now());
    await world.minute();
    expect(world.atBroker('sell')).toEqual(['stop 10 canceled', 'stop 10 new']);
  });

  it('sells at the broker by itself while the house sleeps, and is not set again', async () => {
    await world.holdProtected('10');
    const { clock, simulator } = world.safety.journey;
    for (let days = 0; days < 12 && world.atBroker('sell')[0] !== 'stop 10 filled'; days += 1) {
      clock.moveTo(addMs(clock.now(), 86_400_000));
      simulator.advanceTo(clock.now());
    }
    expect(world.atBroker('sell')).toEqual(['stop 10 filled']);
  });

  it("is left by a strategy's own exit, which takes it away first", async () => {
    await world.holdProtected('10');
    await world.safety.ask({ decision: 'x-1', purpose: 'exit', shares: '10' });
    for (let minutes = 0; minutes < 3; minutes += 1) await world.minute();
    expect(world.atBroker('sell')).toEqual(['stop 10 canceled', 'market 10 filled']);
    expect(await world.held()).toBe('0');
    expect(await exits()).toEqual([]);
  });

  it('gives way to a person who sells a part, and rests again for what is left', async () => {
    await world.holdProtected('10');
    const sale = { decision: 'm-1', purpose: 'manual', side: 'sell', shares: '4' } as const;
    const intent = await world.safety.intent(sale);
    const closing = { ...intent, terms: { ...intent.terms, positionIntent: 'sell_to_close' as const } };
    const ended = await world.safety.answer(world.safety.submitCommand(closing));
    expect(ended).toMatchObject({ submission: { kind: 'acknowledged' } });
    for (let minutes = 0; minutes < 2; minutes += 1) await world.minute();
    expect(await world.held()).toBe('6');
    expect(world.atBroker('sell')).toEqual(['stop 10 canceled', 'market 4 filled', 'stop 6 new']);
  });

  it('gives way to nobody whom a gate would refuse', async () => {
    await world.holdProtected('10');
    const { account, clock } = world.safety.journey;
    const person = { scope: { kind: 'account' }, by: 'ops', reason: 'a drill', correlationId: 'c' } as const;
    await world.protect.safety.engageKillSwitch(account, { ...person, now: clock.now(), cancels: 'risk-increasing' });
    const intent = await world.safety.intent({ decision: 'm-1', purpose: 'manual', side: 'sell', shares: '4' });
    const closing = { ...intent, terms: { ...intent.terms, positionIntent: 'sell_to_close' as const } };
    expect(await world.safety.answer(world.safety.submitCommand(closing))).toMatchObject({
      submission: { kind: 'refused' },
    });
    expect(world.atBroker('sell')).toEqual(['stop 10 new']);
  });

  it('keeps entries off its symbol, and is restated when less is held', async () => {
    await world.holdProtected('10');
    expect(await world.safety.ask({ decision: 'd-2', purpose: 'entry', shares: '5' })).toMatchObject({
      submission: { kind: 'refused', refusal: { code: 'wash-trade' } },
    });
    const adjustments = adjustmentsStore(world.safety.journey.tables, 'control');
    const { account: accountId, clock } = world.safety.journey;
    const share = await world.share();
    const cost = prorateMoney(share?.cost ?? ZERO_MONEY, 4n, 10n, 'half-even');
    await adjustments.adjust({
      accountId,
      strategyId: STRATEGY,
      ticker: SYMBOL,
      quantity: parseQuantity('4'),
      cost,
      by: 'ops',
      reason: 'a test',
      now: clock.now(),
    });
    expect(await world.minute()).toEqual(['cancel-order.v1']);
    expect((await watched())?.nakedSince).not.toBeNull();
  });
});

describe('a stop that is reached', () => {
  it('gives the resting one a minute, then opens one exit that takes it away, confirms it and sells', async () => {
    await world.holdProtected('10');
    const bid = await world.below();
    expect(await world.minute(bid)).toEqual([]);
    expect((await watched())?.hitSince).not.toBeNull();
    expect(await world.minute(bid)).toEqual(['drive-exit.v1']);
    expect(await world.said('stop.triggered')).toHaveLength(1);
    expect(world.atBroker('sell')[0]).toBe('stop 10 canceled');
    await world.minute(bid);
    await world.minute(bid);
    expect(world.atBroker('sell')).toEqual(['stop 10 canceled', 'market 10 filled']);
    expect(await world.held()).toBe('0');
    expect(await world.said('stop.triggered')).toHaveLength(1);
    expect(await world.said('exit.')).toEqual(['exit.opened.v1', 'exit.completed.v1']);
    expect(await world.minute(bid)).toEqual([]);
  });

  it('is forgotten when the price comes back before the minute is over', async () => {
    await world.holdProtected('10');
    await world.minute(await world.below());
    await world.minute();
    expect((await watched())?.hitSince).toBeNull();
    await world.minute(await world.below());
    expect(await exits()).toEqual([]);
  });

  it('sells at once where nothing rests', async () => {
    await world.setPolicy((policy) => ({ ...policy, stops: { ...policy.stops, resident: false } }));
    await world.safety.hold('10');
    expect(await world.minute()).toEqual([]);
    expect(await world.minute(await world.below())).toEqual(['drive-exit.v1']);
    await world.minute();
    expect(world.atBroker('sell')).toEqual(['market 10 filled']);
  });

  it('is opened once by two looks at the same moment', async () => {
    await world.setPolicy((policy) => ({ ...policy, stops: { ...policy.stops, resident: false } }));
    await world.safety.hold('10');
    await world.minute();
    const bid = await world.below();
    await Promise.all([world.look('guard', bid), world.look('price-updated', bid), world.look('price-updated', bid)]);
    expect(await world.said('stop.triggered')).toHaveLength(1);
    expect(await exits()).toHaveLength(1);
  });

  it('is held to no quote of another session, nor to one that nobody has read lately', async () => {
    await world.setPolicy((policy) => ({ ...policy, stops: { ...policy.stops, resident: false } }));
    await world.safety.hold('10');
    await world.minute();
    await world.quote(await world.below());
    world.pass(120_001);
    await guardAccount(world.protect, 'guard');
    expect(await exits()).toEqual([]);
  });

  it('is driven every minute under a new attempt until the share is flat', async () => {
    await world.setPolicy((policy) => ({ ...policy, stops: { ...policy.stops, resident: false } }));
    await world.safety.hold('10');
    await world.minute();
    const bid = await world.below();
    const attempts: string[] = [];
    for (let minutes = 0; minutes < 3; minutes += 1) {
      await world.look('guard', bid);
      // The command is lost on its way.
      attempts.push(...world.lane.splice(0).map(({ dedupId }) => dedupId));
      world.pass(60_000);
    }
    expect(new Set(attempts).size).toBe(3);
    await world.minute(bid);
    await world.minute(bid);
    expect(await world.held()).toBe('0');
  });
});

describe('a position without its stop', () => {
  it('is flagged with its seconds once they are too many, and once', async () => {
    await world.safety.hold('10');
    for (let minutes = 0; minutes < 5; minutes += 1) {
      await world.look();
      world.lane.splice(0);
      world.pass(60_000);
    }
    expect(await world.said('position.unprotected')).toEqual(['position.unprotected.v1']);
    expect(world.telemetry.lines.filter(({ message }) => message === 'a position is without its stop')).toHaveLength(1);
    expect((await watched())?.attempts).toBeGreaterThan(1);
    for (let minutes = 0; minutes < 6; minutes += 1) await world.minute();
    expect(world.atBroker('sell')).toEqual(['stop 10 new']);
    expect(await watched()).toMatchObject({ nakedSince: null, flaggedAt: null });
  });

  it('stays so while its symbol may have been split, and sells nothing at the price of half', async () => {
    await world.holdProtected('10');
    const { account, clock } = world.safety.journey;
    const before = await world.stopPrice();
    const quarantine = { code: 'price-jump', message: 'like a split of 2 for 1', at: clock.now() };
    await world.protect.books.quarantine(account, SYMBOL, quarantine, 'c-split');
    const half = formatPrice(parsePrice(String(Math.round(Number(before) * 50) / 100)));
    expect(await world.minute(half)).toEqual(['cancel-order.v1']);
    expect(await world.minute(half)).toEqual([]);
    expect(world.atBroker('sell')).toEqual(['stop 10 canceled']);
    expect(await exits()).toEqual([]);
    const lift = { by: 'ops', reason: 'restated', now: clock.now(), correlationId: 'c-lift' };
    await world.protect.books.liftQuarantine(account, SYMBOL, lift);
    await world.minute();
    expect(world.atBroker('sell')).toEqual(['stop 10 canceled', 'stop 10 new']);
  });

  it('is not one in a dry run, in which nothing is asked for', async () => {
    await world.close();
    await open({ dryRun: true });
    await world.safety.hold('10');
    expect(await world.minute()).toEqual([]);
    expect(await world.stopPrice()).toBe('none');
  });
});

/** Exits through the door of execute, against the broker simulator: opened once, driven until flat, never beyond. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { aggregateOf } from '#events/fact.ts';
import { driveOpenExit } from '#functions/execute/drive-exit.ts';
import { endDeadLetter } from '#functions/execute/end-dead-letter.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { parseQuantity } from '#shared/core/kernel/decimal.ts';
import { correlationId, decisionId } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { positionOf } from '#shared/core/portfolio/book.ts';
import { STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { SafetyWorld } from './safety-world.ts';

let world: SafetyWorld;
let worlds = 0;

beforeEach(async () => {
  worlds += 1;
  world = await SafetyWorld.open(`exits-${worlds}`);
});

afterEach(() => world.close());

const EXIT = { decision: 'x-1', purpose: 'exit', shares: '10' } as const;
const STOP = { decision: 'stop-1', purpose: 'protective-stop', shares: '10', stopPrice: '1' } as const;

/** What the broker holds of the symbol. */
const atBroker = async () => (await world.execute.broker.position(SYMBOL))?.quantity ?? parseQuantity('0');
const sales = () => world.journey.ledger().orders.filter((order) => order.side === 'sell');
const exitOf = () => world.execute.exits.get(world.journey.account, SYMBOL);
/** As protect opens one; nothing drives it yet. */
const open = (exitId: string) => {
  const { account: accountId, clock } = world.journey;
  const request = {
    exitId: decisionId(exitId),
    accountId,
    strategyId: STRATEGY,
    ticker: SYMBOL,
    purpose: 'exit',
    by: 'protect',
    reason: { code: 'stop-hit', message: 'hit', context: {} },
    correlationId: correlationId(exitId),
    openedAt: clock.now(),
  } as const;
  return world.execute.exits.open(request, null);
};
const saidOfBook = async () =>
  (await world.factsOf(aggregateOf.book(world.journey.account, SYMBOL))).filter((type) => type.startsWith('exit.'));

describe('an exit', () => {
  it('closes the share, says so, and frees the symbol', async () => {
    await world.hold('10');
    expect(await world.ask(EXIT)).toMatchObject({ submission: { kind: 'acknowledged' } });
    expect((await world.book()).exitId).toBe('x-1');
    await world.settle();
    expect(await world.drive('x-1')).toMatchObject({ driven: { kind: 'completed' } });
    expect(positionOf(await world.book())).toBe(0n);
    expect(await atBroker()).toBe(0n);
    expect((await world.book()).exitId).toBeNull();
    expect(await exitOf()).toBeNull();
    expect(await saidOfBook()).toEqual(['exit.opened.v1', 'exit.completed.v1']);
  });

  it('keeps entries off its symbol until it is completed', async () => {
    await world.hold('10');
    await world.ask(EXIT);
    expect(await world.ask({ decision: 'd-2', purpose: 'entry', shares: '1' })).toMatchObject({
      submission: { kind: 'refused', refusal: { code: 'exit-in-progress' } },
    });
  });

  it('takes the stop that rests at the broker away before it sells, and sells each unit once', async () => {
    await world.hold('10');
    await world.ask(STOP);
    await world.settle(1_000);
    expect((await world.openOrders()).map((order) => order.state)).toEqual(['acknowledged']);
    expect(await world.ask(EXIT)).toMatchObject({ submission: { kind: 'acknowledged' } });
    await world.settle();
    expect(await world.drive('x-1')).toMatchObject({ driven: { kind: 'completed' } });
    expect(await atBroker()).toBe(0n);
    expect(sales().map((order) => [order.type, order.status])).toEqual([
      ['stop', 'canceled'],
      ['market', 'filled'],
    ]);
  });

  it('leaves a stop that does not end to the next drive, and asks for its cancel once a run', async () => {
    await world.hold('10');
    await world.ask(STOP);
    await world.settle(1_000);
    world.journey.simulator.faults.set('stuck-cancel', {});
    const { account, clock } = world.journey;
    const telemetry = recordedTelemetry();
    const cancels = () => telemetry.lines.filter(({ message }) => message === 'cancel asked of the broker').length;
    const drive = () =>
      driveOpenExit({ ...world.execute, telemetry }, account, SYMBOL, {
        holder: `drive-${clock.now()}`,
        until: addMs(clock.now(), 30_000),
      });
    expect(await world.ask(EXIT)).toMatchObject({ submission: { kind: 'done' } });
    expect([await drive(), cancels()]).toEqual([{ kind: 'waits', for: 'own-orders' }, 0]);
    await world.settle(31_000);
    expect([await drive(), cancels()]).toEqual([{ kind: 'waits', for: 'own-orders' }, 1]);
    expect(await atBroker()).toBe(parseQuantity('10'));
  });

  it('is left to its next minute where the broker cannot be read, and goes on then', async () => {
    await world.hold('10');
    await open('x-1');
    const { clock, simulator } = world.journey;
    // Past the age of the last pass, so that only the broker's own position sizes it.
    clock.moveTo(addMs(clock.now(), 400_000));
    simulator.faults.set('error-before', { parameters: { route: '*', status: 503, html: false } });
    expect(await world.drive('x-1')).toMatchObject({ driven: { kind: 'left-to-next' } });
    expect(sales()).toHaveLength(0);
    simulator.faults.clearAll();
    clock.moveTo(addMs(clock.now(), 60_000));
    await world.drive('x-1');
    clock.moveTo(addMs(clock.now(), 5_000));
    expect(await atBroker()).toBe(0n);
  });

  it('that a command opens is left to its next minute likewise, and its command is done', async () => {
    await world.hold('10');
    const { clock, simulator } = world.journey;
    simulator.faults.set('throttle', { parameters: { route: 'submit-order', retryAfterSeconds: 40 } });
    expect(await world.ask(EXIT)).toMatchObject({ submission: { kind: 'acknowledged' } });
    expect((await exitOf())?.exit.phase).toBe('submitted');
    expect(sales()).toHaveLength(0);
    simulator.faults.clearAll();
    clock.moveTo(addMs(clock.now(), 60_000));
    expect(await world.drive('x-1')).toMatchObject({ driven: { kind: 'waits', for: 'order' } });
    await world.settle();
    expect(await atBroker()).toBe(0n);
    expect(sales()).toHaveLength(1);
  });

  it('is opened by the same run once its facts can be read again, and by the next where that takes too long', async () => {
    await world.hold('10');
    const { clock, simulator } = world.journey;
    // Past the age of the last pass, so that the broker's own position has to be read.
    clock.moveTo(addMs(clock.now(), 400_000));
    const unread = { route: 'get-position', status: 503, html: false };
    simulator.faults.set('error-before', { parameters: unread });
    const command = world.submitCommand(await world.intent(EXIT));
    const took = async () => {
      const begunAt = clock.now();
      const kind = await world.answer(command).then(
        () => 'answered',
        (thrown: unknown) => (thrown instanceof Fault ? thrown.kind : 'broken'),
      );
      return { kind, seconds: (clock.now() - begunAt) / 1_000 };
    };
    expect(await took()).toEqual({ kind: 'transient', seconds: 14 });
    expect(await exitOf()).toBeNull();
    simulator.faults.clearAll();
    simulator.faults.set('error-before', { count: 4, parameters: unread });
    expect(await took()).toEqual({ kind: 'answered', seconds: 2 });
    expect(await saidOfBook()).toEqual(['exit.opened.v1']);
  });

  it('goes on beside its own order of unknown fate that the broker took no repetition of, and sells each unit once', async () => {
    await world.hold('10');
    const { clock, simulator } = world.journey;
    const { key, secret, url } = simulator;
    const headers = { 'APCA-API-KEY-ID': key, 'APCA-API-SECRET-KEY': secret, 'content-type': 'application/json' };
    // Somebody else's order holds the shares while the exit's own is lost on its way and sent once more.
    const held = await fetch(`${url}/v2/orders`, {
      method: 'POST',
      headers,
      body: JSON.stringify({
        symbol: SYMBOL,
        qty: '10',
        side: 'sell',
        type: 'limit',
        limit_price: '9000',
        time_in_force: 'day',
      }),
    });
    const { id } = z.object({ id: z.string() }).parse(await held.json());
    simulator.faults.set('drop-request', { count: 1, parameters: { route: 'submit-order' } });
    expect(await world.ask(EXIT)).toMatchObject({ submission: { kind: 'unknown' } });
    const [lost] = await world.openOrders();
    expect(lost?.ambiguity?.answer?.code).toBe('broker-insufficient-quantity');
    await fetch(`${url}/v2/orders/${id}`, { method: 'DELETE', headers });
    clock.moveTo(addMs(clock.now(), 50_000));
    expect(await world.drive('x-1')).toMatchObject({ driven: { kind: 'waits', for: 'order' } });
    clock.moveTo(addMs(clock.now(), 60_000));
    await world.drive('x-1');
    const orders = await world.openOrders();
    expect(orders.map(({ state, intent }) => [state, intent.decision.generation])).toContainEqual(['unknown', 0]);
    clock.moveTo(addMs(clock.now(), 5_000));
    expect(await atBroker()).toBe(0n);
    expect(sales().filter(({ status }) => status === 'filled')).toHaveLength(1);
    await world.settle();
    expect(await world.drive('x-1')).toMatchObject({ driven: { kind: 'completed' } });
    // It stays watched, and entries off the symbol, until the session is over.
    expect(await world.ask({ decision: 'd-3', purpose: 'entry', shares: '1' })).toMatchObject({
      submission: { kind: 'refused', refusal: { code: 'symbol-has-unknown-order' } },
    });
  });

  it('is not driven in a dry run, which would take the stop away and sell nothing', async () => {
    await world.hold('10');
    await world.ask(STOP);
    await world.settle(1_000);
    const { account, clock } = world.journey;
    await open('x-1');
    const sender = { holder: 'dry', until: addMs(clock.now(), 30_000) };
    const [before] = sales();
    expect(await driveOpenExit({ ...world.execute, dryRun: true }, account, SYMBOL, sender)).toEqual({
      kind: 'left-to-next',
    });
    expect(sales()).toEqual([before]);
    expect((await exitOf())?.exit.phase).toBe('opened');
  });

  it('is opened once by a command that comes again, and not again once it is over', async () => {
    await world.hold('10');
    const command = world.submitCommand(await world.intent(EXIT));
    await world.answer(command);
    await world.answer(command);
    await world.settle();
    await world.answer(command);
    expect(await exitOf()).toBeNull();
    expect(await world.answer(command)).toMatchObject({ submission: { kind: 'done' } });
    expect(sales()).toHaveLength(1);
    expect(await saidOfBook()).toEqual(['exit.opened.v1', 'exit.completed.v1']);
  });

  it('goes first: a second decision to close is refused while it is open', async () => {
    await world.hold('10');
    await world.ask(STOP);
    await world.settle(1_000);
    await world.ask(EXIT);
    expect(await world.ask({ ...EXIT, decision: 'x-2' })).toMatchObject({
      submission: { kind: 'refused', refusal: { code: 'exit-in-progress' } },
    });
  });

  it('is refused where there is nothing to close', async () => {
    expect(await world.ask(EXIT)).toMatchObject({
      submission: { kind: 'refused', refusal: { code: 'quantity-not-available' } },
    });
    expect(await exitOf()).toBeNull();
  });

  it("is sized from the broker's position while reconciliation is stale", async () => {
    await world.hold('10');
    const { clock } = world.journey;
    clock.moveTo(addMs(clock.now(), 400_000));
    expect(await world.ask(EXIT)).toMatchObject({ submission: { kind: 'acknowledged' } });
    clock.moveTo(addMs(clock.now(), 5_000));
    expect(await atBroker()).toBe(0n);
    expect(sales()).toHaveLength(1);
  });

  it('waits for the kill switch, and goes on once it is off; a flatten does not wait', async () => {
    await world.hold('10');
    const { safety } = world.execute;
    const { account, clock } = world.journey;
    const person = { scope: { kind: 'account' }, by: 'ops', reason: 'a drill', correlationId: 'c' } as const;
    await safety.engageKillSwitch(account, { ...person, now: clock.now(), cancels: 'risk-increasing' });
    await world.ask(EXIT);
    expect(sales()).toHaveLength(0);
    expect((await exitOf())?.exit).toMatchObject({ purpose: 'exit', failures: 1 });
    await safety.disengageKillSwitch(account, { ...person, now: clock.now() });
    clock.moveTo(addMs(clock.now(), 30_000));
    await world.drive('x-1');
    await world.settle();
    expect(await atBroker()).toBe(0n);
    await world.drive('x-1');

    // Past the symbol's rest after its last fill.
    await world.settle(61_000);
    await world.hold('5');
    await safety.engageKillSwitch(account, { ...person, now: clock.now(), cancels: 'risk-increasing' });
    await world.ask({ decision: 'f-1', purpose: 'flatten', shares: '5' });
    await world.settle();
    expect(await atBroker()).toBe(0n);
  });

  it('outlives the dead letter of the command that opened it', async () => {
    await world.hold('10');
    await world.ask(STOP);
    await world.settle(1_000);
    const command = world.submitCommand(await world.intent(EXIT));
    await world.answer(command);
    expect(await endDeadLetter(world.execute, command)).toBe('as-it-stands');
    await world.settle();
    await world.drive('x-1');
    await world.settle();
    expect(await atBroker()).toBe(0n);
  });

  it('that is not there is not driven', async () => {
    expect(await world.drive('x-1')).toMatchObject({ driven: { kind: 'no-exit' } });
  });
});

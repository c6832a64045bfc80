import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { negateQuantity, parsePrice, wholeQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { RefusalCode } from '#shared/core/kernel/refusal.ts';
import { CANCEL_AGAIN_MS } from '#shared/core/order/cancel.ts';
import {
  driveExit,
  EXIT_BACKOFF_MS_MAX,
  EXIT_RESTING_MS_MAX,
  POSITION_AGE_MS_MAX,
} from '#shared/core/order/exit-drive.ts';
import { blocksEntries, EXIT_PHASES, refusalEffect, resumeExit } from '#shared/core/order/exit.ts';
import type { Exit, ExitView } from '#shared/core/order/exit.ts';
import type { Order, OrderIntent } from '#shared/core/order/order.ts';
import { refusedByBroker, resend, withdraw } from '#shared/core/order/sending.ts';
import { abandon } from '#shared/core/order/unknown-fate.ts';
import { ExitWorld, FAIR } from '#tests/order/exit-world.ts';
import type { Tick } from '#tests/order/exit-world.ts';
import { opened, view } from '#tests/order/sample-exit.ts';
import {
  canceling,
  claimed,
  CLAIMED_AT,
  HOLDER,
  REASON,
  sampleIntent,
  sending,
  taken,
  told,
  units,
  unknown,
} from '#tests/order/sample-orders.ts';

const SEED = 20_261_121;

const position = (quantity: number, available = quantity, ageMs = 0): Pick<ExitView, 'brokerPosition'> => ({
  brokerPosition: { quantity: units(quantity), available: units(available), readAt: addMs(CLAIMED_AT, -ageMs) },
});

const stop = (): Order =>
  told(
    sending(
      sampleIntent(
        {
          side: 'sell',
          positionIntent: 'sell_to_close',
          type: 'stop',
          timeInForce: 'gtc',
          limitPrice: null,
          stopPrice: parsePrice('95'),
        },
        { purpose: 'protective-stop' },
      ),
    ),
    { status: 'new' },
  );

const entryOf = (strategy: string, purpose: OrderIntent['purpose'] = 'entry'): Order =>
  told(sending(sampleIntent({ strategyId: strategyId(strategy) }, { purpose })), { status: 'new' });

/** The exit after its first order was submitted, and that order as it was claimed. */
function submitted(): { readonly exit: Exit; readonly order: Order; readonly intent: OrderIntent } {
  const step = driveExit(opened(), view());
  if (step.action.kind !== 'submit') throw new Error(`expected a submit, not ${step.action.kind}`);
  return { exit: step.exit, intent: step.action.intent, order: claimed(step.action.intent) };
}

const rejectedFor = (code: RefusalCode): Order =>
  taken(withdraw(submitted().order, refusal(code, 'no'), CLAIMED_AT)).order;

describe('an exit that nothing hinders', () => {
  it('submits a closing order for the whole share, of generation 0', () => {
    const { exit, intent } = submitted();
    expect(intent.terms).toMatchObject({
      side: 'sell',
      positionIntent: 'sell_to_close',
      type: 'market',
      timeInForce: 'day',
    });
    expect(intent.terms.size).toEqual({ kind: 'quantity', quantity: units(10) });
    expect(intent.decision).toEqual({ decisionId: 'exit-1', generation: 0, slice: 0 });
    expect(intent.purpose).toBe('exit');
    expect(exit).toMatchObject({ phase: 'submitted', generations: 1, attempts: 1 });
    expect(blocksEntries(exit)).toBe(true);
  });

  it('buys to close a short share', () => {
    const { action } = driveExit(opened(), view({ share: units(-4) }));
    expect(action).toMatchObject({
      kind: 'submit',
      intent: { terms: { side: 'buy', positionIntent: 'buy_to_close', size: { quantity: units(4) } } },
    });
  });

  it('submits a limit order where it is given a limit', () => {
    const limit = { arrivalPrice: parsePrice('100'), limitPrice: parsePrice('98') };
    expect(driveExit(opened(), view({ pricing: limit })).action).toMatchObject({
      intent: { terms: { type: 'limit', limitPrice: parsePrice('98') } },
    });
  });

  it('waits while its order works, and goes on with what remains once that has ended', () => {
    const { exit, order } = submitted();
    const working = told(taken0(order), { status: 'partially_filled', cumulativeQuantity: units(6) });
    expect(driveExit(exit, view({ current: working, openOrders: [working], share: units(4) }))).toMatchObject({
      changed: false,
      action: { kind: 'wait', for: 'order' },
    });
    const ended = told(working, { status: 'canceled', cumulativeQuantity: units(6) });
    const next = driveExit(exit, view({ current: ended, share: units(4) }));
    expect(next.action).toMatchObject({
      kind: 'submit',
      attempt: 2,
      intent: { decision: { generation: 1 }, terms: { size: { quantity: units(4) } } },
    });
  });

  it('completes when the share is flat, and then does nothing', () => {
    const { exit, order } = submitted();
    const filled = told(taken0(order), { status: 'filled', cumulativeQuantity: units(10) });
    const done = driveExit(exit, view({ current: filled, share: ZERO_QUANTITY }));
    expect(done).toMatchObject({ exit: { phase: 'completed' }, changed: true, action: { kind: 'complete' } });
    expect(driveExit(done.exit, view())).toMatchObject({ changed: false, action: { kind: 'none' } });
    expect(blocksEntries(done.exit)).toBe(false);
  });
});

const taken0 = (order: Order): Order => sending(order.intent);

describe('what is in the way of an exit', () => {
  it('cancels its own stop and its own resting buy first, and awaits their ends', () => {
    const own = [stop(), entryOf('momentum')];
    const first = driveExit(opened(), view({ openOrders: own }));
    expect(first.exit.phase).toBe('canceling-own');
    expect(first.action).toMatchObject({ kind: 'cancel', orders: own.map((order) => order.clientOrderId) });
    const asked = own.map(canceling);
    expect(driveExit(first.exit, view({ openOrders: asked })).action).toEqual({ kind: 'wait', for: 'own-orders' });
  });

  it('asks again for a cancel that brought no end', () => {
    const asked = canceling(stop());
    const late = addMs(CLAIMED_AT, CANCEL_AGAIN_MS + 1);
    expect(driveExit(opened(), view({ openOrders: [asked], now: late })).action.kind).toBe('cancel');
  });

  it("cancels another strategy's opposite entry, and leaves alone its orders on the same side", () => {
    const buy = entryOf('other');
    expect(driveExit(opened(), view({ openOrders: [buy] })).action).toMatchObject({
      kind: 'cancel',
      orders: [buy.clientOrderId],
    });
    const sell = told(
      sending(sampleIntent({ strategyId: strategyId('other'), side: 'sell', positionIntent: 'sell_to_close' })),
      { status: 'new' },
    );
    expect(driveExit(opened(), view({ openOrders: [sell] })).action.kind).toBe('submit');
  });

  it("awaits another strategy's opposite exit and never cancels it", () => {
    const other = entryOf('other', 'exit');
    expect(driveExit(opened(), view({ openOrders: [other] })).action).toEqual({ kind: 'wait', for: 'own-orders' });
  });

  it('does not wait for an order of unknown fate, but sizes by the broker while there is one', () => {
    const lost = canceling(unknown());
    expect(driveExit(opened(), view({ openOrders: [lost] })).action).toEqual({ kind: 'read-position' });
    const step = driveExit(opened(), view({ openOrders: [lost], ...position(13) }));
    expect(step.action).toMatchObject({ kind: 'submit', intent: { terms: { size: { quantity: units(13) } } } });
  });

  it('takes off what an own sell of unknown fate may still take', () => {
    const lost = canceling(
      unknown(
        sampleIntent({ side: 'sell', positionIntent: 'sell_to_close', size: { kind: 'quantity', quantity: units(4) } }),
      ),
    );
    const step = driveExit(opened(), view({ openOrders: [lost], ...position(10) }));
    expect(step.action).toMatchObject({ kind: 'submit', intent: { terms: { size: { quantity: units(6) } } } });
  });

  it('does not complete while an own order of unknown fate may still open the position again', () => {
    const lost = canceling(unknown());
    const step = driveExit(opened(), view({ openOrders: [lost], share: ZERO_QUANTITY, ...position(0) }));
    expect(step.action).toEqual({ kind: 'wait', for: 'own-orders' });
  });
});

describe('sizing by the broker where the books are not to be trusted', () => {
  const stale = { booksFresh: false };

  it('reads the position first, and again when the read has grown old', () => {
    expect(driveExit(opened(), view(stale))).toMatchObject({
      exit: { phase: 'sizing' },
      action: { kind: 'read-position' },
    });
    const old = view({ ...stale, ...position(10, 10, POSITION_AGE_MS_MAX + 1) });
    expect(driveExit(opened(), old).action.kind).toBe('read-position');
    const fromTheFuture = view({ ...stale, ...position(10, 10, -1) });
    expect(driveExit(opened(), fromTheFuture).action.kind).toBe('read-position');
    expect(driveExit(opened(), view({ ...stale, ...position(10, 10, POSITION_AGE_MS_MAX) })).action.kind).toBe(
      'submit',
    );
  });

  it.each([
    { broker: 7, available: 7, others: 0, size: 7, why: 'less than the book says' },
    { broker: 15, available: 15, others: 5, size: 10, why: 'what other strategies hold is theirs' },
    { broker: 10, available: 6, others: 0, size: 6, why: 'what is held for other orders is not available' },
    { broker: 8, available: 8, others: -4, size: 8, why: 'never more than the broker holds' },
  ])('sells $size of $broker: $why', ({ broker, available, others, size }) => {
    const step = driveExit(opened(), view({ ...stale, othersShare: units(others), ...position(broker, available) }));
    expect(step.action).toMatchObject({
      kind: 'submit',
      intent: { terms: { side: 'sell', size: { quantity: units(size) } } },
    });
  });

  it('waits when the broker lets go of no share, or holds none that are its own', () => {
    expect(driveExit(opened(), view({ ...stale, ...position(10, 0) })).action).toEqual({
      kind: 'wait',
      for: 'shares-held',
    });
    const others = view({ ...stale, othersShare: units(10), ...position(10) });
    expect(driveExit(opened(), others).action).toEqual({ kind: 'wait', for: 'books' });
  });

  it('leaves alone what the book does not know to be its own, unless a person flattens', () => {
    const surplus = { ...stale, ...position(14) };
    expect(driveExit(opened(), view(surplus)).action).toMatchObject({
      intent: { terms: { size: { quantity: units(10) } } },
    });
    const flatten: Exit = { ...opened(), purpose: 'flatten' };
    expect(driveExit(flatten, view(surplus)).action).toMatchObject({
      intent: { purpose: 'flatten', terms: { size: { quantity: units(14) } } },
    });
    const short = { ...stale, share: units(0), ...position(-3) };
    expect(driveExit(opened(), view(short)).action.kind).toBe('complete');
    expect(driveExit(flatten, view(short)).action).toMatchObject({
      intent: { terms: { side: 'buy', size: { quantity: units(3) } } },
    });
  });
});

describe('refusals of an exit', () => {
  it.each(['broker-insufficient-quantity', 'broker-wash-trade'] as const)(
    're-enters on %s, sized by the broker',
    (code) => {
      const { exit } = submitted();
      const step = driveExit(exit, view({ current: rejectedFor(code) }));
      expect(step).toMatchObject({
        exit: { phase: 'sizing', failures: 1, distrustsBooks: true },
        action: { kind: 'read-position' },
      });
      const next = driveExit(step.exit, view({ ...position(6) }));
      expect(next.action).toMatchObject({
        kind: 'submit',
        intent: { decision: { generation: 1 }, terms: { size: { quantity: units(6) } } },
      });
    },
  );

  it.each(['broker-not-tradable', 'broker-account-blocked', 'broker-refused', 'broker-credentials'] as const)(
    'stops on %s until a person resumes it',
    (code) => {
      const { exit } = submitted();
      const step = driveExit(exit, view({ current: rejectedFor(code) }));
      expect(step).toMatchObject({
        exit: { phase: 'blocked', blockedBy: { code } },
        changed: true,
        alarms: ['exit-blocked'],
      });
      expect(driveExit(step.exit, view()).action).toEqual({ kind: 'wait', for: 'operator' });
      expect(blocksEntries(step.exit)).toBe(true);
      expect(driveExit(resumeExit(step.exit), view(position(10))).action).toMatchObject({
        kind: 'submit',
        intent: { decision: { generation: 1 } },
      });
    },
  );

  it('begins anew when it is resumed, with the books looked at again', () => {
    const blocked: Exit = { ...opened(), phase: 'blocked', failures: 4, blockedBy: refusal('broker-refused', 'no') };
    expect(resumeExit(blocked)).toEqual({ ...opened(), distrustsBooks: true });
  });

  it('leaves an exit that is not blocked as it is when it is resumed', () => {
    expect(resumeExit(opened())).toEqual(opened());
  });

  it('backs off from other refusals, longer each time and never longer than the cap', () => {
    const waits: number[] = [];
    let exit = submitted().exit;
    const alarms: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      const now = addMs(CLAIMED_AT, round * 400_000);
      const read = { brokerPosition: { quantity: units(10), available: units(10), readAt: now } };
      const refused = driveExit(exit, view({ now, current: rejectedFor('kill-switch-engaged'), ...read }));
      alarms.push(...refused.alarms);
      expect(refused.action).toEqual({ kind: 'wait', for: 'backoff' });
      waits.push((refused.exit.notBefore ?? now) - now);
      const later = addMs(now, 399_000);
      const again = driveExit(
        refused.exit,
        view({ now: later, brokerPosition: { ...read.brokerPosition, readAt: later } }),
      );
      expect(again.action.kind).toBe('submit');
      exit = again.exit;
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300].map((seconds) => seconds * 1_000));
    expect(Math.max(...waits)).toBe(EXIT_BACKOFF_MS_MAX);
    expect(alarms).toEqual(['exit-struggling']);
  });

  it('tries again at the very end of its wait', () => {
    const waiting: Exit = { ...opened(), notBefore: addMs(CLAIMED_AT, 5_000) };
    expect(driveExit(waiting, view({ now: addMs(CLAIMED_AT, 4_999) })).action).toEqual({
      kind: 'wait',
      for: 'backoff',
    });
    expect(driveExit(waiting, view({ now: addMs(CLAIMED_AT, 5_000) })).action.kind).toBe('submit');
  });

  it('knows what each refusal means to it', () => {
    expect(refusalEffect('broker-wash-trade')).toBe('re-enter');
    expect(refusalEffect('broker-not-shortable')).toBe('blocked');
    expect(refusalEffect('reconciliation-stale')).toBe('retry');
  });
});

describe('commands that come to nothing', () => {
  it('issues the very same command again while its order is not claimed and not stale', () => {
    const { exit, intent } = submitted();
    const again = driveExit(exit, view({ now: addMs(CLAIMED_AT, 60_000), share: units(3) }));
    expect(again).toMatchObject({ changed: false, action: { kind: 'submit', intent, attempt: 1 } });
  });

  it('takes the same generation with another attempt once the command is stale, or was refused before its claim', () => {
    const { exit, intent } = submitted();
    const late = { now: intent.validUntil, share: units(3), ...position(3) };
    const read = { quantity: units(3), available: units(3), readAt: intent.validUntil };
    const stale = driveExit(exit, view({ ...late, brokerPosition: read }));
    expect(stale).toMatchObject({ exit: { generations: 0, failures: 1 }, action: { kind: 'wait', for: 'backoff' } });
    const refused = driveExit(exit, view({ currentRefusal: refusal('quote-stale', 'no'), ...position(10) }));
    const next = driveExit(
      refused.exit,
      view({ now: addMs(CLAIMED_AT, 6_000), brokerPosition: { ...read, readAt: addMs(CLAIMED_AT, 6_000) } }),
    );
    expect(next.action).toMatchObject({ kind: 'submit', attempt: 2, intent: { decision: { generation: 0 } } });
  });

  it('is submitted again while the broker is not known to have its order, and never beside a cancel', () => {
    const { exit, intent } = submitted();
    const late = addMs(CLAIMED_AT, EXIT_RESTING_MS_MAX + 1);
    for (const row of [claimed(intent), sending(intent), unknown(intent)]) {
      const at = { now: late, openOrders: [row], current: row };
      expect(driveExit(exit, view(at))).toMatchObject({
        changed: false,
        action: { kind: 'submit', intent, attempt: 1 },
      });
      const asked = canceling(row);
      expect(driveExit(exit, view({ ...at, openOrders: [asked], current: asked })).action.kind).not.toBe('submit');
    }
  });

  it('is not submitted again after the close while its fate is unknown, nor taken for over', () => {
    const { exit, intent } = submitted();
    const row = unknown(intent);
    const at = { sessionOpen: false, openOrders: [row], current: row };
    expect(driveExit(exit, view(at))).toMatchObject({ changed: false, action: { kind: 'wait', for: 'order' } });
  });

  it('is followed by the next generation once it was given up, by what the broker said to its repetition', () => {
    const { exit, intent } = submitted();
    const after = (code: RefusalCode) => {
      const again = taken(resend(unknown(intent), HOLDER, CLAIMED_AT)).order;
      const answered = taken(refusedByBroker(again, refusal(code, 'no'), CLAIMED_AT)).order;
      const watch = { kind: 'until', at: CLAIMED_AT } as const;
      const facts = { watch, lastMissAt: CLAIMED_AT, operator: null, now: CLAIMED_AT };
      return driveExit(exit, view({ current: taken(abandon(answered, facts)).order, ...position(10) }));
    };
    expect(after('broker-insufficient-quantity').action).toMatchObject({
      kind: 'submit',
      intent: { decision: { generation: 1 } },
    });
    expect(after('broker-position-intent')).toMatchObject({ action: { kind: 'wait', for: 'backoff' } });
    expect(after('broker-account-blocked')).toMatchObject({
      exit: { phase: 'blocked', blockedBy: { code: 'broker-account-blocked' } },
    });
  });

  it('cancels its own order when it rests too long, and waits for its end', () => {
    const { exit, order } = submitted();
    const working = told(taken0(order), { status: 'new' });
    const late = addMs(CLAIMED_AT, EXIT_RESTING_MS_MAX + 1);
    const at = { now: late, openOrders: [working] };
    expect(driveExit(exit, view({ ...at, current: working })).action).toMatchObject({
      kind: 'cancel',
      orders: [working.clientOrderId],
    });
    const asked = { ...canceling(working), cancelRequested: { by: 'protect', reason: REASON, at: late } };
    expect(driveExit(exit, view({ ...at, current: asked, openOrders: [asked] })).action).toEqual({
      kind: 'wait',
      for: 'order',
    });
  });

  it('waits for the session and for a price', () => {
    expect(driveExit(opened(), view({ sessionOpen: false })).action).toEqual({ kind: 'wait', for: 'session' });
    expect(driveExit(opened(), view({ pricing: null })).action).toEqual({ kind: 'wait', for: 'price' });
  });
});

const ticks: fc.Arbitrary<Tick> = fc.record({
  crash: fc.constantFrom('none', 'none', 'none', 'before-write', 'before-action'),
  fate: fc.constantFrom(
    'done',
    'done',
    'lost',
    'request-lost',
    'request-lost',
    'answer-lost',
    'refused',
    'broker-insufficient-quantity',
    'broker-wash-trade',
  ),
  fills: fc.integer({ min: 0, max: 20 }),
  stops: fc.boolean(),
  news: fc.boolean(),
  booksFresh: fc.boolean(),
  session: fc.constantFrom(true, true, true, false),
});

const beginnings = fc.record({
  side: fc.constantFrom('long', 'short'),
  stop: fc.constantFrom('none', 'known', 'unknown'),
  entry: fc.constantFrom('none', 'known', 'unknown'),
  other: fc.constantFrom('none', 'known', 'unknown'),
});

describe('an exit in a world where everything goes wrong', () => {
  it('never crosses zero, never has more at work than it holds, has one broker order a generation, and ends flat', () => {
    const phases = new Set<string>();
    let beside = 0;
    fc.assert(
      fc.property(beginnings, fc.array(ticks, { maxLength: 25 }), (beginning, troubles) => {
        const world = new ExitWorld(beginning.side);
        if (beginning.stop !== 'none') world.rest('stop', beginning.stop === 'known');
        if (beginning.entry !== 'none') world.rest('entry', beginning.entry === 'known');
        if (beginning.other !== 'none') world.rest('entry-of-another', beginning.other === 'known');
        const momentum = strategyId('momentum');
        const run = (tick: Tick): void => {
          world.tick(tick);
          phases.add(world.exit.phase);
          const held = world.brokerPosition(momentum);
          const along = beginning.side === 'long' ? held : negateQuantity(held);
          expect(along).toBeGreaterThanOrEqual(0n);
          expect(world.workingUnits()).toBeLessThanOrEqual(along);
          if (world.lostBeside()) beside += 1;
          expect(new Set(world.sent).size).toBe(world.sent.length);
        };
        for (const tick of troubles) run(tick);
        for (let round = 0; round < 60 && world.exit.phase !== 'completed'; round += 1) run(FAIR);
        expect(world.exit.phase).toBe('completed');
        expect(world.brokerPosition(momentum)).toBe(wholeQuantity(0));
      }),
      { seed: SEED, numRuns: 1_000 },
    );
    // Often enough there is an order beside one that was given way to.
    expect(beside).toBeGreaterThan(20);
    expect([...phases].sort()).toEqual(EXIT_PHASES.filter((phase) => phase !== 'blocked').sort());
  });
});

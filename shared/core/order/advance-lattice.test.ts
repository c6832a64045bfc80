import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMoney, addQuantity, notionalOf, ZERO_MONEY, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { advance, advanceAll } from '#shared/core/order/advance.ts';
import type { AlarmCode, NamedTransition, Step } from '#shared/core/order/consequences.ts';
import type { Order, OrderUpdate } from '#shared/core/order/order.ts';
import { isEnd, isOpen, ORDER_STATES, orderedQuantity } from '#shared/core/order/order.ts';
import {
  hearings,
  interleavedLives,
  lives,
  nonsense,
  quietLives,
  restatedLives,
  shuffled,
} from '#tests/order/broker-life.ts';
import type { Life } from '#tests/order/broker-life.ts';
import { HOUSE_STARTS, sending } from '#tests/order/sample-orders.ts';

const SEED = 20_261_121;
const RUNS = { seed: SEED, numRuns: 1_000 };

const starts = fc.constantFrom(...Object.keys(HOUSE_STARTS)).map((name) => HOUSE_STARTS[name]?.() ?? sending());

/** Every order that follows one from another, the first included. */
function path(start: Order, updates: readonly OrderUpdate[]): readonly Step[] {
  let order = start;
  return updates.map((update) => {
    const step = advance(order, {
      ...update,
      clientOrderId: update.clientOrderId === null ? null : start.clientOrderId,
    });
    order = step.order;
    return step;
  });
}

const hear = (start: Order, updates: readonly OrderUpdate[]): Order => path(start, updates).at(-1)?.order ?? start;

/** What the law speaks of: everything but counters of writes and facts, and times of receipt. */
const essence = (order: Order): Order => ({
  ...order,
  version: 0,
  journalSequence: 0,
  acknowledgedAt: null,
  endedAt: null,
  updatedAt: epochMs(0),
});

const heardLives = lives.chain((life) => hearings(life.news));
const heardNonsense = fc.array(nonsense, { maxLength: 9 });
const anyNews = fc.oneof(heardLives, heardNonsense);

describe('the same order, whatever the order of arrival', () => {
  it('reaches the same order from any permutation of any news of a life', () => {
    fc.assert(
      fc.property(
        starts,
        heardLives.chain((heard) => fc.tuple(fc.constant(heard), shuffled(heard))),
        (start, [heard, other]) => {
          expect(essence(hear(start, other))).toEqual(essence(hear(start, heard)));
        },
      ),
      RUNS,
    );
  });

  it('reaches the same order from any permutation of news that contradicts itself in every way', () => {
    fc.assert(
      fc.property(
        starts,
        heardNonsense.chain((heard) => fc.tuple(fc.constant(heard), shuffled(heard))),
        (start, [heard, other]) => {
          expect(essence(hear(start, other))).toEqual(essence(hear(start, heard)));
        },
      ),
      { ...RUNS, numRuns: 2_500 },
    );
  });

  it('reaches the same order when it takes the news in together', () => {
    fc.assert(
      fc.property(starts, anyNews, (start, heard) => {
        const named = heard.map((update) => ({
          ...update,
          clientOrderId: update.clientOrderId === null ? null : start.clientOrderId,
        }));
        const together = advanceAll(start, named);
        const order = hear(start, heard);
        expect(essence(together.order)).toEqual(essence(order));
        expect(together.changed).toBe(order.version > start.version);
        expect(together.consequences.book.position).toBe(
          (order.intent.terms.side === 'buy' ? 1n : -1n) * order.filledQuantity,
        );
      }),
      RUNS,
    );
  });

  it('stands still when it hears again what it has heard', () => {
    fc.assert(
      fc.property(starts, anyNews, fc.nat(), (start, heard, pick) => {
        const order = hear(start, heard);
        const again = heard[pick % Math.max(1, heard.length)];
        if (again === undefined) return;
        const [step] = path(order, [again]);
        expect(step?.changed).toBe(false);
        expect(step?.order).toBe(order);
        expect(step?.consequences.facts).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('the truth, once everything that is needed was heard', () => {
  const complete = (of: fc.Arbitrary<Life>) =>
    of.chain((life) =>
      hearings(life.news)
        .chain((heard) => shuffled([...life.needed, ...heard]))
        .map((heard) => ({ life, heard })),
    );

  it('comes to the broker-side truth of lives without revisions', () => {
    fc.assert(
      fc.property(complete(quietLives), ({ life, heard }) => {
        const order = hear(sending(), heard);
        expect(order.filledQuantity).toBe(life.truth.filled);
        expect(order.filledCost).toBe(life.truth.cost);
        expect(order.ended?.end ?? null).toBe(life.truth.end);
        expect(order).toMatchObject({ provisional: false, contradicted: false, gapQuantity: 0n, epoch: 0 });
      }),
      RUNS,
    );
  });

  it('comes to the broker-side truth of lives with busts and corrections', () => {
    fc.assert(
      fc.property(complete(restatedLives), ({ life, heard }) => {
        const order = hear(sending(), heard);
        expect(order.filledQuantity).toBe(life.truth.filled);
        expect(order.filledCost).toBe(life.truth.cost);
        expect(order.ended?.end ?? null).toBe(life.truth.end);
        expect(order).toMatchObject({ provisional: false, contradicted: false, gapQuantity: 0n });
        expect(order.epoch > 0).toBe(life.truth.revisions > 0);
      }),
      RUNS,
    );
  });

  it('comes to the broker-side truth where the stream contradicts itself, once it has read the activities', () => {
    fc.assert(
      fc.property(
        interleavedLives.chain((life) =>
          hearings(life.news)
            .chain((heard) => shuffled([...life.needed, ...life.activities, ...heard]))
            .map((heard) => ({ life, heard })),
        ),
        ({ life, heard }) => {
          const order = hear(sending(), heard);
          expect(order.filledQuantity).toBe(life.truth.filled);
          expect(order.filledCost).toBe(life.truth.cost);
          expect(order.ended?.end ?? null).toBe(life.truth.end);
          expect(order).toMatchObject({ provisional: false, gapQuantity: 0n });
        },
      ),
      RUNS,
    );
  });

  it('is provisional and asks for a backfill while an execution is missing', () => {
    fc.assert(
      fc.property(quietLives, fc.nat(), (life, pick) => {
        const fills = life.needed.filter((update) => update.execution !== null);
        const missing = fills[pick % Math.max(1, fills.length)];
        if (missing?.execution === undefined || missing.execution === null) return;
        const heard = life.needed.filter((update) => update !== missing);
        const last = path(sending(), heard).at(-1);
        expect(last?.order.filledQuantity).toBe(life.truth.filled);
        expect(last?.order.gapQuantity).toBe(missing.execution.quantity);
        expect(last?.order.provisional).toBe(true);
        expect(last?.consequences.followUps.map((followUp) => followUp.kind)).toContain('backfill');
      }),
      RUNS,
    );
  });
});

/** The invariants that hold of every order at every time. */
function expectSound(order: Order): void {
  let end = ZERO_QUANTITY;
  for (const tile of order.executions) {
    expect(tile.start).toBeGreaterThanOrEqual(end);
    expect(tile.quantity).toBeGreaterThan(0n);
    end = addQuantity(tile.start, tile.quantity);
  }
  const booked = order.executions.reduce((sum, tile) => addQuantity(sum, tile.quantity), ZERO_QUANTITY);
  expect(end).toBeLessThanOrEqual(order.filledQuantity);
  expect(addQuantity(booked, order.gapQuantity)).toBe(order.filledQuantity);
  expect(order.gapQuantity).toBeGreaterThanOrEqual(0n);
  const cost = order.executions.reduce((sum, tile) => addMoney(sum, notionalOf(tile.price, tile.quantity)), ZERO_MONEY);
  expect(order.filledCost).toBe(cost);
  if (order.gapQuantity > 0n) expect(order.provisional).toBe(true);
  expect(order.ended?.end ?? null).toBe(isEnd(order.state) ? order.state : null);
}

/** reserved = open remaining, computed here from the order's terms alone. */
function expectReserved(order: Order): void {
  const { reserved, reservation, intent } = order;
  const ordered = orderedQuantity(intent.terms) ?? reservation.quantity;
  const remaining = order.filledQuantity > ordered ? 0n : ordered - order.filledQuantity;
  const closing = intent.terms.positionIntent.endsWith('to_close');
  const open = isOpen(order);
  expect(reserved.quantity).toBe(open ? remaining : 0n);
  if (!open || closing) expect(reserved.money).toBe(0n);
  else if (intent.terms.size.kind === 'quantity') expect(reserved.money).toBe(remaining * reservation.price);
  else {
    const used = order.filledCost + order.gapCost;
    expect(reserved.money).toBe(used > reservation.money ? 0n : reservation.money - used);
  }
}

describe('what holds at every step', () => {
  it('keeps tiles apart and within what filled, and reserves exactly what remains', () => {
    fc.assert(
      fc.property(starts, anyNews, (start, heard) => {
        expectReserved(start);
        for (const { order } of path(start, heard)) {
          expectSound(order);
          expectReserved(order);
        }
      }),
      RUNS,
    );
  });

  it('never shrinks the filled quantity within an epoch, and never goes back an epoch', () => {
    fc.assert(
      fc.property(starts, anyNews, (start, heard) => {
        let before = start;
        for (const { order } of path(start, heard)) {
          expect(order.epoch).toBeGreaterThanOrEqual(before.epoch);
          if (order.epoch === before.epoch) {
            expect(order.filledQuantity).toBeGreaterThanOrEqual(before.filledQuantity);
          }
          before = order;
        }
      }),
      { ...RUNS, numRuns: 2_500 },
    );
  });

  it('never takes back a known execution within an epoch without turning provisional', () => {
    fc.assert(
      fc.property(
        lives.chain((life) => hearings(life.news)),
        (heard) => {
          let before = sending();
          for (const { order, consequences } of path(before, heard)) {
            if (order.epoch === before.epoch && !order.provisional) {
              expect(consequences.book.removed).toEqual([]);
              expect(order.filledCost).toBeGreaterThanOrEqual(before.filledCost);
            }
            before = order;
          }
        },
      ),
      RUNS,
    );
  });

  it('changes an end, or fills after one, only under a name', () => {
    const allowed: readonly NamedTransition[] = ['late-fill', 'resurrected', 'end-outranked', 'second-broker-order'];
    fc.assert(
      fc.property(starts, anyNews, (start, heard) => {
        let before = start;
        for (const { order, consequences } of path(start, heard)) {
          const { named } = consequences;
          if (isEnd(before.state)) {
            if (order.state !== before.state) expect(named.some((name) => allowed.includes(name))).toBe(true);
            if (order.filledQuantity > before.filledQuantity) expect(named).toContain('late-fill');
            if (isOpen(order))
              expect(named.some((name) => name === 'resurrected' || name === 'second-broker-order')).toBe(true);
            if (order.filledQuantity < before.filledQuantity) expect(order.epoch).toBeGreaterThan(before.epoch);
          }
          before = order;
        }
      }),
      RUNS,
    );
  });

  it('adds up: the effects on book and reservation sum to how the order stands', () => {
    fc.assert(
      fc.property(starts, anyNews, (start, heard) => {
        let [position, cash, provisionalCash, quantity, money] = [0n, 0n, 0n, 0n, 0n];
        for (const { consequences } of path(start, heard)) {
          position += consequences.book.position;
          cash += consequences.book.cash;
          provisionalCash += consequences.book.provisionalCash;
          quantity += consequences.released.quantity;
          money += consequences.released.money;
        }
        const order = hear(start, heard);
        const sign = order.intent.terms.side === 'buy' ? 1n : -1n;
        expect(position).toBe(sign * order.filledQuantity);
        expect(cash).toBe(-sign * order.filledCost);
        expect(provisionalCash).toBe(-sign * order.gapCost);
        expect(quantity).toBe(start.reserved.quantity - order.reserved.quantity);
        expect(money).toBe(start.reserved.money - order.reserved.money);
      }),
      RUNS,
    );
  });

  it('counts versions one by one and facts without a gap', () => {
    fc.assert(
      fc.property(starts, anyNews, (start, heard) => {
        let before = start;
        for (const { order, changed, consequences } of path(start, heard)) {
          expect(order.version).toBe(before.version + (changed ? 1 : 0));
          expect(order.journalSequence).toBe(before.journalSequence + consequences.facts.length);
          before = order;
        }
      }),
      RUNS,
    );
  });
});

describe('the generators', () => {
  it('reach every state, every named transition and every alarm that news can raise', () => {
    const samples = fc.sample(fc.tuple(starts, anyNews), { seed: SEED, numRuns: 2_000 });
    const states = new Set<string>();
    const named = new Set<string>();
    const alarms = new Set<AlarmCode>();
    const facts = new Set<string>();
    for (const [start, heard] of samples) {
      states.add(start.state);
      for (const { order, consequences } of path(start, heard)) {
        states.add(order.state);
        for (const name of consequences.named) named.add(name);
        for (const fact of consequences.facts) facts.add(fact.kind);
        for (const followUp of consequences.followUps) if (followUp.kind === 'alarm') alarms.add(followUp.code);
      }
    }
    expect([...states].sort()).toEqual([...ORDER_STATES].sort());
    const names = [
      'late-fill',
      'trade-bust',
      'trade-correction',
      'contradiction',
      'second-broker-order',
      'resurrected',
      'end-outranked',
    ] as const;
    expect([...named].sort()).toEqual([...names].sort());
    expect([...alarms].sort()).toEqual([...names, 'overfilled', 'unsent-order-known'].sort());
    expect([...facts].sort()).toEqual(
      [
        'acknowledged',
        'ended',
        'execution-recorded',
        'execution-revised',
        'filled',
        'partially-filled',
        'resurrected',
      ].sort(),
    );
  });
});

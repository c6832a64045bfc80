/** A kill switch or a trip that is committed before a last look always stops the send, whichever of the two began first. */
import { beforeAll, describe, expect, it } from 'vitest';
import { accountSafetyKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import type { Order } from '#shared/core/order/order.ts';
import { throttled } from '#shared/core/order/sending.ts';
import type { Item, ItemKey } from '#shared/core/kernel/item.ts';
import type { RefusalCode } from '#shared/core/kernel/refusal.ts';
import type { KillScope, Safety } from '#shared/ports/safety.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { emulatedTables } from './emulated-tables.ts';
import { HouseFixture, STRATEGY } from './house-fixture.ts';

const ROUNDS = 1000;
/** Accounts that race side by side. */
const LANES = 5;
const emulated = emulatedTables();
let tables: Tables;

beforeAll(async () => {
  tables = await emulated.shared();
});

/** The tables, telling when a transaction is sent and when its answer is back. */
const told = (before: () => void, after: () => void): Tables => ({
  get: (...request) => tables.get(...request),
  getTogether: (...request) => tables.getTogether(...request),
  query: (...request) => tables.query(...request),
  write: (...request) => tables.write(...request),
  putEach: (...request) => tables.putEach(...request),
  async transact(...request) {
    before();
    const outcome = await tables.transact(...request);
    after();
    return outcome;
  },
});

interface Round {
  readonly sent: boolean;
  /** The stop's answer was back before the look's transaction was sent. */
  readonly stopFirst: boolean;
}

const BEGINNINGS = ['stop, then look', 'look, then stop', 'both, stop first', 'both, look first'] as const;

interface Stop {
  readonly name: string;
  readonly code: RefusalCode;
  readonly by: (house: HouseFixture, safety: Safety) => Promise<unknown>;
  /** Undone behind everybody's back, so that the next round begins as this one did. */
  readonly undo: (house: HouseFixture) => Parameters<Tables['write']>[0];
}

const engage =
  (scopeOf: () => KillScope): Stop['by'] =>
  (house, safety) =>
    safety.engageKillSwitch(house.account, {
      scope: scopeOf(),
      by: 'ops',
      reason: 'a race',
      cancels: 'risk-increasing',
      now: house.clock.at,
      correlationId: 'race',
    });
const set = (key: ItemKey, change: Item): ReturnType<Stop['undo']> => ({
  kind: 'update',
  table: 'safety',
  key,
  set: change,
  conditions: [],
});
const disengaged: Item = { killEngaged: { BOOL: false } };

const STOPS: readonly Stop[] = [
  {
    name: "the account's kill switch",
    code: 'kill-switch-engaged',
    by: engage(() => ({ kind: 'account' })),
    undo: ({ account }) => set(accountSafetyKey(account), disengaged),
  },
  {
    name: "the strategy's kill switch",
    code: 'kill-switch-engaged',
    by: engage(() => ({ kind: 'strategy', strategyId: STRATEGY })),
    undo: ({ account }) => set(strategyKey(account, STRATEGY), disengaged),
  },
  {
    name: 'a trip of the breaker',
    code: 'breaker-tripped',
    by: (house, safety) =>
      safety.tripBreaker(house.account, { cause: 'daily-loss', by: 'protect', message: 'a race', now: house.clock.at }),
    undo: ({ account }) => set(accountSafetyKey(account), { breaker: { S: 'ARMED' } }),
  },
];

async function race(
  house: HouseFixture,
  order: Order,
  stopping: Stop,
  beginning: (typeof BEGINNINGS)[number],
): Promise<Round> {
  let stopped = false;
  let stopFirst = false;
  const silent = (): void => undefined;
  const safety = safetyStore(
    told(silent, () => {
      stopped = true;
    }),
    'control',
  );
  const sender = ordersStore(
    told(() => {
      stopFirst = stopped;
    }, silent),
    'execute',
    house.clock,
  );
  const stop = () => stopping.by(house, safety);
  const look = () =>
    sender.lastLook(order, { holder: 'sender-1', orderClass: 'entry', gates: house.gates, repeat: false });
  const run = {
    'stop, then look': async () => {
      await stop();
      return await look();
    },
    'look, then stop': async () => {
      const looked = await look();
      await stop();
      return looked;
    },
    'both, stop first': async () => (await Promise.all([stop(), look()]))[1],
    'both, look first': async () => (await Promise.all([look(), stop()]))[0],
  }[beginning];
  const looked = await run();
  if (!looked.ok) expect(looked.error.code).toBe(stopping.code);
  return { sent: looked.ok, stopFirst };
}

type Counts = Map<string, { readonly sent: number; readonly stopped: number }>;

/** Rounds on one account, one after the other: a stop and a look race for the same order again and again. */
async function raceOn(name: string, rounds: number, counts: Counts): Promise<void> {
  const house = await new HouseFixture(tables, name).open();
  const { request } = await house.clear();
  const claim = await house.orders.claim(request);
  if (claim.kind !== 'claimed') throw new Error(JSON.stringify(claim));
  let { order } = claim;
  for (let round = 0; round < rounds; round += 1) {
    const beginning = BEGINNINGS[round % BEGINNINGS.length] ?? 'stop, then look';
    const stopping = STOPS[Math.floor(round / BEGINNINGS.length) % STOPS.length];
    if (stopping === undefined) throw new Error('there is nothing that stops');
    const { sent, stopFirst } = await race(house, order, stopping, beginning);
    expect(sent && stopFirst, `${name}, round ${round}: ${stopping.name}, ${beginning}`).toBe(false);
    const count = counts.get(beginning) ?? { sent: 0, stopped: 0 };
    counts.set(beginning, { sent: count.sent + (sent ? 1 : 0), stopped: count.stopped + (sent ? 0 : 1) });
    await tables.write(stopping.undo(house));
    if (!sent) continue;
    // Nothing was called: the order goes back to where its next last look begins.
    const back = await house.orders.step(order.clientOrderId, (row) => throttled(row, house.clock.at));
    if (back === null) throw new Error('the order moved');
    ({ order } = back);
  }
}

describe('a kill switch, or a trip, against a last look', () => {
  it(`stops the send whenever it was committed first, in ${ROUNDS} rounds`, async () => {
    const counts: Counts = new Map();
    await Promise.all(Array.from({ length: LANES }, (_, lane) => raceOn(`race-${lane}`, ROUNDS / LANES, counts)));
    expect(counts.get('stop, then look')).toEqual({ sent: 0, stopped: ROUNDS / BEGINNINGS.length });
    expect(counts.get('look, then stop')).toEqual({ sent: ROUNDS / BEGINNINGS.length, stopped: 0 });
    const figures = [...counts].map(
      ([beginning, { sent, stopped }]) => `${beginning}: ${sent} sent, ${stopped} stopped`,
    );
    console.log(
      `${ROUNDS} races of ${STOPS.length} stops against a last look; ${figures.join('; ')}; sent after a stop: 0`,
    );
  }, 120_000);
});

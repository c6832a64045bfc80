/** A kill switch that is committed before a last look always stops the send, whichever of the two began first. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import type { Emulator } from '#infra/local/emulators/emulator-process.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { accountSafetyKey } from '#shared/adapters/stores/keys.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { Order } from '#shared/core/order/order.ts';
import { throttled } from '#shared/core/order/sending.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { HouseFixture } from './house-fixture.ts';

const ROUNDS = 1000;
/** Accounts that race side by side. */
const LANES = 5;
const NAMES = {
  safety: 'race-safety',
  orders: 'race-orders',
  books: 'race-books',
  market: 'race-market',
  journal: 'race-journal',
} as const;

let emulator: Emulator;
let tables: Tables;

beforeAll(async () => {
  emulator = await startDynamoDb();
  const client = {
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  await createTables(new DynamoDBClient(client), NAMES);
  tables = openDynamoTables({ physicalNames: NAMES, pacing: systemPacing, client });
});

afterAll(() => emulator.stop());

/** The tables, telling when a transaction is sent and when its answer is back. */
const told = (before: () => void, after: () => void): Tables => ({
  get: (...request) => tables.get(...request),
  getTogether: (...request) => tables.getTogether(...request),
  query: (...request) => tables.query(...request),
  write: (...request) => tables.write(...request),
  async transact(...request) {
    before();
    const outcome = await tables.transact(...request);
    after();
    return outcome;
  },
});

interface Round {
  readonly sent: boolean;
  /** The kill's answer was back before the look's transaction was sent. */
  readonly killFirst: boolean;
}

const BEGINNINGS = ['kill, then look', 'look, then kill', 'both, kill first', 'both, look first'] as const;

async function race(house: HouseFixture, order: Order, beginning: (typeof BEGINNINGS)[number]): Promise<Round> {
  let killed = false;
  let killFirst = false;
  const silent = (): void => undefined;
  const killer = safetyStore(
    told(silent, () => {
      killed = true;
    }),
    'control',
  );
  const sender = ordersStore(
    told(() => {
      killFirst = killed;
    }, silent),
    'execute',
    house.clock,
  );
  const kill = () =>
    killer.engageKillSwitch(house.account, {
      scope: { kind: 'account' },
      by: 'ops',
      reason: 'a race',
      cancels: 'risk-increasing',
      now: house.clock.at,
      correlationId: 'race',
    });
  const look = () =>
    sender.lastLook(order, { holder: 'sender-1', orderClass: 'entry', gates: house.gates, repeat: false });
  const run = {
    'kill, then look': async () => {
      await kill();
      return await look();
    },
    'look, then kill': async () => {
      const looked = await look();
      await kill();
      return looked;
    },
    'both, kill first': async () => (await Promise.all([kill(), look()]))[1],
    'both, look first': async () => (await Promise.all([look(), kill()]))[0],
  }[beginning];
  const looked = await run();
  if (!looked.ok) expect(looked.error.code).toBe('kill-switch-engaged');
  return { sent: looked.ok, killFirst };
}

type Counts = Map<string, { readonly sent: number; readonly stopped: number }>;

/** Rounds on one account, one after the other: kill and look race for the same order again and again. */
async function raceOn(name: string, rounds: number, counts: Counts): Promise<void> {
  const house = await new HouseFixture(tables, name).open();
  const { request } = await house.clear();
  const claim = await house.orders.claim(request);
  if (claim.kind !== 'claimed') throw new Error(JSON.stringify(claim));
  let { order } = claim;
  for (let round = 0; round < rounds; round += 1) {
    const beginning = BEGINNINGS[round % BEGINNINGS.length] ?? 'kill, then look';
    const { sent, killFirst } = await race(house, order, beginning);
    expect(sent && killFirst, `${name}, round ${round}: ${beginning}`).toBe(false);
    const count = counts.get(beginning) ?? { sent: 0, stopped: 0 };
    counts.set(beginning, { sent: count.sent + (sent ? 1 : 0), stopped: count.stopped + (sent ? 0 : 1) });
    await tables.write({
      kind: 'update',
      table: 'safety',
      key: accountSafetyKey(house.account),
      set: { killEngaged: { BOOL: false } },
      conditions: [],
    });
    if (!sent) continue;
    // Nothing was called: the order goes back to where its next last look begins.
    const back = await house.orders.step(order.clientOrderId, (row) => throttled(row, house.clock.at));
    if (back === null) throw new Error('the order moved');
    ({ order } = back);
  }
}

describe('a kill switch against a last look', () => {
  it(`stops the send whenever it was committed first, in ${ROUNDS} rounds`, async () => {
    const counts: Counts = new Map();
    await Promise.all(Array.from({ length: LANES }, (_, lane) => raceOn(`race-${lane}`, ROUNDS / LANES, counts)));
    expect(counts.get('kill, then look')).toEqual({ sent: 0, stopped: ROUNDS / BEGINNINGS.length });
    expect(counts.get('look, then kill')).toEqual({ sent: ROUNDS / BEGINNINGS.length, stopped: 0 });
  }, 120_000);
});

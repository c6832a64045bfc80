/**
 * One order's life, counted: every call to the outside that its sender and the listener at the broker's stream make, what
 * each write and read takes at DynamoDB, and what that comes to in dollars.
 */
import { submitOrder } from '#functions/execute/submit-order.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaOrderStream } from '#shared/adapters/alpaca/order-stream.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { interceptFetch, openWorld, saveMarket } from '#tests/journey/journey-world.ts';
import { entryIntent } from '#tests/journey/order-life.ts';
import { OutsideCalls } from '#tests/journey/outside-calls.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { type CountedCall, countedTables } from './counted-tables.ts';

/** On-demand prices in us-east-1, in dollars, without any free tier (November 2026). */
const DOLLARS = {
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
  fifoRequest: 0.5 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  /** arm64. */
  lambdaGigabyteSecond: 0.0000133334,
} as const;

/** A message is sent, received and deleted. */
const LANE_REQUESTS = 3;
/** Of execute, as it is deployed. */
const SENDER_GIGABYTES = 1;
/** Not counted but taken: a command waits for some twenty calls inside one region and a handful to the broker. */
const SENDER_SECONDS = 0.5;

export interface OrderCost {
  /** Calls from the claim to the fill in the books, in their order. */
  readonly calls: readonly string[];
  /** What the writes among them take, by what is written. */
  readonly writeUnits: ReadonlyMap<string, number>;
  readonly writeUnitsInAll: number;
  /** The largest order row, in bytes. */
  readonly rowBytesMax: number;
  /** Of the whole life: from the command on its lane, clearing and the gate in front of the broker included. */
  readonly wholeLife: { readonly calls: number; readonly writeUnits: number; readonly readUnits: number };
  readonly dollars: number;
  /** The part of it that writes are. */
  readonly dollarsOfWrites: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** The calls to tables and broker, in one list. */
interface Counted {
  readonly name: string;
  readonly cost: CountedCall | null;
}

const unitsOf = ({ cost }: Counted): number =>
  sum((cost?.writes ?? []).map(({ itemUnits, indexUnits }) => itemUnits + indexUnits));

function costOf(all: readonly Counted[]): OrderCost {
  const claim = all.findIndex(({ name }) => name === 'tables: transact');
  const fromClaim = all.slice(claim);
  const writes = fromClaim.flatMap(({ cost }) => cost?.writes ?? []);
  const writeUnits = new Map<string, number>();
  for (const { what, itemUnits, indexUnits } of writes) {
    writeUnits.set(what, (writeUnits.get(what) ?? 0) + itemUnits);
    if (indexUnits > 0) writeUnits.set(`${what}, indexes`, (writeUnits.get(`${what}, indexes`) ?? 0) + indexUnits);
  }
  const wholeLife = {
    calls: all.length,
    writeUnits: sum(all.map(unitsOf)),
    readUnits: sum(all.map(({ cost }) => cost?.readUnits ?? 0)),
  };
  return {
    calls: fromClaim.map(({ name }) => name),
    writeUnits,
    writeUnitsInAll: sum(fromClaim.map(unitsOf)),
    rowBytesMax: Math.max(...writes.filter(({ table }) => table === 'orders').map(({ bytes }) => bytes)),
    wholeLife,
    dollarsOfWrites: wholeLife.writeUnits * DOLLARS.writeUnit,
    dollars:
      wholeLife.writeUnits * DOLLARS.writeUnit +
      wholeLife.readUnits * DOLLARS.readUnit +
      LANE_REQUESTS * DOLLARS.fifoRequest +
      DOLLARS.lambdaRequest +
      SENDER_GIGABYTES * SENDER_SECONDS * DOLLARS.lambdaGigabyteSecond,
  };
}

/** Buys ten shares on these tables, which have no other reader or writer meanwhile. */
export async function countOrder(tables: Tables): Promise<OrderCost> {
  const restore = interceptFetch();
  const all: Counted[] = [];
  await saveMarket(tables);
  const counted = countedTables(tables, (cost) => void all.push({ name: cost.name, cost }));
  const world = await openWorld(counted, 'counted');
  // The tables count themselves; what goes by the wire is counted here.
  const calls = new OutsideCalls([], ({ name }) => {
    if (name.startsWith('broker: ')) all.push({ name, cost: null });
  });
  const [sender, listener] = [world.start(calls), world.start(calls)];
  const { key, secret, url } = world.simulator;
  const stream = alpacaOrderStream({
    endpoints: alpacaEndpoints({ paper: true, baseUrl: url, key, secret }),
    telemetry: recordedTelemetry(),
    now: () => world.clock.now(),
  });
  let heard = (): void => undefined;
  const filled = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const connection = await stream.open({
    onUpdate: async (update) => {
      const settled = await listener.run(() => listener.execute.orders.settle(update));
      if (settled?.order.state === 'filled') heard();
    },
    onUnreadable: () => Promise.reject(new Error('the stream said something that could not be read')),
  });
  try {
    all.length = 0;
    const lease = { holder: 'counted', until: addMs(world.clock.now(), 30_000) };
    await sender.run(() => submitOrder(sender.execute, entryIntent(world), lease));
    world.clock.moveTo(addMs(world.clock.now(), 1_000));
    await Promise.race([filled, connection.ended.then(({ reason }) => Promise.reject(new Error(reason)))]);
    return costOf(all);
  } finally {
    await connection.close();
    await world.close();
    restore();
  }
}

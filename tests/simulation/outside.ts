/** What a process reaches of the world: tables, lanes, bus and the wire to the broker, each call a step of the world. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Bus } from '#shared/ports/bus.ts';
import type { Lanes } from '#shared/ports/lanes.ts';
import type { Tables } from '#shared/ports/tables.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Wakes } from '#shared/ports/wakes.ts';
import type { Wire } from './broker-side.ts';
import type { OutsideCall, SimulatedProcess } from './simulated-process.ts';

const TABLE_MS = 6;
const LANE_MS = 15;
const BROKER_MS = 120;
/** As long as a client of the services asks again before it gives up. */
const SERVICE_PATIENCE_MS = 2_000;

const transient = (code: string) => (): Error => new Fault('transient', code, 'nobody answers');
const uncertain = (code: string) => (): Error => new Fault('uncertain', code, 'the answer was lost');

const ofTables = (name: string, writes: boolean): OutsideCall => ({
  name: `tables: ${name}`,
  latencyMsMax: TABLE_MS,
  patienceMs: SERVICE_PATIENCE_MS,
  unreachable: transient('tables-unreachable'),
  lost: writes ? uncertain('tables-answer-lost') : transient('tables-answer-lost'),
});

export function tablesOf(process: SimulatedProcess, tables: Tables): Tables {
  return {
    get: (table, key, options) => process.call(ofTables(`get ${table}`, false), () => tables.get(table, key, options)),
    getTogether: (keys) => process.call(ofTables('get together', false), () => tables.getTogether(keys)),
    query: (request) => process.call(ofTables(`query ${request.table}`, false), () => tables.query(request)),
    write: (write) => process.call(ofTables(`write ${write.table}`, true), () => tables.write(write)),
    // As many calls as items: each may be the last of its process.
    putEach: async (table, items) => {
      await Promise.all(
        items.map((item) =>
          process.call(ofTables(`write ${table}`, true), () =>
            tables.write({ kind: 'put', table, item, conditions: [] }),
          ),
        ),
      );
    },
    transact: (writes, options) => {
      const about = new Set(writes.flatMap((write) => (write.kind === 'check' ? [] : [write.table])));
      return process.call(ofTables(`transact ${[...about].sort().join(' ')}`, true), () =>
        tables.transact(writes, options),
      );
    },
  };
}

export function lanesOf(process: SimulatedProcess, lanes: Lanes): Lanes {
  const call = (name: string, lost: () => Error): OutsideCall => ({
    name: `lanes: ${name}`,
    latencyMsMax: LANE_MS,
    patienceMs: SERVICE_PATIENCE_MS,
    unreachable: transient('lanes-unreachable'),
    lost,
  });
  return {
    async send(messages) {
      // One after another, so that a death leaves the first of them sent.
      for (const message of messages) {
        await process.call(call('send', uncertain('lanes-answer-lost')), () => lanes.send([message]));
      }
    },
    waiting: (lane) => process.call(call('waiting', transient('lanes-unreachable')), () => lanes.waiting(lane)),
  };
}

export function busOf(process: SimulatedProcess, bus: Bus): Bus {
  const call: OutsideCall = {
    name: 'bus: publish',
    latencyMsMax: LANE_MS,
    patienceMs: SERVICE_PATIENCE_MS,
    unreachable: transient('bus-unreachable'),
    lost: uncertain('bus-answer-lost'),
  };
  return { publish: (facts) => process.call(call, () => bus.publish(facts)) };
}

/** Wakes as the scheduler of the cloud keeps them: each comes at its time or a little later, and nobody counts on it. */
export function wakesOf(process: SimulatedProcess, { make }: { readonly make: (at: EpochMs) => void }): Wakes {
  const call: OutsideCall = {
    name: 'scheduler: wakes',
    latencyMsMax: LANE_MS,
    patienceMs: SERVICE_PATIENCE_MS,
    unreachable: transient('scheduler-unreachable'),
    lost: uncertain('scheduler-answer-lost'),
  };
  return {
    make: (wakes) => process.call(call, async () => wakes.forEach(({ at }) => make(at))),
    // One that comes all the same finds nothing to do.
    drop: () => process.call(call, async () => undefined),
  };
}

const wireError = (code: string, syscall: string) => (): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(`${syscall} ${code}`), { code, syscall }) });

/** Ids and symbols do not make another step of it. */
const routeOf = (path: string): string =>
  path
    .replace(/^\/v2\/orders\/[^/]+$/, '/v2/orders/:id')
    .replace(/^\/v2\/(positions|assets)\/[^/]+$/, '/v2/$1/:symbol');

/** The wire to the broker as one process has it. */
export const wireOf =
  (process: SimulatedProcess, carry: Wire): Wire =>
  (url, init) => {
    const call: OutsideCall = {
      name: `broker: ${init.method ?? 'GET'} ${routeOf(url.pathname)}`,
      latencyMsMax: BROKER_MS,
      patienceMs: SERVICE_PATIENCE_MS,
      unreachable: wireError('ECONNREFUSED', 'connect'),
      lost: wireError('ECONNRESET', 'read'),
    };
    return process.call(call, () => carry(url, init));
  };

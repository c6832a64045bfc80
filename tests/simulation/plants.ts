/**
 * Planted bugs: each is a mistake that somebody has made in a system of this kind, put in where a world is assembled. The
 * simulation must catch every one of them, or it proves nothing of the code without them.
 */
import { isRecord } from '#infra/local/alpaca/stream-frames.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { orderPut, readOrderItem } from '#shared/adapters/stores/order-item.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { BrokerOrder } from '#shared/core/order/broker-order.ts';
import { runsStore } from '#shared/adapters/stores/runs-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';
import type { Alterations } from './alterations.ts';

export interface Plant {
  /** What is broken, and how. */
  readonly says: string;
  /** Made anew for each world. */
  readonly alterations: () => Alterations;
}

/** Tables whose transactions are changed on their way. */
const withTransactions = (
  tables: Tables,
  change: (writes: readonly TransactWrite[]) => readonly TransactWrite[],
): Tables => ({
  ...tables,
  transact: (writes, options) => tables.transact(change(writes), options),
});

const without = (writes: readonly TransactWrite[], dropped: ReadonlySet<string>): readonly TransactWrite[] =>
  writes.flatMap((write): TransactWrite[] => {
    const conditions = write.conditions.filter(({ name }) => !dropped.has(name));
    // A check without a condition checks nothing.
    return write.kind === 'check' && conditions.length === 0 ? [] : [{ ...write, conditions }];
  });

const isLastLook = (writes: readonly TransactWrite[]): boolean =>
  writes.some((write) => write.kind === 'check' && write.table === 'safety') &&
  writes.some((write) => write.kind === 'update' && write.table === 'orders');

const retryWithNewId = (): Alterations => {
  const sent = new Map<string, number>();
  return {
    wire: (wire) => (url, init) => {
      if (init.method !== 'POST' || init.body === undefined) return wire(url, init);
      const body: unknown = JSON.parse(init.body);
      if (!isRecord(body)) return wire(url, init);
      const id = String(body['client_order_id']);
      const times = (sent.get(id) ?? 0) + 1;
      sent.set(id, times);
      const next = times === 1 ? id : `${id}-${times}`;
      return wire(url, { ...init, body: JSON.stringify({ ...body, client_order_id: next }) });
    },
  };
};

const missIsRejection = (): Alterations => ({
  execute: (room) => ({
    ...room,
    broker: {
      ...room.broker,
      async submit(order, startWithinMs) {
        const outcome = await room.broker.submit(order, startWithinMs);
        if (outcome.kind !== 'ambiguous') return outcome;
        const found = await room.broker.findByClientId(order.clientOrderId);
        if (found !== null) return outcome;
        return { kind: 'refused', refusal: refusal('broker-refused', 'it is not there'), requestId: null };
      },
    },
  }),
});

const GATES: ReadonlySet<string> = new Set(['breaker-tripped', 'kill-switch-engaged', 'reducing-only']);

const gateSkipped = (): Alterations => ({
  tables: (tables, room) =>
    room === 'execute' ? withTransactions(tables, (writes) => without(writes, GATES)) : tables,
});

const noLastLook = (): Alterations => ({
  tables: (tables, room) =>
    room === 'execute'
      ? withTransactions(tables, (writes) =>
          isLastLook(writes) ? writes.filter(({ kind }) => kind !== 'check') : writes,
        )
      : tables,
});

const releasedTwice = (): Alterations => ({
  tables: (tables) =>
    withTransactions(tables, (writes) =>
      writes.map((write) => {
        const committed = write.kind === 'update' ? write.add?.['committed'] : undefined;
        if (write.kind !== 'update' || committed?.startsWith('-') !== true) return write;
        return { ...write, add: { ...write.add, committed: `-${twice(committed.slice(1))}` } };
      }),
    ),
});

/** A decimal text times two. */
function twice(text: string): string {
  const [whole = '0', fraction = ''] = text.split('.');
  const doubled = (BigInt(whole + fraction) * 2n).toString().padStart(fraction.length + 1, '0');
  return fraction === '' ? doubled : `${doubled.slice(0, -fraction.length)}.${doubled.slice(-fraction.length)}`;
}

/** A row without what was told of it before. */
function forgetful(item: Item | null): Item | null {
  if (item === null || item['order'] === undefined) return item;
  return { ...item, ...orderPut({ ...readOrderItem(item), evidence: [] }).item };
}

const newsReplaces = (): Alterations => ({
  listen: (room, tables) => {
    const forgetting: Tables = {
      ...tables,
      get: async (table, key, options) => {
        const item = await tables.get(table, key, options);
        return table === 'orders' ? forgetful(item) : item;
      },
    };
    return { ...room, orders: ordersStore(forgetting, 'listen', room.clock) };
  },
});

/** A slot's row that another start holds, or has decided, is taken for one's own. */
function decidesOver(tables: Tables, over: ReadonlySet<'held' | 'resend'>) {
  const loose = withTransactions(tables, (writes) => without(writes, new Set(['run-leased', 'lease-mine'])));
  const runs = runsStore(loose);
  return {
    ...runs,
    start: async (...given: Parameters<typeof runs.start>) => {
      const start = await runs.start(...given);
      const { kind } = start;
      return (kind === 'held' || kind === 'resend') && over.has(kind) ? ({ kind: 'decide' } as const) : start;
    },
  };
}

const leaseDropped = (): Alterations => ({
  orchestrate: (room, tables) => ({ ...room, runs: decidesOver(tables, new Set(['held'] as const)) }),
});

const decidesAgain = (): Alterations => ({
  orchestrate: (room, tables) => ({ ...room, runs: decidesOver(tables, new Set(['resend'] as const)) }),
});

const MINUTE_MS = 60_000;

const dedupByContent = (): Alterations => ({
  dedupId: (dedupId, body, nowMs) => {
    const command: unknown = JSON.parse(body);
    const data = isRecord(command) && isRecord(command['data']) ? command['data'] : {};
    if (data['purpose'] !== 'entry') return dedupId;
    return [data['symbol'], data['side'], data['quantity'], data['strategyId'], Math.floor(nowMs / MINUTE_MS)].join(
      '-',
    );
  },
});

const absenceIsCancel = (): Alterations => ({
  reconcile: (room) => {
    const working = new Map<string, BrokerOrder>();
    return {
      ...room,
      broker: {
        ...room.broker,
        async listOrders(request) {
          const listed = await room.broker.listOrders(request);
          if (request.status !== 'open' || request.afterOrder !== undefined) return listed;
          const there = new Set<string>(listed.map(({ brokerOrderId }) => brokerOrderId));
          const gone = [...working.values()].filter(({ brokerOrderId }) => !there.has(brokerOrderId));
          working.clear();
          for (const order of listed) working.set(order.brokerOrderId, order);
          return [
            ...listed,
            ...gone.map((order): BrokerOrder => ({ ...order, status: 'canceled', statusText: 'canceled' })),
          ];
        },
      },
    };
  },
});

const exitFromStaleBooks = (): Alterations => ({
  tables: (tables, room) => {
    const first = new Map<string, Item>();
    if (room !== 'execute') return tables;
    return {
      ...tables,
      async get(table, key, options) {
        const item = await tables.get(table, key, options);
        if (item === null || table !== 'books' || !key.sk.startsWith('BOOK#')) return item;
        const known = first.get(key.sk);
        const holds = readBook(item).shares.some(({ quantity }) => quantity > 0n);
        if (known === undefined && holds) first.set(key.sk, item);
        return known?.['shares'] === undefined ? item : { ...item, shares: known['shares'] };
      },
    };
  },
  // As before orders carried what they mean to do, so that the broker cannot tell either.
  wire: (wire) => (url, init) => {
    if (init.method !== 'POST' || init.body === undefined) return wire(url, init);
    return wire(url, { ...init, body: init.body.replace(/"position_intent":"[a-z_]+",?/, '') });
  },
});

const factOutside = (): Alterations => ({
  tables: (tables, room) =>
    room === 'control'
      ? tables
      : {
          ...tables,
          async transact(writes, options) {
            const facts = writes.filter((write) => write.kind === 'put' && write.table === 'journal');
            const rest = writes.filter((write) => !facts.includes(write));
            if (rest.length === 0) return await tables.transact(writes, options);
            const outcome = await tables.transact(rest, options);
            if (outcome.ok) for (const fact of facts) if (fact.kind === 'put') await tables.write(fact);
            return outcome;
          },
        },
});

export const PLANTS = {
  'retry-with-new-id': {
    says: 'an order that is sent again is sent under another client order id',
    alterations: retryWithNewId,
  },
  'miss-is-rejection': {
    says: 'an order whose answer was lost, and that a look-up does not find, is taken for rejected',
    alterations: missIsRejection,
  },
  'gate-skipped': {
    says: 'claim and last look do not ask for kill switch, breaker and trading state',
    alterations: gateSkipped,
  },
  'no-last-look': { says: 'what was claimed is sent without another look at the gates', alterations: noLastLook },
  'released-twice': { says: 'what an order sets free is set free twice', alterations: releasedTwice },
  'news-replaces': {
    says: 'news of the stream replaces what was known of an order, so that its fill may shrink',
    alterations: newsReplaces,
  },
  'lease-dropped': {
    says: 'a run that another start holds is decided all the same, and committed without the lease',
    alterations: leaseDropped,
  },
  'dedup-by-content': {
    says: 'the lane knows a message by its content and minute, so that of two wanted twins one vanishes',
    alterations: dedupByContent,
  },
  'decides-again': {
    says: 'a run that was decided and is started again decides again, on the world as it is then',
    alterations: decidesAgain,
  },
  'absence-is-cancel': {
    says: 'an order that was in the list of open orders and is not any more is taken for canceled',
    alterations: absenceIsCancel,
  },
  'exit-from-stale-books': {
    says: 'an exit is sized from the book as this process first saw it, and does not say that it closes',
    alterations: exitFromStaleBooks,
  },
  'fact-outside-transaction': {
    says: 'facts are written after the change that they tell of, and not with it',
    alterations: factOutside,
  },
} as const satisfies Readonly<Record<string, Plant>>;

export type PlantName = keyof typeof PLANTS;
export const isPlantName = (name: string): name is PlantName => Object.hasOwn(PLANTS, name);
export const PLANT_NAMES: readonly PlantName[] = Object.keys(PLANTS).filter(isPlantName);

/** @throws RangeError that names the plants there are */
export function plantNamed(name: string): Plant {
  if (!isPlantName(name)) throw new RangeError(`there is no planted bug "${name}": expected ${PLANT_NAMES.join(', ')}`);
  return PLANTS[name];
}

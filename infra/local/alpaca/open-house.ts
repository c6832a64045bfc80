/** A simulator without its edges: opened, and steered by its host. What carries requests and frames is put around it. */
import { dataStream } from './data-stream.ts';
import { type Desk, type Exchange, openExchange } from './desk.ts';
import type { BrokerOptions, BrokerSimulator } from './embedding.ts';
import { advanceHouse, dueAt, type House, rearm } from './house.ts';
import { ledgerOf } from './ledger.ts';
import { orderStream } from './order-stream.ts';
import { streamConnections } from './stream-connections.ts';
import { undoByHand } from './undo-by-hand.ts';

/** Ticks of the data stream: each second where the simulator drives itself, each minute where a host steps it. */
const TICK_MS = { self: 1_000, host: 60_000 } as const;

function deskOf(exchange: Exchange, key: string): Desk {
  const desk = exchange.desks.get(key);
  if (desk === undefined) throw new Error(`no account has the key ${key}`);
  return desk;
}

/** @throws Error without accounts, with two of the same key, or with a kept state that cannot be read. */
export function openHouse(options: BrokerOptions): House {
  const { exchange, stores } = openExchange(options);
  const connections = streamConnections();
  return {
    options,
    exchange,
    stores,
    connections,
    orders: orderStream(exchange, connections),
    data: dataStream(exchange, connections, options.dataTickMs ?? TICK_MS[options.drive ?? 'host']),
    timer: null,
    closed: false,
  };
}

/** What a host does with a simulator besides calling it. */
export type BrokerSteering = Pick<
  BrokerSimulator,
  'key' | 'secret' | 'faults' | 'ledger' | 'nextDueAt' | 'advanceTo' | 'streams' | 'bust' | 'correct'
>;

export function steeringOf(house: House): BrokerSteering {
  const { exchange, connections, options } = house;
  const first = deskOf(exchange, options.accounts[0]?.key ?? '');
  return {
    key: first.credentials.key,
    secret: first.credentials.secret,
    faults: exchange.faults,
    ledger: (key = first.credentials.key) => ledgerOf(deskOf(exchange, key).venue, exchange.now()),
    nextDueAt: () => dueAt(house),
    advanceTo: (now) => {
      advanceHouse(house, now);
      rearm(house);
    },
    streams: () => connections.counts(),
    bust: (executionId) => undoByHand(house, executionId, null),
    correct: (executionId, change) => undoByHand(house, executionId, change),
  };
}

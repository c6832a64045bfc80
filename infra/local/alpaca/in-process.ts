/**
 * The broker simulator without a socket, for a host that carries requests and frames itself: the same routes, faults and
 * frames as over the wire, and nothing that waits for anything but the host.
 */
import type { BrokerOptions } from './embedding.ts';
import { type BrokerSteering, openHouse, steeringOf } from './open-house.ts';
import type { FrameSocket } from './stream-connections.ts';
import { type Incoming, type Sleep, visitBroker, type Visited } from './visit.ts';

export interface InProcessBroker extends BrokerSteering {
  /** @param sleep waits in the host's time, where a fault makes an answer late */
  visit(incoming: Incoming, sleep: Sleep): Promise<Visited>;
  /** Lets a connection to the order stream in; false while the stream is down. */
  accept(socket: FrameSocket): boolean;
}

/** @throws Error without accounts, or with two of the same key. */
export function openBroker(options: Omit<BrokerOptions, 'port' | 'drive' | 'persist'>): InProcessBroker {
  const house = openHouse({ ...options, port: 0, drive: 'host' });
  return {
    ...steeringOf(house),
    visit: (incoming, sleep) => visitBroker(house, incoming, sleep),
    accept(socket) {
      if (house.orders.isDown()) return false;
      house.orders.accept(socket, false);
      return true;
    },
  };
}

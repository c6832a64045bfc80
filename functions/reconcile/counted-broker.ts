/** The broker as one pass sees it: it counts its requests, and stops the pass before it takes the budget of others. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Broker } from '#shared/ports/broker.ts';

/** Half of what the broker allows in a minute: the other half is for orders, exits and quotes. */
export const REQUESTS_MAX = 100;

/** What a pass asks of the broker: reads, and the cancel of an order that must not be there. */
export type PassBroker = Pick<
  Broker,
  'account' | 'positions' | 'listOrders' | 'listActivities' | 'findById' | 'findByClientId' | 'cancel'
>;

export interface CountedBroker extends PassBroker {
  sent(): number;
  left(): number;
}

/** @throws Fault `transient`, `pass-budget`, from each call beyond the limit */
export function countedBroker(broker: PassBroker, max: number): CountedBroker {
  let sent = 0;
  const counted = <A extends readonly unknown[], T>(call: (...given: A) => Promise<T>) => {
    return (...given: A): Promise<T> => {
      if (sent >= max) throw new Fault('transient', 'pass-budget', `a pass sends at most ${max} requests`);
      sent += 1;
      return call(...given);
    };
  };
  return {
    sent: () => sent,
    left: () => max - sent,
    account: counted(() => broker.account()),
    positions: counted(() => broker.positions()),
    listOrders: counted((request) => broker.listOrders(request)),
    listActivities: counted((request) => broker.listActivities(request)),
    findById: counted((id) => broker.findById(id)),
    findByClientId: counted((id) => broker.findByClientId(id)),
    cancel: counted((id) => broker.cancel(id)),
  };
}

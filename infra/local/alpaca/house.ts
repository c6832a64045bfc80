/** The running simulator: its accounts, its streams, and the order in which things happen to them. */
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { advanceVenue, nextDueAt } from '#shared/core/venue/venue.ts';
import { type VenueNews, takeNews } from '#shared/core/venue/venue-state.ts';
import type { DataStream } from './data-stream.ts';
import type { Desk, Exchange } from './desk.ts';
import type { BrokerOptions } from './embedding.ts';
import type { OrderStream } from './order-stream.ts';
import { rememberNews } from './order-views.ts';
import type { AccountStore } from './state-store.ts';
import type { StreamConnections } from './stream-connections.ts';

export interface House {
  readonly options: BrokerOptions;
  readonly exchange: Exchange;
  readonly stores: ReadonlyMap<Desk, AccountStore>;
  readonly connections: StreamConnections;
  readonly orders: OrderStream;
  readonly data: DataStream;
  timer: NodeJS.Timeout | null;
  closed: boolean;
}

type Batch = readonly (readonly [Desk, readonly VenueNews[]])[];

/** Takes the news of all accounts and keeps it. What is told to anybody has been kept before. */
export function keepNews(house: House): Batch {
  const { exchange, stores } = house;
  const batch: (readonly [Desk, readonly VenueNews[]])[] = [];
  for (const desk of exchange.desks.values()) {
    const news = takeNews(desk.venue.state);
    stores.get(desk)?.keep(news);
    rememberNews(desk, news);
    for (const { execution } of news) {
      const late = execution === null ? null : exchange.faults.strikes('activity-lag', execution.id);
      if (execution !== null && late !== null) desk.activityDelayMs.set(execution.id, late.number('ms'));
    }
    if (news.length > 0) batch.push([desk, news]);
  }
  return batch;
}

export function tellNews(house: House, batch: Batch): void {
  for (const [desk, news] of batch) for (const item of news) house.orders.tell(desk, item);
}

/** When an account or the data stream next has something to do. */
export function dueAt(house: House): EpochMs | null {
  let earliest = house.data.nextTickAt();
  for (const desk of house.exchange.desks.values()) {
    const at = nextDueAt(desk.venue);
    if (at !== null && (earliest === null || at < earliest)) earliest = at;
  }
  return earliest;
}

/** Does everything due up to and including the instant: one instant after the other over all accounts. */
export function advanceHouse(house: House, now: EpochMs): void {
  for (let at = dueAt(house); at !== null && at <= now; at = dueAt(house)) {
    for (const desk of house.exchange.desks.values()) advanceVenue(desk.venue, at);
    tellNews(house, keepNews(house));
    house.data.tick(at);
  }
}

/** What was due before an instant has happened by then. */
export const catchUp = (house: House, now: EpochMs): void => {
  if (now > 0) advanceHouse(house, epochMs(now - 1));
};

/** A timer holds at most 2^31 - 1 milliseconds; a longer wait is cut and begun anew. */
const TIMER_MS_MAX = 2_147_483_647;

/** A simulator that drives itself wakes when something is due. */
export function rearm(house: House): void {
  if (house.options.drive !== 'self' || house.closed) return;
  if (house.timer !== null) clearTimeout(house.timer);
  const at = dueAt(house);
  if (at === null) return;
  const waitMs = Math.ceil((at - house.exchange.now()) / (house.options.clock.speed ?? 1));
  house.timer = setTimeout(
    () => {
      advanceHouse(house, house.exchange.now());
      rearm(house);
    },
    Math.min(Math.max(0, waitMs), TIMER_MS_MAX),
  );
}

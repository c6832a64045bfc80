/** What the monitor remembers, as an item of its own: no claim is held up by it. */
import {
  ItemReader,
  list,
  map,
  moneyOrNull,
  priceOrNull,
  text,
  textOrNull,
  whole,
  wholeOrNull,
} from '#shared/adapters/stores/attributes.ts';

import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import { TRIP_CAUSES } from '#shared/core/portfolio/safety-policy.ts';
import type { HoldingCause, PositionWatch, Probe, Watch } from '#shared/core/safety/watch.ts';

/** More than these say nothing that they do not. */
const MESSAGE_LENGTH_MAX = 500;

const causeItem = ({ cause, message }: HoldingCause): ItemValue =>
  map({ cause: text(cause), message: text(message.slice(0, MESSAGE_LENGTH_MAX)) });

const probeItem = ({ at, skewMs }: Probe): ItemValue => map({ at: whole(at), skewMs: wholeOrNull(skewMs) });

const positionItem = (watch: PositionWatch): ItemValue =>
  map({
    strategyId: text(watch.strategyId),
    ticker: text(watch.ticker),
    nakedSince: wholeOrNull(watch.nakedSince),
    flaggedAt: wholeOrNull(watch.flaggedAt),
    attempts: whole(watch.attempts),
    attemptedAt: wholeOrNull(watch.attemptedAt),
    hitSince: wholeOrNull(watch.hitSince),
    bestPrice: priceOrNull(watch.bestPrice),
  });

/** The attributes of a watch but for its keys; `version` is the one that the item will have. */
export const watchAttributes = (watch: Watch): Item => ({
  at: whole(watch.at),
  holding: list(watch.holding.map(causeItem)),
  session: textOrNull(watch.session),
  sessionPeak: moneyOrNull(watch.sessionPeak),
  peak: moneyOrNull(watch.peak),
  probes: list(watch.probes.map(probeItem)),
  positions: list(watch.positions.map(positionItem)),
  version: whole(watch.version),
});

const readPosition = (reader: ItemReader): PositionWatch => ({
  strategyId: reader.named('strategyId', strategyId),
  ticker: reader.named('ticker', ticker),
  nakedSince: reader.orNull('nakedSince', (name) => reader.instant(name)),
  flaggedAt: reader.orNull('flaggedAt', (name) => reader.instant(name)),
  attempts: reader.whole('attempts'),
  attemptedAt: reader.orNull('attemptedAt', (name) => reader.instant(name)),
  hitSince: reader.orNull('hitSince', (name) => reader.instant(name)),
  bestPrice: reader.orNull('bestPrice', (name) => reader.price(name)),
});

/** @throws Fault `permanent` item-corrupt. */
export function readWatch(item: Item): Watch {
  const reader = new ItemReader(item, 'watch');
  return {
    at: reader.instant('at'),
    holding: reader.items('holding').map((cause) => ({
      cause: cause.oneOf('cause', TRIP_CAUSES),
      message: cause.text('message'),
    })),
    session: reader.orNull('session', (name) => reader.named(name, calendarDate)),
    sessionPeak: reader.orNull('sessionPeak', (name) => reader.money(name)),
    peak: reader.orNull('peak', (name) => reader.money(name)),
    probes: reader.items('probes').map((probe) => ({
      at: probe.instant('at'),
      skewMs: probe.orNull('skewMs', (name) => probe.whole(name)),
    })),
    positions: reader.items('positions').map(readPosition),
    version: reader.whole('version'),
  };
}

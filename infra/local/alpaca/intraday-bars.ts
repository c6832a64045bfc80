/** Bars within a session, made from its path: their extremes are the session's, their volumes add up to its volume. */
import { approximatePrice } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { Session } from '#shared/core/market/types.ts';
import { type PricePath, priceAt } from '#shared/core/venue/price-path.ts';
import type { FeedBar } from './market-feed.ts';

const MINUTE_MS = 60_000;

/** Shares traded from the open to an instant, evenly through the session, in whole shares. */
const volumeTo = (session: Session, volume: number, at: number): number =>
  Math.floor((volume * (Math.min(at, session.closeAt) - session.openAt)) / (session.closeAt - session.openAt));

/** The bar of a span of a session: prints at its ends and at the turning points within. */
export function barSoFar(
  path: PricePath,
  session: Session,
  volume: number,
  label: EpochMs,
  from: EpochMs,
  until: EpochMs,
): FeedBar {
  const print = (at: number): number => approximatePrice(priceAt(path, 'trade', epochMs(at)));
  const turns = path.times.filter((turn) => turn > from && turn < until).map(print);
  const [open, close] = [print(from), print(until)];
  const high = Math.max(open, close, ...turns);
  const low = Math.min(open, close, ...turns);
  const traded = volumeTo(session, volume, until) - volumeTo(session, volume, from);
  return {
    at: label,
    open,
    high,
    low,
    close,
    volume: traded,
    trades: Math.max(1, Math.floor(traded / 100)),
    vwap: (open + high + low + close) / 4,
  };
}

/** The minutes of a session that start in `from` to `to`, both inclusive, and not after `now`. */
export function minuteBarsOf(
  path: PricePath,
  session: Session,
  volume: number,
  from: EpochMs,
  to: EpochMs,
  now: EpochMs,
): readonly FeedBar[] {
  const bars: FeedBar[] = [];
  const first = session.openAt + Math.max(0, Math.ceil((from - session.openAt) / MINUTE_MS)) * MINUTE_MS;
  for (let start = first; start < session.closeAt && start <= to && start <= now; start += MINUTE_MS) {
    const end = epochMs(Math.min(start + MINUTE_MS, session.closeAt, Math.max(now, start)));
    bars.push(barSoFar(path, session, volume, epochMs(start), epochMs(start), end));
  }
  return bars;
}

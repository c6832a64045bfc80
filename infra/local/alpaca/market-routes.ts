/** Clock, calendar and assets. */
import { dayNumberOf, dateOfDayNumber } from '#shared/core/market/calendar-day.ts';
import { type CalendarDate, type EpochMs, addMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate, newYorkTime } from '#shared/core/market/new-york-time.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { Session } from '#shared/core/market/types.ts';
import { currentOrNextSession, indexOfSessionClosingAfter, sessionAt } from '#shared/core/venue/session-index.ts';
import type { VenueAsset } from '#shared/core/venue/venue-market.ts';
import { assetOf, tickerOfSymbolOrId } from './asset-lookup.ts';
import {
  type Answer,
  type ApiRequest,
  ParameterError,
  answer,
  dateOf,
  listOf,
  refuse,
  textOf,
  wordOf,
} from './answer.ts';
import type { Desk, Exchange } from './desk.ts';
import { type WireBody, assetId } from './wire-order.ts';
import { newYorkSeconds } from './wire-time.ts';

function clockBody(exchange: Exchange, now: EpochMs): WireBody {
  const { sessions } = exchange.market;
  const current = sessionAt(sessions, now);
  const next =
    current === null ? currentOrNextSession(sessions, now) : sessions[indexOfSessionClosingAfter(sessions, now) + 1];
  const closing = current ?? next;
  return {
    timestamp: newYorkSeconds(now),
    is_open: current !== null,
    next_open: next === null || next === undefined ? null : newYorkSeconds(next.openAt),
    next_close: closing === null || closing === undefined ? null : newYorkSeconds(closing.closeAt),
  };
}

/** The broker's own time, which is off where the fault says so. */
export const shownNow = (exchange: Exchange): EpochMs =>
  addMs(exchange.now(), exchange.faults.lasts('clock-skew')?.number('ms') ?? 0);

export const getClock = (exchange: Exchange): Answer => answer(clockBody(exchange, shownNow(exchange)));

/** "09:30" of an instant's New York wall time. */
function clockTime(at: EpochMs): string {
  const { minuteOfDay } = newYorkTime(at);
  return `${String(Math.floor(minuteOfDay / 60)).padStart(2, '0')}:${String(minuteOfDay % 60).padStart(2, '0')}`;
}

/** Trades settle one session later; two before 2024-05-28. */
const settlementSessions = (date: CalendarDate): number => (date >= '2024-05-28' ? 1 : 2);

/** The market's own sessions, and behind their end those of the exchange: a calendar does not end with the data. */
function sessionsThrough({ market }: Exchange, to: CalendarDate | null): readonly Session[] {
  const last = market.sessions.at(-1)?.date;
  if (last === undefined || to === null || to <= last) return market.sessions;
  return [...market.sessions, ...sessionsBetween(dateOfDayNumber(dayNumberOf(last) + 1), to)];
}

export function getCalendar(exchange: Exchange, _: Desk, request: ApiRequest): Answer {
  const sessions = sessionsThrough(exchange, dateOf(request.query, 'end'));
  const from = dateOf(request.query, 'start') ?? sessions[0]?.date ?? newYorkDate(exchange.now());
  const to = dateOf(request.query, 'end') ?? sessions.at(-1)?.date ?? from;
  if (from > to) throw new ParameterError('end', 'expected a date not before start');
  const days = sessions.flatMap((session, index) => {
    if (session.date < from || session.date > to) return [];
    const settlement = sessions[index + settlementSessions(session.date)]?.date;
    return [
      {
        date: session.date,
        open: clockTime(session.openAt),
        close: clockTime(session.closeAt),
        session_open: '0400',
        session_close: session.halfDay ? '1700' : '2000',
        settlement_date: settlement ?? dateOfDayNumber(dayNumberOf(session.date) + 1),
      },
    ];
  });
  return answer(days);
}

function assetBody(asset: VenueAsset): WireBody {
  return {
    id: assetId(asset.ticker),
    class: 'us_equity',
    exchange: asset.exchange,
    symbol: asset.ticker,
    name: asset.name,
    status: asset.active ? 'active' : 'inactive',
    tradable: asset.tradable,
    marginable: asset.marginable,
    maintenance_margin_requirement: asset.marginable ? 30 : 100,
    margin_requirement_long: asset.marginable ? '30' : '100',
    margin_requirement_short: asset.shortable ? '30' : '100',
    shortable: asset.shortable,
    easy_to_borrow: asset.shortable && asset.easyToBorrow,
    borrow_status: asset.shortable ? (asset.easyToBorrow ? 'easy_to_borrow' : 'hard_to_borrow') : 'not_shortable',
    fractionable: asset.fractionable,
    attributes: asset.fractionable ? ['fractional_eh_enabled'] : [],
  };
}

export function listAssets(exchange: Exchange, _: Desk, request: ApiRequest): Answer {
  const { query } = request;
  const status = wordOf(query, 'status', ['active', 'inactive', 'all'], 'all');
  const assetClass = textOf(query, 'asset_class') ?? 'us_equity';
  const place = textOf(query, 'exchange');
  const attributes = listOf(query, 'attributes');
  if (assetClass !== 'us_equity') return answer([]);
  const assets = exchange.market.assets.filter(
    (asset) =>
      (status === 'all' || asset.active === (status === 'active')) &&
      (place === null || asset.exchange === place) &&
      attributes.every((attribute) => attribute === 'fractional_eh_enabled' && asset.fractionable),
  );
  return answer(assets.map(assetBody));
}

export function getAsset(exchange: Exchange, _: Desk, __: ApiRequest, symbolOrId: string): Answer {
  const symbol = tickerOfSymbolOrId(exchange.market, symbolOrId);
  const asset = symbol === null ? null : assetOf(exchange.market, symbol);
  return asset === null ? refuse('asset-path-unknown', { symbol: symbolOrId }) : answer(assetBody(asset));
}

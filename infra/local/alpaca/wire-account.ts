/** Account and positions as the broker writes them. */
import {
  type Money,
  type Price,
  type Quantity,
  absoluteMoney,
  absoluteQuantity,
  addMoney,
  divideRounded,
  formatMoney,
  formatPrice,
  formatQuantity,
  formatScaled,
  maxQuantity,
  notionalOf,
  roundMoney,
  subtractMoney,
  subtractQuantity,
  wholeQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { type EpochMs, nsOf } from '#shared/core/kernel/instant.ts';
import { newYorkDate, newYorkInstant } from '#shared/core/market/new-york-time.ts';
import { accountFigures, markPrice } from '#shared/core/venue/account-figures.ts';
import { averageEntryPrice } from '#shared/core/venue/position-keeping.ts';
import { lastEquityClose } from '#shared/core/venue/venue.ts';
import type { VenuePosition } from '#shared/core/venue/venue-order.ts';
import type { Venue } from '#shared/core/venue/venue-state.ts';
import type { Desk } from './desk.ts';
import { type WireBody, assetId } from './wire-order.ts';
import { utcTime } from './wire-time.ts';

const ONE = wholeQuantity(1);

/** Dollars and cents. */
const cents = (value: Money): string => formatMoney(roundMoney(value, 2, 'half-even'));

/** A ratio of two amounts, to 16 decimals; "0" of nothing. */
const ratio = (part: Money, whole: Money): string =>
  whole === 0n ? '0' : formatScaled(divideRounded(part * 10n ** 16n, absoluteMoney(whole), 'half-even'), 16);

export function accountBody(desk: Desk, now: EpochMs): WireBody {
  const { venue } = desk;
  const { flags } = venue.state;
  const figures = accountFigures(venue, now);
  const last = lastEquityClose(venue, newYorkDate(now));
  const openedAt = venue.state.openedAt;
  return {
    id: desk.accountId,
    admin_configurations: {},
    user_configurations: null,
    account_number: desk.accountNumber,
    status: 'ACTIVE',
    crypto_status: 'INACTIVE',
    crypto_tier: 0,
    currency: 'USD',
    buying_power: cents(figures.buyingPower),
    regt_buying_power: cents(figures.regulationTBuyingPower),
    effective_buying_power: cents(figures.buyingPower),
    non_marginable_buying_power: cents(figures.cashBuyingPower),
    options_buying_power: cents(figures.cashBuyingPower),
    options_approved_level: 0,
    options_trading_level: 0,
    cash: cents(venue.state.cash),
    accrued_fees: '0',
    pending_reg_taf_fees: '0',
    portfolio_value: cents(figures.equity),
    position_market_value: cents(addMoney(figures.longValue, figures.shortValue)),
    equity: cents(figures.equity),
    last_equity: cents(last?.equity ?? venue.state.openingCash),
    long_market_value: cents(figures.longValue),
    short_market_value: cents(figures.shortValue),
    initial_margin: cents(figures.initialMargin),
    maintenance_margin: cents(figures.maintenanceMargin),
    last_maintenance_margin: last === null ? '0' : cents(last.maintenanceMargin),
    sma: cents(figures.equity),
    multiplier: String(figures.multiplier),
    intraday_adjustments: '0',
    trading_blocked: flags.tradingBlocked,
    transfers_blocked: false,
    account_blocked: flags.accountBlocked,
    trade_suspended_by_user: flags.tradeSuspended,
    shorting_enabled: flags.shortingEnabled && !flags.noShorting,
    created_at: utcTime(nsOf(openedAt)),
    balance_asof: last?.date ?? newYorkDate(openedAt),
  };
}

export function configurationBody(desk: Desk): WireBody {
  const { flags } = desk.venue.state;
  return {
    suspend_trade: flags.tradeSuspended,
    no_shorting: flags.noShorting,
    fractional_trading: flags.fractionalTrading,
    max_margin_multiplier: String(flags.maxMarginMultiplier),
    trade_confirm_email: desk.preferences.tradeConfirmEmail,
    ptp_no_exception_entry: desk.preferences.ptpNoExceptionEntry,
    disable_overnight_trading: desk.preferences.disableOvernightTrading,
    max_options_trading_level: 0,
  };
}

/** What may still be closed: open closing orders are taken off, and it is never below zero. */
function availableQuantity(venue: Venue, position: VenuePosition): Quantity {
  const held = venue.state.books.get(position.ticker)?.heldQuantity ?? ZERO_QUANTITY;
  return maxQuantity(ZERO_QUANTITY, subtractQuantity(absoluteQuantity(position.quantity), held));
}

/** The close of the session before the instant's New York day. */
function lastDayPrice(venue: Venue, position: VenuePosition, now: EpochMs): Price {
  const midnight = newYorkInstant(newYorkDate(now), 0);
  return venue.market.tradeAt(position.ticker, midnight)?.price ?? averageEntryPrice(position);
}

export function positionBody(venue: Venue, position: VenuePosition, now: EpochMs): WireBody {
  const asset = venue.market.asset(position.ticker);
  const current = markPrice(venue, position, now);
  const lastDay = lastDayPrice(venue, position, now);
  const value = notionalOf(current, position.quantity);
  const profit = subtractMoney(value, position.cost);
  const basisToday = notionalOf(lastDay, position.quantity);
  const profitToday = subtractMoney(value, basisToday);
  const long = position.quantity > 0n;
  const available = formatQuantity(availableQuantity(venue, position));
  const move = notionalOf(current, ONE) - notionalOf(lastDay, ONE);
  return {
    asset_id: assetId(position.ticker),
    symbol: position.ticker,
    exchange: asset?.exchange ?? '',
    asset_class: 'us_equity',
    asset_marginable: asset?.marginable ?? false,
    qty: formatQuantity(position.quantity),
    qty_available: long || available === '0' ? available : `-${available}`,
    avg_entry_price: formatPrice(averageEntryPrice(position)),
    side: long ? 'long' : 'short',
    market_value: cents(value),
    cost_basis: formatMoney(position.cost),
    unrealized_pl: formatMoney(profit),
    unrealized_plpc: ratio(profit, position.cost),
    unrealized_intraday_pl: formatMoney(profitToday),
    unrealized_intraday_plpc: ratio(profitToday, basisToday),
    current_price: formatPrice(current),
    lastday_price: formatPrice(lastDay),
    change_today: formatScaled(divideRounded(move * 10n ** 16n, notionalOf(lastDay, ONE), 'half-even'), 16),
  };
}

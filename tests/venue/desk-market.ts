/** A venue on a market that a test can see through: the prices of each symbol stand still until the test moves them. */
import {
  formatPrice,
  formatQuantity,
  parseMoney,
  parsePrice,
  parseQuantity,
  type Quantity,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, type EpochMs, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { equityInstrument } from '#shared/core/market/instrument-rules.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { Split } from '#shared/core/market/splits.ts';
import { NO_FEES } from '#shared/core/venue/fees.ts';
import { holds } from '#shared/core/venue/marketability.ts';
import { sessionAt } from '#shared/core/venue/session-index.ts';
import { advanceVenue, openVenue, requestCancel, submitOrder } from '#shared/core/venue/venue.ts';
import type { VenueAsset, VenueMarket } from '#shared/core/venue/venue-market.ts';
import type { CancelFate, OrderFate, OrderRequest, VenueOrder } from '#shared/core/venue/venue-order.ts';
import type { VenueRefusal } from '#shared/core/venue/venue-refusal.ts';
import { orderById, takeNews, type Venue, type VenueRules } from '#shared/core/venue/venue-state.ts';

/** Tuesday, half an hour into the session. */
export const TEN_O_CLOCK: EpochMs = parseEpochMs('2026-01-06T10:00:00-05:00');
export const at = (text: string): EpochMs => parseEpochMs(text);

export const RULES: VenueRules = {
  seed: 1,
  acknowledgeMs: 0,
  fillMs: 0,
  cancelMs: 0,
  requoteMs: 0,
  partialFillOneIn: 0,
  executionQuantityMax: null,
  immediateOrders: true,
  duplicateCheck: 'first',
  repeatCancel: 'refuse',
  doneForDay: false,
  fees: NO_FEES,
  fills: null,
};

/** An ordinary share under a symbol. */
export const ordinaryShare = (symbol: string): VenueAsset => ({
  ...equityInstrument(ticker(symbol), symbol),
  exchange: 'NASDAQ',
  active: true,
  easyToBorrow: true,
});

/** A price from an instant on: bid, ask and last print. */
interface Step {
  readonly from: EpochMs;
  readonly bid: string;
  readonly ask: string;
  readonly last: string;
}

export interface SteppedMarket extends VenueMarket {
  /** From the instant on the symbol is quoted so; the last print is the bid unless it is said. */
  quote(symbol: string, from: EpochMs, bid: string, ask: string, last?: string): void;
  list(asset: VenueAsset): void;
  /** Shares that each session trades of a symbol; a million unless said otherwise. */
  trade(symbol: string, volume: number): void;
}

function steppedMarket(splits: readonly Split[] = []): SteppedMarket {
  const assets = new Map<Ticker, VenueAsset>();
  const steps = new Map<Ticker, Step[]>();
  const volumes = new Map<Ticker, Quantity>();
  const sessions = sessionsBetween(calendarDate('2026-01-05'), calendarDate('2026-12-31'));
  const stepAt = (symbol: Ticker, instant: EpochMs): Step | undefined =>
    steps.get(symbol)?.findLast((step) => step.from <= instant);
  return {
    sessions,
    splits,
    asset: (symbol) => assets.get(symbol) ?? null,
    list: (asset) => assets.set(asset.ticker, asset),
    quote(symbol, from, bid, ask, last = bid) {
      const name = ticker(symbol);
      if (!assets.has(name)) assets.set(name, ordinaryShare(symbol));
      const list = steps.get(name) ?? [];
      list.push({ from, bid, ask, last });
      steps.set(name, list);
    },
    quoteAt(symbol, instant) {
      const step = stepAt(symbol, instant);
      if (step === undefined) return null;
      const size = wholeQuantity(100);
      const [bid, ask] = [parsePrice(step.bid), parsePrice(step.ask)];
      return { ticker: symbol, bid, bidSize: size, ask, askSize: size, at: nsOf(instant) };
    },
    tradeAt(symbol, instant) {
      const step = stepAt(symbol, instant);
      if (step === undefined) return null;
      return { ticker: symbol, price: parsePrice(step.last), size: wholeQuantity(100), at: nsOf(instant) };
    },
    barAt(symbol, instant) {
      const session = sessionAt(sessions, instant);
      const prices = (steps.get(symbol) ?? []).flatMap((step) => [parsePrice(step.bid), parsePrice(step.ask)]);
      const first = session === null ? undefined : (stepAt(symbol, session.openAt) ?? steps.get(symbol)?.[0]);
      const sorted = prices.toSorted((a, b) => (a < b ? -1 : 1));
      const [low, high] = [sorted[0], sorted.at(-1)];
      if (first === undefined || low === undefined || high === undefined) return null;
      return { open: parsePrice(first.last), high, low, volume: volumes.get(symbol) ?? wholeQuantity(1_000_000) };
    },
    trade: (symbol, volume) => volumes.set(ticker(symbol), wholeQuantity(volume)),
    firstInstant(symbol, test, from, until) {
      const field = test.of === 'trade' ? 'last' : test.of;
      const found = [{ ...stepAt(symbol, from), from }, ...(steps.get(symbol) ?? [])].find((step) => {
        const text = step[field];
        return text !== undefined && step.from >= from && step.from <= until && holds(test, parsePrice(text));
      });
      return found === undefined ? null : found.from;
    },
  };
}

/** A venue with 100,000 dollars at ten o'clock, where AAPL is quoted 99.99 to 100.01 and KO 49.99 to 50.01. */
export function openTestVenue(
  options: {
    readonly rules?: Partial<VenueRules>;
    readonly cash?: string;
    readonly now?: EpochMs;
    readonly splits?: readonly Split[];
  } = {},
): { readonly venue: Venue; readonly market: SteppedMarket } {
  const market = steppedMarket(options.splits);
  const start = at('2026-01-05T09:30:00-05:00');
  market.quote('AAPL', start, '99.99', '100.01', '100');
  market.quote('KO', start, '49.99', '50.01', '50');
  const rules = { ...RULES, ...options.rules };
  const venue = openVenue(rules, market, parseMoney(options.cash ?? '100000'), options.now ?? TEN_O_CLOCK);
  return { venue, market };
}

/** Texts for prices and quantities, so that a test reads as an order does. */
export interface OrderText {
  readonly id?: string;
  readonly symbol?: string;
  readonly side?: OrderRequest['side'];
  readonly type?: OrderRequest['type'];
  readonly tif?: OrderRequest['timeInForce'];
  readonly qty?: string;
  readonly notional?: string;
  readonly limit?: string;
  readonly stop?: string;
}

/** A buy of 10 AAPL at the market for the day, but for what the text says. */
export const orderOf = (text: OrderText = {}): OrderRequest => ({
  clientOrderId: text.id ?? null,
  ticker: ticker(text.symbol ?? 'AAPL'),
  side: text.side ?? 'buy',
  type: text.type ?? (text.limit === undefined ? 'market' : 'limit'),
  timeInForce: text.tif ?? 'day',
  quantity: text.notional === undefined ? parseQuantity(text.qty ?? '10') : null,
  notional: text.notional === undefined ? null : parseMoney(text.notional),
  limitPrice: text.limit === undefined ? null : parsePrice(text.limit),
  stopPrice: text.stop === undefined ? null : parsePrice(text.stop),
  positionIntent: null,
});

/** Submits an order that the venue must take. */
export function submit(
  venue: Venue,
  text: OrderText,
  now: EpochMs = TEN_O_CLOCK,
  fate: OrderFate = 'ordinary',
): VenueOrder {
  const order = submitOrder(venue, orderOf(text), now, fate);
  if (!order.ok) throw new Error(`refused: ${order.error.code}`);
  return order.value;
}

/** The code of the refusal that the order must meet. */
export function refusalOf(venue: Venue, text: OrderText, now: EpochMs = TEN_O_CLOCK): VenueRefusal {
  const order = submitOrder(venue, orderOf(text), now);
  if (order.ok) throw new Error('the venue took the order');
  return order.error;
}

/** The order as it is now. */
export function latest(venue: Venue, order: VenueOrder): VenueOrder {
  const found = orderById(venue.state, order.id);
  if (found === undefined) throw new Error(`no order ${order.id}`);
  return found;
}

/** The order after everything due by the instant. */
export function settled(venue: Venue, order: VenueOrder, now: EpochMs = TEN_O_CLOCK): VenueOrder {
  advanceVenue(venue, now);
  return latest(venue, order);
}

export function cancel(
  venue: Venue,
  order: VenueOrder,
  now: EpochMs = TEN_O_CLOCK,
  fate: CancelFate = 'confirm',
): void {
  const taken = requestCancel(venue, order.id, now, fate);
  if (!taken.ok) throw new Error(`refused: ${taken.error.code}`);
}

export const eventsOf = (venue: Venue): readonly (string | null)[] => takeNews(venue.state).map((news) => news.event);

/** Prices and quantities of all executions, "10 at 100.01". */
export const fillsOf = (venue: Venue): readonly string[] =>
  venue.state.executions.map(({ quantity, price }) => `${formatQuantity(quantity)} at ${formatPrice(price)}`);

export function holdingOf(venue: Venue, symbol: string): string {
  const position = venue.state.positions.get(ticker(symbol));
  return position === undefined ? 'flat' : formatQuantity(position.quantity);
}

/**
 * A made-up market that behaves enough like one to trade on: a market factor with calm, falling and turbulent regimes,
 * sector factors, trends of single symbols that last for weeks, overnight gaps, earnings jumps, quieter half days and a
 * share split. Everything follows from the seed; neither more days nor more symbols change what was there before.
 */
import { type Ticker, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import type { Split } from '#shared/core/market/splits.ts';
import type { BarColumns, Session } from '#shared/core/market/types.ts';
import { STATIC_UNIVERSE } from '#shared/core/market/universe.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';

const FIRST_SESSION = calendarDate('2023-11-01');
const FIRST_TRADING_DAY = calendarDate('2025-03-03');
const LAST_SESSION = calendarDate('2049-12-31');
const SECTORS = 4;
const SPLIT_RANK = 3;
const SPLIT_TO = 4;
const SESSIONS_BEFORE_TRADING = 40;
const TRADING_SESSION_OF_SPLIT = 9;

export interface SyntheticOptions {
  readonly seed: number;
  /** 1 to 600. */
  readonly symbols: number;
  /** Names of the symbols, by rank; made up where there are fewer. */
  readonly names?: readonly Ticker[];
  /** Trading days after the warm-up, 1 to 5,000. */
  readonly days: number;
  /** Whether the split lies in the warm-up or on the tenth trading day. */
  readonly split: 'before-trading' | 'while-trading';
}

export interface SyntheticMarket {
  /** As traded: prices before the split are in old shares. */
  readonly bars: readonly BarColumns[];
  readonly sessions: readonly Session[];
  readonly splits: readonly Split[];
}

interface Regime {
  readonly drift: number;
  readonly volatility: number;
  readonly stay: number;
}

const REGIMES: readonly Regime[] = [
  { drift: 0.0007, volatility: 0.006, stay: 0.985 },
  { drift: -0.0009, volatility: 0.011, stay: 0.96 },
  { drift: -0.0002, volatility: 0.02, stay: 0.93 },
];

interface FactorDay {
  readonly market: number;
  readonly sectors: readonly number[];
  /** The regime's volatility against the calm one. */
  readonly stress: number;
}

function factorPath(seed: number, sessions: number): readonly FactorDay[] {
  const random = seededRandom(seed, 'factors');
  const days: FactorDay[] = [];
  let state = 0;
  for (let day = 0; day < sessions; day += 1) {
    const stays = random.uniform() < (REGIMES[state]?.stay ?? 0);
    const next = random.uniform() < 0.6 ? (state + 1) % REGIMES.length : (state + 2) % REGIMES.length;
    if (!stays) state = next;
    const { drift, volatility } = REGIMES[state] ?? { drift: 0, volatility: 0.01 };
    const stress = volatility / 0.006;
    const sectors = Array.from({ length: SECTORS }, () => random.normal() * 0.004 * Math.sqrt(stress));
    days.push({ market: drift + volatility * random.normal(), sectors, stress });
  }
  return days;
}

interface Character {
  readonly beta: number;
  readonly sector: number;
  readonly volatility: number;
  readonly startPrice: number;
  readonly baseVolume: number;
  /** Sessions between earnings, and the first of them. */
  readonly earnings: number;
}

const between = (random: SeededRandom, low: number, high: number): number => low + (high - low) * random.uniform();

function characterOf(random: SeededRandom, rank: number): Character {
  return {
    beta: between(random, 0.6, 1.5),
    sector: rank % SECTORS,
    volatility: between(random, 0.008, 0.015),
    startPrice: Math.exp(between(random, Math.log(25), Math.log(300))),
    baseVolume: Math.exp(between(random, Math.log(2e6), Math.log(3e7))),
    earnings: Math.floor(between(random, 0, 63)),
  };
}

/** A symbol's own trend: a direction that lasts for weeks and then is drawn anew. */
function* trendOf(random: SeededRandom): Generator<number, never> {
  for (;;) {
    const draw = random.uniform();
    const direction = draw < 0.32 ? -1 : draw < 0.5 ? 0 : 1;
    const strength = between(random, 0.0015, 0.0045);
    for (let left = Math.floor(between(random, 20, 90)); left > 0; left -= 1) yield direction * strength;
  }
}

interface SplitTerms {
  /** Rank of the first session in new shares, or the number of sessions when there is none. */
  readonly index: number;
  readonly to: number;
}

const cents = (price: number): number => Math.max(1, Math.round(price * 100)) / 100;

function walkSymbol(
  name: Ticker,
  rank: number,
  seed: number,
  market: Omit<SyntheticMarket, 'bars' | 'splits'>,
  factors: readonly FactorDay[],
  split: SplitTerms,
): BarColumns {
  const random = seededRandom(seed, `symbol/${name}`);
  const character = characterOf(random, rank);
  const trend = trendOf(seededRandom(seed, `trend/${name}`));
  const count = market.sessions.length;
  const column = (): Float64Array<ArrayBuffer> => new Float64Array(count);
  const bars = { open: column(), high: column(), low: column(), close: column(), volume: column() };
  let last = character.startPrice;
  for (let index = 0; index < count; index += 1) {
    const factor = factors[index] ?? { market: 0, sectors: [], stress: 1 };
    const volatility = character.volatility * Math.sqrt(factor.stress);
    const sector = factor.sectors[character.sector] ?? 0;
    const move = character.beta * factor.market + sector + trend.next().value + volatility * random.normal();
    const surprise = random.normal() * 0.045;
    const jump = index % 63 === character.earnings ? Math.max(-0.2, Math.min(0.2, surprise)) : 0;
    const gap = 0.3 * move + 0.25 * volatility * random.normal() + jump;
    const shares = index < split.index ? split.to : 1;
    const open = cents(last * Math.exp(gap) * shares);
    const trueClose = last * Math.exp(move + jump);
    const close = cents(trueClose * shares);
    const reach = 0.45 * volatility;
    bars.open[index] = open;
    bars.close[index] = close;
    bars.high[index] = cents(Math.max(open, close) * Math.exp(reach * Math.abs(random.normal())));
    bars.low[index] = cents(Math.min(open, close) * Math.exp(-reach * Math.abs(random.normal())));
    const excitement = Math.exp(0.3 * random.normal()) * (1 + 15 * Math.abs(move + jump));
    const hours = market.sessions[index]?.halfDay === true ? 0.5 : 1;
    bars.volume[index] = Math.round((character.baseVolume * excitement * hours) / shares);
    last = trueClose;
  }
  return { ticker: name, dates: market.sessions.map((session) => session.date), ...bars };
}

/** The names of the static universe, then made-up ones. */
const nameOf = (rank: number, names: readonly Ticker[]): Ticker =>
  names[rank] ?? STATIC_UNIVERSE[rank] ?? ticker(`SYN${String(rank + 1).padStart(3, '0')}`);

/**
 * Makes the market: over 300 sessions of warm-up, then the days asked for.
 * @throws RangeError when an option lies outside its bounds.
 */
export function makeSyntheticMarket(options: SyntheticOptions): SyntheticMarket {
  const { seed, symbols, days, names = [] } = options;
  if (!Number.isInteger(seed)) throw new RangeError(`seed: expected a whole number, got ${seed}`);
  if (!Number.isInteger(symbols) || symbols < 1 || symbols > 600) {
    throw new RangeError(`symbols: expected 1 to 600 for synthetic data, got ${symbols}`);
  }
  if (!Number.isInteger(days) || days < 1 || days > 5000) {
    throw new RangeError(`days: expected 1 to 5000 for synthetic data, got ${days}`);
  }
  const all = sessionsBetween(FIRST_SESSION, LAST_SESSION);
  const firstTradingDay = all.findIndex((session) => session.date >= FIRST_TRADING_DAY);
  const sessions = all.slice(0, firstTradingDay + days);
  const splitIndex =
    firstTradingDay + (options.split === 'while-trading' ? TRADING_SESSION_OF_SPLIT : -SESSIONS_BEFORE_TRADING);
  const splitRank = Math.min(SPLIT_RANK, symbols - 1);
  const splitSession = sessions[splitIndex];
  const factors = factorPath(seed, sessions.length);
  const bars = Array.from({ length: symbols }, (_, rank) => {
    const splits = rank === splitRank && splitSession !== undefined;
    const terms = splits ? { index: splitIndex, to: SPLIT_TO } : { index: 0, to: 1 };
    return walkSymbol(nameOf(rank, names), rank, seed, { sessions }, factors, terms);
  });
  const splits =
    splitSession === undefined
      ? []
      : [{ ticker: nameOf(splitRank, names), date: splitSession.date, to: SPLIT_TO, from: 1 }];
  bars.sort((a, b) => (a.ticker < b.ticker ? -1 : 1));
  return { bars, sessions, splits };
}

/**
 * Two sessions of trades, late news, busts, corrections and orders of others, at random: the running figures are what the
 * broker's own ledger comes to, and what the journal comes to by a reckoning of its own.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyFact } from '#events/catalogue.ts';
import { factsOfItem } from '#shared/adapters/stores/journal-item.ts';
import {
  type Money,
  notionalOf,
  parseMoney,
  parsePrice,
  parseQuantity,
  wholeQuantity,
} from '#shared/core/kernel/decimal.ts';
import { MANUAL } from '#shared/core/kernel/identity.ts';
import { calendarDate, nsOf, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { positionOf, shareOf } from '#shared/core/portfolio/book.ts';
import { chanceOf } from '#shared/core/venue/fingerprint.ts';
import { NO_LATENCY } from '#infra/local/alpaca/embedding.ts';
import { ACCOUNT, CASH, MOMENTUM } from './account.ts';
import { type Desk, MINUTE_MS, openDesk, SYMBOLS } from './desk.ts';
import { expectAgreement } from './expectations.ts';
import { booksOf, ordersOf } from './ledger-check.ts';
import { type HeardStream, hearStream } from './stream.ts';

const SEED = 20260106;
const STEPS = 110;
const CLOSES = [parseEpochMs('2026-01-06T16:16:00-05:00'), parseEpochMs('2026-01-07T16:16:00-05:00')] as const;
const OPENS = parseEpochMs('2026-01-07T09:31:00-05:00');

/** An exact fraction: the reckoning here shares no rounding with the books. */
interface Fraction {
  readonly top: bigint;
  readonly bottom: bigint;
}
const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b));
const fraction = (top: bigint, bottom = 1n): Fraction => {
  const by = gcd(top, bottom);
  return { top: top / by, bottom: bottom / by };
};
const plus = (a: Fraction, b: Fraction): Fraction => fraction(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);
const times = (a: Fraction, top: bigint, bottom: bigint): Fraction => fraction(a.top * top, a.bottom * bottom);
const minus = (a: Fraction, b: Fraction): Fraction => plus(a, times(b, -1n, 1n));
const ZERO = fraction(0n);

interface Reckoned {
  quantity: bigint;
  cost: Fraction;
  realized: Fraction;
}

type Booked = Extract<AnyFact, { type: 'position.booked.v1' }>;
const size = (value: bigint): bigint => (value < 0n ? -value : value);

/** Average cost: what opens adds to the cost, what closes takes its part of it along and realizes the rest. */
function reckon(share: Reckoned, { data }: Booked): void {
  const delta: bigint = parseQuantity(data.quantityChange);
  const paid = fraction(parseMoney(data.paidChange));
  const closes = share.quantity !== 0n && delta !== 0n && share.quantity > 0n !== delta > 0n;
  if (!closes) {
    const opening = delta !== 0n || (share.quantity !== 0n && share.quantity > 0n === (data.side === 'buy'));
    if (opening) share.cost = plus(share.cost, paid);
    else share.realized = minus(share.realized, paid);
    share.quantity += delta;
  } else {
    const closed = size(delta) < size(share.quantity) ? size(delta) : size(share.quantity);
    const costClosed = times(share.cost, closed, size(share.quantity));
    const paidToClose = times(paid, closed, size(delta));
    share.realized = minus(share.realized, plus(costClosed, paidToClose));
    share.cost = plus(minus(share.cost, costClosed), minus(paid, paidToClose));
    share.quantity += delta;
  }
  if (share.quantity !== 0n) return;
  share.realized = minus(share.realized, share.cost);
  share.cost = ZERO;
}

/** Every share from the journal's own texts. */
function reckonAll(facts: readonly AnyFact[]): ReadonlyMap<string, Reckoned> {
  const shares = new Map<string, Reckoned>();
  const booked = facts
    .flatMap((fact) => (fact.type === 'position.booked.v1' ? [fact] : []))
    .sort((a, b) => a.meta.sequence - b.meta.sequence);
  for (const fact of booked) {
    const key = `${fact.data.symbol} ${fact.data.strategyId}`;
    const share = shares.get(key) ?? { quantity: 0n, cost: ZERO, realized: ZERO };
    shares.set(key, share);
    reckon(share, fact);
  }
  return shares;
}

/** Rounding of the books, a part of the last digit at each of their bookings: far below a millionth of a cent. */
const near = (exact: Fraction, running: Money): boolean => {
  const off = minus(exact, fraction(running));
  return size(off.top) < 1_000_000_000n * off.bottom;
};

let desk: Desk;
let stream: HeardStream;
let step = 0;
let begun = 0;
const chance = (what: string): number => chanceOf(SEED, what, 'long-run', step);
const pick = <T>(what: string, from: readonly T[]): T | undefined => from[Math.floor(chance(what) * from.length)];

/** Through zero, or against an order that rests: it is refused, and nothing happened. */
async function unlessRefused(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!(thrown instanceof Error && /40[03]|422|refuses|not claimed/.test(thrown.message))) throw thrown;
  }
}

async function trade(): Promise<void> {
  const book = await desk.book(pick('symbol', SYMBOLS) ?? 'KO');
  const held = shareOf(book, MOMENTUM).quantity;
  const units = wholeQuantity(1 + Math.floor(chance('units') * 20));
  const sells = chance('side') < 0.45 && held >= units && positionOf(book) >= units;
  const fate = pick('fate', ['settled', 'settled', 'answer-lost', 'died-after-call'] as const) ?? 'settled';
  const terms = { ticker: book.ticker, size: { kind: 'quantity', quantity: units } } as const;
  if (book.quarantine !== null || book.openOrders.length > 0) return;
  const wanted = sells ? ({ ...terms, side: 'sell', positionIntent: 'sell_to_close' } as const) : terms;
  await unlessRefused(desk.place(wanted, fate));
}

/** Somebody else buys, sells, or sells short. */
async function others(): Promise<void> {
  const [symbol, qty] = [pick('symbol', SYMBOLS), String(1 + Math.floor(chance('units') * 9))];
  const side = chance('side') < 0.5 ? 'buy' : 'sell';
  const body = { symbol, qty, side, type: 'market', time_in_force: 'day' };
  await unlessRefused(desk.foreign('POST', '/v2/orders', body));
}

function undo(): void {
  const { executions } = desk.simulator.ledger();
  const undone = new Set(executions.flatMap(({ undoes }) => undoes ?? []));
  // A session that was closed has been reported: what is undone of it later is in the books, not in its report.
  const standing = executions.filter(({ id, kind, at }) => kind !== 'bust' && !undone.has(id) && at >= begun);
  const chosen = pick('execution', standing.slice(-12));
  if (chosen === undefined) return;
  if (chance('kind') < 0.4) desk.simulator.bust(chosen.id);
  else desk.simulator.correct(chosen.id, { price: (20 + chance('price') * 300).toFixed(2) });
}

async function hear(): Promise<void> {
  const heard = await stream.heard();
  for (const update of heard.slice(-3)) await desk.room.orders.settle(update);
}

async function happen(): Promise<void> {
  step += 1;
  const what = chance('what');
  if (what < 0.5) await trade();
  else if (what < 0.6) await others();
  else if (what < 0.66) undo();
  else if (what < 0.8) await hear();
  else {
    desk.pass(MINUTE_MS);
    await desk.reconcile();
    // A person looks at what stands against a strategy, and lets it trade on.
    const said = { by: 'ada', reason: 'seen', now: desk.now(), correlationId: `lift-${step}` };
    for (const symbol of SYMBOLS) await desk.room.books.liftQuarantine(ACCOUNT, symbol, said);
  }
  desk.pass(Math.floor(chance('ms') * 15_000));
}

/** Quotes to value positions with, and the pass that closes the session. */
async function close(at: number): Promise<void> {
  for (let minutes = 0; minutes < 3; minutes += 1) {
    desk.pass(MINUTE_MS);
    await desk.reconcile();
  }
  desk.pass(at - desk.now());
  const one = wholeQuantity(1);
  const quotes = SYMBOLS.map((symbol, index) => ({
    quote: {
      ticker: symbol,
      bid: parsePrice(String(90 + index)),
      bidSize: one,
      ask: parsePrice(String(92 + index)),
      askSize: one,
      at: nsOf(desk.now()),
    },
    readAt: desk.now(),
  }));
  await desk.market.saveQuotes(quotes);
  expect(await desk.reconcile()).toMatchObject({ complete: true, differences: [], violations: [] });
}

beforeAll(async () => {
  desk = await openDesk({
    behaviour: { partialFillOneIn: 3, surprises: false },
    latency: { ...NO_LATENCY, requoteMs: 4_000 },
    reconciliation: { foreignOrders: 'ignore', quarantinesMax: 100 },
  });
  stream = await hearStream(desk.simulator, desk.telemetry, desk.now);
  for (let count = 0; count < STEPS; count += 1) await happen();
  await close(CLOSES[0]);
  desk.pass(OPENS - desk.now());
  begun = OPENS;
  await desk.reconcile();
  for (let count = 0; count < STEPS; count += 1) await happen();
  await close(CLOSES[1]);
}, 240_000);

afterAll(async () => {
  await stream.close();
  await desk.close();
});

const allFacts = (): readonly AnyFact[] => desk.tables.items('journal').flatMap(factsOfItem);
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, one) => total + one, 0n);

describe('after two sessions at random', () => {
  it('enough has happened', () => {
    const kinds = desk.simulator.ledger().executions.map(({ kind }) => kind);
    const sold = desk.simulator.ledger().executions.filter(({ side }) => side === 'sell');
    expect(kinds.filter((kind) => kind === 'fill').length).toBeGreaterThan(70);
    expect(kinds).toEqual(expect.arrayContaining(['bust', 'correct']));
    expect(sold.length).toBeGreaterThan(15);
    expect(ordersOf(desk).length).toBeGreaterThan(50);
    expectAgreement(desk);
  });

  it('every share is what the journal comes to, reckoned in exact fractions', () => {
    const reckoned = reckonAll(allFacts());
    const shares = booksOf(desk).flatMap((book) => book.shares.map((share) => ({ symbol: book.ticker, ...share })));
    expect(shares.length).toBeGreaterThan(4);
    expect(shares.map(({ strategyId }) => strategyId)).toContain(MANUAL);
    for (const { symbol, strategyId, quantity, cost, realizedProfit } of shares) {
      const exact = reckoned.get(`${symbol} ${strategyId}`);
      expect(exact?.quantity).toBe(quantity);
      expect([near(exact?.cost ?? ZERO, cost), near(exact?.realized ?? ZERO, realizedProfit)]).toEqual([true, true]);
    }
  });

  it('what the books say was paid is what the broker took, to the last digit', () => {
    const paid = sum(
      booksOf(desk).flatMap(({ shares }) => shares.map(({ cost, realizedProfit }) => cost - realizedProfit)),
    );
    expect(parseMoney(CASH) - paid).toBe(parseMoney(desk.simulator.ledger().cash));
  });

  it('realized and unrealized profit are what the equity has gained', async () => {
    desk.pass(MINUTE_MS);
    const { figures } = await desk.reconcile();
    const { equity } = await desk.broker.account();
    expect((figures?.realizedProfit ?? 0n) + (figures?.unrealizedProfit ?? 0n)).toBe(equity - parseMoney(CASH));
    expect(figures?.expectedCash).toBe(figures?.cash);
  });

  it('each session was closed with figures that add up, symbol by symbol and strategy by strategy', async () => {
    const closed = allFacts().flatMap((fact) => (fact.type === 'session.closed.v1' ? [fact.data] : []));
    expect(closed.map(({ session }) => session)).toEqual(['2026-01-06', '2026-01-07']);
    for (const { strategies, symbols, unrealizedProfit, slippage, fees, unvalued } of closed) {
      expect([fees, unvalued]).toEqual(['0', 0]);
      const unrealized = parseMoney(unrealizedProfit);
      expect(sum(symbols.map((one) => parseMoney(one.unrealizedProfit)))).toBe(unrealized);
      expect(sum(strategies.map((one) => parseMoney(one.unrealizedProfit)))).toBe(unrealized);
      expect(sum(strategies.map((one) => parseMoney(one.slippage)))).toBe(parseMoney(slippage));
    }
    // Realised in each session alone; together they are what the books have realised since they were opened.
    const realized = sum(booksOf(desk).flatMap(({ shares }) => shares.map(({ realizedProfit }) => realizedProfit)));
    expect(sum(closed.map(({ realizedProfit }) => parseMoney(realizedProfit)))).toBe(realized);
    const kept = await desk.room.reconciliations.session(ACCOUNT, calendarDate('2026-01-07'));
    expect(kept?.end?.figures.cash).toBe(parseMoney(desk.simulator.ledger().cash));
  });

  it('slippage is what the orders cost beyond their arrival prices, by the executions of the broker', () => {
    const ledger = desk.simulator.ledger();
    const undone = new Set(ledger.executions.flatMap(({ undoes }) => undoes ?? []));
    const slipped = ordersOf(desk)
      .filter(({ intent }) => intent.terms.strategyId === MOMENTUM)
      .map(({ brokerOrderId, intent }) =>
        sum(
          ledger.executions
            .filter(({ id, orderId, kind }) => orderId === brokerOrderId && kind !== 'bust' && !undone.has(id))
            .map(({ quantity, price }) => {
              const units = parseQuantity(quantity);
              const dearer = notionalOf(parsePrice(price), units) - notionalOf(intent.arrivalPrice, units);
              return intent.terms.side === 'buy' ? dearer : -dearer;
            }),
        ),
      );
    const closed = allFacts().flatMap((fact) => (fact.type === 'session.closed.v1' ? [fact.data] : []));
    expect(sum(slipped)).not.toBe(0n);
    expect(sum(closed.map(({ slippage }) => parseMoney(slippage)))).toBe(sum(slipped));
  });
});

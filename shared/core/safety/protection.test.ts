import { describe, expect, it } from 'vitest';
import { formatQuantity, parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { Order } from '#shared/core/order/order.ts';
import { type Book, emptyBook, emptyShare } from '#shared/core/portfolio/book.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import { canceling, CLAIMED_AT, sampleIntent, sending, told, unknown } from '#tests/order/sample-orders.ts';
import { planProtection, type ProtectionGround } from './protection.ts';
import { firstPositionWatch } from './watch.ts';

const STRATEGY = strategyId('momentum');
const SYMBOL = ticker('AAPL');
const AT = parsePrice('95');
const RULES = firstPolicy([], [], parseMoney('1000')).stops;

const stopIntent = (quantity: string, stopPrice = AT, id = `rest:${quantity}`) =>
  sampleIntent(
    {
      side: 'sell',
      type: 'stop',
      timeInForce: 'gtc',
      positionIntent: 'sell_to_close',
      limitPrice: null,
      stopPrice,
      size: { kind: 'quantity', quantity: parseQuantity(quantity) },
    },
    { purpose: 'protective-stop', decision: { decisionId: decisionId(id), generation: 0, slice: 0 } },
  );
const rests = (quantity: string, stopPrice = AT, id?: string): Order =>
  told(sending(stopIntent(quantity, stopPrice, id)), { status: 'new' });
const entry = told(sending(sampleIntent()), { status: 'new' });

const share = (quantity: string) => ({
  ...emptyShare(STRATEGY),
  quantity: parseQuantity(quantity),
  cost: parseMoney('1000'),
});
const book = (changes: Partial<Book> = {}): Book => ({ ...emptyBook(accountId('paper-1'), SYMBOL), ...changes });

const WATCH = firstPositionWatch(STRATEGY, SYMBOL);
const plan = (orders: readonly Order[], changes: Partial<ProtectionGround> = {}) => {
  const ground = {
    now: CLAIMED_AT,
    rules: RULES,
    book: book(),
    share: share('10'),
    stopPrice: AT,
    orders,
    watch: WATCH,
  };
  const { cancels, place, watch, isNaked } = planProtection({ ...ground, ...changes });
  return {
    cancels: cancels.map(({ order, reason }) => `${reason.code} ${order.intent.decision.decisionId}`),
    place: place === null ? null : formatQuantity(place.quantity),
    isNaked,
    watch,
  };
};

describe('the protection of a position', () => {
  it('is placed for all of it where nothing rests, and the position is naked till then', () => {
    const first = plan([]);
    expect(first).toMatchObject({ cancels: [], place: '10', isNaked: true });
    expect(first.watch).toMatchObject({ nakedSince: CLAIMED_AT, attempts: 1, attemptedAt: CLAIMED_AT });
  });

  it('stands when the broker has it for every whole unit', () => {
    const done = plan([rests('10')], {
      watch: { ...WATCH, nakedSince: CLAIMED_AT, attempts: 3, flaggedAt: CLAIMED_AT },
    });
    expect(done).toMatchObject({ cancels: [], place: null, isNaked: false });
    expect(done.watch).toMatchObject({ nakedSince: null, attempts: 0, flaggedAt: null });
    expect(plan([rests('10')], { share: share('10.75') })).toMatchObject({ place: null, isNaked: false });
  });

  it.each([
    ['on its way', sending(stopIntent('10'))],
    ['of unknown fate', unknown(stopIntent('10'))],
  ])('is not asked for twice while it is %s, and is not counted as standing', (_, order) => {
    expect(plan([order])).toMatchObject({ place: null, isNaked: true });
  });

  it('is asked for anew when nobody has heard of it for a minute, and what turns up of the lost one goes', () => {
    const lost = plan([unknown(stopIntent('10'))], { now: addMs(CLAIMED_AT, 60_000) });
    expect(lost).toMatchObject({ cancels: ['stop-of-unknown-fate rest:10'], place: '10', isNaked: true });
  });

  it('grows with the position by a second stop, and keeps the first', () => {
    expect(plan([rests('10')], { share: share('15') })).toMatchObject({ cancels: [], place: '5', isNaked: true });
  });

  it('shrinks with the position: what no longer fits goes, and what is missing follows once it has ended', () => {
    const shrunk = plan([rests('10')], { share: share('4') });
    expect(shrunk).toMatchObject({ cancels: ['stop-restated rest:10'], place: null, isNaked: true });
    expect(plan([], { share: share('4') })).toMatchObject({ place: '4' });
  });

  it('moves with its price: the old one goes first', () => {
    expect(plan([rests('10', parsePrice('94'))])).toMatchObject({ cancels: ['stop-restated rest:10'], place: null });
    expect(plan([canceling(rests('10', parsePrice('94')))])).toMatchObject({ cancels: [], place: null, isNaked: true });
  });

  it('is taken away when nothing is held', () => {
    const flat = plan([rests('10')], { share: share('0'), stopPrice: null });
    expect(flat).toMatchObject({ cancels: ['stop-without-position rest:10'], place: null, isNaked: false });
  });

  it('is taken away while the symbol may have been split, and the position is naked', () => {
    const quarantine = { code: 'split', message: '2 for 1', at: CLAIMED_AT };
    const split = plan([rests('10')], { book: book({ quarantine }) });
    expect(split).toMatchObject({ cancels: ['stop-in-old-units rest:10'], place: null, isNaked: true });
    const other = { ...quarantine, code: 'position-mismatch' };
    expect(plan([rests('10')], { book: book({ quarantine: other }) })).toMatchObject({ cancels: [], isNaked: false });
  });

  it('is left to the exit while one is open, and the position counts as naked all the same', () => {
    expect(plan([], { book: book({ exitId: 'x' }) })).toMatchObject({ cancels: [], place: null, isNaked: true });
  });

  it('waits for an entry that rests, and has it canceled when it stays', () => {
    expect(plan([entry])).toMatchObject({ cancels: [], place: null, isNaked: true });
    const since = addMs(CLAIMED_AT, -RULES.nakedMsMax);
    const late = plan([entry], { watch: { ...WATCH, nakedSince: since } });
    expect(late).toMatchObject({ cancels: ['entry-blocks-stop run-7:AAPL'], place: null });
  });

  it('holds no units that another closing order of the strategy holds', () => {
    const sale = sampleIntent(
      { side: 'sell', positionIntent: 'sell_to_close', size: { kind: 'quantity', quantity: parseQuantity('7') } },
      { purpose: 'manual' },
    );
    expect(plan([told(sending(sale), { status: 'new' })])).toMatchObject({ place: '3', isNaked: true });
  });

  it('is asked for again after a minute, then more and more seldom, and at least each five minutes', () => {
    const after = (ms: number, attempts: number) =>
      plan([], {
        now: epochMs(CLAIMED_AT + ms),
        watch: { ...WATCH, nakedSince: CLAIMED_AT, attempts, attemptedAt: CLAIMED_AT },
      });
    expect([after(59_999, 1).place, after(60_000, 1).place]).toEqual([null, '10']);
    expect([after(119_999, 2).place, after(120_000, 2).place]).toEqual([null, '10']);
    expect([after(299_999, 40).place, after(300_000, 40).place]).toEqual([null, '10']);
    expect(after(300_000, 40).watch).toMatchObject({ attempts: 41, nakedSince: CLAIMED_AT });
  });

  it('asks for nothing where the policy lets no stop rest, nor for a fraction of a unit', () => {
    const rules = { ...RULES, resident: false };
    expect(plan([rests('10')], { rules })).toMatchObject({ cancels: ['stop-restated rest:10'], isNaked: false });
    expect(plan([], { share: share('0.5') })).toMatchObject({ place: null, isNaked: false });
    expect(plan([], { stopPrice: null })).toMatchObject({ place: null, isNaked: true });
  });
});

/** What every store of books must do, and what lies in and beside them: exits, adjustments, stops, orphans. */
import { beforeEach, describe, expect, it } from 'vitest';
import { aggregateOf } from '#events/fact.ts';
import { adjustmentsStore } from '#shared/adapters/stores/adjustments-store.ts';
import { bookWrite } from '#shared/adapters/stores/books-store.ts';
import { exitsStore } from '#shared/adapters/stores/exits-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { orphansStore } from '#shared/adapters/stores/orphans-store.ts';
import { stopsStore } from '#shared/adapters/stores/stops-store.ts';
import { parseMoney, parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { accountId, brokerOrderId, correlationId, decisionId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, nsOf, epochNs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { ExitRequest } from '#shared/core/order/exit.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';
import { positionOf, shareOf } from '#shared/core/portfolio/book.ts';
import type { Adjustments } from '#shared/ports/adjustments.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Exits } from '#shared/ports/exits.ts';
import type { Orphans } from '#shared/ports/orphans.ts';
import type { Stops } from '#shared/ports/stops.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { HouseFixture, NOW, SESSION, STRATEGY, SYMBOL } from './house-fixture.ts';

let fixtures = 0;

export function describeBooks(name: string, open: () => Promise<Tables>): void {
  describe(`books over ${name}`, () => {
    let tables: Tables;
    let house: HouseFixture;
    let books: Books;

    beforeEach(async () => {
      tables = await open();
      fixtures += 1;
      house = await new HouseFixture(tables, `books-${fixtures}`).open();
      ({ books } = house);
    });

    const facts = async () =>
      (await journalStore(tables).byAggregate(aggregateOf.book(house.account, SYMBOL))).map(({ type }) => type);
    const adjustments = (): Adjustments => adjustmentsStore(tables, 'control');
    const quarantine = (code: string) => ({ code, message: 'looks wrong', at: NOW });

    it('opens a book once, and leaves one that is there as it is', async () => {
      await books.quarantine(house.account, SYMBOL, quarantine('x'), 'c');
      await books.open(house.account, [SYMBOL, ticker('PEP')]);
      const all = await books.all(house.account);
      expect(all.map(({ ticker: symbol, quarantine: found }) => [symbol, found?.code ?? null])).toEqual([
        [SYMBOL, 'x'],
        ['PEP', null],
      ]);
      expect(await books.get(house.account, ticker('MSFT'))).toBeNull();
      expect(await books.ofAccount(house.account)).toEqual({
        books: all,
        exposure: await books.exposure(house.account),
      });
    });

    it('begins a session once, and keeps the equity of its start', async () => {
      await books.beginSession(house.account, SESSION, parseMoney('90000'));
      expect(await books.exposure(house.account)).toMatchObject({
        session: SESSION,
        equity: parseMoney('90000'),
        equityAtOpen: parseMoney('100000'),
      });
      const next = calendarDate('2026-03-10');
      await books.beginSession(house.account, next, parseMoney('95000'));
      await books.beginSession(house.account, SESSION, parseMoney('1'));
      expect(await books.exposure(house.account)).toMatchObject({
        session: next,
        equity: parseMoney('95000'),
        equityAtOpen: parseMoney('95000'),
      });
    });

    it('refuses a session of an account that was never initialised', async () => {
      const stranger = accountId('nobody');
      await expect(books.beginSession(stranger, SESSION, parseMoney('1'))).rejects.toMatchObject({
        kind: 'permanent',
        code: 'exposure-missing',
      });
    });

    it('sets a quarantine once and lifts it once, each with its fact', async () => {
      const lift = { by: 'ann', reason: 'looked', now: NOW, correlationId: 'c' };
      expect(await books.quarantine(house.account, SYMBOL, quarantine('x'), 'c')).toBe(true);
      expect(await books.quarantine(house.account, SYMBOL, quarantine('x'), 'c')).toBe(false);
      expect(await books.liftQuarantine(house.account, SYMBOL, { ...lift, provedCodes: ['y'] })).toBe(false);
      expect(await books.liftQuarantine(house.account, SYMBOL, lift)).toBe(true);
      expect(await books.liftQuarantine(house.account, SYMBOL, lift)).toBe(false);
      expect(await facts()).toEqual(['quarantine.set.v1', 'quarantine.lifted.v1']);
    });

    it('lets one of many set the quarantine', async () => {
      const set = await Promise.all(
        Array.from({ length: 8 }, () => books.quarantine(house.account, SYMBOL, quarantine('x'), 'c')),
      );
      expect(set.filter(Boolean)).toHaveLength(1);
      expect(await facts()).toEqual(['quarantine.set.v1']);
    });

    describe('adjustments', () => {
      const adjust = (quantity: string, cost: string, onlyUntouched = false) =>
        adjustments().adjust({
          accountId: house.account,
          ticker: SYMBOL,
          strategyId: STRATEGY,
          quantity: parseQuantity(quantity),
          cost: parseMoney(cost),
          by: 'ann',
          reason: 'as the broker has it',
          now: NOW,
          onlyUntouched,
        });

      it('set a share, say so, and count what they brought in', async () => {
        expect(await adjust('10', '1000')).toBe(true);
        expect(await adjust('10', '1000')).toBe(false);
        expect(await adjust('4', '400')).toBe(true);
        const book = await books.get(house.account, SYMBOL);
        expect(book === null ? null : positionOf(book)).toBe(parseQuantity('4'));
        const { paid, at } = await adjustments().adjusted(house.account);
        expect([paid, at.get(SYMBOL)]).toEqual([parseMoney('400'), NOW]);
        expect((await facts()).filter((type) => type === 'position.adjusted.v1')).toHaveLength(2);
      });

      it('leave a book that was touched, where that is asked for', async () => {
        expect(await adjust('10', '1000', true)).toBe(true);
        expect(await adjust('11', '1100', true)).toBe(false);
      });
    });

    describe('stops', () => {
      it('are set under the book that was read, and not under one that moved', async () => {
        const stops: Stops = stopsStore(tables, 'protect');
        await adjustments().adjust({
          accountId: house.account,
          ticker: SYMBOL,
          strategyId: STRATEGY,
          quantity: parseQuantity('10'),
          cost: parseMoney('1000'),
          by: 'ann',
          reason: 'why',
          now: NOW,
        });
        const seen = await books.get(house.account, SYMBOL);
        if (seen === null) throw new Error('the book is gone');
        const set = await stops.set(seen, STRATEGY, parsePrice('95'), NOW);
        expect(set === null ? null : shareOf(set, STRATEGY).stopPrice).toBe(parsePrice('95'));
        expect(await books.get(house.account, SYMBOL)).toEqual(set);
        expect(await stops.set(seen, STRATEGY, parsePrice('96'), NOW)).toBeNull();
      });
    });

    describe('orphans', () => {
      const id = brokerOrderId('broker-1');
      const news = (status: 'new' | 'filled', filled: string): OrderUpdate => ({
        source: 'stream',
        clientOrderId: null,
        brokerOrderId: id,
        status,
        cumulativeQuantity: parseQuantity(filled),
        averagePrice: null,
        execution:
          filled === '0'
            ? null
            : {
                id: null,
                quantity: parseQuantity(filled),
                price: parsePrice('100'),
                at: epochNs(nsOf(NOW)),
                kind: 'fill',
                previousExecutionId: null,
              },
        brokerTime: epochNs(nsOf(NOW)),
        receivedAt: NOW,
        detail: null,
      });
      const foreign = () => ({
        accountId: house.account,
        brokerOrderId: id,
        foreignOrderId: 'theirs',
        ticker: SYMBOL,
        side: 'buy' as const,
        bookedFrom: epochNs(0n),
      });

      it('are kept with their latest news, and when they were first seen', async () => {
        const orphans: Orphans = orphansStore(tables, 'webhook');
        await orphans.keep(house.account, news('new', '0'));
        await orphans.keep(house.account, { ...news('filled', '3'), receivedAt: addMs(NOW, 5) });
        expect(await orphans.all(house.account)).toMatchObject([
          { brokerOrderId: id, status: 'filled', firstSeenAt: NOW },
        ]);
      });

      it('are booked on the strategy of nobody, each execution once, and can be let be', async () => {
        const orphans: Orphans = orphansStore(tables, 'reconcile');
        const book = () => orphans.book(foreign(), () => [news('filled', '3')], NOW);
        expect(await orphans.isBooked(house.account, id)).toBe(false);
        expect(await book()).toMatchObject({ changed: true, moved: true, dismissed: false });
        expect(await book()).toMatchObject({ changed: false, moved: false });
        expect(await orphans.isBooked(house.account, id)).toBe(true);
        await orphans.dismiss(house.account, id);
        expect(await book()).toMatchObject({ dismissed: true });
        const held = await books.get(house.account, SYMBOL);
        expect(held?.shares).toMatchObject([{ strategyId: 'manual', quantity: parseQuantity('3') }]);
      });
    });

    describe('exits', () => {
      let exits: Exits;
      const request = (exitId: string): ExitRequest => ({
        exitId: decisionId(exitId),
        accountId: house.account,
        strategyId: STRATEGY,
        ticker: SYMBOL,
        purpose: 'exit',
        by: 'protect',
        reason: { code: 'stop-hit', message: 'hit', context: { stopPrice: '95' } },
        correlationId: correlationId('exit'),
        openedAt: NOW,
      });
      const stored = async () => {
        const found = await exits.get(house.account, SYMBOL);
        if (found === null) throw new Error('no exit is open');
        return found;
      };

      /** One unit in the book, of which nothing is said. */
      const holdOne = async (): Promise<void> => {
        const book = await books.get(house.account, SYMBOL);
        if (book === null) throw new Error('the book is gone');
        const late = { strategyId: STRATEGY, quantity: parseQuantity('1'), cost: parseMoney('100') };
        const share = { ...late, realizedProfit: parseMoney('0'), openedOn: SESSION, stopPrice: null };
        await tables.transact([bookWrite(book, { ...book, shares: [share] })]);
      };

      beforeEach(() => {
        exits = exitsStore(tables, 'execute');
      });

      it('are opened by one, and hold their symbol against every other', async () => {
        const opened = await Promise.all(['x-1', 'x-1', 'x-2'].map((id) => exits.open(request(id), null)));
        expect(opened.filter((came) => came === 'opened')).toHaveLength(1);
        expect(await exits.open(request('x-3'), null)).toBe('other');
        const { exit } = await stored();
        expect((await books.get(house.account, SYMBOL))?.exitId).toBe(exit.exitId);
        expect(await exits.open(request(exit.exitId), null)).toBe('same');
        expect(await exits.all(house.account)).toEqual([await stored()]);
      });

      it('say what stop called for them', async () => {
        const hit = { stopPrice: parsePrice('95'), lastPrice: parsePrice('94') };
        expect(await exits.open(request('x-1'), hit)).toBe('flat');
        expect(await facts()).toEqual([]);
        await holdOne();
        expect(await exits.open(request('x-1'), hit)).toBe('opened');
        expect(await facts()).toEqual(['stop.triggered.v1', 'exit.opened.v1']);
      });

      it('are written under the version that was read, all of them and back', async () => {
        await exits.open(request('x-1'), null);
        const seen = await stored();
        const intent = house.intent({ decision: 'x-1', side: 'sell', purpose: 'exit' });
        const next = {
          ...seen.exit,
          phase: 'submitted',
          submitted: intent,
          generations: 1,
          attempts: 2,
          notBefore: NOW,
        } as const;
        expect(await exits.save(seen, next, NOW)).toEqual({ exit: next, version: seen.version + 1 });
        expect((await stored()).exit).toEqual({
          ...next,
          submitted: { ...intent, correlationId: correlationId('exit') },
        });
        expect(await exits.save(seen, next, NOW)).toBeNull();
      });

      it('say that they are blocked, once', async () => {
        await exits.open(request('x-1'), null);
        const seen = await stored();
        const blockedBy = refusal('broker-account-blocked', 'blocked', {});
        const blocked = await exits.save(seen, { ...seen.exit, phase: 'blocked', blockedBy }, NOW);
        expect((await stored()).exit.blockedBy).toEqual(blockedBy);
        if (blocked === null) throw new Error('the step was not written');
        await exits.save(blocked, { ...blocked.exit, failures: 2 }, NOW);
        expect(await facts()).toEqual(['exit.opened.v1', 'exit.blocked.v1']);
      });

      it('free their symbol when they end, once, and are not opened again by their own command', async () => {
        await exits.open(request('x-1'), null);
        const seen = await stored();
        const done = { ...seen.exit, phase: 'completed' } as const;
        expect(await exits.complete(seen, done, NOW)).toBe(true);
        expect(await exits.complete(seen, done, NOW)).toBe(false);
        expect(await exits.get(house.account, SYMBOL)).toBeNull();
        expect(await exits.all(house.account)).toEqual([]);
        expect((await books.get(house.account, SYMBOL))?.exitId).toBeNull();
        expect(await exits.open(request('x-1'), null)).toBe('same');
        expect(await exits.open(request('x-2'), null)).toBe('opened');
        expect(await facts()).toEqual(['exit.opened.v1', 'exit.completed.v1', 'exit.opened.v1']);
      });

      it('do not end while the share holds units', async () => {
        await exits.open(request('x-1'), null);
        await holdOne();
        const seen = await stored();
        expect(await exits.complete(seen, { ...seen.exit, phase: 'completed' }, NOW)).toBe(false);
        expect((await stored()).exit.phase).toBe('opened');
      });

      it('cannot be opened on a symbol without a book', async () => {
        const stray = { ...request('x-1'), ticker: ticker('MSFT') };
        await expect(exits.open(stray, null)).rejects.toMatchObject({ kind: 'permanent', code: 'book-missing' });
      });
    });
  });
}

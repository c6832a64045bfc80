/** What the stores of runs, requests, budgets, marks, market data, nonces and watches must do. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeCommand } from '#events/command.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { noncesStore } from '#shared/adapters/stores/nonces-store.ts';
import { orderRequestsStore } from '#shared/adapters/stores/order-requests-store.ts';
import { rateLimitsStore } from '#shared/adapters/stores/rate-limits-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { runsStore } from '#shared/adapters/stores/runs-store.ts';
import { watchesStore } from '#shared/adapters/stores/watches-store.ts';
import { parsePrice, parseQuantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, decisionId, runId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, calendarDate, epochNs, formatEpochMs, nsOf } from '#shared/core/kernel/instant.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { freshRecord } from '#shared/core/portfolio/pending-signals.ts';
import { firstWatch } from '#shared/core/safety/watch.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import type { MarketStore } from '#shared/ports/market-store.ts';
import type { Nonces } from '#shared/ports/nonces.ts';
import type { OrderRequest, OrderRequests } from '#shared/ports/order-requests.ts';
import type { RateLimits } from '#shared/ports/rate-limits.ts';
import type { Reconciliations } from '#shared/ports/reconciliations.ts';
import type { Runs } from '#shared/ports/runs.ts';
import type { Tables } from '#shared/ports/tables.ts';
import type { Watches } from '#shared/ports/watches.ts';
import { HouseFixture, NOW, SESSION, STRATEGY, SYMBOL } from './house-fixture.ts';

let fixtures = 0;

const signal: Signal = {
  strategyId: STRATEGY,
  ticker: SYMBOL,
  kind: 'entry',
  side: 'buy',
  confidence: 0.5,
  reason: { code: 'crossed-up', text: 'crossed', numbers: { fast: 2 } },
  price: 100.5,
  atr: 2.25,
  modelVersion: null,
  asOf: calendarDate('2026-03-06'),
};

export function describeRecords(name: string, open: () => Promise<Tables>): void {
  describe(`records over ${name}`, () => {
    let tables: Tables;
    let house: HouseFixture;
    let own: string;

    beforeEach(async () => {
      tables = await open();
      fixtures += 1;
      own = `records-${fixtures}`;
      house = await new HouseFixture(tables, own).open();
    });

    const commandOf = (decision: string) => {
      const intent = house.intent({ decision });
      const id = clientOrderIdFor(intent.terms, intent.decision);
      const meta = {
        commandId: id,
        attempt: 1,
        issuedAt: formatEpochMs(NOW),
        correlationId: intent.correlationId,
        causationId: null,
      };
      return { id, command: makeCommand('submit-order.v1', meta, submitOrderOf(intent, id)) };
    };

    describe('runs', () => {
      const slot = () => ({ accountId: house.account, runId: runId(`${own}:slot`), slot: NOW, session: SESSION });
      const lease = (holder: string, now = NOW) => ({ holder, until: addMs(now, 45_000), now });
      const decision = () => ({
        commands: [commandOf('d-1').command],
        facts: [
          makeFact(
            'run.completed.v1',
            {
              room: 'orchestrate',
              aggregateId: aggregateOf.run(slot().runId),
              sequence: 1,
              occurredAt: NOW,
              correlationId: own,
              causationId: null,
            },
            { accountId: house.account, runId: slot().runId, sent: 1 },
          ),
        ],
      });

      it('are decided once: the second start sends what was committed', async () => {
        const runs: Runs = runsStore(tables);
        expect((await runs.start(slot(), lease('one'))).kind).toBe('decide');
        expect((await runs.start(slot(), lease('two'))).kind).toBe('held');
        const waiting = [freshRecord(signal, NOW)];
        expect(await runs.commit(slot(), 'two', decision(), [])).toBe(false);
        expect(await runs.commit(slot(), 'one', decision(), waiting)).toBe(true);
        expect(await runs.commit(slot(), 'one', decision(), [])).toBe(false);
        expect(await runs.start(slot(), lease('two'))).toEqual({ kind: 'resend', decision: decision() });
        expect(await runs.pendingSignals(house.account)).toEqual(waiting);
        await runs.complete(slot());
        expect((await runs.start(slot(), lease('three'))).kind).toBe('completed');
      });

      it('are taken over once their lease is over, and then are no longer the first one’s', async () => {
        const runs: Runs = runsStore(tables);
        await runs.start(slot(), lease('one'));
        expect((await runs.start(slot(), lease('two', addMs(NOW, 45_001)))).kind).toBe('decide');
        expect(await runs.commit(slot(), 'one', decision(), [])).toBe(false);
        expect(await runs.commit(slot(), 'two', decision(), [])).toBe(true);
      });

      it('let one of many starts decide', async () => {
        const runs: Runs = runsStore(tables);
        const starts = await Promise.all(Array.from({ length: 8 }, (_, n) => runs.start(slot(), lease(`s-${n}`))));
        expect(starts.filter(({ kind }) => kind === 'decide')).toHaveLength(1);
      });
    });

    describe('requests for orders', () => {
      const request = (): OrderRequest => {
        const { id, command } = commandOf(own);
        return {
          decisionId: decisionId(own),
          clientOrderId: id,
          bodyHash: 'hash',
          command,
          by: 'ann',
          requestedAt: NOW,
          state: 'accepted',
          failure: null,
        };
      };

      it('are made once, and found by their decision and their order', async () => {
        const requests: OrderRequests = orderRequestsStore(tables);
        const asked = request();
        expect(await requests.make(asked)).toEqual({ made: true, request: asked });
        expect(await requests.make({ ...asked, bodyHash: 'other' })).toEqual({ made: false, request: asked });
        expect(await requests.ofDecision(asked.decisionId)).toEqual(asked);
        expect(await requests.ofOrder(asked.clientOrderId)).toEqual(asked);
        expect(await requests.ofDecision(decisionId(`${own}-other`))).toBeNull();
      });

      it('say what became of them, and keep the first word', async () => {
        const requests: OrderRequests = orderRequestsStore(tables);
        const asked = request();
        await requests.make(asked);
        const failure = { code: 'x', message: 'no', context: {} };
        await requests.fail(asked.decisionId, failure);
        await requests.markSent(asked.decisionId);
        expect(await requests.ofDecision(asked.decisionId)).toEqual({ ...asked, state: 'failed', failure });
      });
    });

    describe('budgets of requests', () => {
      it('give out no more than their limit in a minute, to all who ask at once', async () => {
        const limits: RateLimits = rateLimitsStore(tables);
        const take = (now = NOW) => limits.take({ accountId: house.account, budget: 'writes', limit: 5, now });
        const taken = await Promise.all(Array.from({ length: 12 }, () => take()));
        expect(taken.filter(({ allowed }) => allowed)).toHaveLength(5);
        expect((await take()).remaining).toBe(0);
        expect((await take(addMs(NOW, 60_000))).allowed).toBe(true);
        expect((await limits.take({ accountId: house.account, budget: 'reads', limit: 1, now: NOW })).allowed).toBe(
          true,
        );
      });
    });

    describe('reconciliations', () => {
      const ask = (requestId: string) => ({ requestId, backfill: null, by: 'ann', reason: 'why', now: NOW });
      const said = async () =>
        (await journalStore(tables).byAggregate(aggregateOf.reconciliation(house.account))).map(({ type }) => type);

      it('keep what was asked until a pass answers, once for each name', async () => {
        const store: Reconciliations = reconciliationsStore(tables, 'control');
        await store.ask(house.account, ask('r-1'));
        await store.ask(house.account, ask('r-1'));
        await store.ask(house.account, { ...ask('r-2'), backfill: { after: addMs(NOW, -10), until: NOW } });
        expect((await store.mark(house.account))?.asked).toEqual([
          { requestId: 'r-1', backfill: null },
          { requestId: 'r-2', backfill: { after: addMs(NOW, -10), until: NOW } },
        ]);
        expect((await said()).filter((type) => type === 'reconciliation.requested.v1')).toHaveLength(2);
      });

      it('keep the last word about an orphan', async () => {
        const store: Reconciliations = reconciliationsStore(tables, 'control');
        const id = brokerOrderId('b-1');
        for (const decision of ['adopt', 'dismiss'] as const) {
          await store.decide(house.account, { brokerOrderId: id, decision, by: 'ann', reason: 'why', now: NOW });
        }
        expect((await store.mark(house.account))?.decisions).toEqual([{ brokerOrderId: id, decision: 'dismiss' }]);
      });

      it('lose no word where many speak at once', async () => {
        const store: Reconciliations = reconciliationsStore(tables, 'control');
        await Promise.all(['r-1', 'r-2', 'r-3', 'r-4'].map((id) => store.ask(house.account, ask(id))));
        const asked = (await store.mark(house.account))?.asked.map(({ requestId }) => requestId) ?? [];
        expect([...asked].sort()).toEqual(['r-1', 'r-2', 'r-3', 'r-4']);
      });
    });

    describe('market data', () => {
      const clock = { now: () => NOW, sleepUntil: () => Promise.resolve() };
      const column = (...values: number[]) => Float64Array.from(values);
      const bars = (symbol: string, dates: readonly string[], close: number) => ({
        ticker: ticker(symbol),
        dates: dates.map(calendarDate),
        open: column(...dates.map(() => close)),
        high: column(...dates.map(() => close + 1)),
        low: column(...dates.map(() => close - 1)),
        close: column(...dates.map(() => close)),
        volume: column(...dates.map(() => 1_000)),
      });

      it('joins bars over the years, and leaves out a symbol without any', async () => {
        const store: MarketStore = marketStore(tables, clock);
        const symbol = `T${fixtures}`;
        await store.saveBars([bars(symbol, ['2025-12-31', '2026-01-02'], 10)]);
        const loaded = await store.loadBars([ticker(symbol), ticker('NONE')], 2025, 2026);
        expect([...loaded.keys()]).toEqual([symbol]);
        expect(loaded.get(ticker(symbol))?.dates).toEqual(['2025-12-31', '2026-01-02']);
        expect((await store.loadBars([ticker(symbol)], 2026, 2026)).get(ticker(symbol))?.dates).toEqual(['2026-01-02']);
      });

      it('gives back quotes as exactly as they came', async () => {
        const store: MarketStore = marketStore(tables, clock);
        const quote = {
          ticker: ticker(`Q${fixtures}`),
          bid: parsePrice('100.01'),
          bidSize: parseQuantity('3'),
          ask: null,
          askSize: parseQuantity('0'),
          at: epochNs(nsOf(NOW) + 1n),
        };
        await store.saveQuotes([{ quote, readAt: NOW }]);
        expect((await store.loadQuotes([quote.ticker])).get(quote.ticker)).toEqual({ quote, readAt: NOW });
      });

      it('keeps the universe of a session with the place of each candidate', async () => {
        const store = marketStore(tables, clock);
        const session = calendarDate(`20${40 + fixtures}-03-10`);
        expect(await store.loadUniverse(session)).toBeNull();
        const symbols = [ticker('KO')];
        const ranking = [
          { ticker: ticker('KO'), dollars: 1_234_567.891 },
          { ticker: ticker('PEP'), dollars: 0.1 + 0.2 },
        ];
        const universe = { source: 'dynamic', policyVersion: 3, symbols, ranking } as const;
        await store.saveUniverse(session, universe);
        expect(await store.loadUniverse(session)).toEqual(universe);
        await store.saveUniverse(session, { source: 'list', policyVersion: 4, symbols, ranking: [] });
        expect(await store.loadUniverse(session)).toMatchObject({ source: 'list', policyVersion: 4 });
      });

      it('tells a session without signals from one that was never looked at', async () => {
        const store: MarketStore = marketStore(tables, clock);
        const [first, second, third] = ['10', '11', '12'].map((day) => calendarDate(`20${30 + fixtures}-03-${day}`));
        if (first === undefined || second === undefined || third === undefined) throw new Error('three days');
        await store.saveSignals(first, [signal, signal]);
        await store.saveSignals(second, []);
        expect(await store.loadSignals(first)).toEqual([signal]);
        expect(await store.loadSignals(second)).toEqual([]);
        expect(await store.loadSignals(third)).toBeNull();
      });
    });

    it('nonces are spent once, each by its owner', async () => {
      const nonces: Nonces = noncesStore(tables);
      const spend = (owner: string) => nonces.spend({ owner, nonce: own, forgetAt: NOW });
      const spent = await Promise.all([spend('a'), spend('a'), spend('a')]);
      expect(spent.filter(Boolean)).toHaveLength(1);
      expect(await spend('b')).toBe(true);
    });

    it('watches are written over the one that was read, and over no other', async () => {
      const watches: Watches = watchesStore(tables);
      expect(await watches.read(house.account)).toBeNull();
      expect(await watches.save(house.account, 0, firstWatch(NOW))).toBe(true);
      expect(await watches.save(house.account, 0, firstWatch(NOW))).toBe(false);
      const seen = await watches.read(house.account);
      expect(seen?.version).toBe(1);
      expect(await watches.save(house.account, 1, { ...firstWatch(NOW), session: SESSION })).toBe(true);
      expect(await watches.read(house.account)).toMatchObject({ session: SESSION, version: 2 });
    });
  });
}

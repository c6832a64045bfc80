import { describe, expect, it } from 'vitest';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { accountId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Strategy } from '#shared/core/signal/strategy.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { generateSignals } from './generate-signals.ts';

const NOW = parseEpochMs('2026-03-09T21:00:00Z');
const [BY_MODEL, BY_RULE] = [strategyId('by-model'), strategyId('by-rule')];

describe('signals by a model', () => {
  it('leave behind through when it was trained, and that none is in use once that is so', async () => {
    const clock = new ManualClock(NOW);
    const tables = new MemoryTables({ clock });
    const account = accountId('signals-1');
    const equity = parseMoney('100000');
    const document = writePolicy(firstPolicy([ticker('KO')], [BY_MODEL, BY_RULE], equity));
    const opening = { at: NOW, positions: [] };
    await initialiseAccount(tables, 'control', {
      accountId: account,
      live: false,
      document,
      equity,
      opening,
      by: 'tests',
      now: NOW,
    });
    const store = marketStore(tables, clock);
    let through: CalendarDate | null = null;
    const strategies: readonly Strategy[] = [
      { id: BY_MODEL, entryClass: 'model', signals: () => [], modelThrough: () => through },
      { id: BY_RULE, entryClass: 'trend', signals: () => [], modelThrough: () => calendarDate('2025-12-31') },
    ];
    const run = () =>
      generateSignals({
        accountId: account,
        clock,
        policies: policiesStore(tables, 'signal'),
        books: booksStore(tables, 'signal'),
        marketStore: store,
        journal: journalStore(tables),
        telemetry: recordedTelemetry(),
        strategyOf: (entry) => {
          const found = strategies.find(({ id }) => id === entry.strategyId);
          if (found === undefined) throw new Error(`no strategy ${entry.strategyId}`);
          return found;
        },
      });
    for (const trainedThrough of [calendarDate('2025-12-31'), null]) {
      through = trainedThrough;
      await run();
      expect(await store.loadModel(BY_MODEL)).toEqual({ trainedThrough });
      expect(await store.loadModel(BY_RULE)).toEqual({ trainedThrough: null });
    }
  });
});

import { describe, expect, it } from 'vitest';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { initialiseAccount } from '#shared/adapters/stores/initialise.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { accountId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { ModelTrainer, Strategy, Training } from '#shared/core/signal/strategy.ts';
import type { Signal } from '#shared/core/signal/types.ts';
import type { StrategyView } from '#shared/core/signal/view.ts';
import { sampleModel } from '#tests/contract/sample-model.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { generateSignals } from './generate-signals.ts';

const NOW = parseEpochMs('2026-03-09T21:00:00Z');
const [BY_MODEL, BY_RULE] = [strategyId('by-model'), strategyId('by-rule')];

describe('signals by a model', () => {
  it('are made by the active version, which each session remembers, or by none with the reason why', async () => {
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
    const models = modelsStore(tables, 'signal', clock);
    const version = sampleModel({ strategyId: BY_MODEL });
    let training: Training = { kind: 'not-trained', reason: 'there are 3 rows' };
    const seen: (string | null)[] = [];
    const trainer: ModelTrainer = { planId: 'plan-1', train: () => training, unfit: () => null };
    const looks = ({ model }: StrategyView): readonly Signal[] => {
      seen.push(model?.version ?? null);
      return [];
    };
    const strategies: readonly Strategy[] = [
      { id: BY_MODEL, entryClass: 'model', signals: looks, trainer },
      { id: BY_RULE, entryClass: 'trend', signals: looks },
    ];
    const run = () =>
      generateSignals({
        accountId: account,
        clock,
        policies: policiesStore(tables, 'signal'),
        books: booksStore(tables, 'signal'),
        marketStore: marketStore(tables, clock),
        models,
        journal: journalStore(tables),
        telemetry: recordedTelemetry(),
        strategyOf: (entry) => {
          const found = strategies.find(({ id }) => id === entry.strategyId);
          if (found === undefined) throw new Error(`no strategy ${entry.strategyId}`);
          return found;
        },
      });
    const session = calendarDate('2026-03-09');
    await run();
    expect(seen).toEqual([null, null]);
    expect(await models.useOf(BY_MODEL, session)).toEqual({ kind: 'none', reason: 'there are 3 rows' });
    training = { kind: 'trained', version };
    await run();
    expect(seen.slice(2)).toEqual([version.version, null]);
    expect(await models.useOf(BY_MODEL, session)).toEqual({ kind: 'active', version: version.version });
    expect(await models.useOf(BY_RULE, session)).toBeNull();
  });
});

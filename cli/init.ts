/** `belay init`: makes an account, and says what it holds. */
import { formatMoney, formatQuantity } from '#shared/core/kernel/decimal.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import { namedSymbols, sourceOf, type UniverseChoice } from '#infra/local/market/universe-choice.ts';
import { initAccount } from './init-account.ts';
import { takeSettings } from './settings.ts';

export interface InitOptions {
  readonly symbols: readonly Ticker[];
  readonly strategies?: readonly StrategyId[];
  /** What it names goes before `symbols`; a dynamic one takes them for its candidates. */
  readonly universe?: UniverseChoice | null;
}

/** @throws SettingsError, ConfigurationError or Fault where no account can be made. */
export async function init({ symbols, strategies, universe: choice = null }: InitOptions): Promise<void> {
  takeSettings(process.env);
  const universe = namedSymbols(choice) ?? symbols;
  const { accountId, outcome, opening } = await initAccount(process.env, {
    universe,
    universeSource: sourceOf(choice, universe.length),
    strategies: strategies ?? null,
  });
  console.log(outcome === 'made' ? `${accountId} is made` : `${accountId} is there already; nothing was touched`);
  if (outcome !== 'made' || opening.positions.length === 0) return;
  console.log('it holds, and the first pass of reconciliation records on the strategy "manual":');
  for (const { ticker: symbol, quantity, cost } of opening.positions) {
    console.log(`  ${symbol} ${formatQuantity(quantity)} at a cost of ${formatMoney(cost)}`);
  }
}

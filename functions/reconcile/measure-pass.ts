/** What a pass says in figures, for alarms and the dashboard. */
import { approximateMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { PassReport } from '#shared/ports/reconciliations.ts';
import type { Look } from './look.ts';
import type { Pass } from './pass.ts';

export async function measurePass(pass: Pass, report: PassReport, seen: Look): Promise<void> {
  const { account, accountId, books, clock, global, telemetry } = pass;
  const exposure = await books.exposure(accountId);
  const equityAtOpen = exposure?.equityAtOpen ?? null;
  // What cannot be read counts as engaged.
  const killed = global?.killSwitch.engaged !== false || account?.killSwitch.engaged !== false;
  telemetry.measure('OrdersUnknown', seen.open.filter((order) => order.state === 'unknown').length);
  telemetry.measure('PositionMismatches', report.differences.length);
  telemetry.measure('ReconciliationAgeS', (clock.now() - report.startedAt) / 1000);
  telemetry.measure('BreakerTripped', account?.breaker.state === 'TRIPPED' ? 1 : 0);
  telemetry.measure('KillSwitchEngaged', killed ? 1 : 0);
  telemetry.measure('Equity', approximateMoney(seen.account.equity));
  if (equityAtOpen !== null) {
    telemetry.measure('ProfitAndLoss', approximateMoney(subtractMoney(seen.account.equity, equityAtOpen)));
  }
}

/** The account's activities, ordered by id as the broker orders them: within one millisecond, as chance has it. */
import { formatQuantity } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { executionById } from '#shared/core/venue/venue-state.ts';
import type { Desk, Exchange } from './desk.ts';
import { type WireActivity, fillActivities } from './wire-order.ts';
import { newYorkDigits } from './wire-time.ts';

export interface ActivityLine {
  readonly type: string;
  readonly at: EpochMs;
  readonly body: WireActivity;
}

/** All that can be seen by now; an execution is seen `activityMs` after it happened. */
export function activityLines(exchange: Exchange, desk: Desk): readonly ActivityLine[] {
  const { state, rules } = desk.venue;
  const now = exchange.now();
  const lines: ActivityLine[] = [];
  for (const execution of state.executions) {
    if (execution.at + exchange.activityMs + (desk.activityDelayMs.get(execution.id) ?? 0) > now) continue;
    const undone = execution.undoes === null ? null : (executionById(state, execution.undoes) ?? null);
    for (const body of fillActivities(execution, undone, rules.seed))
      lines.push({ type: 'FILL', at: execution.at, body });
  }
  for (const adjustment of state.adjustments) {
    const body = {
      activity_type: 'SPLIT',
      id: `${newYorkDigits(adjustment.at)}::${adjustment.id}`,
      date: newYorkDate(adjustment.at),
      net_amount: '0',
      description: adjustment.description,
      symbol: adjustment.ticker,
      qty: formatQuantity(adjustment.quantityChange),
      status: 'executed',
    };
    lines.push({ type: 'SPLIT', at: adjustment.at, body });
  }
  return lines.sort((a, b) => (a.body.id < b.body.id ? -1 : 1));
}

/** Figures of the house in the text format of Prometheus. */
import { approximateMoney } from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { addMoney, type Money, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { type Book, positionOf } from '#shared/core/portfolio/book.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import type { SafetyFacts } from '#shared/ports/safety.ts';
import { done, operation } from './operation.ts';
import { tradingStateOf } from './read-house.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';

/** Name, what it means, and its value; a figure that is not known is left out. */
type Gauge = readonly [name: string, help: string, value: number | null];

const flag = (value: boolean): number => (value ? 1 : 0);
const amount = (value: Money | null | undefined): number | null =>
  value === null || value === undefined ? null : approximateMoney(value);

function safetyGauges(facts: SafetyFacts, now: EpochMs): readonly Gauge[] {
  const { global, account } = facts;
  const disengaged = global?.killSwitch.engaged === false && account?.killSwitch.engaged === false;
  const reconciledAt = account?.reconciledAt ?? null;
  return [
    ['trading_active', 'Entries may pass.', flag(tradingStateOf(facts).state === 'ACTIVE')],
    ['kill_switch_engaged', 'A kill switch is engaged.', flag(!disengaged)],
    ['breaker_armed', 'The circuit breaker is armed.', flag(account?.breaker.state === 'ARMED')],
    [
      'reconciliation_age_seconds',
      'Age of the last whole pass over the broker.',
      reconciledAt === null ? null : (now - reconciledAt) / 1000,
    ],
  ];
}

function bookGauges(books: readonly Book[], exposure: Exposure | null): readonly Gauge[] {
  const marks = books.flatMap((book) => book.openOrders);
  const profit = books
    .flatMap((book) => book.shares)
    .reduce((sum, share) => addMoney(sum, share.realizedProfit), ZERO_MONEY);
  return [
    ['orders_open', 'Orders that have not ended.', exposure?.ordersOpen ?? null],
    ['orders_today', 'Orders of the session.', exposure?.ordersToday ?? null],
    ['orders_unknown', 'Open orders of unknown fate.', marks.filter((mark) => mark.unknown).length],
    ['positions', 'Symbols with a position.', books.filter((book) => positionOf(book) !== 0n).length],
    ['symbols_quarantined', 'Symbols that take no entries.', books.filter((book) => book.quarantine !== null).length],
    ['equity', "The account's value.", amount(exposure?.equity)],
    ['equity_at_open', "The account's value at the session's start.", amount(exposure?.equityAtOpen)],
    ['exposure_committed', 'Positions at cost and reservations.', amount(exposure?.committed)],
    ['realized_profit', 'Profit of all closed units.', amount(profit)],
  ];
}

const gaugeText = ([name, help, value]: Gauge, labels: string): string =>
  value === null ? '' : `# HELP belay_${name} ${help}\n# TYPE belay_${name} gauge\nbelay_${name}{${labels}} ${value}\n`;

export const getMetrics = operation(READING_SCHEMAS.getMetrics, async (dependencies, call) => {
  const { accountId, safety, books, lanes, clock, environment } = dependencies;
  const startedAt = clock.now();
  const [facts, all, exposure, entries, urgent] = await Promise.all([
    safety.read(accountId),
    books.all(accountId),
    books.exposure(accountId),
    lanes.waiting('orders'),
    lanes.waiting('urgent'),
  ]);
  const gauges: readonly Gauge[] = [
    ...safetyGauges(facts, call.now),
    ...bookGauges(all, exposure),
    ['commands_waiting', 'Commands on both lanes.', entries + urgent],
    ['dependencies_seconds', 'How long tables and queues took for this answer.', (clock.now() - startedAt) / 1000],
  ];
  // Both are names of the kernel's own form: no letter of theirs needs escaping.
  const labels = `account="${accountId}",environment="${environment}"`;
  return done(gauges.map((gauge) => gaugeText(gauge, labels)).join(''));
});

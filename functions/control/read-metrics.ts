/** Figures of the house in the text format of Prometheus: orders, broker calls, health, reconciliation, performance. */
import type { AnyFact, FactType } from '#events/catalogue.ts';
import { addMoney, approximateMoney, type Money, subtractMoney, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Book, positionOf } from '#shared/core/portfolio/book.ts';
import type { Exposure } from '#shared/core/portfolio/exposure.ts';
import { CIRCUIT_NAMES, type RequestGateState } from '#shared/core/safety/request-gate.ts';
import { BROKER_SERVICES, type BrokerService } from '#shared/ports/broker-traffic.ts';
import type { SafetyFacts } from '#shared/ports/safety.ts';
import { gateReference } from './gate-view.ts';
import { type ControlDependencies, done, operation } from './operation.ts';
import { type LastPass, lastPassOf } from './read-reconciliation.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';
import { tradingStateOf } from './trading-state.ts';

/** One figure; null where it is not known. Labels beside those of every figure come as they are written. */
interface Sample {
  readonly labels?: string;
  readonly value: number | null;
}
/** Name, what it means, and its samples. */
type Gauge = readonly [name: string, help: string, samples: readonly Sample[]];

const one = (name: string, help: string, value: number | null): Gauge => [name, help, [{ value }]];
const flag = (value: boolean): number => (value ? 1 : 0);
const amount = (value: Money | null | undefined): number | null =>
  value === null || value === undefined ? null : approximateMoney(value);
const secondsSince = (now: EpochMs, at: EpochMs | null | undefined): number | null =>
  at === null || at === undefined ? null : (now - at) / 1000;

function healthGauges(facts: SafetyFacts, active: boolean, waiting: readonly Sample[]): readonly Gauge[] {
  const { global, account } = facts;
  const disengaged = global?.killSwitch.engaged === false && account?.killSwitch.engaged === false;
  return [
    one('trading_active', 'Entries may pass.', flag(active)),
    one('kill_switch_engaged', 'A kill switch is engaged.', flag(!disengaged)),
    one('breaker_armed', 'The circuit breaker is armed.', flag(account?.breaker.state === 'ARMED')),
    ['commands_waiting', 'Commands on a lane.', waiting],
  ];
}

/** What the day's facts say of orders, by how they ended. */
const ORDER_FACTS = {
  refused: 'order.refused.v1',
  submitted: 'order.submitted.v1',
  filled: 'order.filled.v1',
  canceled: 'order.canceled.v1',
  rejected: 'order.rejected.v1',
  expired: 'order.expired.v1',
  withdrawn: 'order.withdrawn.v1',
  unknown: 'order.unknown.v1',
  dry_run: 'order.dry-run-ended.v1',
} as const satisfies Readonly<Record<string, FactType>>;

function orderGauges(books: readonly Book[], exposure: Exposure | null, facts: readonly AnyFact[]): readonly Gauge[] {
  const marks = books.flatMap((book) => book.openOrders);
  const counted = Object.entries(ORDER_FACTS).map(([outcome, type]) => ({
    labels: `outcome="${outcome}"`,
    value: facts.filter((fact) => fact.type === type).length,
  }));
  return [
    one('orders_open', 'Orders that have not ended.', exposure?.ordersOpen ?? null),
    one('orders_today', 'Orders of the session.', exposure?.ordersToday ?? null),
    one('orders_unknown', 'Open orders of unknown fate.', marks.filter((mark) => mark.unknown).length),
    ['order_facts_today', 'What was said of orders on this UTC day.', counted],
  ];
}

type Gates = Readonly<Record<BrokerService, RequestGateState | null>>;

function brokerGauges(gates: Gates, now: EpochMs): readonly Gauge[] {
  const each = (valueOf: (gate: RequestGateState) => number): readonly Sample[] =>
    BROKER_SERVICES.flatMap((service) => {
      const gate = gates[service];
      return gate === null ? [] : [{ labels: `service="${service}"`, value: valueOf(gate) }];
    });
  const circuits = (valueOf: (gate: RequestGateState, name: (typeof CIRCUIT_NAMES)[number]) => number) =>
    BROKER_SERVICES.flatMap((service) => {
      const gate = gates[service];
      if (gate === null) return [];
      return CIRCUIT_NAMES.map((name) => ({
        labels: `service="${service}",circuit="${name}"`,
        value: valueOf(gate, name),
      }));
    });
  return [
    ['broker_requests_limit', 'Requests a minute that the broker allows.', each(({ budget }) => budget.limit)],
    [
      'broker_throttles_in_row',
      'Answers 429 of the broker, one after another.',
      each(({ budget }) => budget.throttles),
    ],
    [
      'broker_stopped',
      'Nobody asks the broker: it has said to wait.',
      each(({ budget }) => flag(budget.stoppedUntil > now)),
    ],
    [
      'broker_circuit_closed',
      'Requests pass to the broker.',
      circuits((gate, name) => flag(gate.circuits[name].phase === 'closed')),
    ],
    [
      'broker_calls_answered',
      'Requests of the minute counted last that were answered.',
      circuits((gate, name) => gate.circuits[name].windowAnswered),
    ],
    [
      'broker_calls_failed',
      'Requests of the minute counted last that failed.',
      circuits((gate, name) => gate.circuits[name].windowFailed),
    ],
  ];
}

function reconciliationGauges(
  { account }: SafetyFacts,
  books: readonly Book[],
  pass: LastPass | null,
  now: EpochMs,
): readonly Gauge[] {
  const data = pass?.data ?? null;
  return [
    one(
      'reconciliation_age_seconds',
      'Age of the last whole pass over the broker.',
      secondsSince(now, account?.reconciledAt),
    ),
    one('reconciliation_pass_complete', 'The last pass came to its end.', data === null ? null : flag(data.complete)),
    one(
      'reconciliation_pass_seconds',
      'How long the last pass took.',
      pass === null ? null : (pass.endedAt - pass.startedAt) / 1000,
    ),
    one('reconciliation_differences', 'Symbols whose books differ from the broker.', data?.mismatches.length ?? null),
    one('reconciliation_orphans', 'Broker orders of the last pass that are not in the table.', data?.orphans ?? null),
    one('reconciliation_fills_booked', 'Executions that the last pass booked.', data?.fillsBooked ?? null),
    one('reconciliation_broker_requests', 'Requests that the last pass sent.', data?.requests ?? null),
    one(
      'symbols_quarantined',
      'Symbols that take no entries.',
      books.filter((book) => book.quarantine !== null).length,
    ),
  ];
}

function performanceGauges(books: readonly Book[], exposure: Exposure | null, pass: LastPass | null): readonly Gauge[] {
  const profit = books
    .flatMap((book) => book.shares)
    .reduce((sum, share) => addMoney(sum, share.realizedProfit), ZERO_MONEY);
  const equity = exposure?.equity ?? null;
  const atOpen = exposure?.equityAtOpen ?? null;
  const unrealized = pass?.data.figures?.unrealizedProfit ?? null;
  return [
    one('positions', 'Symbols with a position.', books.filter((book) => positionOf(book) !== 0n).length),
    one('equity', "The account's value.", amount(equity)),
    one('equity_at_open', "The account's value at the session's start.", amount(atOpen)),
    one(
      'session_profit',
      'Equity now less equity at the start of the session.',
      equity === null || atOpen === null ? null : approximateMoney(subtractMoney(equity, atOpen)),
    ),
    one('exposure_committed', 'Positions at cost and reservations.', amount(exposure?.committed)),
    one('realized_profit', 'Profit of all closed units.', amount(profit)),
    one(
      'unrealized_profit',
      'Profit of open units, as of the last pass.',
      unrealized === null ? null : Number(unrealized),
    ),
  ];
}

function gaugeText([name, help, samples]: Gauge, labels: string): string {
  const known = samples.filter(({ value }) => value !== null);
  if (known.length === 0) return '';
  const lines = known.map(
    (sample) => `belay_${name}{${labels}${sample.labels === undefined ? '' : `,${sample.labels}`}} ${sample.value}\n`,
  );
  return `# HELP belay_${name} ${help}\n# TYPE belay_${name} gauge\n${lines.join('')}`;
}

interface DayFacts {
  readonly day: string;
  readonly readAt: EpochMs;
  readonly facts: readonly AnyFact[];
}

/** The day's facts are many, and a scraper comes every few seconds. */
const FACTS_KEPT_MS = 60_000;
const days = new WeakMap<ControlDependencies['journal'], DayFacts>();

async function factsOfToday({ journal }: ControlDependencies, now: EpochMs): Promise<readonly AnyFact[]> {
  const day = formatEpochMs(now).slice(0, 10);
  const kept = days.get(journal);
  if (kept?.day === day && kept.readAt <= now && now - kept.readAt < FACTS_KEPT_MS) return kept.facts;
  const facts = (await journal.byDay(day)).filter(({ type }) => type.startsWith('order.'));
  days.set(journal, { day, readAt: now, facts });
  return facts;
}

export const getMetrics = operation(READING_SCHEMAS.getMetrics, async (dependencies, call) => {
  const { accountId, safety, policies, books, lanes, clock, environment, traffic, deployed } = dependencies;
  const startedAt = clock.now();
  const [facts, policy, all, exposure, orders, urgent, gates, pass, today] = await Promise.all([
    safety.read(accountId),
    policies.active(accountId),
    books.all(accountId),
    books.exposure(accountId),
    lanes.waiting('orders'),
    lanes.waiting('urgent'),
    traffic.read(accountId),
    lastPassOf(dependencies),
    factsOfToday(dependencies, call.now),
  ]);
  const shut =
    policy === null ? null : await safety.shutGate(accountId, 'entry', gateReference(dependencies, call.now, policy));
  const trading = tradingStateOf({ ...facts, switches: deployed.switches, shut, now: call.now });
  const waiting = [
    { labels: 'lane="orders"', value: orders },
    { labels: 'lane="urgent"', value: urgent },
  ];
  const gauges: readonly Gauge[] = [
    ...healthGauges(facts, policy !== null && trading.state === 'ACTIVE', waiting),
    one('dependencies_seconds', 'How long tables and queues took for this answer.', (clock.now() - startedAt) / 1000),
    ...orderGauges(all, exposure, today),
    ...brokerGauges(gates, call.now),
    ...reconciliationGauges(facts, all, pass, call.now),
    ...performanceGauges(all, exposure, pass),
  ];
  // Both are names of the kernel's own form: no letter of theirs needs escaping.
  const labels = `account="${accountId}",environment="${environment}"`;
  return done(gauges.map((gauge) => gaugeText(gauge, labels)).join(''));
});

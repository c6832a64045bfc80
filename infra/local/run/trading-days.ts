/** The days of a run, one after the other, and what they came to. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { readOrderItem } from '#shared/adapters/stores/order-item.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { checkBooks } from '#infra/local/summary/books-check.ts';
import { readJournal, sequenceGaps, unpublished } from '#infra/local/summary/journal-check.ts';
import { type Summary, summarise } from '#infra/local/summary/summary.ts';
import { scanTable, textOf } from '#infra/local/summary/table-scan.ts';
import { sharedVariable } from './function-environments.ts';
import { dayEnd, OPENING_CASH } from './local-market.ts';
import { progressBar } from './progress-bar.ts';
import { RealTime } from './real-time.ts';
import type { TradingHouse } from './trading-house.ts';

/** Real time begins this long before the first open; what comes earlier is stepped through. */
const REAL_TIME_LEAD_MS = 60_000;

/** Runs the days that are not over yet. */
export async function runDays(trading: TradingHouse): Promise<void> {
  const { market, conductor, progress, options, resumed } = trading;
  const bar = progressBar(process.stderr, market.tradingDays.length);
  if (resumed) await conductor.resume();
  for (const [index, session] of market.tradingDays.entries()) {
    if (index < progress.progress.days) continue;
    bar.show(index, session.date);
    if (options.speed === '1') {
      await conductor.runUntil(epochMs(Math.max(trading.clock.now(), session.openAt - REAL_TIME_LEAD_MS)));
      await liveThrough(trading, dayEnd(session));
    } else {
      await conductor.runUntil(dayEnd(session));
    }
    progress.dayOver(index + 1);
  }
  bar.end();
}

const liveThrough = (trading: TradingHouse, end: ReturnType<typeof dayEnd>): Promise<void> => {
  const { clock, house, progress, venue } = trading;
  const realTime = new RealTime({
    clock,
    agenda: house.agenda,
    runtime: house.runtime,
    invoker: house.invoker,
    lanes: house.lanes,
    sources: [...house.streams, house.bus],
    timetable: house.timetable,
    venue,
    progress,
  });
  return realTime.runUntil(end);
};

export interface Report {
  readonly summary: Summary;
  /** One line for each law that does not hold, and where. */
  readonly differences: readonly string[];
}

/** Compares the books with the broker's ledger and counts what happened. */
export async function report(trading: TradingHouse, times: Pick<Summary, 'elapsedMs' | 'startMs'>): Promise<Report> {
  const { house, broker, market, options, published, deliveries, failures } = trading;
  const scan = (variable: string): ReturnType<typeof scanTable> =>
    scanTable(house.dynamoDbEndpoint, sharedVariable(house.plan.functions, variable));
  const [orderItems, bookItems, journalItems] = await Promise.all([
    scan('TABLE_ORDERS'),
    scan('TABLE_BOOKS'),
    scan('TABLE_JOURNAL'),
  ]);
  const orders = orderItems.filter((item) => textOf(item, 'sk') === 'ORDER').map(readOrderItem);
  const books = bookItems.filter((item) => textOf(item, 'sk').startsWith('BOOK#')).map(readBook);
  const facts = readJournal(journalItems);
  const ledger = broker.ledger();
  const check = checkBooks(orders, books, ledger);
  const gaps = sequenceGaps(facts);
  const silent = unpublished(facts, published.ids);
  const file = options.facts ?? (options.state === null ? null : join(options.state, 'facts.jsonl'));
  if (file !== null) writeFileSync(file, facts.map((fact) => `${JSON.stringify(fact)}\n`).join(''));
  if (options.commands !== null)
    writeFileSync(options.commands, deliveries.handled.map((line) => `${line}\n`).join(''));
  const summary = summarise({
    run: {
      days: market.tradingDays.length,
      symbols: market.instruments.length,
      seed: options.seed,
      data: market.description,
      functionErrors: failures.length,
      messagesReturned: deliveries.returned,
      deadLetters: deliveries.deadLetters,
      ...times,
    },
    orders,
    facts,
    factGaps: gaps.length,
    unpublishedFacts: silent.length,
    ledger,
    check,
    openingEquity: OPENING_CASH,
    submitToAckMs: deliveries.submitMs(ledger.orders.map(({ clientOrderId }) => clientOrderId)),
  });
  const neverOnBus = silent.map(({ type, meta }) => `the bus never got ${type} ${meta.aggregateId}#${meta.sequence}`);
  return { summary, differences: [...check.differences, ...gaps, ...neverOnBus] };
}

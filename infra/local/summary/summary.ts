/** What a run came to: the numbers of the JSON line and of the table that a person sees. */
import Table from 'cli-table3';
import type { AnyFact } from '#events/catalogue.ts';
import { formatMoney, parseMoney, roundMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { Order } from '#shared/core/order/order.ts';
import type { BrokerLedger } from '#infra/local/alpaca/embedding.ts';
import type { BooksCheck } from './books-check.ts';
import { refusalsByReason } from './journal-check.ts';

export interface Latency {
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface Summary {
  readonly days: number;
  readonly symbols: number;
  readonly seed: number;
  readonly data: string;
  readonly signals: number;
  readonly orders: {
    readonly submitted: number;
    readonly filled: number;
    readonly canceled: number;
    readonly rejected: number;
    readonly refused: number;
  };
  /** Stops that rest at the broker for what is held. They come from no signal, and are counted by themselves. */
  readonly stops: {
    readonly placed: number;
    readonly filled: number;
    readonly canceled: number;
    readonly rejected: number;
    readonly refused: number;
    /** Stops that were hit and made the house sell by itself. */
    readonly triggered: number;
  };
  readonly brokerOrders: number;
  readonly duplicateBrokerOrders: number;
  readonly unresolvedOrders: number;
  readonly fillGaps: number;
  readonly positionMismatches: number;
  readonly facts: number;
  /** Holes in the facts' sequences, and facts that the bus never got. */
  readonly factGaps: number;
  readonly unpublishedFacts: number;
  readonly functionErrors: number;
  /** Deliveries of commands that failed and were tried again. */
  readonly messagesReturned: number;
  /** Commands that were given up. */
  readonly deadLetters: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly positions: number;
  /** Dollars. */
  readonly equity: string;
  readonly equityChange: string;
  /** From the end of the start to the end of the last day, on the machine's clock. */
  readonly elapsedMs: number;
  readonly startMs: number;
  /** From the lane's hand-over of a command to the acknowledged order in the books, on the machine's clock. */
  readonly submitToAckMs: Latency;
}

export interface SummaryInput {
  readonly run: Pick<
    Summary,
    | 'days'
    | 'symbols'
    | 'seed'
    | 'data'
    | 'elapsedMs'
    | 'startMs'
    | 'functionErrors'
    | 'messagesReturned'
    | 'deadLetters'
  >;
  readonly orders: readonly Order[];
  readonly facts: readonly AnyFact[];
  readonly factGaps: number;
  readonly unpublishedFacts: number;
  readonly ledger: BrokerLedger;
  readonly check: BooksCheck;
  readonly openingEquity: string;
  readonly submitToAckMs: readonly number[];
}

export function summarise(input: SummaryInput): Summary {
  const { facts, ledger, check } = input;
  const isStop = ({ purpose }: { readonly purpose: string }): boolean => purpose === 'protective-stop';
  const orders = input.orders.filter(({ intent }) => !isStop(intent));
  const stops = input.orders.filter(({ intent }) => isStop(intent));
  const refusedFacts = facts.filter((fact) => fact.type === 'order.refused.v1');
  const ofType = (type: AnyFact['type']): number => facts.filter((fact) => fact.type === type).length;
  const change = subtractMoney(parseMoney(ledger.equity), parseMoney(input.openingEquity));
  const { differences: _, ...counts } = check;
  return {
    ...input.run,
    signals: ofType('signal.generated.v1'),
    orders: endsOf(orders, refusedFacts.filter(({ data }) => !isStop(data)).length),
    stops: stopsOf(stops, refusedFacts.filter(({ data }) => isStop(data)).length, ofType('stop.triggered.v1')),
    ...counts,
    facts: facts.length,
    factGaps: input.factGaps,
    unpublishedFacts: input.unpublishedFacts,
    refusals: Object.fromEntries(refusalsByReason(facts)),
    positions: ledger.positions.length,
    equity: dollars(ledger.equity),
    equityChange: formatMoney(roundMoney(change, 2, 'half-even')),
    submitToAckMs: latencyOf(input.submitToAckMs),
  };
}

/** Where orders ended, with the commands that became none. */
function endsOf(orders: readonly Order[], refused: number): Summary['orders'] {
  const inState = (...states: readonly string[]): number => orders.filter(({ state }) => states.includes(state)).length;
  return {
    submitted: orders.filter(({ brokerOrderId }) => brokerOrderId !== null).length,
    filled: inState('filled'),
    canceled: inState('canceled', 'expired'),
    rejected: inState('rejected'),
    refused: refused + inState('withdrawn'),
  };
}

function stopsOf(stops: readonly Order[], refused: number, triggered: number): Summary['stops'] {
  const { submitted: placed, ...ends } = endsOf(stops, refused);
  return { placed, ...ends, triggered };
}

const dollars = (text: string): string => formatMoney(roundMoney(parseMoney(text), 2, 'half-even'));

function latencyOf(samples: readonly number[]): Latency {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number | null => {
    const sample = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    return sample === undefined ? null : Math.round(sample * 100) / 100;
  };
  return { p50: at(0.5), p99: at(0.99) };
}

/** Whether every law of the house holds for the run, and every function did its work. */
export const isSound = (summary: Summary): boolean =>
  summary.functionErrors === 0 &&
  summary.deadLetters === 0 &&
  summary.duplicateBrokerOrders === 0 &&
  summary.unresolvedOrders === 0 &&
  summary.fillGaps === 0 &&
  summary.positionMismatches === 0 &&
  summary.factGaps === 0 &&
  summary.unpublishedFacts === 0;

export function summaryTable(summary: Summary, differences: readonly string[]): string {
  const { orders, stops } = summary;
  const table = new Table({ head: ['', ''], style: { head: [], border: [] } });
  table.push(
    ['market', `${summary.data}, ${summary.symbols} symbols, ${summary.days} days`],
    ['signals', String(summary.signals)],
    [
      'orders',
      `${orders.submitted} submitted, ${orders.filled} filled, ${orders.canceled} canceled, ${orders.rejected} rejected, ${orders.refused} refused`,
    ],
    [
      'stops',
      `${stops.placed} placed, ${stops.filled} filled, ${stops.canceled} canceled, ${stops.rejected} rejected, ${stops.refused} refused, ${stops.triggered} hit`,
    ],
    ['refusals', refusalLines(summary.refusals)],
    ['positions', String(summary.positions)],
    ['equity', `${summary.equity} (${summary.equityChange.startsWith('-') ? '' : '+'}${summary.equityChange})`],
    ['facts', String(summary.facts)],
    ['books and broker', differences.length === 0 ? 'agree' : differences.slice(0, DIFFERENCES_SHOWN_MAX).join('\n')],
    [
      'submit to acknowledged',
      `p50 ${summary.submitToAckMs.p50 ?? '-'} ms, p99 ${summary.submitToAckMs.p99 ?? '-'} ms`,
    ],
    ['time', `${summary.elapsedMs} ms after ${summary.startMs} ms of start-up`],
  );
  const { functionErrors, messagesReturned, deadLetters } = summary;
  if (functionErrors + messagesReturned + deadLetters > 0) {
    table.push([
      'failures',
      `${functionErrors} of functions, ${messagesReturned} of messages, ${deadLetters} dead letters`,
    ]);
  }
  return table.toString();
}

const DIFFERENCES_SHOWN_MAX = 20;

const refusalLines = (refusals: Summary['refusals']): string => {
  const lines = Object.entries(refusals).map(([code, count]) => `${count} ${code}`);
  return lines.length === 0 ? 'none' : lines.join('\n');
};

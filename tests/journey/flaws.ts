/** What is wrong with a world in which everything has settled: the house's books against the broker's own ledger. */
import { aggregateOf } from '#events/fact.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { safetyStore } from '#shared/adapters/stores/safety-store.ts';
import {
  addMoney,
  formatMoney,
  formatQuantity,
  type Money,
  parseMoney,
  prorateMoney,
  subtractMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import { type ClientOrderId, clientOrderIdOf } from '#shared/core/kernel/identity.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import { type JourneyWorld, STRATEGY, SYMBOL } from './journey-world.ts';
import type { Life } from './order-life.ts';

/** The opening equity, and the nine tenths of it that the only strategy may use. */
const EQUITY = parseMoney('100000');
const ALLOCATION = prorateMoney(EQUITY, 9n, 10n, 'floor');

export interface Expected {
  /** Orders that must be at the broker once, and filled. */
  readonly filled: readonly ClientOrderId[];
  /** Orders that must be at the broker once, and canceled. */
  readonly canceled?: readonly ClientOrderId[];
  /** Orders that must not be at the broker. */
  readonly absent?: readonly ClientOrderId[];
}

/** How many orders at the broker are more than the first of their decision. */
export const duplicatesIn = (world: JourneyWorld): number => {
  const { orders } = world.ledger();
  return orders.length - new Set(orders.map(({ clientOrderId }) => clientOrderId)).size;
};

/** The orders that sold at the broker: one, or where its generation ended without a fill, a later one. */
export const soldBy = (world: JourneyWorld): readonly ClientOrderId[] =>
  world
    .ledger()
    .orders.filter(({ side, status }) => side === 'sell' && status === 'filled')
    .map(({ clientOrderId }) => clientOrderIdOf(clientOrderId));

function atBroker(
  world: JourneyWorld,
  life: Life,
  { filled, canceled = [], absent = [] }: Expected,
): readonly string[] {
  const { orders } = world.ledger();
  const flaws: string[] = [];
  for (const id of filled) {
    const found = orders.filter(({ clientOrderId }) => clientOrderId === id);
    if (found.length !== 1) flaws.push(`${found.length} orders ${id} are at the broker`);
    const [wire] = found;
    const row = life.rows.get(id);
    if (wire?.status !== 'filled') flaws.push(`order ${id} is ${wire?.status ?? 'not there'} at the broker`);
    if (row?.state !== 'filled') flaws.push(`order ${id} is ${row?.state ?? 'not there'} in the house`);
    const [ours, theirs] = [row === undefined ? '' : formatMoney(row.filledCost), wire?.filledNotional ?? ''];
    if (ours !== theirs) flaws.push(`order ${id} cost ${ours} by the house and ${theirs} by the broker`);
  }
  for (const id of absent) {
    if (orders.some(({ clientOrderId }) => clientOrderId === id)) flaws.push(`order ${id} is at the broker`);
  }
  for (const id of canceled) {
    const found = orders.filter(({ clientOrderId }) => clientOrderId === id).map(({ status }) => status);
    if (found.join() !== 'canceled') flaws.push(`order ${id} is ${found.join()} at the broker`);
    if (life.rows.get(id)?.state !== 'canceled') flaws.push(`order ${id} is ${life.rows.get(id)?.state} in the house`);
  }
  if (orders.length !== filled.length + canceled.length) flaws.push(`${orders.length} orders are at the broker`);
  return flaws;
}

/** What the executions brought in, less what they took. */
const profitAt = (world: JourneyWorld): Money =>
  world.ledger().orders.reduce((sum, { side, filledNotional }) => {
    const paid = parseMoney(filledNotional);
    return side === 'sell' ? addMoney(sum, paid) : subtractMoney(sum, paid);
  }, ZERO_MONEY);

async function inTheBooks(world: JourneyWorld): Promise<readonly string[]> {
  const { account, tables } = world;
  const books = booksStore(tables, 'control');
  const [book, exposure] = [await books.get(account, SYMBOL), await books.exposure(account)];
  const strategies = await safetyStore(tables, 'control').strategies(account);
  const cash = strategies.find(({ strategyId }) => strategyId === STRATEGY)?.cashAvailable ?? ZERO_MONEY;
  if (book === null || exposure === null) return ['there is no book or no exposure'];
  const share = shareOf(book, STRATEGY);
  const held = world.ledger().positions.find(({ symbol }) => symbol === SYMBOL)?.quantity ?? '0';
  const flaws: string[] = [];
  const expect = (what: string, found: string, right: string): void => {
    if (found !== right) flaws.push(`${what} is ${found} instead of ${right}`);
  };
  expect('the position', formatQuantity(share.quantity), held);
  expect('the number of marks of open orders', String(book.openOrders.length), '0');
  expect('the number of gaps', String(book.gaps.length), '0');
  expect('the quarantine', book.quarantine?.code ?? 'none', 'none');
  expect('the number of open orders', String(exposure.ordersOpen), '0');
  expect('the committed money', formatMoney(exposure.committed), formatMoney(share.cost));
  const paid = subtractMoney(share.cost, share.realizedProfit);
  expect('what the strategy has paid', formatMoney(paid), formatMoney(subtractMoney(ZERO_MONEY, profitAt(world))));
  expect("the strategy's cash", formatMoney(cash), formatMoney(subtractMoney(ALLOCATION, paid)));
  return flaws;
}

async function inTheJournal({ tables }: JourneyWorld, life: Life): Promise<readonly string[]> {
  const flaws: string[] = [];
  for (const [id, row] of life.rows) {
    const facts = await journalStore(tables).byAggregate(aggregateOf.order(id));
    const sequences = facts.map(({ meta }) => meta.sequence);
    const gapless = sequences.every((sequence, index) => sequence === index + 1);
    if (!gapless || sequences.length !== row.journalSequence) {
      flaws.push(`the facts of order ${id} are ${sequences.join(' ')}, its row says ${row.journalSequence}`);
    }
  }
  return flaws;
}

/** One line for each; empty when all is as it must be. */
export async function flawsOf(world: JourneyWorld, life: Life, expected: Expected): Promise<readonly string[]> {
  const { waiting, inFlight } = world.lane.counts();
  const left = waiting + inFlight === 0 ? [] : [`${waiting + inFlight} messages are left on the lane`];
  return [
    ...left,
    ...atBroker(world, life, expected),
    ...(await inTheBooks(world)),
    ...(await inTheJournal(world, life)),
  ];
}

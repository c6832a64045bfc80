/** A world that has come to rest, held to everything that must hold then. */
import { readExit } from '#shared/adapters/stores/exit-item.ts';
import { factsOfItem } from '#shared/adapters/stores/journal-item.ts';
import { exitKey, OPEN_PLAN_PREFIX } from '#shared/adapters/stores/keys.ts';
import { formatQuantity, parseQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { Exit } from '#shared/core/order/exit.ts';
import { isOpen, type Order } from '#shared/core/order/order.ts';
import { isClosing } from '#shared/core/order/terms.ts';
import { type Book, positionOf } from '#shared/core/portfolio/book.ts';
import { inventedFills, journalDifferences, orderDifferences } from '#tests/reconcile/ledger-check.ts';
import type { Functions } from './functions.ts';
import { exitsHold, type InvariantNumber, type Violation } from './invariants.ts';
import { type JournaledFact, textOf } from './observed.ts';
import type { People } from './operations.ts';
import { nameOfShare, toldOf, unprotected } from './protected.ts';
import type { World } from './world.ts';

/** Orders that may be open while nothing happens: they wait for the market. */
const RESTING: ReadonlySet<Order['state']> = new Set(['acknowledged', 'partially_filled']);

/** Why the world is not at rest yet, or null. */
export function unrest(world: World, functions: Functions, people: People): string | null {
  const { orders, urgent, dead } = world.queues;
  for (const [name, queue] of Object.entries({ orders, urgent, dead })) {
    const { waiting, inFlight } = queue.counts();
    const lasting = name === 'dead' ? people.poisons : 0;
    if (waiting + inFlight > lasting) return `${waiting + inFlight} messages are on the lane ${name}`;
  }
  if (functions.isBehind()) return 'facts wait to be published';
  for (const order of world.seen.orders.values()) {
    if (isForAPerson(order)) continue;
    if (isOpen(order) && !RESTING.has(order.state) && !isStuckAtBroker(world, order))
      return `${order.clientOrderId} is ${order.state}`;
    if (
      order.cancelRequested !== null &&
      order.state !== 'pending_cancel' &&
      isOpen(order) &&
      !isStuckAtBroker(world, order)
    ) {
      return `${order.clientOrderId} is ${order.state}, and a cancel was asked for`;
    }
    if (order.provisional && !isQuarantined(world, order)) return `${order.clientOrderId} is provisional`;
  }
  if (world.tables.items('safety').some((item) => textOf(item, 'sk').startsWith(OPEN_PLAN_PREFIX))) {
    return 'an order is still worked in slices';
  }
  return unread(world) ?? driven(world) ?? differences(world)[0] ?? unprotected(world)[0] ?? null;
}

const ENDED_AT_BROKER: ReadonlySet<string> = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);

/** An order that lives on one side alone: a pass has still to look, or the broker still hides it. */
function unread(world: World): string | null {
  for (const { clientOrderId, status } of world.ledger().orders) {
    const order = world.seen.orders.get(clientOrderId);
    if (order === undefined || isQuarantined(world, order) || isForAPerson(order)) continue;
    if (isOpen(order) === ENDED_AT_BROKER.has(status)) {
      return `${clientOrderId} is ${order.state} here and ${status} at the broker`;
    }
  }
  return null;
}

/** What could rest at the broker for ever is watched until a person decides; an alarm has told one. */
const isForAPerson = ({ state, intent }: Order): boolean => state === 'unknown' && intent.terms.timeInForce === 'gtc';

/** A cancel that the broker took and never brings about is the broker's own, and the house says as much. */
const isStuckAtBroker = (world: World, { clientOrderId, state }: Order): boolean =>
  state === 'pending_cancel' &&
  world.ledger().orders.some((wire) => wire.clientOrderId === clientOrderId && wire.status === 'pending_cancel');

/** An exit that nothing keeps from going on, and that goes on for ever. */
function driven(world: World): string | null {
  // In a dry run no exit is driven: its order would reach nobody.
  if (world.plan.dryRun) return null;
  const { global, account, strategies, books } = world.seen;
  if (global?.killSwitch.engaged !== false || account?.killSwitch.engaged !== false) return null;
  if (account.tradingState === 'HALTED' || [...strategies.values()].some(({ killSwitch }) => killSwitch.engaged))
    return null;
  // An exit waits for the end of what may still open a position, and so for the person who decides of that.
  const waiting = new Set(
    [...world.seen.orders.values()]
      .filter((order) => isForAPerson(order) && !isClosing(order.intent.terms.positionIntent))
      .map(({ intent }) => intent.terms.ticker),
  );
  const told = toldOf(world);
  const open = [...books.values()].find((book) => {
    if (book.exitId === null || waiting.has(book.ticker) || isSoldByHand(world, book)) return false;
    const exit = exitOf(world, book);
    return exit === null || !(isHeldByBroker(world, exit, told) || isMisled(world, exit));
  });
  return open === undefined ? null : `the exit ${open.exitId} of ${open.ticker} is open`;
}

/**
 * What the exit should sell, somebody has sold at the broker by hand: it holds nothing any more, the symbol is stopped,
 * and a person says whose the units were.
 */
const isSoldByHand = (world: World, { ticker, quarantine }: Book): boolean =>
  quarantine?.code === 'external-conflict' && world.ledger().positions.every(({ symbol }) => symbol !== ticker);

/** The exit that a book is marked with. */
function exitOf(world: World, { accountId, ticker }: Book): Exit | null {
  const { pk, sk } = exitKey(accountId, ticker);
  const item = world.tables.items('books').find((one) => textOf(one, 'pk') === pk && textOf(one, 'sk') === sk);
  return item === undefined ? null : readExit(item).exit;
}

/**
 * An exit whose units the broker holds for a stop that could rest for ever, and whose cancel the broker took and never
 * brings about: nothing that the house could do lets go of them. A person must have been told that no stop protects them.
 */
const isHeldByBroker = (world: World, { strategyId, ticker }: Exit, told: ReadonlySet<string>): boolean =>
  told.has(nameOfShare({ strategyId, ticker })) &&
  [...world.seen.orders.values()].some(
    (order) =>
      order.intent.terms.strategyId === strategyId &&
      order.intent.terms.ticker === ticker &&
      order.intent.terms.timeInForce === 'gtc' &&
      isStuckAtBroker(world, order),
  );

/** Whether the broker of a world answers 422 whatever became of the order, so that nobody can know why it refuses. */
const saysNo = ({ plan }: World): boolean =>
  plan.brokerFaults.some(({ name, setting }) => name === 'error-after' && setting.parameters?.['status'] === 422);

/** Refused for good by such an answer: a person was told that the exit waits for him. */
const isMisled = (world: World, { phase }: Exit): boolean => phase === 'blocked' && saysNo(world);

const isQuarantined = (world: World, { intent }: Order): boolean =>
  (world.seen.books.get(intent.terms.ticker)?.quarantine ?? null) !== null;

/** Symbols of which the broker holds something else than the books, and that nothing has stopped. */
function differences(world: World): readonly string[] {
  const held = new Map(world.ledger().positions.map(({ symbol, quantity }) => [symbol, parseQuantity(quantity)]));
  return [...world.seen.books.values()].flatMap((book) => {
    const [ours, theirs] = [positionOf(book), held.get(book.ticker) ?? ZERO_QUANTITY];
    return ours === theirs || book.quarantine !== null
      ? []
      : [`${book.ticker}: the books hold ${formatQuantity(ours)}, the broker ${formatQuantity(theirs)}`];
  });
}

/** 5: what is booked is what was executed, order by order and symbol by symbol. */
function fillsHold(world: World): readonly string[] {
  const view = { tables: world.tables, simulator: { ledger: () => world.ledger() } };
  const stopped = new Set(
    [...world.seen.books.values()].flatMap((book) => (book.quarantine === null ? [] : [String(book.ticker)])),
  );
  const ofStopped = (line: string): boolean => {
    const id = line.split(':')[0] ?? '';
    return stopped.has(world.seen.orders.get(id)?.intent.terms.ticker ?? '');
  };
  return [...inventedFills(view), ...orderDifferences(view).filter((line) => !ofStopped(line))];
}

/** 7: a run's signals are all in its funnel, and each intent of it is an order or a refusal. */
function signalsEnd(facts: readonly JournaledFact[]): readonly string[] {
  const ended = new Set(facts.filter(({ type }) => ENDS_INTENT.has(type)).map(({ data }) => data['clientOrderId']));
  const exits = new Set(facts.filter(({ type }) => type === 'exit.opened.v1').map(({ data }) => data['exitId']));
  const lost = facts
    .filter(
      ({ type, data }) =>
        type === 'intent.created.v1' && !ended.has(data['clientOrderId']) && !exits.has(data['decisionId']),
    )
    .map(({ data }) => `intent ${String(data['clientOrderId'])} became neither an order nor a refusal`);
  const uncounted = facts
    .filter(({ type }) => type === 'run.committed.v1')
    .flatMap(({ data }) => {
      const own = facts.filter((fact) => fact.data['runId'] === data['runId']);
      const told = own.filter(({ type }) => type === 'signal.rejected.v1' || type === 'intent.created.v1').length;
      return told === data['signals']
        ? []
        : [`run ${String(data['runId'])} tells of ${told} signals of ${String(data['signals'])}`];
    });
  return [...lost, ...uncounted];
}

const ENDS_INTENT: ReadonlySet<string> = new Set(['order.claimed.v1', 'order.refused.v1']);

/** 8: whoever asked for an order was answered by one, by a refusal, or by an exit. */
function commandsEnd(world: World, people: People, facts: readonly JournaledFact[]): readonly string[] {
  const answered = new Set(facts.filter(({ type }) => ENDS_INTENT.has(type)).map(({ data }) => data['clientOrderId']));
  const exits = new Set(facts.filter(({ type }) => type === 'exit.opened.v1').map(({ data }) => data['exitId']));
  const arrived = new Set(world.sent.map(({ body }) => /"clientOrderId":"([^"]+)"/.exec(body)?.[1] ?? ''));
  return people.submits
    .filter(({ data }) => arrived.has(data.clientOrderId))
    .filter(({ data }) => !answered.has(data.clientOrderId) && !exits.has(data.decisionId))
    .map(({ data }) => `the command of ${data.clientOrderId} came to nothing`);
}

const nameOf = ({ type, sequence, aggregateId }: JournaledFact): string => `${type} ${sequence} of ${aggregateId}`;

/** 9: what is journaled is gapless and was published; what was published is journaled. */
function factsHold(world: World, facts: readonly JournaledFact[]): readonly string[] {
  const published = new Set(world.bus.taken.map(({ meta, type }) => `${type} ${meta.sequence} of ${meta.aggregateId}`));
  const journaled = new Set(facts.map(nameOf));
  const found: string[] = [];
  const counts = new Map<string, number>();
  for (const fact of facts) {
    if (!published.has(nameOf(fact))) found.push(`${nameOf(fact)} was never published`);
    counts.set(fact.aggregateId, (counts.get(fact.aggregateId) ?? 0) + 1);
  }
  for (const [aggregateId, count] of counts) {
    const last = world.seen.sequences.get(aggregateId) ?? 0;
    if (count !== last) found.push(`${aggregateId} has ${count} facts, and one with the number ${last}`);
  }
  // Prices are said and never journaled.
  for (const name of published)
    if (!journaled.has(name) && !name.startsWith('price.')) found.push(`${name} was published and is not journaled`);
  return [...found, ...rebuilt(world, facts)];
}

const STATE_TOLD: ReadonlyMap<string, Order['state']> = new Map<string, Order['state']>([
  ['order.filled.v1', 'filled'],
  ['order.canceled.v1', 'canceled'],
  ['order.expired.v1', 'expired'],
  ['order.rejected.v1', 'rejected'],
  ['order.replaced.v1', 'replaced'],
  ['order.withdrawn.v1', 'withdrawn'],
  ['order.failed.v1', 'failed'],
  ['order.abandoned.v1', 'abandoned'],
  ['order.dry-run-ended.v1', 'dry_run'],
]);

/** Orders computed again from their facts: how they ended, and how much of them filled. */
function rebuilt(world: World, facts: readonly JournaledFact[]): readonly string[] {
  const told = new Map<string, { end: string | null; filled: string }>();
  const ordered = [...facts].sort((a, b) => a.sequence - b.sequence);
  for (const { type, data } of ordered) {
    const id = data['clientOrderId'];
    if (!type.startsWith('order.') || typeof id !== 'string') continue;
    const known = told.get(id) ?? { end: null, filled: '0' };
    const filled = typeof data['cumulativeQuantity'] === 'string' ? data['cumulativeQuantity'] : known.filled;
    const end = type === 'order.resurrected.v1' ? null : (STATE_TOLD.get(type) ?? known.end);
    told.set(id, { end, filled });
  }
  return [...world.seen.orders.values()].flatMap((order) => {
    const known = told.get(order.clientOrderId);
    const [ours, theirs] = [formatQuantity(order.filledQuantity), known?.filled ?? '0'];
    const end = isOpen(order) ? null : order.state;
    return [
      ...(ours === theirs ? [] : [`${order.clientOrderId} filled ${ours}, its facts tell of ${theirs}`]),
      ...(end === null || end === (known?.end ?? null)
        ? []
        : [`${order.clientOrderId} is ${end}, its facts tell of ${known?.end ?? 'no end'}`]),
    ];
  });
}

const all = (invariant: InvariantNumber, found: readonly string[]): readonly Violation[] =>
  found.map((what) => ({ invariant, what }));

/** Everything that does not hold at the end. */
export function atRest(world: World, functions: Functions, people: People): readonly Violation[] {
  const { facts } = world.seen;
  const booked = world.tables
    .items('journal')
    .filter(({ facts: stored }) => stored !== undefined && 'S' in stored && stored.S.includes('position.booked'));
  const restless = unrest(world, functions, people);
  const view = { tables: world.tables, simulator: { ledger: () => world.ledger() } };
  const exits = exitsHold(world.seen, world.ledger(), people.foreignSymbols);
  return [
    ...(restless === null ? [] : all(10, [restless])),
    ...all(13, unprotected(world)),
    ...all(5, fillsHold(world)),
    ...all(7, signalsEnd(facts)),
    ...all(8, commandsEnd(world, people, facts)),
    ...all(9, [...factsHold(world, facts), ...journalDifferences(view, booked.flatMap(factsOfItem))]),
    ...(exits === null ? [] : [exits]),
  ];
}

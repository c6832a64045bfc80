/**
 * An order's whole life, and that of the order which closes it: from the command on its lane to the fill in the books,
 * through as many processes as it takes. A process that dies is followed by another, made anew; its message comes again
 * when the lane shows it again, and reconciliation passes each minute.
 */
import { makeCommand, readCommand } from '#events/command.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { answerCommand } from '#functions/execute/answer-command.ts';
import { endDeadLetter } from '#functions/execute/end-dead-letter.ts';
import { reconcilePass } from '#functions/reconcile/reconcile-pass.ts';
import { booksStore } from '#shared/adapters/stores/books-store.ts';
import { exitsStore } from '#shared/adapters/stores/exits-store.ts';
import { ordersStore } from '#shared/adapters/stores/orders-store.ts';
import { parsePrice, type Quantity, wholeQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type ClientOrderId, clientOrderIdOf, correlationId, decisionId } from '#shared/core/kernel/identity.ts';
import { addMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { isOpen, type Order, type OrderIntent } from '#shared/core/order/order.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import type { StoredExit } from '#shared/ports/exits.ts';
import { type JourneyWorld, type Process, STRATEGY, SYMBOL } from './journey-world.ts';
import { type CrashPlan, type OutsideCall, OutsideCalls, ProcessDied } from './outside-calls.ts';

export const SHARES = wholeQuantity(10);
/** As long as the policy lets a decision wait. */
const VALID_MS = 300_000;
const FUNCTION_MS = 30_000;
const PASS_MS = 55_000;
const MINUTE_MS = 60_000;
/** A message comes three times in nine minutes, and its dead letter after that. */
const MINUTES_MAX = 16;

export interface Life {
  readonly entry: ClientOrderId;
  /** The first order of the exit; null where nothing was held. */
  readonly exit: ClientOrderId | null;
  readonly calls: readonly OutsideCall[];
  readonly processes: number;
  /** How often the command of the entry, and that of the exit, was given to a consumer. */
  readonly deliveries: Readonly<Record<'entry' | 'exit', number>>;
  readonly rows: ReadonlyMap<ClientOrderId, Order>;
}

export interface LifeOptions {
  readonly plans?: readonly CrashPlan[];
  /** How many consumers get each message at once; one as a rule. */
  readonly consumers?: number;
  /** Called once before the command is sent, and once between entry and exit. */
  readonly beforeEach?: (phase: 'entry' | 'exit') => void;
}

export const entryIntent = (world: JourneyWorld, changes: Partial<OrderIntent> = {}): OrderIntent => ({
  terms: {
    accountId: world.account,
    strategyId: STRATEGY,
    ticker: SYMBOL,
    side: 'buy',
    type: 'market',
    timeInForce: 'day',
    positionIntent: 'buy_to_open',
    size: { kind: 'quantity', quantity: SHARES },
    limitPrice: null,
    stopPrice: null,
  },
  decision: { decisionId: decisionId('journey-entry'), generation: 0, slice: 0 },
  purpose: 'entry',
  correlationId: correlationId('journey'),
  runId: null,
  decidedAt: world.clock.now(),
  validUntil: addMs(world.clock.now(), VALID_MS),
  arrivalPrice: parsePrice('100'),
  policyVersion: 1,
  basis: { position: ZERO_QUANTITY, openQuantity: ZERO_QUANTITY },
  ...changes,
});

/** Sells all that the entry bought. */
export function exitIntent(world: JourneyWorld, held: Quantity): OrderIntent {
  const entry = entryIntent(world);
  return {
    ...entry,
    terms: {
      ...entry.terms,
      side: 'sell',
      positionIntent: 'sell_to_close',
      size: { kind: 'quantity', quantity: held },
    },
    decision: { decisionId: decisionId('journey-exit'), generation: 0, slice: 0 },
    purpose: 'exit',
    basis: { position: held, openQuantity: ZERO_QUANTITY },
  };
}

export class OrderLife {
  readonly calls: OutsideCalls;
  readonly #world: JourneyWorld;
  readonly #consumers: number;
  #processes: Process[] = [];
  #started = 0;
  readonly #deliveries = new Map<string, number>();

  constructor(world: JourneyWorld, options: Pick<LifeOptions, 'plans' | 'consumers'> = {}) {
    this.#world = world;
    this.#consumers = options.consumers ?? 1;
    this.calls = new OutsideCalls(options.plans ?? []);
  }

  get processes(): number {
    return this.#started;
  }

  /** How often the command of this id was given to a consumer. */
  deliveriesOf(commandId: string): number {
    return this.#deliveries.get(commandId) ?? 0;
  }

  send(intent: OrderIntent): ClientOrderId {
    const id = clientOrderIdFor(intent.terms, intent.decision);
    const meta = {
      commandId: id,
      attempt: 1,
      issuedAt: formatEpochMs(intent.decidedAt),
      correlationId: intent.correlationId,
      causationId: null,
    };
    const command = makeCommand('submit-order.v1', meta, submitOrderOf(intent, id));
    const { accountId, ticker } = intent.terms;
    this.#world.lane.send({ group: `${accountId}:${ticker}`, dedupId: `${id}:1`, body: JSON.stringify(command) });
    return id;
  }

  /** Works the lanes off and lets reconciliation pass each minute, until nothing is pending any more. */
  async untilSettled(...ids: readonly ClientOrderId[]): Promise<void> {
    const { clock } = this.#world;
    for (let minute = 0; minute < MINUTES_MAX; minute += 1) {
      while (await this.#deliver());
      while (await this.#bury());
      clock.moveTo(clock.now());
      await this.#pass();
      if (await this.#isSettled(ids)) return;
      clock.moveTo(addMs(clock.now(), MINUTE_MS));
      await this.#driveExits(minute);
    }
  }

  /** The living process of a consumer, or a new one. */
  #process(consumer = 0): Process {
    const found = this.#processes[consumer];
    if (found !== undefined && !found.incarnation.isDead) return found;
    this.#started += 1;
    const made = this.#world.start(this.calls);
    this.#processes[consumer] = made;
    return made;
  }

  /** One message to as many consumers as there are; it is done with when one of them says so. */
  async #deliver(): Promise<boolean> {
    const { lane } = this.#world;
    const [message] = lane.receive();
    if (message === undefined) return false;
    const { commandId } = readCommand(JSON.parse(message.body)).meta;
    this.#deliveries.set(commandId, this.deliveriesOf(commandId) + 1);
    const handled = await Promise.all(
      Array.from({ length: this.#consumers }, (_, consumer) =>
        this.#survive(consumer, async (process) => {
          const command = readCommand(JSON.parse(message.body));
          const { clock } = process.execute;
          const holder = `${message.messageId}/${message.receiveCount}/${consumer}`;
          const sender = { holder, until: addMs(clock.now(), FUNCTION_MS) };
          await answerCommand(process.execute, command, sender);
        }),
      ),
    );
    if (handled.includes(true)) lane.delete(message.receiptHandle);
    return true;
  }

  async #bury(): Promise<boolean> {
    const { deadLetters } = this.#world;
    const [message] = deadLetters.receive();
    if (message === undefined) return false;
    const handled = await this.#survive(0, async (process) => {
      await endDeadLetter(process.execute, readCommand(JSON.parse(message.body)));
    });
    if (handled) deadLetters.delete(message.receiptHandle);
    return true;
  }

  /** Each minute every open exit is driven again, as protect does it. */
  async #driveExits(minute: number): Promise<void> {
    const { account, clock, lane } = this.#world;
    for (const { exit } of await this.#exits()) {
      const { exitId, strategyId, ticker, generations, correlationId: correlation } = exit;
      const meta = {
        commandId: exitId,
        attempt: minute + 1,
        issuedAt: formatEpochMs(clock.now()),
        correlationId: correlation,
        causationId: null,
      };
      const data = { accountId: account, symbol: ticker, strategyId, exitId, generation: generations };
      const body = JSON.stringify(makeCommand('drive-exit.v1', meta, data));
      lane.send({ group: `${account}:${ticker}`, dedupId: `${exitId}:drive:${clock.now()}`, body });
    }
  }

  #exits(): Promise<readonly StoredExit[]> {
    return exitsStore(this.#world.tables, 'control').all(this.#world.account);
  }

  async #pass(): Promise<void> {
    await this.#survive(0, async (process) => {
      await reconcilePass(process.reconcile, () => PASS_MS);
    });
  }

  /** False where the process died or its function failed: whoever called it calls again. */
  async #survive(consumer: number, work: (process: Process) => Promise<void>): Promise<boolean> {
    const process = this.#process(consumer);
    try {
      await process.run(() => work(process));
      return !process.incarnation.isDead;
    } catch (thrown) {
      if (thrown instanceof ProcessDied || process.incarnation.isDead) return false;
      if (thrown instanceof Fault && thrown.kind !== 'permanent') return false;
      throw thrown;
    }
  }

  async #isSettled(ids: readonly ClientOrderId[]): Promise<boolean> {
    const { lane, deadLetters } = this.#world;
    for (const queue of [lane, deadLetters]) {
      const { waiting, inFlight } = queue.counts();
      if (waiting + inFlight > 0) return false;
    }
    if ((await this.#exits()).length > 0) return false;
    const rows = await rowsOf(this.#world, ids);
    return [...rows.values()].every((order) => !isOpen(order) && !order.provisional);
  }
}

export async function rowsOf(
  world: JourneyWorld,
  ids: readonly ClientOrderId[],
): Promise<ReadonlyMap<ClientOrderId, Order>> {
  const store = ordersStore(world.tables, 'control', world.clock);
  const rows = new Map<ClientOrderId, Order>();
  for (const id of ids) {
    const row = await store.get(id);
    if (row !== null) rows.set(id, row);
  }
  return rows;
}

/** What rests at the broker for the shares, far below the market. */
function stopIntent(world: JourneyWorld, held: Quantity): OrderIntent {
  const exit = exitIntent(world, held);
  return {
    ...exit,
    terms: { ...exit.terms, type: 'stop', timeInForce: 'gtc', stopPrice: parsePrice('1') },
    decision: { ...exit.decision, decisionId: decisionId('journey-stop') },
    purpose: 'protective-stop',
  };
}

const heldIn = async (world: JourneyWorld): Promise<Quantity> => {
  const book = await booksStore(world.tables, 'control').get(world.account, SYMBOL);
  return book === null ? ZERO_QUANTITY : shareOf(book, STRATEGY).quantity;
};

async function lived(
  world: JourneyWorld,
  life: OrderLife,
  { entry, exit }: Pick<Life, 'entry' | 'exit'>,
): Promise<Life> {
  const placed = world.ledger().orders.map(({ clientOrderId }) => clientOrderIdOf(clientOrderId));
  const rows = await rowsOf(world, [...new Set([entry, ...(exit === null ? [] : [exit]), ...placed])]);
  const deliveries = { entry: life.deliveriesOf(entry), exit: exit === null ? 0 : life.deliveriesOf(exit) };
  return { entry, exit, calls: life.calls.made, processes: life.processes, deliveries, rows };
}

/** Buys. */
export async function liveEntry(world: JourneyWorld, options: LifeOptions = {}): Promise<Life> {
  const life = new OrderLife(world, options);
  const entry = life.send(entryIntent(world));
  await life.untilSettled(entry);
  return await lived(world, life, { entry, exit: null });
}

/** Closes a position for which a stop rests at the broker; nothing that goes before is counted, or goes wrong. */
export async function liveExit(
  world: JourneyWorld,
  options: LifeOptions = {},
): Promise<Life & { readonly stop: ClientOrderId }> {
  const before = new OrderLife(world);
  const entry = before.send(entryIntent(world));
  await before.untilSettled(entry);
  const held = await heldIn(world);
  const stop = before.send(stopIntent(world, held));
  await before.untilSettled();
  const life = new OrderLife(world, options);
  const exit = life.send(exitIntent(world, held));
  await life.untilSettled();
  return { ...(await lived(world, life, { entry, exit })), stop };
}

/** Buys, and sells what was bought. */
export async function liveThrough(world: JourneyWorld, options: LifeOptions = {}): Promise<Life> {
  const life = new OrderLife(world, options);
  options.beforeEach?.('entry');
  const entry = life.send(entryIntent(world));
  await life.untilSettled(entry);
  const held = await heldIn(world);
  let exit: ClientOrderId | null = null;
  if (held > 0n) {
    options.beforeEach?.('exit');
    exit = life.send(exitIntent(world, held));
    await life.untilSettled(entry, exit);
  }
  return await lived(world, life, { entry, exit });
}

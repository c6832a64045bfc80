/** A world in which one process answers commands, with what the tests of safety ask of it. */
import type { AnyCommand } from '#events/catalogue.ts';
import { makeCommand } from '#events/command.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { answerCommand, type CommandEnd } from '#functions/execute/answer-command.ts';
import type { ExecuteDependencies } from '#functions/execute/sender.ts';
import { reconcilePass } from '#functions/reconcile/reconcile-pass.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { journalStore } from '#shared/adapters/stores/journal-store.ts';
import { parsePrice, parseQuantity, type Quantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { correlationId, decisionId } from '#shared/core/kernel/identity.ts';
import { addMs, epochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { type OrderIntent, isOpen } from '#shared/core/order/order.ts';
import { type Book, openQuantityOf, shareOf } from '#shared/core/portfolio/book.ts';
import type { Switches } from '#shared/core/risk/switches.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Tables } from '#shared/ports/tables.ts';
import {
  type JourneyWorld,
  openWorld,
  type Process,
  saveMarket,
  STRATEGY,
  SYMBOL,
  type WorldOptions,
} from '#tests/journey/journey-world.ts';
import { OutsideCalls } from '#tests/journey/outside-calls.ts';

const FUNCTION_MS = 30_000;
const VALID_MS = 300_000;

export interface Wish {
  readonly decision: string;
  readonly purpose: OrderIntent['purpose'];
  readonly shares: string;
  readonly side?: 'buy' | 'sell';
  readonly stopPrice?: string;
}

export interface SafetyWorldOptions extends WorldOptions {
  readonly tables?: Tables;
  /** What the process takes the time from, made of the world's own clock. */
  readonly clockOf?: (clock: Clock) => Clock;
}

export class SafetyWorld {
  readonly journey: JourneyWorld;
  readonly process: Process;
  readonly execute: ExecuteDependencies;
  readonly #switches: Switches;
  #commands = 0;

  private constructor(journey: JourneyWorld, clock: Clock) {
    this.journey = journey;
    this.process = journey.start(new OutsideCalls([]), clock);
    const { execute } = this.process;
    this.#switches = { ...execute.deployed.switches };
    this.execute = { ...execute, deployed: { ...execute.deployed, switches: this.#switches } };
  }

  static async open(name: string, options: SafetyWorldOptions = {}): Promise<SafetyWorld> {
    const tables = options.tables ?? new MemoryTables({ clock: new ManualClock(epochMs(0)) });
    await saveMarket(tables);
    const journey = await openWorld(tables, name, options);
    return new SafetyWorld(journey, options.clockOf?.(journey.clock) ?? journey.clock);
  }

  /** As if a deployment with other switches went on from here. */
  deploy(change: Partial<Switches>): void {
    Object.assign(this.#switches, change);
  }

  close(): Promise<void> {
    return this.journey.close();
  }

  async book(): Promise<Book> {
    const book = await this.execute.books.get(this.journey.account, SYMBOL);
    if (book === null) throw new Error('the book is gone');
    return book;
  }

  async held(): Promise<Quantity> {
    return shareOf(await this.book(), STRATEGY).quantity;
  }

  /** The intent of a wish, on the book as it stands. */
  async intent(wish: Wish): Promise<OrderIntent> {
    const book = await this.book();
    const { clock, account } = this.journey;
    const opens = wish.purpose === 'entry' || wish.purpose === 'manual';
    const side = wish.side ?? (opens ? 'buy' : 'sell');
    const isStop = wish.stopPrice !== undefined;
    return {
      terms: {
        accountId: account,
        strategyId: STRATEGY,
        ticker: SYMBOL,
        side,
        type: isStop ? 'stop' : 'market',
        timeInForce: isStop ? 'gtc' : 'day',
        positionIntent: opens ? `${side}_to_open` : `${side}_to_close`,
        size: { kind: 'quantity', quantity: parseQuantity(wish.shares) },
        limitPrice: null,
        stopPrice: wish.stopPrice === undefined ? null : parsePrice(wish.stopPrice),
      },
      decision: { decisionId: decisionId(wish.decision), generation: 0, slice: 0 },
      purpose: wish.purpose,
      correlationId: correlationId(`c-${wish.decision}`),
      runId: null,
      decidedAt: clock.now(),
      validUntil: addMs(clock.now(), VALID_MS),
      arrivalPrice: parsePrice('100'),
      policyVersion: 1,
      basis: {
        position: shareOf(book, STRATEGY).quantity,
        openQuantity: book.openOrders.length === 0 ? ZERO_QUANTITY : openQuantityOf(book, STRATEGY),
      },
    };
  }

  submitCommand(intent: OrderIntent): AnyCommand {
    const id = clientOrderIdFor(intent.terms, intent.decision);
    return makeCommand('submit-order.v1', this.#meta(id), submitOrderOf(intent, id));
  }

  /** Answers a command as the door does. */
  answer(command: AnyCommand): Promise<CommandEnd> {
    const { clock } = this.execute;
    this.#commands += 1;
    const sender = { holder: `run-${this.#commands}`, until: addMs(clock.now(), FUNCTION_MS) };
    return answerCommand(this.execute, command, sender);
  }

  async ask(wish: Wish): Promise<CommandEnd> {
    return await this.answer(this.submitCommand(await this.intent(wish)));
  }

  drive(exitId: string): Promise<CommandEnd> {
    return this.answer(
      makeCommand('drive-exit.v1', this.#meta(exitId), {
        accountId: this.journey.account,
        symbol: SYMBOL,
        strategyId: STRATEGY,
        exitId,
        generation: 0,
      }),
    );
  }

  /** Lets time go by at the broker and one pass of reconciliation see what came of it. */
  async settle(durationMs = 10_000): Promise<void> {
    const { clock } = this.journey;
    clock.moveTo(addMs(clock.now(), durationMs));
    await reconcilePass(this.process.reconcile, () => FUNCTION_MS);
  }

  /** Buys, and waits until the books know it. */
  async hold(shares: string): Promise<void> {
    await this.ask({ decision: `hold-${this.#commands}`, purpose: 'entry', shares });
    await this.settle();
    const held = await this.held();
    if (held !== parseQuantity(shares)) throw new Error(`${held} are held, not ${shares}`);
  }

  /** Orders of the house that have not ended, by the book's marks. */
  async openOrders() {
    const book = await this.book();
    const rows = await Promise.all(book.openOrders.map((mark) => this.execute.orders.get(mark.clientOrderId)));
    return rows.filter((row) => row !== null).filter(isOpen);
  }

  async factsOf(aggregate: string): Promise<readonly string[]> {
    return (await journalStore(this.journey.tables).byAggregate(aggregate)).map((fact) => fact.type);
  }

  #meta(id: string) {
    this.#commands += 1;
    return {
      commandId: id,
      attempt: this.#commands,
      issuedAt: formatEpochMs(this.journey.clock.now()),
      correlationId: `c-${id}`.slice(0, 90),
      causationId: null,
    };
  }
}

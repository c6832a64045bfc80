/** One account, one process and one thing that is broken: what becomes of an entry, an exit, a cancel and a flatten. */
import type { AnyCommand } from '#events/catalogue.ts';
import { makeCommand } from '#events/command.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { text } from '#shared/adapters/stores/attributes.ts';
import { accountSafetyKey, bookKey, exposureKey, policyKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import { addMs, epochMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { ItemKey } from '#shared/core/kernel/item.ts';
import type { OrderIntent } from '#shared/core/order/order.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { NO_SWITCHES, type Switches } from '#shared/core/risk/switches.ts';
import { queueAnswer, troubleOf } from '#shared/runtime/outcome.ts';
import type { CommandEnd } from '#functions/execute/answer-command.ts';
import { STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import { BrokenTables } from './broken-tables.ts';
import { breakWire, type WireRule } from './broken-wire.ts';
import { SafetyWorld } from './safety-world.ts';

export const ACTIONS = ['entry', 'exit', 'cancel', 'flatten'] as const;
export type Action = (typeof ACTIONS)[number];

/** Past the lease of a sender that did not come back. */
const LEASE_OVER_MS = 50_000;
const SHARES = '10';

/** Deliveries of a command after everything is well again: an exit waits a while between its tries. */
const MENDED_ROUNDS_MAX = 4;

/** What fails because something is not well yet comes again. */
async function ifItCan(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.kind === 'permanent') throw thrown;
  }
}

/** A function's clock that is off. */
export class SkewedClock implements Clock {
  offsetMs = 0;
  readonly #right: Clock;
  constructor(right: Clock) {
    this.#right = right;
  }
  now(): EpochMs {
    return epochMs(this.#right.now() + this.offsetMs);
  }
  sleepUntil(at: EpochMs): Promise<void> {
    return this.#right.sleepUntil(epochMs(at - this.offsetMs));
  }
}

export interface Broken {
  readonly tables: BrokenTables;
  /** Keys of the account's own items. */
  readonly keys: Readonly<Record<'account' | 'strategy' | 'policy' | 'nextPolicy' | 'book' | 'exposure', ItemKey>>;
  readonly world: SafetyWorld;
  /** The command whose fate is looked at. */
  readonly command: AnyCommand;
  wire(...rules: readonly WireRule[]): void;
  skewClock(ms: number): void;
  /** Decides anew, after the world was broken. */
  decideAgain(): Promise<void>;
  /** The entry is another strategy's, which has the same standing and cash; what closes positions is not. */
  tradeAs(strategyId: StrategyId): Promise<void>;
  /** What the deployment's environment says from now on. */
  switches(change: Partial<Switches>): void;
}

export type Breakage = (broken: Broken) => Promise<void> | void;

export interface Observed {
  readonly outcome: string;
  /** Whether the broker had the order, or the cancel, by the end; deliveries while it was still broken included. */
  readonly reachedBroker: boolean;
  /** Orders of the command at the broker. */
  readonly ordersAtBroker: number;
}

/** What a breakage gets hold of. */
export function brokenOf(parts: {
  readonly world: SafetyWorld;
  readonly tables: BrokenTables;
  readonly clock: SkewedClock;
  readonly command: AnyCommand;
  readonly decideAgain: () => Promise<void>;
  readonly tradeAs: (strategyId: StrategyId) => Promise<void>;
}): Broken {
  const { world, tables, clock, command, decideAgain, tradeAs } = parts;
  const { account, simulator } = world.journey;
  return {
    tables,
    world,
    command,
    decideAgain,
    tradeAs,
    keys: {
      account: accountSafetyKey(account),
      strategy: strategyKey(account, STRATEGY),
      policy: policyKey(account, 1),
      nextPolicy: policyKey(account, 2),
      book: bookKey(account, SYMBOL),
      exposure: exposureKey(account),
    },
    wire: (...rules) => breakWire(new URL(simulator.url).origin, rules),
    skewClock: (ms) => {
      clock.offsetMs = ms;
    },
    switches: (change) => {
      world.deploy(change);
    },
  };
}

/** A world whose tables and clock can be broken. */
export async function openBreakable(name: string, inner?: Tables) {
  const tables = new BrokenTables(inner ?? new MemoryTables({ clock: new ManualClock(epochMs(0)) }));
  const clocks: SkewedClock[] = [];
  const world = await SafetyWorld.open(name, {
    tables,
    clockOf: (right) => {
      const clock = new SkewedClock(right);
      clocks.push(clock);
      return clock;
    },
  });
  const [clock] = clocks;
  if (clock === undefined) throw new Error('the process has no clock');
  return { tables, world, clock };
}

export class TruthWorld {
  readonly #world: SafetyWorld;
  readonly #tables: BrokenTables;
  readonly #clock: SkewedClock;
  readonly #action: Action;
  /** The order that a cancel is for. */
  #resting: string | null = null;
  #asked: AnyCommand | null = null;
  #entersAs: StrategyId = STRATEGY;

  private constructor(world: SafetyWorld, tables: BrokenTables, clock: SkewedClock, action: Action) {
    this.#world = world;
    this.#tables = tables;
    this.#clock = clock;
    this.#action = action;
  }

  /** Everything is well, and there is what the action needs: a position to close, an order to cancel. */
  static async open(name: string, action: Action, inner?: Tables): Promise<TruthWorld> {
    const { tables, world, clock } = await openBreakable(name, inner);
    const opened = new TruthWorld(world, tables, clock, action);
    await opened.#prepare();
    return opened;
  }

  async #prepare(): Promise<void> {
    if (this.#action === 'entry') return;
    await this.#world.hold(SHARES);
    if (this.#action !== 'cancel') return;
    await this.#world.ask({ decision: 'stop-1', purpose: 'protective-stop', shares: SHARES, stopPrice: '1' });
    await this.#world.settle(1_000);
    this.#resting = (await this.#world.openOrders())[0]?.clientOrderId ?? null;
    if (this.#resting === null) throw new Error('no order rests at the broker');
  }

  close(): Promise<void> {
    return this.#world.close();
  }

  async #intent(): Promise<OrderIntent> {
    const purpose = this.#action === 'cancel' ? 'entry' : this.#action;
    const intent = await this.#world.intent({ decision: `do-${this.#action}`, purpose, shares: SHARES });
    const strategyId = this.#action === 'entry' ? this.#entersAs : STRATEGY;
    return { ...intent, terms: { ...intent.terms, strategyId } };
  }

  async #tradeAs(strategyId: StrategyId): Promise<void> {
    const { account } = this.#world.journey;
    const item = await this.#tables.get('safety', strategyKey(account, STRATEGY));
    const key = strategyKey(account, strategyId);
    await this.#tables.put('safety', { ...item, sk: text(key.sk), strategyId: text(strategyId) });
    this.#entersAs = strategyId;
    this.#asked = await this.#command();
  }

  async #command(): Promise<AnyCommand> {
    if (this.#resting === null) return this.#world.submitCommand(await this.#intent());
    const { account, clock } = this.#world.journey;
    const meta = {
      commandId: this.#resting,
      attempt: 1,
      issuedAt: formatEpochMs(clock.now()),
      correlationId: 'c-cancel',
      causationId: null,
    };
    const reason = { code: 'person', message: 'A person cancels the order.', context: {} };
    const data = { clientOrderId: this.#resting, accountId: account, symbol: SYMBOL, by: 'ops', reason };
    return makeCommand('cancel-order.v1', meta, data);
  }

  /** Decides on sound facts, breaks the world, and delivers the command as often as the lane would at once. */
  async run(breakage: Breakage): Promise<Observed> {
    const decided = await this.#command();
    this.#asked = decided;
    await breakage(
      brokenOf({
        world: this.#world,
        tables: this.#tables,
        clock: this.#clock,
        command: decided,
        decideAgain: async () => {
          this.#asked = await this.#command();
        },
        tradeAs: (strategyId) => this.#tradeAs(strategyId),
      }),
    );
    const command = this.#asked;
    const outcome = await this.#lookedAt(command, await this.#deliver(command));
    const { clock } = this.#world.journey;
    if (this.#action === 'entry') {
      // What was claimed before its answer was lost comes again, and is not sent either.
      clock.moveTo(addMs(clock.now(), LEASE_OVER_MS));
      await this.#deliver(command);
    }
    clock.moveTo(addMs(clock.now(), 1_000));
    const orders = this.#atBroker(command);
    return {
      outcome,
      reachedBroker: this.#action === 'cancel' ? orders.some(({ status }) => status === 'canceled') : orders.length > 0,
      ordersAtBroker: orders.length,
    };
  }

  /** After everything is well again: does what was asked for happen, once? */
  async mendAndRepeat(): Promise<boolean> {
    const { clock, simulator } = this.#world.journey;
    const command = this.#asked;
    if (command === null) throw new Error('nothing was asked for');
    await this.#tables.mend();
    this.#clock.offsetMs = 0;
    this.#world.deploy(NO_SWITCHES);
    breakWire(new URL(simulator.url).origin, []);
    simulator.faults.clearAll();
    for (let round = 1; round <= MENDED_ROUNDS_MAX; round += 1) {
      clock.moveTo(addMs(clock.now(), LEASE_OVER_MS));
      await this.#pass();
      await this.#deliver(command);
      if (this.#action !== 'cancel') await this.#drive();
      await this.#pass();
      const held = simulator.ledger().positions.find(({ symbol }) => symbol === SYMBOL)?.quantity ?? '0';
      const done =
        this.#action === 'cancel' ? this.#atBroker(command).some(({ status }) => status === 'canceled') : held === '0';
      if (done) return true;
    }
    return false;
  }

  /** A pass of reconciliation, which may meet a circuit that is not closed yet. */
  async #pass(): Promise<void> {
    await ifItCan(() => this.#world.settle(1_000));
  }

  async #drive(): Promise<void> {
    await ifItCan(async () => {
      await this.#world.drive(`do-${this.#action}`);
    });
  }

  /** A second entry on the symbol while the first one's fate is open. */
  async anotherEntry(): Promise<string> {
    return await this.#deliver(
      this.#world.submitCommand(await this.#world.intent({ decision: 'another', purpose: 'entry', shares: '1' })),
    );
  }

  entriesAtBroker(): number {
    return this.#world.journey.simulator.ledger().orders.filter(({ side }) => side === 'buy').length;
  }

  #atBroker(command: AnyCommand) {
    const { data } = command;
    const id = 'clientOrderId' in data ? data.clientOrderId : null;
    const { orders } = this.#world.journey.simulator.ledger();
    // An exit places orders of its own decision; whatever sells is its.
    const closes = this.#action === 'exit' || this.#action === 'flatten';
    return orders.filter((order) => (closes ? order.side === 'sell' : order.clientOrderId === id));
  }

  /** An order of which nobody knows whether the broker has it is that first, whatever becomes of its command. */
  async #lookedAt(command: AnyCommand, outcome: string): Promise<string> {
    if (command.type !== 'submit-order.v1') return outcome;
    const rows = await this.#world.openOrders().catch(() => []);
    return rows.some(({ state }) => state === 'unknown') ? 'unknown' : outcome;
  }

  async #deliver(command: AnyCommand): Promise<string> {
    try {
      return await this.#outcomeOf(await this.#world.answer(command), command);
    } catch (thrown) {
      const trouble = troubleOf(thrown);
      return `${queueAnswer(trouble)} ${trouble.code}`;
    }
  }

  async #outcomeOf(end: CommandEnd, command: AnyCommand): Promise<string> {
    switch (end.command) {
      case 'cancel-order.v1':
        return end.cancellation === 'requested' ? 'passes' : end.cancellation;
      case 'drive-exit.v1':
        return end.driven.kind;
      case 'submit-order.v1': {
        const { submission } = end;
        if (submission.kind === 'refused') {
          const row = await this.#world.execute.orders.get(submission.clientOrderId).catch(() => null);
          return `${row?.state === 'withdrawn' ? 'withdrawn' : 'refused'} ${submission.refusal.code}`;
        }
        if (submission.kind === 'unknown' || submission.kind === 'dry-run') return submission.kind;
        return this.#atBroker(command).length > 0 ? 'passes' : 'waits';
      }
    }
  }
}

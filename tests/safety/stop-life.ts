/**
 * The life of a position's protection, from the fill on, through as many processes as it takes: protect looks each
 * minute, execute answers what it asks for, the broker and a pass of reconciliation go on whoever dies.
 */
import { readCommand } from '#events/command.ts';
import { answerCommand } from '#functions/execute/answer-command.ts';
import { endDeadLetter } from '#functions/execute/end-dead-letter.ts';
import { guardAccount } from '#functions/protect/guard-account.ts';
import type { ProtectDependencies } from '#functions/protect/look.ts';
import { protectStores } from '#functions/protect/wiring.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { formatPrice, type Price, parsePrice, parseQuantity, subtractPrice } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { addMs, epochNs, nsOf } from '#shared/core/kernel/instant.ts';
import type { LaneMessage } from '#shared/ports/lanes.ts';
import type { Tables } from '#shared/ports/tables.ts';
import { type Process, SYMBOL } from '#tests/journey/journey-world.ts';
import { type CrashPlan, type OutsideCall, OutsideCalls, tablesOf } from '#tests/journey/outside-calls.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { SafetyWorld } from './safety-world.ts';

const MINUTE_MS = 60_000;
const FUNCTION_MS = 30_000;
const RECEIVES_MAX = 3;
/** A stop that did not come to stand is asked for again after at most five of them. */
const MINUTES_MAX = 14;
const SHARES = '10';

export interface StopLife {
  readonly calls: readonly OutsideCall[];
  readonly processes: number;
  /** What is wrong at the end, one line each. */
  readonly flaws: readonly string[];
}

/** One world that is lived through once. */
class Living {
  readonly #world: SafetyWorld;
  readonly #calls: OutsideCalls;
  readonly #lane: { readonly message: LaneMessage; received: number }[] = [];
  readonly flaws: string[] = [];
  #process: Process;
  processes = 1;

  constructor(world: SafetyWorld, plans: readonly CrashPlan[]) {
    this.#world = world;
    this.#calls = new OutsideCalls(plans);
    this.#process = world.journey.start(this.#calls);
  }

  get calls(): readonly OutsideCall[] {
    return this.#calls.made;
  }

  #protect(process: Process): ProtectDependencies {
    const { journey } = this.#world;
    const { incarnation } = process;
    const sent = { name: 'lane: send', writes: true };
    const lost = (): Error => new Fault('uncertain', 'lane-answer-lost', 'the answer was lost');
    return {
      accountId: journey.account,
      dryRun: false,
      tripsBreaker: true,
      clock: journey.clock,
      ...protectStores(tablesOf(incarnation, journey.tables), journey.clock),
      broker: process.execute.broker,
      lanes: {
        send: (messages) =>
          messages.length === 0
            ? Promise.resolve()
            : incarnation.call(sent, () => Promise.resolve(this.#take(messages)), lost),
      },
      telemetry: recordedTelemetry(),
    };
  }

  /** A lane knows what it was sent within the last five minutes. */
  #take(messages: readonly LaneMessage[]): void {
    for (const message of messages) {
      if (!this.#lane.some((other) => other.message.dedupId === message.dedupId)) {
        this.#lane.push({ message, received: 0 });
      }
    }
  }

  /** Work of one process; when it dies, another takes its place and the work is left where it was. */
  async #live(work: (process: Process) => Promise<unknown>): Promise<boolean> {
    const process = this.#process;
    try {
      await process.run(() => work(process));
      return !process.incarnation.isDead;
    } catch (thrown) {
      if (!process.incarnation.isDead && !(thrown instanceof Fault)) throw thrown;
      return false;
    } finally {
      if (process.incarnation.isDead) {
        this.#process = this.#world.journey.start(this.#calls);
        this.processes += 1;
      }
    }
  }

  async #answerNext(): Promise<boolean> {
    const [next] = this.#lane;
    if (next === undefined) return false;
    next.received += 1;
    const command = readCommand(JSON.parse(next.message.body));
    const { clock } = this.#world.journey;
    const done = await this.#live((process) =>
      answerCommand(process.execute, command, {
        holder: `run-${this.processes}-${next.received}`,
        until: addMs(clock.now(), FUNCTION_MS),
      }),
    );
    if (done) this.#lane.shift();
    else if (next.received >= RECEIVES_MAX) {
      await endDeadLetter(this.#world.execute, command);
      this.#lane.shift();
    }
    return done;
  }

  async minute(bid: Price | null): Promise<void> {
    await this.#quote(bid);
    await this.#live((process) => guardAccount(this.#protect(process), 'guard'));
    while (await this.#answerNext()) this.#hold();
    await this.#world.settle(MINUTE_MS);
    this.#hold();
  }

  /** Whatever happens, no more is offered for sale at the broker than is held there. */
  #hold(): void {
    const { orders, positions } = this.#world.journey.ledger();
    const held = positions.reduce((sum, { quantity }) => sum + Number(quantity), 0);
    const offered = orders
      .filter(({ side, status }) => side === 'sell' && !['filled', 'canceled', 'rejected', 'expired'].includes(status))
      .reduce((sum, order) => sum + Number(order.quantity ?? 0) - Number(order.filledQuantity), 0);
    if (offered > held) this.flaws.push(`${offered} are offered, and ${held} are held`);
  }

  async #quote(bid: Price | null): Promise<void> {
    const { clock, tables } = this.#world.journey;
    const at = epochNs(nsOf(clock.now()));
    const price = bid ?? (await this.#world.execute.marketData.latestQuotes([SYMBOL])).get(SYMBOL)?.bid ?? null;
    const size = parseQuantity('100');
    const quote = { ticker: SYMBOL, bid: price, bidSize: size, ask: price, askSize: size, at };
    await marketStore(tables, clock).saveQuotes([{ quote, readAt: clock.now() }]);
  }
}

async function inWorld(
  tables: Tables,
  name: string,
  live: (world: SafetyWorld) => Promise<StopLife>,
): Promise<StopLife> {
  const world = await SafetyWorld.open(name, { tables });
  try {
    await world.hold(SHARES);
    return await live(world);
  } finally {
    await world.close();
  }
}

const stopsAt = (world: SafetyWorld): readonly string[] =>
  world.journey
    .ledger()
    .orders.filter(({ type, status }) => type === 'stop' && status === 'new')
    .map(({ quantity }) => quantity ?? '');

const ofBook = async (world: SafetyWorld, type: string): Promise<number> =>
  (await world.factsOf(`book:${world.journey.account}:${SYMBOL}`)).filter((said) => said === type).length;

/** From the fill until one stop rests for all of it. */
export const protectThrough = (tables: Tables, name: string, plans: readonly CrashPlan[] = []): Promise<StopLife> =>
  inWorld(tables, name, async (world) => {
    const living = new Living(world, plans);
    for (let minutes = 0; minutes < MINUTES_MAX && stopsAt(world).length === 0; minutes += 1) await living.minute(null);
    const standing = stopsAt(world);
    const flaws = [...living.flaws];
    if (standing.join() !== SHARES)
      flaws.push(`stops for ${standing.length === 0 ? 'nothing' : standing.join(' and ')} stand`);
    return { calls: living.calls, processes: living.processes, flaws };
  });

/** From a resting stop whose price is reached, which the broker's own did not see, until the position is flat. */
export const sellThrough = (tables: Tables, name: string, plans: readonly CrashPlan[] = []): Promise<StopLife> =>
  inWorld(tables, name, async (world) => {
    const before = new Living(world, []);
    for (let minutes = 0; minutes < 2; minutes += 1) await before.minute(null);
    const stopPrice = (await world.book()).shares[0]?.stopPrice ?? null;
    if (stopPrice === null) throw new Error('no stop is set');
    const living = new Living(world, plans);
    const bid = subtractPrice(stopPrice, parsePrice('0.01'));
    const isOver = async (): Promise<boolean> => (await ofBook(world, 'exit.completed.v1')) > 0;
    for (let minutes = 0; minutes < MINUTES_MAX && !(await isOver()); minutes += 1) await living.minute(bid);
    const sold = world.journey
      .ledger()
      .executions.filter(({ side }) => side === 'sell')
      .reduce((sum, { quantity }) => sum + Number(quantity), 0);
    const flaws = [...living.flaws];
    if (sold !== Number(SHARES)) flaws.push(`${sold} were sold at ${formatPrice(bid)}`);
    if (stopsAt(world).length > 0) flaws.push('a stop is left at the broker');
    const [hits, opened, completed] = await Promise.all(
      ['stop.triggered.v1', 'exit.opened.v1', 'exit.completed.v1'].map((type) => ofBook(world, type)),
    );
    if (hits !== 1 || opened !== 1 || completed !== 1) {
      flaws.push(`${hits} hits opened ${opened} exits, of which ${completed} are over`);
    }
    return { calls: living.calls, processes: living.processes, flaws };
  });

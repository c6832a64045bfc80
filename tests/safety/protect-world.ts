/** A world with protect in it: its commands lie on a lane until the world works them off, and quotes are what a test says. */
import { readCommand } from '#events/command.ts';
import { guardAccount, type Guarded } from '#functions/protect/guard-account.ts';
import type { Occasion, ProtectDependencies } from '#functions/protect/look.ts';
import { protectStores } from '#functions/protect/wiring.ts';
import { policiesStore } from '#shared/adapters/stores/policies-store.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import { formatPrice, formatQuantity, parsePrice, parseQuantity, subtractPrice } from '#shared/core/kernel/decimal.ts';
import { addMs, epochNs, nsOf } from '#shared/core/kernel/instant.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import type { LaneMessage } from '#shared/ports/lanes.ts';
import type { Tables } from '#shared/ports/tables.ts';
import type { LedgerOrder } from '#infra/local/alpaca/embedding.ts';
import { STRATEGY, SYMBOL } from '#tests/journey/journey-world.ts';
import { type RecordedTelemetry, recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { SafetyWorld } from './safety-world.ts';

const MINUTE_MS = 60_000;

export class ProtectWorld {
  readonly safety: SafetyWorld;
  readonly telemetry: RecordedTelemetry = recordedTelemetry();
  readonly protect: ProtectDependencies;
  /** What protect has put on the lane and nobody has worked off. */
  readonly lane: LaneMessage[] = [];

  private constructor(safety: SafetyWorld, changes: Partial<ProtectDependencies>) {
    this.safety = safety;
    this.protect = { ...this.dependenciesOver(safety.journey.tables), ...changes };
  }

  static async open(name: string, changes: Partial<ProtectDependencies> = {}): Promise<ProtectWorld> {
    return new ProtectWorld(await SafetyWorld.open(name), changes);
  }

  /** Protect as a process of its own over these tables. */
  dependenciesOver(tables: Tables): ProtectDependencies {
    const { journey, execute } = this.safety;
    return {
      accountId: journey.account,
      dryRun: false,
      tripsBreaker: true,
      clock: journey.clock,
      ...protectStores(tables, journey.clock),
      broker: execute.broker,
      lanes: { send: (messages) => Promise.resolve(void this.lane.push(...messages)) },
      telemetry: this.telemetry,
    };
  }

  close(): Promise<void> {
    return this.safety.close();
  }

  /** Time goes by, the broker does what is due, and a pass of reconciliation sees it. Quotes stay as they are. */
  async settle(durationMs = 10_000): Promise<void> {
    await this.safety.settle(durationMs);
  }

  /** A quote of the symbol, as ingest would store it now. */
  async quote(bid: string, ask = bid): Promise<void> {
    const { clock } = this.safety.journey;
    const one = parseQuantity('100');
    const quote = { ticker: SYMBOL, bid: parsePrice(bid), bidSize: one, ask: parsePrice(ask), askSize: one };
    const at = epochNs(nsOf(clock.now()));
    await this.protect.marketStore.saveQuotes([{ quote: { ...quote, at }, readAt: clock.now() }]);
  }

  /** One look, with the market's own quote unless a test has just said another. */
  async look(occasion: Occasion = 'guard', bid?: string): Promise<Guarded> {
    if (bid !== undefined) await this.quote(bid);
    else {
      const known = (await this.safety.execute.marketData.latestQuotes([SYMBOL])).get(SYMBOL);
      if (known?.bid === null || known?.ask === null || known === undefined) throw new Error('the market has no quote');
      await this.quote(formatPrice(known.bid), formatPrice(known.ask));
    }
    return await guardAccount(this.protect, occasion);
  }

  /** Answers what lies on the lane, in its order. @returns the types of the commands */
  async work(): Promise<readonly string[]> {
    const types: string[] = [];
    for (let message = this.lane.shift(); message !== undefined; message = this.lane.shift()) {
      const command = readCommand(JSON.parse(message.body));
      types.push(command.type);
      await this.safety.answer(command);
    }
    return types;
  }

  /** A minute as it goes: look, work, and let the broker and a pass do theirs. */
  async minute(bid?: string): Promise<readonly string[]> {
    await this.look('guard', bid);
    const types = await this.work();
    await this.settle(MINUTE_MS);
    return types;
  }

  /** Buys, and lets protect place the stop. */
  async holdProtected(shares: string): Promise<void> {
    await this.safety.hold(shares);
    await this.minute();
  }

  async share() {
    const book = await this.safety.book();
    return book.shares.find(({ strategyId }) => strategyId === STRATEGY) ?? null;
  }

  async stopPrice(): Promise<string> {
    const price = (await this.share())?.stopPrice ?? null;
    return price === null ? 'none' : formatPrice(price);
  }

  /** A price at which the stop is reached. */
  async below(): Promise<string> {
    const price = (await this.share())?.stopPrice ?? null;
    if (price === null) throw new Error('no stop is set');
    return formatPrice(subtractPrice(price, parsePrice('0.01')));
  }

  /** Orders of one side at the broker: type, units and status. */
  atBroker(side: 'buy' | 'sell'): readonly string[] {
    return this.safety.journey
      .ledger()
      .orders.filter((order: LedgerOrder) => order.side === side)
      .map((order) => `${order.type} ${order.quantity ?? ''} ${order.status}`.replace('  ', ' '));
  }

  async held(): Promise<string> {
    return formatQuantity(await this.safety.held());
  }

  /** Facts of the symbol's book or of the account whose type begins so, in order. */
  async said(prefix: string): Promise<readonly string[]> {
    const { account } = this.safety.journey;
    const all = await Promise.all(
      [`book:${account}:${SYMBOL}`, `account:${account}`].map((aggregate) => this.safety.factsOf(aggregate)),
    );
    return all.flat().filter((type) => type.startsWith(prefix));
  }

  /** Puts another version of the policy in force. */
  async setPolicy(change: (policy: Policy) => Policy): Promise<void> {
    const { account, clock, tables } = this.safety.journey;
    const policies = policiesStore(tables, 'control');
    const active = await policies.active(account);
    if (active === null) throw new Error('there is no policy');
    const how = { expected: active.version, by: 'tests', reason: 'a test', now: clock.now() };
    const published = await policies.publish(account, writePolicy(change(active)), how);
    if (!published.ok) throw new Error(published.error.message);
  }

  /** Lets time go by without anybody looking. */
  pass(durationMs: number): void {
    const { clock } = this.safety.journey;
    clock.moveTo(addMs(clock.now(), durationMs));
  }
}

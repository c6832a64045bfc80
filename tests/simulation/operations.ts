/** What people do in a world, with the stores and lanes that their side of the house has. */
import type { AnyCommand } from '#events/catalogue.ts';
import { makeCommand } from '#events/command.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { writePolicy } from '#shared/adapters/stores/policy-document.ts';
import {
  absoluteQuantity,
  addQuantity,
  type Price,
  parseMoney,
  parsePrice,
  parseQuantity,
  prorateMoney,
  proratePrice,
  roundPrice,
} from '#shared/core/kernel/decimal.ts';
import {
  brokerOrderId,
  type ClientOrderId,
  clientOrderIdOf,
  correlationId,
  decisionId,
  strategyId,
  ticker,
} from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, epochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { OrderIntent, OrderTerms } from '#shared/core/order/order.ts';
import { openQuantityOf, shareOf } from '#shared/core/portfolio/book.ts';
import type { KillScope } from '#shared/ports/safety.ts';
import { Hand } from './by-hand.ts';
import type { Functions } from './functions.ts';
import type { Act, Operation } from './plan.ts';
import type { ControlRoom } from './rooms.ts';
import { makeSlices, stopSlices } from './slicing.ts';
import { ACCOUNT, BY_HAND, type World } from './world.ts';

const VALID_MS = 300_000;
const AGAIN_MS = 3_000;
const TRIES_MAX = 12;
const QUIET_MS = 60_000;
const MINUTE_MS = 60_000;

type Submit = Extract<AnyCommand, { readonly type: 'submit-order.v1' }>;
type Decided = Extract<Act, { readonly kind: 'entry' | 'exit' | 'flatten' | 'protective-stop' }>;

/** What happens to the world by itself, and what somebody does with the house's own tools. */
const HAPPENINGS = [
  'lose-switch',
  'deploy',
  'poison',
  'run',
  'rush',
  'foreign-order',
  'marked-order',
  'cancel-by-hand',
  'bust',
  'correct',
] as const;
type Happening = Extract<Act, { kind: (typeof HAPPENINGS)[number] }>;
type Deed = Exclude<Act, Happening>;

const isHappening = (act: Act): act is Happening => HAPPENINGS.some((kind) => kind === act.kind);

/** A price so many basis points from another, in whole cents. */
const CENT = parsePrice('0.01');
const offset = (price: Price, bps: bigint): Price =>
  roundPrice(proratePrice(price, 10_000n + bps, 10_000n, 'floor'), CENT, 'floor');

export class People {
  readonly #world: World;
  readonly #functions: Functions;
  readonly #submits: Submit[] = [];
  readonly #hand: Hand;
  #attempts = 0;
  poisons = 0;

  constructor(world: World, functions: Functions) {
    this.#world = world;
    this.#functions = functions;
    this.#hand = new Hand(world);
  }

  /** Symbols that somebody traded at the broker directly. */
  get foreignSymbols(): ReadonlySet<string> {
    return this.#hand.symbols;
  }

  /** Every command to place an order that anybody sent. */
  get submits(): readonly Submit[] {
    return this.#submits;
  }

  /** Does all that the plan says, each at its time. */
  begin(operations: readonly Operation[], from: EpochMs): void {
    operations.forEach(({ act, afterMs }, index) => {
      this.#world.scheduler.at(addMs(from, afterMs), () => this.#begin(act, index));
    });
  }

  #begin(act: Act, index: number): void {
    const world = this.#world;
    world.say(`people: ${JSON.stringify(act)}`);
    if (!isHappening(act)) {
      this.#persist((room) => this.#do(room, act, index), 1);
      return;
    }
    switch (act.kind) {
      case 'lose-switch':
        world.loseSwitch();
        return;
      case 'deploy':
        world.deploy();
        this.#functions.replaceAll();
        return;
      case 'poison':
        this.poisons += 1;
        world.queues.orders.send({ group: 'poison', dedupId: `poison-${index}`, body: '{"type": "submit-' });
        this.#functions.wakeLanes();
        return;
      case 'run':
        this.#run(act.againAfterMs);
        return;
      case 'rush':
        for (let time = 0; time < act.times; time += 1) {
          for (const guard of ['reconcile', 'protect'] as const) this.#functions.fire(guard, world.now);
        }
        return;
      case 'foreign-order':
        this.#hand.place({ ...act, id: `${BY_HAND}${index}` });
        return;
      case 'marked-order':
        this.#hand.place({ ...act, id: markedId(act, index) });
        return;
      case 'cancel-by-hand':
        this.#hand.cancel(act.pick);
        return;
      case 'bust':
      case 'correct':
        this.#hand.revise(act.kind, act.pick);
        return;
    }
  }

  /** Somebody who does not hear that it was done does it again. */
  #persist(work: (room: ControlRoom) => Promise<void>, attempt: number): void {
    this.#functions.control.invoke(work).then(
      ({ kind }) => {
        if (kind !== 'done' && attempt < TRIES_MAX) {
          this.#world.scheduler.after(AGAIN_MS, () => this.#persist(work, attempt + 1));
        }
      },
      () => undefined,
    );
  }

  async #do(room: ControlRoom, act: Deed, index: number): Promise<void> {
    const now = room.clock.now();
    const person = { by: 'ops', reason: 'a test', now } as const;
    switch (act.kind) {
      case 'entry':
      case 'exit':
      case 'flatten':
      case 'protective-stop':
        await this.#decide(room, act, index);
        return;
      case 'cancel':
        await this.#cancel(room, act.pick);
        return;
      case 'send-again':
        await this.#sendAgain(room, act);
        return;
      case 'kill':
        await room.safety.engageKillSwitch(ACCOUNT, {
          ...person,
          scope: scopeOf(act),
          correlationId: `kill-${index}`,
          cancels: 'risk-increasing',
        });
        return;
      case 'lift-kill':
        await room.safety.disengageKillSwitch(ACCOUNT, {
          ...person,
          scope: scopeOf(act),
          correlationId: `lift-${index}`,
        });
        return;
      case 'trip':
        await room.safety.tripBreaker(ACCOUNT, { cause: 'by-hand', by: 'ops', message: 'a test', now });
        return;
      case 'reset':
        await room.safety.resetBreaker(ACCOUNT, { ...person, quietMs: QUIET_MS });
        return;
      case 'enable':
      case 'disable': {
        const enabled = act.kind === 'enable';
        await room.safety.setEnabled(ACCOUNT, strategyId(act.strategy), { ...person, enabled });
        return;
      }
      case 'give-up':
        await this.#giveUp(room);
        return;
      case 'decide-orphan':
        await this.#decideOrphan(room, act);
        return;
      case 'slice':
        await this.#slice(room, act, index);
        return;
      case 'stop-slices':
        await stopSlices(room);
        return;
      case 'restate':
        await this.#restate(room, act);
        return;
      case 'policy':
        await this.#changePolicy(room, act.exposureShare);
        return;
    }
  }

  /** Every order of unknown fate, as its sender's person sees them. */
  async #giveUp(room: ControlRoom): Promise<void> {
    for (const clientOrderId of this.#world.seen.orders.keys()) {
      const order = await room.orders.get(clientOrderIdOf(clientOrderId));
      if (order?.state !== 'unknown') continue;
      const { clientOrderId: id } = order;
      await room.reconciliations.giveUp(ACCOUNT, {
        clientOrderId: id,
        by: 'ops',
        reason: 'a test',
        now: room.clock.now(),
      });
    }
  }

  async #decideOrphan(room: ControlRoom, act: Extract<Act, { kind: 'decide-orphan' }>): Promise<void> {
    const orphans = await room.orphans.all(ACCOUNT);
    const orphan = orphans[act.pick % Math.max(1, orphans.length)];
    if (orphan === undefined) return;
    await room.reconciliations.decide(ACCOUNT, {
      brokerOrderId: brokerOrderId(orphan.brokerOrderId),
      decision: act.decision,
      by: 'ops',
      reason: 'a test',
      now: room.clock.now(),
    });
  }

  async #slice(room: ControlRoom, act: Extract<Act, { kind: 'slice' }>, index: number): Promise<void> {
    const quote = this.#world.market.quoteAt(ticker(act.symbol), epochMs(this.#world.scheduler.now));
    if (quote === null || quote.ask === null) return;
    await makeSlices(this.#world, room, act, index, quote.ask);
    this.#functions.fire('slice', this.#world.now);
  }

  /** As many units as the symbol has become, for the cost that they had. */
  async #restate(room: ControlRoom, act: Extract<Act, { kind: 'restate' }>): Promise<void> {
    const [symbol, strategy] = [ticker(act.symbol), strategyId(act.strategy)];
    const book = await room.books.get(ACCOUNT, symbol);
    if (book === null) return;
    const { quantity, cost } = shareOf(book, strategy);
    await room.adjustments.adjust({
      accountId: ACCOUNT,
      ticker: symbol,
      strategyId: strategy,
      quantity: Array.from({ length: act.to }, () => quantity).reduce(addQuantity),
      cost,
      by: 'ops',
      reason: 'a test',
      now: room.clock.now(),
    });
  }

  async #changePolicy(room: ControlRoom, share: number): Promise<void> {
    const active = await room.policies.active(ACCOUNT);
    if (active === null) return;
    const limits = { ...active.limits, grossExposureMax: shareOfEquity(share) };
    await room.policies.publish(ACCOUNT, writePolicy({ ...active, limits }), {
      expected: active.version,
      by: 'ops',
      reason: 'a test',
      now: room.clock.now(),
    });
  }

  /** Decides once: whoever tries again sends what was decided. */
  async #decide(room: ControlRoom, act: Decided, index: number): Promise<void> {
    const known = this.#submits.filter(({ data }) => data.decisionId.startsWith(`op-${index}-`));
    if (known.length > 0) {
      await room.lanes.send(known.map(messageOf));
      return;
    }
    const twins = act.kind === 'entry' && act.twin ? ['a', 'b'] : ['a'];
    const intents: OrderIntent[] = [];
    for (const twin of twins) {
      const intent = await this.#intentOf(room, act, `op-${index}-${twin}`);
      if (intent === null) return;
      intents.push(intent);
    }
    const commands = intents.map(commandOf);
    this.#submits.push(...commands);
    await room.lanes.send(commands.map(messageOf));
  }

  async #intentOf(room: ControlRoom, act: Decided, decision: string): Promise<OrderIntent | null> {
    const symbol = ticker(act.symbol);
    const strategy = strategyId(act.strategy);
    const [book, { account }] = [await room.books.get(ACCOUNT, symbol), await room.safety.read(ACCOUNT)];
    const quote = this.#world.market.quoteAt(symbol, epochMs(this.#world.scheduler.now));
    const { bid, ask } = quote ?? { bid: null, ask: null };
    if (book === null || account === null || bid === null || ask === null) return null;
    const held = shareOf(book, strategy).quantity;
    if (act.kind !== 'entry' && held <= 0n) return null;
    const now = room.clock.now();
    return {
      terms: {
        accountId: ACCOUNT,
        strategyId: strategy,
        ticker: symbol,
        ...termsOf(act, bid, ask),
        size: {
          kind: 'quantity',
          quantity: act.kind === 'entry' ? parseQuantity(String(act.units)) : absoluteQuantity(held),
        },
      },
      decision: { decisionId: decisionId(decision), generation: 0, slice: 0 },
      purpose: act.kind,
      correlationId: correlationId(decision),
      runId: null,
      decidedAt: now,
      validUntil: addMs(now, VALID_MS),
      arrivalPrice: ask,
      policyVersion: account.policyVersion,
      basis: { position: held, openQuantity: openQuantityOf(book, strategy) },
    };
  }

  async #cancel(room: ControlRoom, pick: number): Promise<void> {
    const command = this.#submits[pick % Math.max(1, this.#submits.length)];
    if (command === undefined) return;
    this.#attempts += 1;
    const { clientOrderId, accountId, symbol } = command.data;
    const cancel = makeCommand('cancel-order.v1', metaOf(clientOrderId, this.#attempts, room.clock.now()), {
      clientOrderId,
      accountId,
      symbol,
      by: 'ops',
      reason: { code: 'operator', message: 'a test', context: {} },
    });
    await room.lanes.send([messageOf(cancel)]);
  }

  async #sendAgain(room: ControlRoom, act: Extract<Act, { kind: 'send-again' }>): Promise<void> {
    const command = this.#submits[act.pick % Math.max(1, this.#submits.length)];
    if (command === undefined) return;
    this.#attempts += 1;
    const meta = { ...command.meta, attempt: 100 + this.#attempts };
    const data = act.otherTerms ? { ...command.data, quantity: '41' } : command.data;
    await room.lanes.send([messageOf({ ...command, meta, data })]);
  }

  /** The schedule of a run fires, perhaps twice, and nobody knows of the other. */
  #run(againAfterMs: number | null): void {
    const { scheduler } = this.#world;
    const slot = epochMs(Math.floor(scheduler.now / MINUTE_MS) * MINUTE_MS);
    this.#functions.fire('orchestrate', slot);
    if (againAfterMs !== null) scheduler.after(againAfterMs, () => this.#functions.fire('orchestrate', slot));
  }
}

/** An id as another house of ours would make it, of a decision that nobody made here. */
const markedId = ({ symbol, side }: Extract<Act, { kind: 'marked-order' }>, index: number): ClientOrderId =>
  clientOrderIdFor(
    { accountId: ACCOUNT, strategyId: strategyId('momentum'), ticker: ticker(symbol), side },
    { decisionId: decisionId(`elsewhere-${index}`), generation: 0, slice: 0 },
  );

const scopeOf = ({ scope, strategy }: Extract<Act, { kind: 'kill' | 'lift-kill' }>): KillScope =>
  scope === 'strategy' ? { kind: scope, strategyId: strategyId(strategy) } : { kind: scope };

export const EQUITY = parseMoney('100000');
export const shareOfEquity = (share: number) =>
  prorateMoney(EQUITY, BigInt(Math.round(share * 1_000)), 1_000n, 'floor');

function termsOf(
  act: Decided,
  bid: Price,
  ask: Price,
): Pick<OrderTerms, 'side' | 'type' | 'timeInForce' | 'positionIntent' | 'limitPrice' | 'stopPrice'> {
  const closing = { side: 'sell', positionIntent: 'sell_to_close', limitPrice: null } as const;
  switch (act.kind) {
    case 'exit':
    case 'flatten':
      return { ...closing, type: 'market', timeInForce: 'day', stopPrice: null };
    case 'protective-stop':
      return { ...closing, type: 'stop', timeInForce: 'gtc', stopPrice: offset(bid, -300n) };
    case 'entry': {
      const opening = { side: 'buy', positionIntent: 'buy_to_open', stopPrice: null } as const;
      switch (act.order) {
        case 'market':
          return { ...opening, type: 'market', timeInForce: 'day', limitPrice: null };
        case 'limit':
          return { ...opening, type: 'limit', timeInForce: 'day', limitPrice: offset(ask, 5n) };
        case 'resting':
          return { ...opening, type: 'limit', timeInForce: 'day', limitPrice: offset(bid, -200n) };
        case 'ioc':
          return { ...opening, type: 'limit', timeInForce: 'ioc', limitPrice: offset(ask, 5n) };
      }
    }
  }
}

const metaOf = (id: string, attempt: number, now: EpochMs) => ({
  commandId: id,
  attempt,
  issuedAt: formatEpochMs(now),
  correlationId: id,
  causationId: null,
});

function commandOf(intent: OrderIntent): Submit {
  const id = clientOrderIdFor(intent.terms, intent.decision);
  return makeCommand('submit-order.v1', metaOf(id, 1, intent.decidedAt), submitOrderOf(intent, id));
}

/** As control and orchestrate put a command on its lane. */
function messageOf(command: AnyCommand) {
  const urgent = command.type !== 'submit-order.v1' || command.data.purpose !== 'entry';
  return {
    lane: urgent ? 'urgent' : 'orders',
    group: `${command.data.accountId}:${command.data.symbol}`,
    dedupId: `${command.meta.commandId}:${command.meta.attempt}`,
    body: JSON.stringify(command),
  } as const;
}

/**
 * Lives that an order may lead at a broker, and all the news that the broker's sources tell of each: a model written
 * from the broker's point of view, which knows the truth that the order must come to.
 */
import fc from 'fast-check';
import {
  addMoney,
  addQuantity,
  notionalOf,
  parsePrice,
  subtractQuantity,
  wholeQuantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { Money, Price, Quantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, executionId } from '#shared/core/kernel/identity.ts';
import type { BrokerOrderId, ExecutionId } from '#shared/core/kernel/identity.ts';
import { epochNs } from '#shared/core/kernel/instant.ts';
import type { EpochNs } from '#shared/core/kernel/instant.ts';
import type { BrokerStatus } from '#shared/core/order/broker-order.ts';
import type { OrderUpdate, UpdateExecution, UpdateSource } from '#shared/core/order/order.ts';
import { CLIENT_ORDER_ID, RECEIVED_AT } from '#tests/order/sample-orders.ts';

/** One thing that happens to the order at the broker. Numbers choose among what is possible then. */
export type Happening =
  | {
      readonly kind: 'status';
      readonly status: 'accepted' | 'pending' | 'new' | 'suspended' | 'done_for_day' | 'open-unrecognised';
    }
  | { readonly kind: 'fill'; readonly share: number; readonly price: number }
  /** Two fills so close that the stream's copy of the order shows both of them with each. */
  | { readonly kind: 'burst'; readonly share: number; readonly price: number }
  | { readonly kind: 'pending'; readonly status: 'pending_cancel' | 'pending_replace' }
  | { readonly kind: 'end'; readonly status: 'canceled' | 'expired' | 'rejected' | 'replaced' }
  | { readonly kind: 'bust'; readonly pick: number }
  | { readonly kind: 'correct'; readonly pick: number; readonly price: number; readonly units: number };

export interface Life {
  /** Every piece of news that any source tells, in the order of the broker's time. */
  readonly news: readonly OrderUpdate[];
  /** News without which nobody could know the whole truth: each execution, each revision, the last status. */
  readonly needed: readonly OrderUpdate[];
  /** The account's activities: what settles a contradiction. */
  readonly activities: readonly OrderUpdate[];
  readonly truth: {
    readonly filled: Quantity;
    readonly cost: Money;
    readonly end: BrokerStatus | null;
    readonly revisions: number;
  };
}

interface Fill {
  readonly id: ExecutionId;
  readonly quantity: Quantity;
  readonly price: Price;
}

const BROKER_ORDER: BrokerOrderId = brokerOrderId('b-1');
const cents = (amount: number): Price =>
  parsePrice(`${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, '0')}`);
const sumOf = (fills: readonly Fill[]): Quantity =>
  fills.reduce((sum, fill) => addQuantity(sum, fill.quantity), ZERO_QUANTITY);

class BrokerSide {
  readonly news: OrderUpdate[] = [];
  readonly needed: OrderUpdate[] = [];
  readonly activities: OrderUpdate[] = [];
  readonly #ordered: Quantity;
  #fills: readonly Fill[] = [];
  #status: BrokerStatus = 'pending';
  #end: BrokerStatus | null = null;
  #now = 1_700_000_000_000_000_123n;
  #count = 0;
  #revisions = 0;

  constructor(ordered: Quantity) {
    this.#ordered = ordered;
    this.#tell('submit-answer', null);
  }

  truth(): Life['truth'] {
    const cost = this.#fills.reduce((sum, fill) => addMoney(sum, notionalOf(fill.price, fill.quantity)), ZERO_MONEY);
    return { filled: sumOf(this.#fills), cost, end: this.#end, revisions: this.#revisions };
  }

  happen(happening: Happening): void {
    this.#now += 1_500_000_000n;
    switch (happening.kind) {
      case 'status':
      case 'pending':
        if (this.#end === null) this.#move(happening.status);
        return;
      case 'fill':
        return this.#fill(happening, 1);
      case 'burst':
        return this.#fill(happening, 2);
      case 'end':
        return this.#finish(happening.status);
      case 'bust':
        return this.#revise(happening.pick, null);
      case 'correct':
        return this.#revise(happening.pick, { price: cents(happening.price), units: happening.units });
    }
  }

  /** The truth as the last look at the order shows it. */
  close(): void {
    this.#now += 1_000_000_000n;
    this.needed.push(this.#tell('reconciliation', null));
  }

  #at(): EpochNs {
    return epochNs(this.#now);
  }

  #tell(source: UpdateSource, execution: UpdateExecution | null, cumulative = sumOf(this.#fills)): OrderUpdate {
    const isActivity = source === 'reconciliation' && execution !== null;
    const update: OrderUpdate = {
      source,
      clientOrderId: isActivity ? null : CLIENT_ORDER_ID,
      brokerOrderId: BROKER_ORDER,
      status: isActivity ? null : this.#status,
      cumulativeQuantity: cumulative,
      averagePrice: null,
      execution,
      brokerTime: isActivity ? null : this.#at(),
      receivedAt: RECEIVED_AT,
      detail: null,
    };
    this.news.push(update);
    if (isActivity) this.activities.push(update);
    return update;
  }

  #move(status: BrokerStatus): void {
    this.#status = status;
    this.#tell('stream', null);
    this.#tell('webhook', null);
    this.#tell('reconciliation', null);
  }

  #finish(status: 'canceled' | 'expired' | 'rejected' | 'replaced'): void {
    if (this.#end !== null || (status === 'rejected' && this.#fills.length > 0)) return;
    this.#end = status;
    this.#move(status);
  }

  #execute(
    share: number,
    price: Price,
  ): { readonly fill: Fill; readonly cumulative: Quantity; readonly at: bigint } | null {
    const remaining = subtractQuantity(this.#ordered, sumOf(this.#fills));
    const late = this.#end === 'canceled' || this.#end === 'expired';
    if (remaining <= 0n || (this.#end !== null && !late)) return null;
    const left = Number(remaining / 1_000_000_000n);
    const quantity = wholeQuantity(Math.max(1, Math.min(left, Math.ceil((left * share) / 4))));
    this.#count += 1;
    const fill: Fill = { id: executionId(`x-${this.#count}`), quantity, price };
    this.#fills = [...this.#fills, fill];
    if (quantity === remaining) this.#end = 'filled';
    this.#status = this.#end ?? 'partially_filled';
    this.#now += 2_000n;
    return { fill, cumulative: sumOf(this.#fills), at: this.#now };
  }

  #fill({ share, price }: { readonly share: number; readonly price: number }, times: 1 | 2): void {
    const done = [cents(price), cents(price + 7)].slice(0, times).flatMap((at) => this.#execute(share, at) ?? []);
    for (const { fill, cumulative, at } of done) {
      const { quantity } = fill;
      const told = { quantity, price: fill.price, kind: 'fill', previousExecutionId: null } as const;
      const streamed = this.#tell('stream', { ...told, id: fill.id, at: epochNs(at) });
      this.#tell('webhook', { ...told, id: fill.id, at: epochNs(at) });
      const id = executionId(`a-${fill.id}`);
      this.#tell('reconciliation', { ...told, id, at: epochNs((at / 1000n) * 1000n) }, cumulative);
      this.needed.push(streamed);
    }
    if (done.length > 0) this.#tell('reconciliation', null);
  }

  /** A bust, or a correction of price and quantity. Order statuses stay as they are: the broker does not reopen. */
  #revise(pick: number, corrected: { readonly price: Price; readonly units: number } | null): void {
    const old = this.#fills[pick % Math.max(1, this.#fills.length)];
    if (old === undefined) return;
    this.#count += 1;
    this.#revisions += 1;
    const id = executionId(`x-${this.#count}`);
    const room = Number(subtractQuantity(this.#ordered, sumOf(this.#fills)) / 1_000_000_000n);
    const before = Number(old.quantity / 1_000_000_000n);
    const units = corrected === null ? 0 : Math.max(1, Math.min(before + room - 1, before + corrected.units));
    const quantity = wholeQuantity(units);
    const next = corrected === null ? [] : [{ id, quantity, price: corrected.price }];
    this.#fills = this.#fills.flatMap((fill) => (fill === old ? next : [fill]));
    const told: UpdateExecution = {
      id,
      quantity: corrected === null ? old.quantity : quantity,
      price: corrected?.price ?? old.price,
      at: this.#at(),
      kind: corrected === null ? 'bust' : 'correct',
      previousExecutionId: old.id,
    };
    this.needed.push(this.#tell('stream', told));
    this.#tell('webhook', told);
    this.#tell('reconciliation', { ...told, id: executionId(`a-${id}`), at: epochNs((this.#now / 1000n) * 1000n) });
    this.#tell('reconciliation', null);
  }
}

/** Plays what happens and listens to every source. */
function lifeOf(ordered: Quantity, happenings: readonly Happening[]): Life {
  const broker = new BrokerSide(ordered);
  for (const happening of happenings) broker.happen(happening);
  broker.close();
  return { news: broker.news, needed: broker.needed, activities: broker.activities, truth: broker.truth() };
}

const price = fc.integer({ min: 9_900, max: 10_100 });

const quiet: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      status: fc.constantFrom('accepted', 'pending', 'new', 'suspended', 'done_for_day', 'open-unrecognised'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('fill' as const), share: fc.integer({ min: 1, max: 4 }), price }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('pending' as const),
      status: fc.constantFrom('pending_cancel', 'pending_replace'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      status: fc.constantFrom('canceled', 'expired', 'rejected', 'replaced'),
    }),
  },
);

const revision: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('bust' as const), pick: fc.nat(5) }),
  fc.record({ kind: fc.constant('correct' as const), pick: fc.nat(5), price, units: fc.integer({ min: -3, max: 3 }) }),
);

const ORDERED: Quantity = wholeQuantity(20);

/** Lives without a bust or a correction. */
export const quietLives: fc.Arbitrary<Life> = fc
  .array(quiet, { minLength: 1, maxLength: 8 })
  .map((happenings) => lifeOf(ORDERED, happenings));

/** Lives in which executions are undone and restated as well. */
export const restatedLives: fc.Arbitrary<Life> = fc
  .array(fc.oneof({ weight: 3, arbitrary: quiet }, { weight: 1, arbitrary: revision }), { minLength: 2, maxLength: 10 })
  .map((happenings) => lifeOf(ORDERED, happenings));

const burst: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constant('burst' as const),
  share: fc.integer({ min: 1, max: 4 }),
  price,
});

/** Lives in which the stream contradicts itself. */
export const interleavedLives: fc.Arbitrary<Life> = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: quiet }, { weight: 1, arbitrary: burst }, { weight: 1, arbitrary: revision }),
    {
      minLength: 2,
      maxLength: 8,
    },
  )
  .map((happenings) => lifeOf(ORDERED, happenings));

export const lives: fc.Arbitrary<Life> = fc.oneof(quietLives, restatedLives, interleavedLives);

/** Some of the news, in any order, some of it more than once. */
export const hearings = (news: readonly OrderUpdate[]): fc.Arbitrary<readonly OrderUpdate[]> =>
  fc
    .array(fc.nat(Math.max(0, news.length - 1)), { maxLength: 2 * news.length })
    .map((picks) => picks.flatMap((pick) => news[pick] ?? []));

/** The same pieces of news in another order. */
export const shuffled = <T>(items: readonly T[]): fc.Arbitrary<readonly T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length });

/** News that no broker would tell: anything about anything, from a world so small that everything collides. */
export const nonsense: fc.Arbitrary<OrderUpdate> = fc.record({
  source: fc.constantFrom('submit-answer', 'webhook', 'stream', 'reconciliation'),
  clientOrderId: fc.constantFrom(CLIENT_ORDER_ID, null),
  brokerOrderId: fc.constantFrom(brokerOrderId('b-1'), brokerOrderId('b-1'), brokerOrderId('b-2'), null),
  status: fc.constantFrom(
    'accepted',
    'pending',
    'new',
    'partially_filled',
    'pending_cancel',
    'pending_replace',
    'suspended',
    'done_for_day',
    'open-unrecognised',
    'filled',
    'canceled',
    'expired',
    'rejected',
    'replaced',
    null,
    null,
    null,
  ),
  cumulativeQuantity: fc.option(fc.integer({ min: 0, max: 22 }).map(wholeQuantity)),
  averagePrice: fc.constant(null),
  execution: fc.option(
    fc.record({
      id: fc.constantFrom(executionId('x-1'), executionId('x-2'), executionId('x-3'), executionId('x-4'), null),
      quantity: fc.integer({ min: -1, max: 8 }).map(wholeQuantity),
      price: fc.constantFrom(cents(9_900), cents(10_000)),
      at: fc.integer({ min: 1, max: 6 }).map((at) => epochNs(BigInt(at))),
      kind: fc.constantFrom('fill', 'fill', 'fill', 'bust', 'correct'),
      previousExecutionId: fc.constantFrom(executionId('x-1'), executionId('x-2'), executionId('x-3'), null),
    }),
  ),
  brokerTime: fc.option(fc.integer({ min: 1, max: 6 }).map((at) => epochNs(BigInt(at)))),
  receivedAt: fc.constant(RECEIVED_AT),
  detail: fc.constantFrom(null, null, 'no funds', 'halted'),
});

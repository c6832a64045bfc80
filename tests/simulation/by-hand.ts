/** What people do at the broker's own page, past every gate of the house, and what the broker does to what was executed. */
import type { SymbolName } from './plan.ts';
import type { World } from './world.ts';

export interface HandOrder {
  readonly id: string;
  readonly symbol: SymbolName;
  readonly side: 'buy' | 'sell';
  readonly units: number;
  /** Null for a market order. */
  readonly price: string | null;
}

const ORDERS = 'http://127.0.0.1/v2/orders';
const OPEN: ReadonlySet<string> = new Set(['new', 'accepted', 'held', 'partially_filled', 'pending_cancel']);

export class Hand {
  readonly #world: World;
  /** Symbols that somebody traded at the broker directly. */
  readonly symbols = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  #ask(url: string, init: { readonly method: string; readonly body?: string }): void {
    this.#world.side.carry(new URL(url), init).then(
      () => undefined,
      () => undefined,
    );
  }

  place({ id, symbol, side, units, price }: HandOrder): void {
    this.symbols.add(symbol);
    this.#world.byHand.add(id);
    const body = {
      client_order_id: id,
      symbol,
      side,
      qty: String(units),
      time_in_force: 'day',
      ...(price === null ? { type: 'market' } : { type: 'limit', limit_price: price }),
    };
    this.#ask(ORDERS, { method: 'POST', body: JSON.stringify(body) });
  }

  /** Cancels an order that the house has at the broker. */
  cancel(pick: number): void {
    const { orders } = this.#world.ledger();
    const open = orders.filter(
      ({ status, clientOrderId }) => OPEN.has(status) && this.#world.seen.orders.has(clientOrderId),
    );
    const order = open[pick % Math.max(1, open.length)];
    if (order !== undefined) this.#ask(`${ORDERS}/${order.id}`, { method: 'DELETE' });
  }

  /** The broker takes an execution back, or restates its price. */
  revise(kind: 'bust' | 'correct', pick: number): void {
    const { executions } = this.#world.ledger();
    const undone = new Set(executions.flatMap(({ undoes }) => undoes ?? []));
    const live = executions.filter((one) => one.kind !== 'bust' && !undone.has(one.id));
    const execution = live[pick % Math.max(1, live.length)];
    if (execution === undefined) return;
    this.symbols.add(execution.symbol);
    const { broker } = this.#world.side;
    if (kind === 'bust') broker.bust(execution.id);
    else broker.correct(execution.id, { price: '50' });
    this.#world.side.attend();
  }
}

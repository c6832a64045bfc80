/** Carries out what was planned for each position: stops into the book, exits opened, stops placed and taken away. */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import { type Book, shareOf } from '#shared/core/portfolio/book.ts';
import { cancelMessage, placeMessage } from './lane-messages.ts';
import type { Look, ProtectDependencies } from './look.ts';
import type { PositionPlan } from '#shared/core/safety/position-plan.ts';

/** Books as this look has written them; one that somebody else moved is left to the next look. */
class SeenBooks {
  readonly #books = new Map<Ticker, Book | null>();

  of(book: Book): Book | null {
    return this.#books.has(book.ticker) ? (this.#books.get(book.ticker) ?? null) : book;
  }

  wrote(symbol: Ticker, book: Book | null): void {
    this.#books.set(symbol, book);
  }
}

async function writeStop({ stops }: ProtectDependencies, plan: PositionPlan, seen: SeenBooks, look: Look) {
  const { book, share, restate, flag } = plan;
  const { strategyId } = share;
  const current = seen.of(book);
  if (restate !== null && current !== null && shareOf(current, strategyId).quantity === share.quantity) {
    seen.wrote(book.ticker, await stops.set(current, strategyId, restate, look.now));
  }
  const after = seen.of(book);
  if (flag !== null && after !== null) {
    seen.wrote(book.ticker, await stops.flag(after, strategyId, flag, look.now));
  }
}

function say({ telemetry }: ProtectDependencies, { book, share, exit, flag }: PositionPlan): void {
  const { strategyId } = share;
  if (exit !== null) telemetry.warn('a stop was reached', { symbol: book.ticker, strategyId });
  if (flag !== null) telemetry.error('a position is without its stop', { symbol: book.ticker, strategyId });
}

export async function actOnPositions(
  dependencies: ProtectDependencies,
  look: Look,
  plans: readonly PositionPlan[],
): Promise<void> {
  const { exits, lanes } = dependencies;
  const seen = new SeenBooks();
  for (const plan of plans) {
    say(dependencies, plan);
    await writeStop(dependencies, plan, seen, look);
    if (plan.exit !== null) await exits.open(plan.exit.request, plan.exit.hit);
    const { cancels, place } = plan;
    await lanes.send([
      ...cancels.map(({ order, reason }) => cancelMessage(order, reason, look.now)),
      ...(place === null ? [] : [placeMessage(place)]),
    ]);
  }
}

/** For how long the position that is naked longest has been so. */
export function measureNaked({ telemetry }: ProtectDependencies, look: Look, plans: readonly PositionPlan[]): void {
  const nakedMs = plans.map(({ watch: { nakedSince } }) => (nakedSince === null ? 0 : look.now - nakedSince));
  telemetry.measure('NakedSeconds', Math.max(0, ...nakedMs) / 1000);
}

/** 13: what protects each position at the broker, once the world is at rest. */
import { readWatch } from '#shared/adapters/stores/watch-item.ts';
import {
  addQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  subtractQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { Book, StrategyShare } from '#shared/core/portfolio/book.ts';
import { restingUnits } from '#shared/core/portfolio/stop-rule.ts';
import type { PositionWatch } from '#shared/core/safety/watch.ts';
import type { World } from './world.ts';

const WORKING: ReadonlySet<string> = new Set(['new', 'accepted', 'held', 'partially_filled']);

/** Units of a share for which a stop of the house works at the broker, as the broker has it. */
function stoppedUnits(world: World, { ticker }: Book, { strategyId }: StrategyShare): Quantity {
  const stops = world.ledger().orders.filter(({ clientOrderId, status, quantity }) => {
    const order = world.seen.orders.get(clientOrderId);
    return (
      order !== undefined &&
      quantity !== null &&
      WORKING.has(status) &&
      order.intent.purpose === 'protective-stop' &&
      order.intent.terms.ticker === ticker &&
      order.intent.terms.strategyId === strategyId
    );
  });
  return stops
    .map(({ quantity, filledQuantity }) =>
      subtractQuantity(parseQuantity(quantity ?? '0'), parseQuantity(filledQuantity)),
    )
    .reduce(addQuantity, ZERO_QUANTITY);
}

/** Shares of which a person was told that they are without their stop, and which still are. */
export function toldOf(world: World): ReadonlySet<string> {
  const watches = world.tables.items('safety').filter(({ sk }) => sk !== undefined && 'S' in sk && sk.S === 'WATCH');
  return new Set(
    watches
      .flatMap((item) => readWatch(item).positions)
      .filter(({ flaggedAt }) => flaggedAt !== null)
      .map(nameOfShare),
  );
}

/** What a share is called in what was told. */
export const nameOfShare = ({ strategyId, ticker }: Pick<PositionWatch, 'strategyId' | 'ticker'>): string =>
  `${strategyId} ${ticker}`;

/** Positions that nothing protects and that nobody was told of, and stops for other units than are held. */
export function unprotected(world: World): readonly string[] {
  const told = toldOf(world);
  return withoutStop(world).flatMap(({ name, what }) => (told.has(name) ? [] : [what]));
}

/** The same, whoever was told. */
export function withoutStop(world: World): readonly { readonly name: string; readonly what: string }[] {
  // In a dry run nothing is placed, and no stop either.
  if (world.plan.dryRun) return [];
  return [...world.seen.books.values()]
    .filter(({ quarantine, exitId }) => quarantine === null && exitId === null)
    .flatMap((book) =>
      book.shares.flatMap((share) => {
        const [units, stopped] = [restingUnits(share), stoppedUnits(world, book, share)];
        if (units === stopped) return [];
        const [held, rests] = [formatQuantity(units), formatQuantity(stopped)];
        const what = `${share.strategyId} holds ${held} of ${book.ticker}, and stops rest at the broker for ${rests}`;
        return [{ name: nameOfShare({ ...share, ticker: book.ticker }), what }];
      }),
    );
}

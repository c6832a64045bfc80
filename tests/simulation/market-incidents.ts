/** Incidents of the market and of its rules: fractions, splits, days that end early, and limits of rate. */
import type { Item } from '#shared/core/kernel/item.ts';
import { formatQuantity, roundQuantity, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { orderedQuantity } from '#shared/core/order/order.ts';
import { quantityOnStep } from '#shared/core/risk/checks/instrument-checks.ts';
import { REQUESTS_A_WINDOW, WINDOW_MS } from '#shared/core/safety/request-budget.ts';
import { requestGateKey } from '#shared/adapters/stores/keys.ts';
import { AS_BUILT, type Alterations } from './alterations.ts';
import type { Incident } from './incidents.ts';
import type { Plan } from './plan.ts';
import { withoutStop } from './protected.ts';
import { acts, buy, quietPlan, sell } from './scenario.ts';
import { ACCOUNT, type World } from './world.ts';

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
const looksAt = (...seconds: readonly number[]): readonly number[] => seconds.map((second) => second * 1_000);

/** Orders for a fraction that reached the broker and could outlive the day. */
const fractionsOfADay = (world: World): readonly string[] =>
  world.submits.flatMap(({ id }) => {
    const terms = world.seen.orders.get(id)?.intent.terms;
    const quantity = terms === undefined ? null : orderedQuantity(terms);
    if (terms === undefined || quantity === null || terms.timeInForce === 'day') return [];
    const isWhole = roundQuantity(quantity, wholeQuantity(1), 'floor') === quantity;
    return isWhole ? [] : [`${id} reached the broker for ${formatQuantity(quantity)} as ${terms.timeInForce}`];
  });

const heldOf = (world: World, symbol: string): string =>
  world.ledger().positions.find((position) => position.symbol === symbol)?.quantity ?? '0';

/** A split of two for one over night: all that was held is there, and a stop rests for all of it. */
const keptThroughSplit = (world: World): readonly string[] => [
  ...(heldOf(world, 'KO') === '20' ? [] : [`the broker holds ${heldOf(world, 'KO')} of KO, not 20`]),
  ...withoutStop(world).map(({ what }) => what),
];

const noQuarantine = (item: Item): Item =>
  item['quarantine'] === undefined ? item : { ...item, quarantine: { NULL: true } };

/** Protect does not look at what reconciliation has stopped. */
const blindToQuarantine = (): Alterations => ({
  tables: (tables, room) =>
    room === 'protect'
      ? {
          ...tables,
          query: async (request) => {
            const page = await tables.query(request);
            return request.table === 'books' ? { ...page, items: page.items.map(noQuarantine) } : page;
          },
        }
      : tables,
});

/** What reached the broker while no session was open. */
const sentOutside = (world: World): readonly string[] => {
  const { closesAt, next } = world.day;
  return world.submits
    .filter(({ id, at }) => !world.byHand.has(id) && at >= closesAt && at < next.openAt)
    .map(({ id, at }) => `${id} was sent at ${new Date(at).toISOString()}, and the market was closed`);
};

/** Five past one on a day that ends at one: an entry, and an exit. */
const AFTER_ONE_S = 3 * HOUR_S + 35 * MINUTE_S;
const AT_ONE: Partial<Plan> = {
  operations: acts([5, buy(10)], [AFTER_ONE_S, buy(7)], [AFTER_ONE_S + 30, sell]),
  afterwardsMs: looksAt(AFTER_ONE_S - 60, AFTER_ONE_S + 60, AFTER_ONE_S + 120),
};

/** Requests for trading that reached the broker in its worst minute, whatever came of them. */
const worstMinute = ({ side: { requests } }: World): number => {
  let [worst, first] = [0, 0];
  requests.forEach((at, index) => {
    while ((requests[first] ?? at) <= at - WINDOW_MS) first += 1;
    worst = Math.max(worst, index - first + 1);
  });
  return worst;
};

const withinLimit = (world: World): readonly string[] => {
  const worst = worstMinute(world);
  return worst > REQUESTS_A_WINDOW ? [`${worst} requests reached the broker within one minute`] : [];
};

/** Each process keeps to a limit of its own, and none knows of the others. */
const eachItsOwnLimit = (): Alterations => ({
  tables: (tables) => {
    const gate = requestGateKey(ACCOUNT, 'trading').sk;
    return {
      ...tables,
      get: (table, key, options) => (key.sk === gate ? Promise.resolve(null) : tables.get(table, key, options)),
      write: (write) =>
        write.kind === 'update' && write.key.sk === gate ? Promise.resolve({ ok: true }) : tables.write(write),
    };
  },
});

export const MARKET_INCIDENTS: Readonly<Record<string, Incident>> = {
  'alpaca-java-140': {
    happened: 'an order for a fraction of a share was not for the day',
    holds: 'it is refused before the broker sees it',
    protection: 'a fraction passes as a day order alone (quantity-on-step)',
    plan: quietPlan({
      operations: acts([5, buy(10.5)], [65, { kind: 'protective-stop', symbol: 'KO', strategy: 'momentum' }]),
    }),
    judge: fractionsOfADay,
    without: () => AS_BUILT,
    withoutCheck: quantityOnStep,
  },
  'alpaca-py-469': {
    happened: 'stops were not adjusted for a split',
    holds: 'a split stops the symbol until a person has restated it, and its stop rests for the new units then',
    protection: 'no stop rests on a symbol that may have been split (plan-protection, compare-books)',
    plan: quietPlan({
      day: 'split',
      operations: acts(
        [5, buy(10)],
        [DAY_S + 5 * MINUTE_S, { kind: 'restate', symbol: 'KO', strategy: 'momentum', to: 2 }],
      ),
      afterwardsMs: looksAt(...[-30, -28, -1, 1, 2, 6, 7, 8, 10].map((minute) => DAY_S + minute * MINUTE_S)),
    }),
    judge: keptThroughSplit,
    without: blindToQuarantine,
  },
  'half-day': {
    happened: 'orders were sent after an early close',
    holds: 'nothing is sent while no session is open, and whoever asks for it is told why',
    protection: 'the session calendar knows half days (session-calendar)',
    plan: quietPlan({ day: 'half-day', ...AT_ONE }),
    judge: sentOutside,
    without: () => AS_BUILT,
    withoutPlan: quietPlan({ day: 'early-close', ...AT_ONE }),
  },
  'freqtrade-1800': {
    happened: 'the bot was banned for exceeding the rate limit',
    holds: 'all functions together never ask more than the broker allows, however often they are woken',
    protection: 'one budget in the tables, taken from by compare and swap (request-gate-store)',
    plan: quietPlan({
      operations: acts(
        [5, buy(10)],
        [60, { kind: 'rush', times: 40 }],
        [75, { kind: 'rush', times: 40 }],
        [90, sell],
        [110, { kind: 'rush', times: 40 }],
      ),
    }),
    judge: withinLimit,
    without: eachItsOwnLimit,
  },
};

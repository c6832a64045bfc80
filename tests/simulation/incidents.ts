/**
 * Incidents of live trading, each as a world in which its cause happens: what its owner wanted, what here sees to it, and
 * how the world looks where that is taken out.
 */
import { addPrice, parsePrice } from '#shared/core/kernel/decimal.ts';
import type { PreTradeCheck } from '#shared/core/risk/check.ts';
import type { World } from './world.ts';
import type { Alterations } from './alterations.ts';
import type { Plan } from './plan.ts';
import { MARKET_INCIDENTS } from './market-incidents.ts';
import { PLANTS } from './plants.ts';
import { withoutStop } from './protected.ts';
import { acts, always, brokerFault, buy, quietPlan, sell } from './scenario.ts';

export interface Incident {
  readonly happened: string;
  readonly holds: string;
  readonly protection: string;
  readonly plan: Plan;
  /** What must hold besides the invariants. */
  readonly judge: (world: World) => readonly string[];
  /** The protection taken out. */
  readonly without: () => Alterations;
  /** The check before a trade that is left out with it. */
  readonly withoutCheck?: PreTradeCheck;
  /** The plan as it is where the protection cannot know better. */
  readonly withoutPlan?: Plan;
}

const CENT = parsePrice('0.01');
const orders = (world: World) => world.ledger().orders;
const expected = (what: string, found: unknown, right: unknown): readonly string[] =>
  found === right ? [] : [`${what}: ${String(found)}, not ${String(right)}`];

const boughtOnce =
  (units: string) =>
  (world: World): readonly string[] => {
    const bought = orders(world).filter(({ side }) => side === 'buy');
    const row = world.seen.orders.get(bought[0]?.clientOrderId ?? '');
    return [
      ...expected('orders that had been given up', row?.resurrected === true ? 1 : 0, 0),
      ...expected('orders to buy at the broker', bought.length, 1),
      ...expected('units filled', bought[0]?.filledQuantity, units),
      ...expected('the state here', row?.state, 'filled'),
    ];
  };

const heldAtBroker = (world: World): string =>
  world.ledger().positions.find(({ symbol }) => symbol === 'KO')?.quantity ?? '0';

const flat = (world: World): readonly string[] => expected('what the broker holds', heldAtBroker(world), '0');

/** Nobody looks back: neither reconciliation, nor listen when its stream is open again. */
const deafReconciler = (): Alterations => ({
  listen: (room) => ({ ...room, broker: { ...room.broker, listOrders: () => Promise.resolve([]) } }),
  reconcile: (room) => ({
    ...room,
    broker: {
      ...room.broker,
      listOrders: () => Promise.resolve([]),
      listActivities: () => Promise.resolve([]),
      findById: () => Promise.resolve(null),
      findByClientId: () => Promise.resolve(null),
      positions: () => Promise.resolve([]),
    },
  }),
});

/** Reconciliation takes what an order shows for an execution. */
const inventingReconciler = (): Alterations => ({
  reconcile: (room) => ({
    ...room,
    broker: {
      ...room.broker,
      async listActivities(request) {
        const told = await room.broker.listActivities(request);
        return told.map((activity) => ({ ...activity, price: addPrice(activity.price, CENT), executionId: null }));
      },
    },
  }),
});

/** A definite no is taken for one that may be tried again. */
const refusalIsTransient = (): Alterations => ({
  execute: (room) => ({
    ...room,
    broker: {
      ...room.broker,
      async submit(order, startWithinMs) {
        const outcome = await room.broker.submit(order, startWithinMs);
        if (outcome.kind !== 'refused') return outcome;
        return { kind: 'throttled', cause: outcome.refusal.message, retryAfterMs: null, requestId: null };
      },
    },
  }),
});

const sentOnce = (world: World): readonly string[] => {
  const sent = world.submits.map(({ id }) => id).filter((id) => world.seen.orders.get(id)?.refusal !== null);
  const again = sent.filter((id, index) => sent.indexOf(id) !== index);
  return again.length === 0 ? [] : [`sent again although it was refused: ${again.join(', ')}`];
};

/** The funnel does not say why. */
const silentFunnel = (): Alterations => ({
  orchestrate: (room) => ({
    ...room,
    journal: {
      ...room.journal,
      append: (facts) => room.journal.append(facts.filter(({ type }) => type !== 'signal.rejected.v1')),
    },
  }),
});

/** Whoever cannot read the switch takes it for disengaged. */
const missingIsDisengaged = (): Alterations => ({
  tables: (tables) => ({
    ...tables,
    transact: (writes, options) =>
      tables.transact(
        writes.filter((write) => write.kind !== 'check' || write.key.pk !== 'GLOBAL'),
        options,
      ),
  }),
});

/** Somebody's own order to sell rests on the other side, so that the broker refuses ours. */
const WASH = acts(
  [5, { kind: 'foreign-order', symbol: 'KO', side: 'buy', units: 5, price: null }],
  [8, { kind: 'foreign-order', symbol: 'KO', side: 'sell', units: 5, price: '900' }],
  [12, buy(10)],
);
const BESIDE_OTHERS: Plan['policy'] = { exposureShare: 1, cooldownMs: 0, foreignOrders: 'ignore' };

export const INCIDENTS: Readonly<Record<string, Incident>> = {
  'nautilus-4152': {
    happened: 'a timeout on submit was taken for a rejection; the order was live',
    holds: 'an ambiguous submit is unknown, and reserved until the broker proves its outcome',
    protection: 'what no look-up finds stays unknown (find-order, mayResend)',
    plan: quietPlan({
      operations: acts([5, buy(10)]),
      brokerFaults: [brokerFault('late-accept', { ms: 14_000 }, 1), brokerFault('hide-lookup', { ms: 20_000 })],
    }),
    judge: boughtOnce('10'),
    without: PLANTS['miss-is-rejection'].alterations,
  },
  'hummingbot-493': {
    happened: 'a create call that threw was marked failed; a ghost order filled',
    holds: 'the same',
    protection: 'what no look-up finds stays unknown (find-order)',
    plan: quietPlan({
      operations: acts([5, buy(10)]),
      brokerFaults: [brokerFault('drop-answer', {}, 1), brokerFault('hide-lookup', { ms: 30_000 })],
    }),
    judge: boughtOnce('10'),
    without: PLANTS['miss-is-rejection'].alterations,
  },
  'catalyst-317': {
    happened: 'a retry after a timeout placed a second order',
    holds: 'at most one broker order per client order id',
    protection: 'the id is a hash of the decision, and a resend carries the same (client-order-id)',
    plan: quietPlan({
      operations: acts([5, buy(10)]),
      brokerFaults: [brokerFault('drop-answer', {}, 1), brokerFault('hide-lookup', { ms: 4_000 })],
    }),
    judge: boughtOnce('10'),
    without: PLANTS['retry-with-new-id'].alterations,
  },
  'nautilus-3176': {
    happened: 'duplicates after a restart',
    holds: 'a restart at any point submits nothing twice',
    protection: 'a command that comes again is decided by its row, under the same id (redelivery, client-order-id)',
    plan: quietPlan({
      seed: 5,
      stormMs: 420_000,
      operations: acts([5, buy(10)]),
      faults: [
        { kind: 'crash-before', strength: 5 },
        { kind: 'crash-after', strength: 5 },
      ],
      brokerFaults: [brokerFault('drop-answer', {}, 1), brokerFault('hide-lookup', { ms: 4_000 })],
    }),
    judge: boughtOnce('10'),
    without: PLANTS['retry-with-new-id'].alterations,
  },
  'octobot-3190': {
    happened: 'stop and target were gone after a restart',
    holds: 'after every fill the protection stands, in any crash',
    protection: 'protect places what is missing at each look (plan-positions)',
    plan: quietPlan({
      seed: 5,
      operations: acts([5, buy(10)]),
      faults: [
        { kind: 'crash-before', strength: 3 },
        { kind: 'crash-after', strength: 3 },
      ],
    }),
    judge: (world) => [
      ...expected('what the broker holds', heldAtBroker(world), '10'),
      ...withoutStop(world).map(({ what }) => what),
    ],
    without: () => ({ protect: (room) => ({ ...room, dryRun: true }) }),
  },
  'binance-215': {
    happened: 'clock skew made every request fail',
    holds: 'skew is measured and halts with its own reason',
    protection: 'protect measures it at each look and trips the breaker (monitor)',
    plan: quietPlan({ operations: acts([5, buy(10)]), brokerFaults: [brokerFault('clock-skew', { ms: 60_000 })] }),
    judge: (world) => expected('the cause of the trip', world.seen.account?.breaker.cause, 'clock-skew'),
    without: () => ({ protect: (room) => ({ ...room, tripsBreaker: false }) }),
  },
  'nautilus-5000': {
    happened: 'the reconciler itself dropped 14 working orders',
    holds: 'one missing page or stale list never ends an order',
    protection: 'absence from a list ends nothing (look-up-missing)',
    plan: quietPlan({
      operations: acts([5, buy(10, 'resting')], [65, buy(5, 'resting')], [70, buy(4, 'resting')]),
      brokerFaults: [{ name: 'torn-pages', setting: { probability: 0.7 } }],
    }),
    judge: (world) => orders(world).flatMap(({ status }) => expected('an order at the broker', status, 'new')),
    without: PLANTS['absence-is-cancel'].alterations,
  },
  'nautilus-4739': {
    happened: 'the reconciler invented fills',
    holds: "a fill is booked only from the broker's own execution",
    protection: 'only executions make tiles (tiles, news-of-order)',
    plan: quietPlan({ operations: acts([5, buy(10)], [20, buy(7)]), partialFillOneIn: 1 }),
    judge: () => [],
    without: inventingReconciler,
  },
  'lean-ib-249': {
    happened: 'fills were missed while the stream was down',
    holds: 'every gap is found and backfilled',
    protection: 'reconciliation reads orders and executions each minute (look)',
    plan: quietPlan({
      operations: acts([5, buy(10)]),
      faults: [always('stream-gap')],
      news: { stream: true, webhook: false },
    }),
    judge: boughtOnce('10'),
    without: deafReconciler,
  },
  'lean-alpaca-60': {
    happened: 'orders were sent before the update stream was ready',
    holds: "an order's updates are never lost for want of a stream",
    protection: 'reconciliation reads orders and executions each minute (look)',
    plan: quietPlan({ operations: acts([5, buy(10)]) }),
    judge: boughtOnce('10'),
    without: deafReconciler,
  },
  'lean-ib-156': {
    happened: 'cash and positions drifted until the next day',
    holds: 'drift is seen within one interval of reconciliation',
    protection: 'positions are compared each minute (compare-books)',
    plan: quietPlan({
      operations: acts([65, { kind: 'foreign-order', symbol: 'KO', side: 'buy', units: 8, price: null }]),
    }),
    judge: () => [],
    without: deafReconciler,
  },
  'freqtrade-11461': {
    happened: 'a partial fill led to a duplicate order',
    holds: 'what remains is what was ordered less what filled, once',
    protection: 'a share and its orders move in one transaction, by version (step-writes)',
    plan: quietPlan({ operations: acts([5, buy(20)], [70, sell]), partialFillOneIn: 1 }),
    judge: flat,
    without: PLANTS['released-twice'].alterations,
  },
  'hummingbot-2534': {
    happened: 'the kill switch failed and trading went on',
    holds: 'a kill switch that cannot be read is engaged',
    protection: 'a missing safety item refuses (gate-conditions)',
    plan: quietPlan({ operations: acts([5, { kind: 'lose-switch' }], [10, buy(10)]) }),
    judge: (world) => expected('orders at the broker', orders(world).length, 0),
    without: missingIsDisengaged,
  },
  'alpaca-java-145': {
    happened: 'a wash-trade rejection was treated as transient and retried',
    holds: 'a permanent refusal is never retried',
    protection: 'a refusal is a value that ends its command (submit-order, settleOutcome)',
    plan: quietPlan({ operations: WASH, policy: BESIDE_OTHERS }),
    judge: sentOnce,
    without: refusalIsTransient,
  },
  'permanent-422': {
    happened: '"cannot be sold short" was retried for weeks',
    holds: 'the same',
    protection: 'a refusal is a value that ends its command (submit-order, settleOutcome)',
    plan: quietPlan({ operations: WASH, policy: BESIDE_OTHERS, brokerFaults: [brokerFault('wash-trade-422')] }),
    judge: sentOnce,
    without: refusalIsTransient,
  },
  'double-close': {
    happened: 'a retried close opened a real short',
    holds: 'closes are sized sell orders with their own id',
    protection: 'an exit is one intent of the book, sized from what is held now (drive-exit)',
    plan: quietPlan({
      operations: acts(
        [5, buy(10)],
        [70, sell],
        [71, { kind: 'send-again', pick: 1, otherTerms: false }],
        [130, buy(3)],
        [200, sell],
      ),
    }),
    judge: flat,
    without: PLANTS['exit-from-stale-books'].alterations,
  },
  'freqtrade-6649': {
    happened: '"why does it not trade?"',
    holds: 'every signal ends with an order or a reason',
    protection: 'the funnel names each signal that drops out (run-decision)',
    plan: quietPlan({ seed: 2, operations: acts([2, { kind: 'trip' }], [61, { kind: 'run', againAfterMs: null }]) }),
    judge: () => [],
    without: silentFunnel,
  },
  ...MARKET_INCIDENTS,
};

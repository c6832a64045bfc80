/** What a seed decides before its world begins: its market and policy, what people do in it, and what may go wrong. */
import type { FaultSetting } from '#infra/local/alpaca/embedding.ts';
import type { FaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { Chance } from './chance.ts';
import { FAULT_KINDS, type FaultSwitch } from './faults.ts';

export const SYMBOLS = ['AAPL', 'F', 'KO'] as const;
export const STRATEGIES = ['momentum', 'reversion'] as const;
export type SymbolName = (typeof SYMBOLS)[number];
export type StrategyName = (typeof STRATEGIES)[number];

/** half-day: one that the calendar knows. early-close: one that it does not. split: a symbol is split over night. */
export type DayKind = 'ordinary' | 'half-day' | 'early-close' | 'split';

interface Wish {
  readonly symbol: SymbolName;
  readonly strategy: StrategyName;
}

/** What somebody does, or what happens to everybody. */
export type Act =
  | (Wish & {
      readonly kind: 'entry';
      /** Whole as a rule; a broker takes fractions by the day. */
      readonly units: number;
      readonly order: 'market' | 'limit' | 'resting' | 'ioc';
      /** Decided twice: two wanted twins in the same minute. */
      readonly twin: boolean;
    })
  | (Wish & { readonly kind: 'exit' | 'flatten' | 'protective-stop' })
  | { readonly kind: 'cancel'; readonly pick: number }
  | { readonly kind: 'send-again'; readonly pick: number; readonly otherTerms: boolean }
  | {
      readonly kind: 'kill' | 'lift-kill';
      readonly scope: 'global' | 'account' | 'strategy';
      readonly strategy: StrategyName;
    }
  | { readonly kind: 'trip' | 'reset' }
  | { readonly kind: 'deploy' | 'poison' }
  /** Schedules go wild: every guard is woken so often at once. */
  | { readonly kind: 'rush'; readonly times: number }
  /** A person restates what is held of a symbol, so many units for each one. */
  | (Wish & { readonly kind: 'restate'; readonly to: number })
  /** The item of the global kill switch is gone. */
  | { readonly kind: 'lose-switch' }
  /** A slot fires, and again so much later. */
  | { readonly kind: 'run'; readonly againAfterMs: number | null }
  | { readonly kind: 'policy'; readonly exposureShare: number }
  | { readonly kind: 'enable' | 'disable'; readonly strategy: StrategyName }
  | {
      readonly kind: 'foreign-order';
      readonly symbol: SymbolName;
      readonly side: 'buy' | 'sell';
      readonly units: number;
      readonly price: string | null;
    }
  | { readonly kind: 'bust' | 'correct'; readonly pick: number }
  /** Another house of ours trades the same account: its orders bear our mark, and no row is here. */
  | {
      readonly kind: 'marked-order';
      readonly symbol: SymbolName;
      readonly side: 'buy' | 'sell';
      readonly units: number;
      readonly price: string | null;
    }
  /** Somebody cancels an order of the house at the broker's own page. */
  | { readonly kind: 'cancel-by-hand'; readonly pick: number }
  /** A person gives up an order of unknown fate. */
  | { readonly kind: 'give-up' }
  | { readonly kind: 'decide-orphan'; readonly decision: 'adopt' | 'cancel' | 'dismiss'; readonly pick: number }
  /** A person's order is worked in slices. */
  | (Wish & { readonly kind: 'slice'; readonly units: number; readonly count: number; readonly everyMs: number })
  | { readonly kind: 'stop-slices' };

export interface Operation {
  readonly afterMs: number;
  readonly act: Act;
}

export interface BrokerFault {
  readonly name: FaultName;
  readonly setting: FaultSetting;
}

export interface Plan {
  readonly seed: number;
  readonly day: DayKind;
  readonly marketSeed: number;
  /** How long after the open the world begins; all times of the plan count from there. */
  readonly beginsMs: number;
  /** How long things go wrong for. */
  readonly stormMs: number;
  /** When the guards look again after the storm, so long after its beginning, whether or not the world is at rest. */
  readonly afterwardsMs: readonly number[];
  readonly operations: readonly Operation[];
  readonly faults: readonly FaultSwitch[];
  readonly brokerFaults: readonly BrokerFault[];
  readonly lagCommits: number;
  /** Which strikes happen; null for all of them. */
  readonly strikes: ReadonlySet<number> | null;
  readonly policy: {
    /** Of the equity. */
    readonly exposureShare: number;
    readonly cooldownMs: number;
    readonly foreignOrders: 'ignore' | 'claim' | 'quarantine';
  };
  readonly news: { readonly stream: boolean; readonly webhook: boolean };
  /** Orders pass every gate and reach nobody. */
  readonly dryRun: boolean;
  /** Whether the world sees its evening: the last passes, the day's bars, the signals for the next, and the report. */
  readonly evening: boolean;
  /** Whether quotes are stored each minute, for those who look at the stored ones. */
  readonly quotes: boolean;
  readonly partialFillOneIn: number;
}

const MARKETS = 6;
const HALF_MINUTE_MS = 30_000;

/** Faults of the broker, each with how it strikes where a world switches it on. */
const BROKER_FAULTS: readonly ((chance: Chance) => BrokerFault)[] = [
  () => ({ name: 'drop-request', setting: { probability: 0.25 } }),
  () => ({ name: 'drop-answer', setting: { probability: 0.3 } }),
  () => ({ name: 'drop-answer', setting: { probability: 0.05, parameters: { route: '*' } } }),
  () => ({ name: 'error-before', setting: { probability: 0.1, parameters: { status: 503 } } }),
  () => ({ name: 'error-after', setting: { probability: 0.3 } }),
  (chance) => ({
    name: 'throttle',
    setting: { probability: 0.15, parameters: { route: '*', retryAfterSeconds: chance.pick([0, 1, 5, 40]) } },
  }),
  (chance) => ({ name: 'slow-answer', setting: { probability: 0.2, parameters: { ms: chance.between(500, 14_000) } } }),
  (chance) => ({ name: 'late-accept', setting: { probability: 0.3, parameters: { ms: chance.between(500, 30_000) } } }),
  () => ({ name: 'torn-answer', setting: { probability: 0.3 } }),
  (chance) => ({ name: 'hide-lookup', setting: { probability: 0.6, parameters: { ms: chance.between(500, 60_000) } } }),
  (chance) => ({ name: 'hide-orders', setting: { probability: 0.6, parameters: { ms: chance.between(500, 60_000) } } }),
  (chance) => ({
    name: 'stale-lists',
    setting: { probability: 0.4, parameters: { ms: chance.between(1_000, 90_000) } },
  }),
  () => ({ name: 'torn-pages', setting: { probability: 0.6 } }),
  (chance) => ({
    name: 'activity-lag',
    setting: { probability: 0.5, parameters: { ms: chance.between(500, 120_000) } },
  }),
  () => ({ name: 'activity-page-loss', setting: { probability: 0.5 } }),
  (chance) => ({
    name: 'stale-quotes',
    setting: { probability: 0.3, parameters: { ms: chance.between(1_000, 90_000) } },
  }),
  () => ({ name: 'unknown-status', setting: { probability: 0.3 } }),
  () => ({ name: 'unknown-field', setting: {} }),
  () => ({ name: 'unknown-event', setting: { probability: 0.3 } }),
  () => ({ name: 'duplicate-409', setting: {} }),
  () => ({ name: 'repeat-cancel-accepted', setting: {} }),
  () => ({ name: 'fill-before-answer', setting: { probability: 0.5 } }),
  () => ({ name: 'stream-duplicate', setting: { probability: 0.3 } }),
  () => ({ name: 'stream-drop', setting: { probability: 0.3 } }),
  () => ({ name: 'stream-reorder', setting: { probability: 0.3 } }),
  () => ({ name: 'stream-disconnect', setting: { probability: 0.1 } }),
  () => ({ name: 'async-reject', setting: { probability: 0.3 } }),
  () => ({ name: 'partial-only', setting: { probability: 0.4 } }),
  () => ({ name: 'never-fill', setting: { probability: 0.3 } }),
  () => ({ name: 'bust-after-fill', setting: { probability: 0.3 } }),
  () => ({ name: 'correct-after-fill', setting: { probability: 0.3 } }),
  () => ({ name: 'cancel-then-fill', setting: { probability: 0.5 } }),
  () => ({ name: 'partial-then-cancel', setting: { probability: 0.5 } }),
  () => ({ name: 'stuck-cancel', setting: { probability: 0.5, count: 2 } }),
  () => ({ name: 'cancel-refused', setting: { probability: 0.5, count: 2 } }),
  () => ({ name: 'account-blocked', setting: { probability: 0.2 } }),
];

/** The worst of a broker at once: the answer is lost, and the order cannot be seen for a while. */
const lostAndHidden = (chance: Chance): readonly BrokerFault[] => [
  chance.pick<BrokerFault>([
    { name: 'drop-answer', setting: { probability: 0.7 } },
    { name: 'error-after', setting: { probability: 0.7 } },
    { name: 'late-accept', setting: { probability: 0.7, parameters: { ms: chance.between(10_000, 40_000) } } },
  ]),
  { name: 'hide-lookup', setting: { parameters: { ms: chance.between(5_000, 100_000) } } },
  { name: 'hide-orders', setting: { probability: 0.5, parameters: { ms: chance.between(5_000, 100_000) } } },
];

/** Orders that rest, and lists that do not show them. */
const tornLists = (chance: Chance): readonly BrokerFault[] => [
  { name: 'never-fill', setting: { probability: 0.7 } },
  { name: 'stale-lists', setting: { probability: 0.5, parameters: { ms: chance.between(60_000, 200_000) } } },
  { name: 'torn-pages', setting: { probability: 0.5 } },
];

const wishOf = (chance: Chance): Wish => ({ symbol: chance.pick(SYMBOLS), strategy: chance.pick(STRATEGIES) });

function entryOf(chance: Chance): Act {
  const order = chance.pick(['market', 'market', 'market', 'limit', 'resting', 'ioc'] as const);
  return { kind: 'entry', ...wishOf(chance), units: chance.between(1, 40), order, twin: chance.happens(0.15) };
}

/** What people do besides entering, by weight. */
const ACTS: readonly (readonly [number, (chance: Chance) => Act])[] = [
  [6, (chance) => ({ kind: chance.happens(0.2) ? 'flatten' : 'exit', ...wishOf(chance) })],
  [3, (chance) => ({ kind: 'protective-stop', ...wishOf(chance) })],
  [4, (chance) => ({ kind: 'cancel', pick: chance.below(8) })],
  [2, (chance) => ({ kind: 'send-again', pick: chance.below(8), otherTerms: chance.happens(0.3) })],
  [
    2,
    (chance) => ({
      kind: 'kill',
      scope: chance.pick(['global', 'account', 'strategy'] as const),
      strategy: chance.pick(STRATEGIES),
    }),
  ],
  [
    2,
    (chance) => ({
      kind: 'lift-kill',
      scope: chance.pick(['global', 'account', 'strategy'] as const),
      strategy: chance.pick(STRATEGIES),
    }),
  ],
  [2, () => ({ kind: 'trip' })],
  [1, () => ({ kind: 'reset' })],
  [1, () => ({ kind: 'deploy' })],
  [1, () => ({ kind: 'poison' })],
  [
    3,
    (chance) => ({
      kind: 'run',
      againAfterMs: chance.happens(0.5) ? chance.pick([0, 300, 2_000, 20_000, 50_000]) : null,
    }),
  ],
  [1, (chance) => ({ kind: 'policy', exposureShare: chance.pick([0.02, 0.1, 0.5, 1]) })],
  [1, (chance) => ({ kind: chance.pick(['enable', 'disable'] as const), strategy: chance.pick(STRATEGIES) })],
  [
    1,
    (chance) => ({
      kind: 'foreign-order',
      symbol: chance.pick(SYMBOLS),
      side: chance.pick(['buy', 'sell'] as const),
      units: chance.between(1, 20),
      price: null,
    }),
  ],
  [1, (chance) => ({ kind: chance.pick(['bust', 'correct'] as const), pick: chance.below(8) })],
];
const WEIGHT = ACTS.reduce((sum, [weight]) => sum + weight, 0);

function actOf(chance: Chance): Act {
  let drawn = chance.below(WEIGHT);
  for (const [weight, make] of ACTS) {
    drawn -= weight;
    if (drawn < 0) return make(chance);
  }
  return entryOf(chance);
}

function operationsOf(chance: Chance, stormMs: number): readonly Operation[] {
  const entries = chance.between(1, 4);
  const others = chance.between(0, 5);
  const acts = [
    ...Array.from({ length: entries }, () => entryOf(chance)),
    ...Array.from({ length: others }, () => actOf(chance)),
  ];
  const timed = acts
    .map((act, index) => ({
      act,
      afterMs: Math.floor(chance.fraction() * stormMs * (index < entries ? 0.5 : 0.9)),
    }))
    // Entries come first, so that there is something to close and to cancel.
    .sort((a, b) => a.afterMs - b.afterMs);
  const [first] = timed;
  if (first === undefined || !chance.happens(0.2)) return timed;
  // In the very moment in which an order is on its way.
  const scope = chance.pick(['global', 'account', 'strategy'] as const);
  const act: Act = chance.happens(0.5) ? { kind: 'trip' } : { kind: 'kill', scope, strategy: chance.pick(STRATEGIES) };
  return [...timed, { act, afterMs: first.afterMs + chance.between(0, 3_000) }];
}

/** The world of a seed without what is rare: what most worlds are. */
export function commonPlanOf(seed: number): Plan {
  const chance = new Chance(`plan:${seed}`);
  const stormMs = chance.between(3, 8) * HALF_MINUTE_MS;
  // A swarm: each world has its own few faults, so that none hides behind the others.
  const share = chance.pick([0, 0.1, 0.2, 0.4]);
  const brokerShare = chance.pick([0, 0.05, 0.12, 0.25]);
  return {
    seed,
    day: 'ordinary',
    marketSeed: chance.below(MARKETS),
    beginsMs: 0,
    stormMs,
    afterwardsMs: [],
    operations: operationsOf(chance.fork('operations'), stormMs),
    faults: FAULT_KINDS.filter(() => chance.happens(share)).map((kind) => ({
      kind,
      strength: chance.pick([0.5, 1, 1, 3]),
    })),
    brokerFaults: [
      ...BROKER_FAULTS.filter(() => chance.happens(brokerShare)).map((make) => make(chance.fork('broker'))),
      ...(chance.happens(0.12) ? lostAndHidden(chance.fork('hidden')) : []),
      ...(chance.happens(0.1) ? tornLists(chance.fork('torn')) : []),
    ],
    lagCommits: chance.happens(share) ? chance.between(1, 12) : 0,
    strikes: null,
    policy: {
      exposureShare: chance.pick([1, 1, 0.2, 0.05]),
      cooldownMs: chance.pick([0, 0, 60_000]),
      foreignOrders: chance.pick(['ignore', 'claim', 'quarantine'] as const),
    },
    news: { stream: chance.happens(0.7), webhook: chance.happens(0.6) },
    dryRun: false,
    evening: false,
    quotes: chance.happens(0.4),
    partialFillOneIn: chance.pick([0, 2, 5]),
  };
}

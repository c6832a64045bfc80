/**
 * What only a part of the worlds has: rooms that seldom work, hours after the storm, and a broker at its very worst. Drawn
 * apart from all else, so that the rest of a world is what it would be without.
 */
import { Chance } from './chance.ts';
import {
  type Act,
  type BrokerFault,
  commonPlanOf,
  type Operation,
  type Plan,
  STRATEGIES,
  type StrategyName,
  SYMBOLS,
  type SymbolName,
} from './plan.ts';

const MINUTE_MS = 60_000;
const minutes = (...of: readonly number[]): readonly number[] => of.map((minute) => minute * MINUTE_MS);

/** So many minutes after the open a session is over, and the next one opens. */
const [CLOSE, NEXT_OPEN] = [390, 24 * 60] as const;

const wishOf = (chance: Chance): { readonly symbol: SymbolName; readonly strategy: StrategyName } => ({
  symbol: chance.pick(SYMBOLS),
  strategy: chance.pick(STRATEGIES),
});

/** Acts that few worlds have, by how many do. */
const ACTS: readonly (readonly [number, (chance: Chance) => Act])[] = [
  [0.04, (chance) => ({ kind: 'cancel-by-hand', pick: chance.below(8) })],
  [
    0.03,
    (chance) => ({
      kind: 'marked-order',
      symbol: chance.pick(SYMBOLS),
      side: chance.pick(['buy', 'buy', 'sell'] as const),
      units: chance.between(1, 20),
      price: chance.pick([null, null, '1', '900']),
    }),
  ],
  [0.03, () => ({ kind: 'give-up' })],
  [
    0.03,
    (chance) => ({
      kind: 'decide-orphan',
      decision: chance.pick(['adopt', 'cancel', 'dismiss'] as const),
      pick: chance.below(3),
    }),
  ],
  [
    0.05,
    (chance) => ({
      kind: 'slice',
      ...wishOf(chance),
      units: chance.between(4, 40),
      count: chance.between(2, 4),
      everyMs: chance.pick([60_000, 60_000, 90_000]),
    }),
  ],
];

/** What may follow an act of a kind. */
function after(chance: Chance, act: Act): readonly Act[] {
  return act.kind === 'slice' && chance.happens(0.3) ? [{ kind: 'stop-slices' }] : [];
}

function actsOf(chance: Chance, stormMs: number): readonly Operation[] {
  return ACTS.flatMap(([share, make]) => {
    if (!chance.happens(share)) return [];
    const act = make(chance);
    const afterMs = Math.floor(chance.fraction() * stormMs * 0.9);
    const behind = after(chance, act).map((next) => ({ act: next, afterMs: afterMs + chance.between(1_000, 150_000) }));
    return [{ act, afterMs }, ...behind];
  });
}

/** What was executed is taken back, or restated, hours later. */
const lateRevisions = (chance: Chance): readonly Operation[] =>
  minutes(CLOSE + 5, CLOSE + 8, NEXT_OPEN + 2)
    .filter(() => chance.happens(0.6))
    .map((afterMs) => ({
      act: { kind: chance.pick(['bust', 'correct'] as const), pick: chance.below(8) },
      afterMs,
    }));

/** The same within the storm. */
const revisions = (chance: Chance): readonly Operation[] =>
  Array.from({ length: 2 }, () => ({
    act: { kind: chance.pick(['bust', 'correct'] as const), pick: chance.below(8) },
    afterMs: chance.between(20_000, 4 * MINUTE_MS),
  }));

/** Orders that their own broker denies for hours, so that they are given up and turn up all the same. */
function deniedForLong(chance: Chance): readonly BrokerFault[] {
  const ms = chance.pick([22 * MINUTE_MS, 22 * MINUTE_MS, 395 * MINUTE_MS]);
  return [
    chance.pick<BrokerFault>([
      { name: 'drop-answer', setting: { probability: 0.8 } },
      { name: 'error-after', setting: { probability: 0.8 } },
    ]),
    { name: 'hide-lookup', setting: { parameters: { ms } } },
    { name: 'hide-orders', setting: { parameters: { ms } } },
    { name: 'activity-lag', setting: { parameters: { ms } } },
    ...(chance.happens(0.3) ? [chance.pick(UNDONE)] : []),
    ...(chance.happens(0.3) ? [{ name: 'partial-only', setting: { probability: 0.7 } } as const] : []),
    ...(chance.happens(0.3) ? [{ name: 'async-reject', setting: { probability: 0.5 } } as const] : []),
    ...(chance.happens(0.3) ? [{ name: 'stuck-cancel', setting: { probability: 0.7 } } as const] : []),
  ];
}

const UNDONE: readonly BrokerFault[] = [
  { name: 'bust-after-fill', setting: { probability: 0.8 } },
  { name: 'correct-after-fill', setting: { probability: 0.8 } },
];

/** A broker that takes an order and says that it did not. */
const lying = (chance: Chance): readonly BrokerFault[] => [
  {
    name: 'error-after',
    setting: { probability: 0.7, parameters: { status: chance.pick([429, 429, 422]), html: false } },
  },
  { name: 'hide-lookup', setting: { probability: 0.7, parameters: { ms: chance.between(5_000, 200_000) } } },
  { name: 'hide-orders', setting: { probability: 0.7, parameters: { ms: chance.between(5_000, 200_000) } } },
  ...(chance.happens(0.4) ? [chance.pick(UNDONE)] : []),
  ...(chance.happens(0.4) ? [{ name: 'stuck-cancel', setting: { probability: 0.6 } } as const] : []),
  ...(chance.happens(0.3) ? [{ name: 'stream-drop', setting: { probability: 0.5 } } as const] : []),
];

/** News of what follows an execution, and none of the execution. */
const undoneUnheard = (chance: Chance): readonly BrokerFault[] => [
  { name: 'drop-answer', setting: { probability: 0.5 } },
  { name: 'slow-answer', setting: { probability: 0.5, parameters: { route: 'submit-order', ms: 4_000 } } },
  { name: 'hide-lookup', setting: { parameters: { ms: chance.between(5_000, 100_000) } } },
  { name: 'hide-orders', setting: { parameters: { ms: chance.between(5_000, 100_000) } } },
  { name: 'stream-drop', setting: { probability: 0.5 } },
  ...(chance.happens(0.5) ? [{ name: 'stuck-cancel', setting: { probability: 0.7 } } as const] : [chance.pick(UNDONE)]),
];

/** Cancels that race with fills, and that are told late, twice and out of order. */
const racingCancels = (chance: Chance): Change => ({
  brokerFaults: [
    { name: 'stuck-cancel', setting: { probability: 0.4 } },
    { name: 'cancel-then-fill', setting: { probability: 0.4 } },
    { name: 'partial-then-cancel', setting: { probability: 0.4 } },
    { name: 'partial-only', setting: { probability: 0.4 } },
    ...(chance.happens(0.5) ? [chance.pick(UNDONE)] : []),
  ],
  faults: (['late-news', 'doubled-news', 'reordered-news'] as const).map((kind) => ({ kind, strength: 2 })),
  news: { stream: true, webhook: true },
  partialFillOneIn: 1,
  operations: cancelsByHand(chance, 3),
});

const cancelsByHand = (chance: Chance, times: number): readonly Operation[] =>
  Array.from({ length: times }, () => ({
    act: { kind: 'cancel-by-hand', pick: chance.below(8) },
    afterMs: chance.between(1_000, 4 * MINUTE_MS),
  }));

/** The gates close while something is on its way. */
const gatesShut = (chance: Chance): readonly Operation[] => [
  { act: { kind: 'trip' }, afterMs: chance.between(5_000, 90_000) },
  { act: { kind: 'kill', scope: 'account', strategy: 'momentum' }, afterMs: chance.between(60_000, 150_000) },
];

/** A broker that throttles every order, whether or not it took it, until its command is given up. */
const throttledToDeath = (chance: Chance): Change => ({
  brokerFaults: chance.happens(0.3)
    ? [{ name: 'throttle', setting: { parameters: { route: 'submit-order', retryAfterSeconds: 0 } } }]
    : [
        { name: 'error-after', setting: { parameters: { status: 429, html: false } } },
        { name: 'hide-lookup', setting: { parameters: { ms: 5 * MINUTE_MS } } },
        { name: 'hide-orders', setting: { parameters: { ms: 5 * MINUTE_MS } } },
        { name: 'activity-lag', setting: { parameters: { ms: 5 * MINUTE_MS } } },
        ...(chance.happens(0.4) ? [chance.pick(UNDONE)] : []),
      ],
  faults: [{ kind: 'early-visibility', strength: 6 }],
  news: { stream: false, webhook: false },
  operations: chance.happens(0.5) ? cancelsByHand(chance, 2) : [],
});

type Change = Partial<
  Pick<Plan, 'day' | 'dryRun' | 'evening' | 'beginsMs' | 'afterwardsMs' | 'news' | 'partialFillOneIn' | 'faults'>
> & {
  readonly operations?: readonly Operation[];
  readonly brokerFaults?: readonly BrokerFault[];
};

/** Kinds of rare worlds, by how many there are. */
const KINDS: readonly (readonly [number, (chance: Chance) => Change])[] = [
  [0.02, () => ({ dryRun: true })],
  [0.02, (chance) => ({ evening: true, operations: chance.happens(0.5) ? lateRevisions(chance) : [] })],
  [
    0.03,
    (chance) => ({
      brokerFaults: lying(chance),
      operations: [
        ...(chance.happens(0.5) ? cancelsByHand(chance, 3) : []),
        ...(chance.happens(0.4) ? revisions(chance) : []),
        ...(chance.happens(0.6) ? gatesShut(chance) : []),
      ],
    }),
  ],
  [0.01, () => ({ day: 'half-day', evening: true })],
  // A symbol is split over night, and somebody may restate what is held of it.
  [
    0.01,
    (chance) => ({
      day: 'split',
      afterwardsMs: minutes(...[-30, -28, -1, 1, 2, 6, 8].map((minute) => NEXT_OPEN + minute)),
      operations: STRATEGIES.filter(() => chance.happens(0.5)).map((strategy) => ({
        act: { kind: 'restate', symbol: 'KO', strategy, to: 2 },
        afterMs: (NEXT_OPEN + 4) * MINUTE_MS,
      })),
    }),
  ],
  [0.02, racingCancels],
  [0.02, throttledToDeath],
  // The close comes in the middle of the storm.
  [
    0.03,
    (chance) => ({
      beginsMs: (CLOSE - chance.between(1, 4)) * MINUTE_MS,
      evening: chance.happens(0.5),
      ...(chance.happens(0.5) ? { brokerFaults: lying(chance) } : {}),
    }),
  ],
  [
    0.02,
    (chance) => ({
      brokerFaults: undoneUnheard(chance),
      news: { stream: true, webhook: false },
      operations: cancelsByHand(chance, 2),
    }),
  ],
  [
    0.02,
    (chance) => ({
      brokerFaults: deniedForLong(chance),
      news: { stream: chance.happens(0.2), webhook: false },
      operations: [
        ...(chance.happens(0.5)
          ? [{ act: { kind: 'give-up' }, afterMs: chance.between(1, 20) * MINUTE_MS } as const]
          : []),
        ...(chance.happens(0.3) ? cancelsByHand(chance, 2) : []),
      ],
      afterwardsMs: minutes(8, 12, 19, 21, 24, 30, CLOSE + 1, CLOSE + 4, CLOSE + 17, NEXT_OPEN + 1, NEXT_OPEN + 2),
    }),
  ],
  // Nobody looks for the rest of the day.
  [
    0.02,
    (chance) => ({
      afterwardsMs: minutes(CLOSE + 1, CLOSE + 6, CLOSE + 9, NEXT_OPEN + 1, NEXT_OPEN + 3),
      operations: lateRevisions(chance),
      ...(chance.happens(0.4) ? { brokerFaults: lying(chance), news: { stream: false, webhook: false } } : {}),
    }),
  ],
];

/** A plan with what is rare of it. */
function withRare(plan: Plan, chance: Chance): Plan {
  let drawn = chance.fraction();
  let change: Change = {};
  for (const [share, make] of KINDS) {
    if (drawn >= 0 && drawn < share) change = make(chance.fork('kind'));
    drawn -= share;
  }
  const { operations = [], brokerFaults = [], faults = [], ...rest } = change;
  const acts = [...plan.operations, ...actsOf(chance.fork('acts'), plan.stormMs), ...operations];
  return {
    ...plan,
    ...rest,
    operations: acts.sort((a, b) => a.afterMs - b.afterMs),
    brokerFaults: [...plan.brokerFaults, ...brokerFaults],
    faults: [...plan.faults.filter(({ kind }) => faults.every((fault) => fault.kind !== kind)), ...faults],
  };
}

/** The world of a seed. Pure: the same seed is the same plan. */
export const planOf = (seed: number): Plan => withRare(commonPlanOf(seed), new Chance(`rare:${seed}`));

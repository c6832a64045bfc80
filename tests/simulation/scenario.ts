/** Worlds that are told what happens in them, instead of drawing it from a seed. */
import type { FaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { FAULTS, type FaultKind, type FaultSwitch } from './faults.ts';
import type { Act, BrokerFault, Operation, Plan } from './plan.ts';

/** A world in which nothing goes wrong and nobody does anything, but for what is told. */
export const quietPlan = (changes: Partial<Plan> = {}): Plan => ({
  seed: 1,
  day: 'ordinary',
  marketSeed: 1,
  beginsMs: 0,
  stormMs: 300_000,
  afterwardsMs: [],
  operations: [],
  faults: [],
  brokerFaults: [],
  lagCommits: 0,
  strikes: null,
  policy: { exposureShare: 1, cooldownMs: 0, foreignOrders: 'quarantine' },
  news: { stream: false, webhook: false },
  dryRun: false,
  evening: false,
  quotes: false,
  partialFillOneIn: 0,
  ...changes,
});

/** A fault that strikes whenever it can. */
export const always = (kind: FaultKind): FaultSwitch => ({ kind, strength: 1 / FAULTS[kind].probability });

/** A fault that strikes once: at the step of that number, among those that it can strike. */
export const onceAt = (kind: FaultKind, step: number): Pick<Plan, 'faults' | 'strikes'> => ({
  faults: [always(kind)],
  strikes: new Set([step]),
});

type Entry = Extract<Act, { kind: 'entry' }>;

export const buy = (units: number, order: Entry['order'] = 'market'): Act => ({
  kind: 'entry',
  symbol: 'KO',
  strategy: 'momentum',
  twin: false,
  order,
  units,
});

export const sell: Act = { kind: 'exit', symbol: 'KO', strategy: 'momentum' };

/** One act after the other, so many seconds after the open. */
export const acts = (...timed: readonly (readonly [number, Act])[]): readonly Operation[] =>
  timed.map(([seconds, act]) => ({ afterMs: seconds * 1_000, act }));

export const brokerFault = (
  name: FaultName,
  parameters: Readonly<Record<string, string | number | boolean>> = {},
  count?: number,
): BrokerFault => ({ name, setting: { parameters, ...(count === undefined ? {} : { count }) } });

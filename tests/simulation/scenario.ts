/** Worlds that are told what happens in them, instead of drawing it from a seed. */
import { FAULTS, type FaultKind, type FaultSwitch } from './faults.ts';
import type { Plan } from './plan.ts';

/** A world in which nothing goes wrong and nobody does anything, but for what is told. */
export const quietPlan = (changes: Partial<Plan> = {}): Plan => ({
  seed: 1,
  marketSeed: 1,
  stormMs: 300_000,
  operations: [],
  faults: [],
  brokerFaults: [],
  lagCommits: 0,
  strikes: null,
  policy: { exposureShare: 1, cooldownMs: 0, foreignOrders: 'quarantine' },
  news: { stream: false, webhook: false },
  partialFillOneIn: 0,
  ...changes,
});

/** A fault that strikes whenever it can. */
const always = (kind: FaultKind): FaultSwitch => ({ kind, strength: 1 / FAULTS[kind].probability });

/** A fault that strikes once: at the step of that number, among those that it can strike. */
export const onceAt = (kind: FaultKind, step: number): Pick<Plan, 'faults' | 'strikes'> => ({
  faults: [always(kind)],
  strikes: new Set([step]),
});

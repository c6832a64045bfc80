/** A failing world made small: whatever can be left out while the same invariant still breaks is left out. */
import type { InvariantNumber } from './invariants.ts';
import type { Plan } from './plan.ts';
import { type RunOptions, runWorld, type WorldResult } from './run-world.ts';

export interface Shrunk {
  readonly plan: Plan;
  readonly result: WorldResult;
  /** Worlds that it took. */
  readonly tries: number;
}

const TRIES_MAX = 400;

export class Shrinker {
  /** Made anew for each world. */
  readonly #options: () => RunOptions;
  readonly #invariant: InvariantNumber | 0;
  #plan: Plan;
  #result: WorldResult;
  #tries = 0;

  constructor(plan: Plan, result: WorldResult, options: () => RunOptions) {
    this.#plan = plan;
    this.#result = result;
    this.#options = options;
    this.#invariant = result.violation?.invariant ?? 0;
  }

  async shrink(): Promise<Shrunk> {
    for (let before = -1; before !== this.#tries && this.#tries < TRIES_MAX; ) {
      before = this.#tries;
      const size = this.#size();
      await this.#dropEach('operations');
      await this.#dropEach('brokerFaults');
      await this.#dropEach('faults');
      await this.#dropStrikes();
      await this.#simplify();
      if (this.#size() === size) break;
    }
    const result = await runWorld(this.#plan, { ...this.#options(), keepTrace: true });
    return { plan: this.#plan, result, tries: this.#tries };
  }

  #size(): number {
    const { operations, brokerFaults, faults, lagCommits, stormMs } = this.#plan;
    return operations.length + brokerFaults.length + faults.length + this.#result.strikes.length + lagCommits + stormMs;
  }

  /** Keeps the smaller plan where the same invariant breaks in it. */
  async #try(plan: Plan): Promise<boolean> {
    if (this.#tries >= TRIES_MAX) return false;
    this.#tries += 1;
    const result = await runWorld(plan, this.#options());
    if (result.violation?.invariant !== this.#invariant) return false;
    this.#plan = plan;
    this.#result = result;
    return true;
  }

  async #dropEach(what: 'operations' | 'brokerFaults' | 'faults'): Promise<void> {
    for (let index = this.#plan[what].length - 1; index >= 0; index -= 1) {
      await this.#try({ ...this.#plan, [what]: this.#plan[what].filter((_, at) => at !== index) });
    }
  }

  /** Halves first, then smaller parts: most strikes have nothing to do with it. */
  async #dropStrikes(): Promise<void> {
    let kept = this.#result.strikes.map(({ number }) => number);
    if (kept.length === 0 || !(await this.#try({ ...this.#plan, strikes: new Set(kept) }))) return;
    for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = 0; start < kept.length; ) {
        const rest = [...kept.slice(0, start), ...kept.slice(start + size)];
        if (await this.#try({ ...this.#plan, strikes: new Set(rest) })) kept = rest;
        else start += size;
      }
    }
  }

  async #simplify(): Promise<void> {
    const plan = this.#plan;
    if (plan.lagCommits > 0) await this.#try({ ...this.#plan, lagCommits: 0 });
    if (plan.partialFillOneIn > 0) await this.#try({ ...this.#plan, partialFillOneIn: 0 });
    if (plan.news.stream) await this.#try({ ...this.#plan, news: { ...this.#plan.news, stream: false } });
    if (plan.news.webhook) await this.#try({ ...this.#plan, news: { ...this.#plan.news, webhook: false } });
  }
}

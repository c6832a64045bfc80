/** A bus in memory: keeps what it takes, and takes what its owner lets it. */
import type { Fact } from '#events/envelope.ts';
import type { Bus } from '#shared/ports/bus.ts';

export class MemoryBus implements Bus {
  readonly #takes: (fact: Fact) => boolean;
  #taken: readonly Fact[] = [];

  constructor(takes: (fact: Fact) => boolean = () => true) {
    this.#takes = takes;
  }

  /** What was taken so far, repeats included, in the order in which it was published. */
  get taken(): readonly Fact[] {
    return this.#taken;
  }

  async publish(facts: readonly Fact[]): Promise<readonly Fact[]> {
    const outcomes = facts.map((fact) => ({ fact, taken: this.#takes(fact) }));
    this.#taken = [...this.#taken, ...outcomes.filter(({ taken }) => taken).map(({ fact }) => fact)];
    return outcomes.filter(({ taken }) => !taken).map(({ fact }) => fact);
  }
}

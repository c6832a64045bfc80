/** Wakes that are kept in memory; whoever owns them says what becomes of each. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Wake, Wakes } from '#shared/ports/wakes.ts';

const NAME = /^[0-9A-Za-z._-]{1,64}$/;

export class MemoryWakes implements Wakes {
  readonly #wakes = new Map<string, Wake>();

  make(wakes: readonly Wake[]): Promise<void> {
    for (const wake of wakes) {
      if (!NAME.test(wake.name)) {
        return Promise.reject(new Fault('permanent', 'scheduler-refused', `${wake.name} is no name of a schedule`));
      }
      if (!this.#wakes.has(wake.name)) this.#wakes.set(wake.name, wake);
    }
    return Promise.resolve();
  }

  drop(names: readonly string[]): Promise<void> {
    for (const name of names) this.#wakes.delete(name);
    return Promise.resolve();
  }

  /** What is still to come, soonest first. */
  pending(): readonly Wake[] {
    return [...this.#wakes.values()].sort((a, b) => a.at - b.at);
  }

  /** Takes out those whose time has come. */
  fire(now: EpochMs): readonly Wake[] {
    const due = this.pending().filter(({ at }) => at <= now);
    for (const { name } of due) this.#wakes.delete(name);
    return due;
  }
}

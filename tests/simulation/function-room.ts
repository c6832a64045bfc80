/** One function as the cloud runs it: warm processes, cold starts, a limit of time, and no word of how it ended but this. */
import { Bug, Fault } from '#shared/core/kernel/fault.ts';
import type { Chance } from './chance.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export type Ended<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'died' };

export interface RoomParts<D> {
  readonly name: string;
  readonly timeoutMs: number;
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly start: (room: string) => SimulatedProcess;
  readonly assemble: (process: SimulatedProcess) => D;
  /** Told of what no function may throw: a failed invariant, or an error that is no fault. */
  readonly onBug: (room: string, error: unknown) => void;
}

interface Container<D> {
  readonly process: SimulatedProcess;
  readonly dependencies: D;
}

/** One warm process in so many is let go before it is used again. */
const COLD_START_ONE_IN = 8;

const isExpected = (error: unknown): boolean => error instanceof Fault && !(error instanceof Bug);

export class FunctionRoom<D> {
  readonly #parts: RoomParts<D>;
  #idle: Container<D>[] = [];
  #invocations = 0;

  constructor(parts: RoomParts<D>) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  /** Lets all warm processes go, as a deploy does; what runs goes on to its end. */
  replace(): void {
    this.#idle = [];
  }

  /** @param work is given what the room is made of, the process, and what names this invocation */
  async invoke<T>(
    work: (dependencies: D, invocation: { readonly process: SimulatedProcess; readonly id: string }) => Promise<T>,
  ): Promise<Ended<T>> {
    const { scheduler, timeoutMs, name, onBug } = this.#parts;
    const container = this.#take();
    const { process, dependencies } = container;
    this.#invocations += 1;
    const id = `${name}/${this.#invocations}`;
    return await new Promise((resolve) => {
      const limit = scheduler.after(timeoutMs, () => process.die('its time is over'));
      const end = (ended: Ended<T>): void => {
        limit.cancel();
        process.whenDead(null);
        if (!process.isDead) this.#idle.push(container);
        resolve(ended);
      };
      process.whenDead(() => end({ kind: 'died' }));
      work(dependencies, { process, id }).then(
        (value) => end({ kind: 'done', value }),
        (error: unknown) => {
          if (!isExpected(error)) onBug(name, error);
          end({ kind: 'failed', error });
        },
      );
    });
  }

  #take(): Container<D> {
    const { start, assemble, name, chance } = this.#parts;
    // A call that outlived its invocation may have killed one while nobody used it.
    this.#idle = this.#idle.filter((container) => !container.process.isDead);
    const warm = this.#idle.pop();
    if (warm !== undefined && !chance.happens(1 / COLD_START_ONE_IN)) return warm;
    const process = start(name);
    return { process, dependencies: assemble(process) };
  }
}

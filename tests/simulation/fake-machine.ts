/**
 * The machine's own clock, chance and wire, taken over for the length of a world: what a library waits for or draws comes from
 * the world, and whatever asks for the time of day behind the clock's back is told that it must not.
 */
import type { Chance } from './chance.ts';
import type { Planned, Scheduler } from './scheduler.ts';

class FakeTimer {
  readonly #planned: Planned;

  constructor(planned: Planned) {
    this.#planned = planned;
  }

  cancel(): void {
    this.#planned.cancel();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

const forbidden = (what: string) => (): never => {
  throw new Error(`${what} is asked for within a world: take it from the world's own clock`);
};

/** Hangs the machine's timers and wire on the world. @returns what gives the machine its own back */
export function takeOver(scheduler: Scheduler, chance: Chance, fetch: unknown): () => void {
  const set = (run: (...given: readonly unknown[]) => void, delayMs = 0, ...given: readonly unknown[]): FakeTimer =>
    new FakeTimer(scheduler.after(Math.max(1, delayMs), () => run(...given)));
  const clear = (timer: unknown): void => {
    if (timer instanceof FakeTimer) timer.cancel();
  };
  const start = scheduler.now;
  const stand: readonly (readonly [object, string, unknown])[] = [
    [globalThis, 'setTimeout', set],
    [globalThis, 'clearTimeout', clear],
    [globalThis, 'setInterval', forbidden('setInterval')],
    [globalThis, 'setImmediate', forbidden('setImmediate')],
    [performance, 'now', () => scheduler.now - start],
    [Date, 'now', forbidden('Date.now')],
    [Math, 'random', () => chance.fraction()],
    [globalThis, 'fetch', fetch],
  ];
  const own = stand.map(([owner, name, fake]) => {
    const before: unknown = Reflect.get(owner, name);
    Reflect.set(owner, name, fake);
    return [owner, name, before] as const;
  });
  return () => {
    for (const [owner, name, before] of own) Reflect.set(owner, name, before);
  };
}

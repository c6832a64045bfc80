/**
 * One process of a function: from its cold start to its end. Every call that it makes to the outside is two events, the
 * call's effect and the answer's arrival, and between any two of them the process may die, wait or be lied to. A dead
 * process makes no further step: what it awaited never comes.
 */
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';

export interface OutsideCall {
  /** Such as "tables: transact" or "broker: POST /v2/orders". */
  readonly name: string;
  /** How long it takes to arrive, and its answer to come back, at most; both are drawn. */
  readonly latencyMsMax: number;
  /** How long a caller waits for an answer that was lost. */
  readonly patienceMs: number;
  /** What the caller sees of a call that reached nobody, and of an answer that was lost. */
  readonly unreachable: () => Error;
  readonly lost: () => Error;
}

export interface ProcessParts {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly chance: Chance;
  /** A line of the world's trace. */
  readonly say: (text: string) => void;
  readonly onDeath: () => void;
}

const SKEW_MS_MAX = 2_000;
const JUMP_MS_MAX = 30_000;
const SLOW_MS = [1_000, 12_000] as const;
const FROZEN_MS = [20_000, 260_000] as const;

export class SimulatedProcess {
  readonly id: number;
  readonly name: string;
  readonly #parts: ProcessParts;
  #skewMs = 0;
  #dead = false;
  #onDeath: (() => void) | null = null;

  constructor(id: number, room: string, parts: ProcessParts) {
    this.id = id;
    this.name = `${room}-${id}`;
    this.#parts = parts;
    if (parts.faults.strikes('clock-skew', this.name.replace(/\d+$/, ''))) {
      this.#skewMs = parts.faults.amount('clock-skew', -SKEW_MS_MAX, SKEW_MS_MAX);
    }
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** Whoever runs work in this process hears of its death. */
  whenDead(listener: (() => void) | null): void {
    this.#onDeath = listener;
  }

  die(why: string): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#parts.say(`${this.name} dies: ${why}`);
    this.#parts.onDeath();
    this.#onDeath?.();
  }

  /** Its own clock, which may be off. */
  readonly clock: Clock = {
    now: () => this.#now(),
    sleepUntil: (at, signal) =>
      new Promise((resolve, reject) => {
        const planned = this.#parts.scheduler.at(addMs(at, -this.#skewMs), () => this.#live(resolve));
        signal?.addEventListener(
          'abort',
          () => {
            planned.cancel();
            reject(new Error('aborted'));
          },
          { once: true },
        );
      }),
  };

  #now(): EpochMs {
    return addMs(this.#parts.scheduler.now, this.#parts.faults.stopped ? 0 : this.#skewMs);
  }

  #live(go: () => void): void {
    if (!this.#dead) go();
  }

  /** Makes a call; the promise stays open for ever where the process dies. */
  call<T>(call: OutsideCall, perform: () => Promise<T>): Promise<T> {
    const { scheduler, faults, chance } = this.#parts;
    return new Promise((resolve, reject) => {
      if (this.#dead) return;
      if (faults.strikes('clock-jump', call.name)) {
        this.#skewMs += faults.amount('clock-jump', -JUMP_MS_MAX, JUMP_MS_MAX);
      }
      const delay = this.#delay(call.name);
      const goes = chance.between(0, call.latencyMsMax) + delay.ms;
      // What is on its way arrives, whatever has become of its sender; what a frozen machine was about to send does not.
      const arrive = (): void => this.#arrive(call, perform, { resolve, reject });
      scheduler.after(goes, () => (delay.onTheWay ? arrive() : this.#live(arrive)));
    });
  }

  #delay(step: string): { readonly ms: number; readonly onTheWay: boolean } {
    const { faults } = this.#parts;
    if (faults.strikes('slow-call', step)) return { ms: faults.amount('slow-call', ...SLOW_MS), onTheWay: true };
    if (faults.strikes('frozen', step)) return { ms: faults.amount('frozen', ...FROZEN_MS), onTheWay: false };
    return { ms: 0, onTheWay: false };
  }

  #arrive<T>(
    call: OutsideCall,
    perform: () => Promise<T>,
    answer: { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void },
  ): void {
    const { scheduler, faults, chance, say } = this.#parts;
    const { name } = call;
    if (faults.strikes('crash-before', name)) {
      this.die(`before ${name}`);
      return;
    }
    const back = chance.between(0, call.latencyMsMax) + this.#delay(name).ms;
    const comeBack = (go: () => void, afterMs = back): void => {
      scheduler.after(afterMs, () => this.#live(go));
    };
    if (faults.strikes('unreachable', name)) {
      comeBack(() => answer.reject(call.unreachable()));
      return;
    }
    say(`${this.name} ${name}`);
    const dies = faults.strikes('crash-after', name);
    const lost = faults.strikes('lost-answer', name);
    const finish = (settle: () => void): void => {
      if (dies) this.die(`after ${name}`);
      else if (lost) comeBack(() => answer.reject(call.lost()), call.patienceMs);
      else comeBack(settle);
    };
    perform().then(
      (value) => finish(() => answer.resolve(value)),
      (error: unknown) => finish(() => answer.reject(error)),
    );
  }
}

/** What happened in a world: always as a hash and as counts, line by line where somebody wants to read it. */
import type { Strike } from './faults.ts';

export interface Tally {
  steps: number;
  crashes: number;
  readonly faults: Map<string, number>;
  /** Pairs of a fault and the step that it struck. */
  readonly faultSteps: Set<string>;
  /** Pairs of an order's state and what happened to it then. */
  readonly statePairs: Set<string>;
}

const newTally = (): Tally => ({
  steps: 0,
  crashes: 0,
  faults: new Map(),
  faultSteps: new Set(),
  statePairs: new Set(),
});

export class Trace {
  readonly tally = newTally();
  readonly strikes: Strike[] = [];
  readonly #lines: string[] | null;
  #low = 0x811c9dc5;
  #high = 0x9747b28c;

  constructor(keep: boolean) {
    this.#lines = keep ? [] : null;
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }

  /** Of everything that was said, in its order. */
  get hash(): string {
    const hex = (part: number): string => (part >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  say(at: number, text: string): void {
    this.#mix(at);
    for (let index = 0; index < text.length; index += 1) this.#mix(text.charCodeAt(index));
    this.#lines?.push(`${new Date(at).toISOString().slice(11, 23)} ${text}`);
  }

  strike(at: number, strike: Strike): void {
    this.strikes.push(strike);
    const { faults, faultSteps } = this.tally;
    faults.set(strike.kind, (faults.get(strike.kind) ?? 0) + 1);
    faultSteps.add(`${strike.kind} × ${strike.step}`);
    this.say(at, `  ! ${strike.kind} (${strike.number}) strikes ${strike.step}`);
  }

  #mix(part: number): void {
    this.#low = Math.imul(this.#low ^ (part & 0xffff), 0x01000193);
    this.#high = Math.imul(this.#high ^ part ^ (this.#low >>> 13), 0x85ebca6b);
  }
}

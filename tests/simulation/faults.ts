/**
 * What may go wrong between a process and the world. Each world switches a random part of it on; each kind draws for
 * itself, so that taking one away leaves the draws of the others as they were.
 */
import type { Chance } from './chance.ts';

/** Every fault, with the probability that it strikes a step that it can strike, where a world switches it on. */
export const FAULTS = {
  // of any step of any function
  'crash-before': { says: 'the process dies before a call reaches anybody', probability: 0.008 },
  'crash-after': { says: 'the process dies after a call had its effect and before it hears so', probability: 0.008 },
  'lost-answer': { says: 'a call has its effect and its answer is lost', probability: 0.012 },
  unreachable: { says: 'a call reaches nobody, and its caller is told', probability: 0.008 },
  'slow-call': { says: 'a call takes seconds', probability: 0.02 },
  frozen: { says: 'the machine freezes for minutes in the middle of a call', probability: 0.002 },
  // of the tables
  conflict: { says: 'transactions conflict with others', probability: 0.05 },
  throttle: { says: 'a table is over its capacity', probability: 0.03 },
  'stale-index': { says: 'indexes lag behind their table', probability: 1 },
  // of the lanes
  'late-message': { says: 'a message is received minutes late', probability: 0.1 },
  'early-visibility': { says: 'a message is seen again while it is worked at', probability: 0.15 },
  'poison-message': { says: 'a message that nobody can read', probability: 1 },
  // of the stream and the bus
  'repeated-batch': { says: 'a batch of the stream comes again', probability: 0.2 },
  'bus-refuses': { says: 'the bus does not take a fact', probability: 0.1 },
  // of the schedules
  'late-schedule': { says: 'a schedule fires late', probability: 0.2 },
  'doubled-schedule': { says: 'a schedule fires twice', probability: 0.1 },
  'missed-schedule': { says: 'a schedule does not fire', probability: 0.15 },
  // of the clocks
  'clock-skew': { says: 'the clocks of processes differ', probability: 0.5 },
  'clock-jump': { says: 'the clock of a process jumps', probability: 0.003 },
  // of the news
  'late-news': { says: 'news of the broker arrives late', probability: 0.2 },
  'doubled-news': { says: 'news of the broker arrives twice', probability: 0.2 },
  'reordered-news': { says: 'a webhook overtakes the one before', probability: 0.3 },
  'lost-webhook': { says: 'a webhook never arrives', probability: 0.3 },
  'stream-gap': { says: 'the stream is cut, and what it would have told is lost', probability: 0.05 },
} as const satisfies Readonly<Record<string, { readonly says: string; readonly probability: number }>>;

export type FaultKind = keyof typeof FAULTS;
const isFaultKind = (name: string): name is FaultKind => Object.hasOwn(FAULTS, name);
const kindsOf = (): readonly FaultKind[] => Object.keys(FAULTS).filter(isFaultKind);
export const FAULT_KINDS: readonly FaultKind[] = kindsOf();

/** A fault that a world switches on. */
export interface FaultSwitch {
  readonly kind: FaultKind;
  /** Of the probability in the table. */
  readonly strength: number;
}

/** One time that a fault struck. */
export interface Strike {
  readonly number: number;
  readonly kind: string;
  readonly step: string;
}

export interface FaultOptions {
  readonly switches: readonly FaultSwitch[];
  readonly chance: Chance;
  /** Whether a strike may happen; a trace is made shorter by leaving some out. */
  readonly lets: (strike: number) => boolean;
  readonly onStrike: (strike: Strike) => void;
}

export class Faults {
  readonly #options: FaultOptions;
  readonly #on: ReadonlyMap<FaultKind, { readonly probability: number; readonly chance: Chance }>;
  #strikes = 0;
  #stopped = false;

  constructor(options: FaultOptions) {
    this.#options = options;
    this.#on = new Map(
      options.switches.map(({ kind, strength }) => [
        kind,
        { probability: Math.min(1, FAULTS[kind].probability * strength), chance: options.chance.fork(kind) },
      ]),
    );
  }

  /** Whether the fault strikes this step. */
  strikes(kind: FaultKind, step: string): boolean {
    const on = this.#on.get(kind);
    if (on === undefined || !on.chance.happens(on.probability) || this.#stopped) return false;
    return this.note(kind, step);
  }

  /** Counts a strike of whatever kind. @returns whether it may happen */
  note(kind: string, step: string): boolean {
    const number = this.#strikes;
    this.#strikes += 1;
    if (!this.#options.lets(number)) return false;
    this.#options.onStrike({ number, kind, step });
    return true;
  }

  isOn(kind: FaultKind): boolean {
    return this.#on.has(kind) && !this.#stopped;
  }

  /** The draws of a fault that is on, for how far it goes. */
  amount(kind: FaultKind, min: number, max: number): number {
    return this.#on.get(kind)?.chance.between(min, max) ?? min;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** From here on nothing strikes, and clocks are right. */
  stop(): void {
    this.#stopped = true;
  }

  goOn(): void {
    this.#stopped = false;
  }
}

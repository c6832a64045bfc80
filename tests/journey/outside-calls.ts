/**
 * Counts every call that a process makes to the outside and kills the process at one of them. A process that died makes
 * no further call: whatever its code still does in memory reaches nobody, as if the machine were gone.
 */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Tables } from '#shared/ports/tables.ts';

/**
 * die-before: the process dies before the call is made. die-after: the call has its effect, and the process dies before
 * it hears so. lose-answer: the call has its effect and the process lives, without an answer.
 */
export type Fate = 'die-before' | 'die-after' | 'lose-answer';

export interface OutsideCall {
  readonly name: string;
  /** Whether it can change anything. */
  readonly writes: boolean;
}

export interface CrashPlan {
  /** Counts calls from 0. */
  readonly at: number;
  readonly fate: Fate;
}

/** What a dead process throws into its own code. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** The calls of a life, over all the processes that it takes. */
export class OutsideCalls {
  readonly made: OutsideCall[] = [];
  readonly #plans: readonly CrashPlan[];
  readonly #onCall: (call: OutsideCall) => void;

  constructor(plans: readonly CrashPlan[], onCall: (call: OutsideCall) => void = () => undefined) {
    this.#plans = plans;
    this.#onCall = onCall;
  }

  /** What is to become of the next call. */
  next(call: OutsideCall): Fate | null {
    const { length } = this.made;
    this.made.push(call);
    this.#onCall(call);
    return this.#plans.find(({ at }) => at === length)?.fate ?? null;
  }
}

/** One process: from its wiring to its end. */
export class Incarnation {
  readonly #calls: OutsideCalls;
  #dead = false;

  constructor(calls: OutsideCalls) {
    this.#calls = calls;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** @param lost what the caller sees where the answer is lost */
  async call<T>(call: OutsideCall, perform: () => Promise<T>, lost: () => Error): Promise<T> {
    this.#live();
    const fate = this.#calls.next(call);
    if (fate === 'die-before') this.#dead = true;
    this.#live();
    const answer = await perform();
    if (fate === 'die-after') this.#dead = true;
    this.#live();
    if (fate === 'lose-answer') throw lost();
    return answer;
  }

  #live(): void {
    if (this.#dead) throw new ProcessDied('this process is gone');
  }
}

const noAnswer = (effect: 'read' | 'write') => (): Error =>
  new Fault(effect === 'read' ? 'transient' : 'uncertain', 'tables-answer-lost', 'the answer was lost');

/** The tables as one process reaches them. */
export function tablesOf(process: Incarnation, tables: Tables): Tables {
  const named = (name: string, writes: boolean): OutsideCall => ({ name: `tables: ${name}`, writes });
  return {
    get: (table, key, options) =>
      process.call(named(`get ${table}`, false), () => tables.get(table, key, options), noAnswer('read')),
    getTogether: (keys) => process.call(named('get together', false), () => tables.getTogether(keys), noAnswer('read')),
    query: (request) =>
      process.call(named(`query ${request.table}`, false), () => tables.query(request), noAnswer('read')),
    write: (write) => process.call(named(`write ${write.table}`, true), () => tables.write(write), noAnswer('write')),
    putEach: (table, items) =>
      process.call(named(`put each ${table}`, true), () => tables.putEach(table, items), noAnswer('write')),
    transact: (writes, options) =>
      process.call(named('transact', true), () => tables.transact(writes, options), noAnswer('write')),
  };
}

/** The wire to the broker as one process reaches it. */
export function fetchOf(process: Incarnation, real: typeof fetch): typeof fetch {
  return async (input, init) => {
    const method = init?.method ?? 'GET';
    const url = input instanceof Request ? input.url : String(input);
    const name = `broker: ${method} ${new URL(url).pathname}`;
    const perform = async (): Promise<Response> => {
      const response = await real(input, init);
      // The whole of it, so that nothing of a call is left when it is over.
      const body = await response.arrayBuffer();
      const { status, headers } = response;
      return new Response(status === 204 ? null : body, { status, headers });
    };
    const reset = (): Error => new TypeError('fetch failed', { cause: new Error('read ECONNRESET') });
    return await process.call({ name, writes: method !== 'GET' }, perform, reset);
  };
}

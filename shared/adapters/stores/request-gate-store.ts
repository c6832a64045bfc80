/**
 * The gate in front of the broker over the tables: one item that all functions change by compare and swap. A function
 * takes tokens some at a time and remembers the item as it last saw it, so that a request costs less than one write and
 * as a rule no read: a write that meets a newer item is answered with it.
 */
import { whole } from '#shared/adapters/stores/attributes.ts';
import { requestGateKey } from '#shared/adapters/stores/keys.ts';
import { readRequestGate, requestGateAttributes } from '#shared/adapters/stores/request-gate-item.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition, ItemKey } from '#shared/core/kernel/item.ts';
import { type Result, succeed } from '#shared/core/kernel/result.ts';
import { isUrgent, type RequestKind } from '#shared/core/safety/broker-request.ts';
import { TOKEN_MS_MAX } from '#shared/core/safety/request-budget.ts';
import {
  type CircuitName,
  circuitOf,
  lateBar,
  mustTell,
  noteRequest,
  noteUntold,
  openGate,
  permitRequests,
  type RequestBar,
  type RequestGateState,
  type RequestNews,
  type Untold,
} from '#shared/core/safety/request-gate.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { RequestGate, RequestOutcome, RequestPermits } from '#shared/ports/request-gate.ts';
import type { Tables } from '#shared/ports/tables.ts';

export interface RequestGateOptions {
  readonly tables: Pick<Tables, 'get' | 'write'>;
  readonly accountId: AccountId;
  /** The broker counts requests for trading and for market data apart. */
  readonly service: 'trading' | 'data';
  readonly clock: Clock;
  /** Tokens taken with one write. What is not used in time is lost, so that the limit holds whatever it is. Default 4. */
  readonly batch?: number;
  /** The longest that a request waits at the gate. Default 2 s, which is less than one try of a read takes at most. */
  readonly waitMsMax?: number;
}

const BATCH = 4;
const WAIT_MS_MAX = 2_000;
/** A token that was prepared must not run out between the preparation and the call. */
const PREPARED_MS_MIN = TOKEN_MS_MAX / 2;
/** Rounds of compare and swap before a change gives up; each lost round means that another function won. */
const SWAP_ROUNDS_MAX = 30;

const absent: Condition = { name: 'gate-version-changed', test: { op: 'absent' } };
const versionIs = (version: number): Condition => ({
  name: 'gate-version-changed',
  test: { op: 'equals', attribute: 'version', value: whole(version) },
});

/** Tokens at hand; those of the reserve are for urgent requests alone. */
interface Held {
  readonly count: number;
  readonly until: EpochMs;
}
type HeldFor = 'any' | 'urgent';

class StoredRequestGate implements RequestGate, RequestPermits {
  readonly #options: RequestGateOptions;
  readonly #key: ItemKey;
  /** The item as this process last saw or wrote it; null before the first. */
  #known: RequestGateState | null = null;
  #held: Readonly<Partial<Record<HeldFor, Held>>> = {};
  /** Until when this process may send a probe through a circuit. */
  #probes: Readonly<Partial<Record<CircuitName, EpochMs>>> = {};
  #untold: Untold = {};
  /** Changes of this process, one after another: the second finds what the first brought. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(options: RequestGateOptions) {
    this.#options = options;
    this.#key = requestGateKey(options.accountId, options.service);
  }

  async before(kind: RequestKind): Promise<void> {
    const { clock, waitMsMax = WAIT_MS_MAX } = this.#options;
    const patience = addMs(clock.now(), waitMsMax);
    while (!this.#use(kind)) {
      const bar = await this.#inTurn(() => this.#provide(kind, clock.now()));
      if (bar === null) continue;
      if (bar.retryAt > patience) throw new Fault('transient', bar.refusal.code, bar.refusal.message);
      await clock.sleepUntil(bar.retryAt);
    }
  }

  prepare(kind: RequestKind): Promise<RequestBar | null> {
    return this.#inTurn(() => this.#provide(kind, addMs(this.#options.clock.now(), PREPARED_MS_MIN)));
  }

  async after(outcome: RequestOutcome): Promise<void> {
    const now = this.#options.clock.now();
    const news: RequestNews = { ...outcome, sentAt: addMs(now, -outcome.durationMs) };
    if (mustTell(this.#known ?? openGate(now), news, now)) {
      await this.#inTurn(() =>
        this.#swap((state, at, untold) => succeed({ state: noteRequest(state, untold, news, at) })),
      );
    } else if (news.result === 'answered') this.#count(news);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#line.then(change, change);
    this.#line = turn;
    return turn;
  }

  #count({ kind, sentAt }: RequestNews): void {
    const name = circuitOf(kind);
    const { count, sentAt: latest } = this.#untold[name] ?? { count: 0, sentAt };
    this.#untold = { ...this.#untold, [name]: { count: count + 1, sentAt: latest > sentAt ? latest : sentAt } };
  }

  /** Takes a token at hand; false when there is none, or it may not be used any more. */
  #use(kind: RequestKind): boolean {
    const from = this.#tokenFor(kind, this.#options.clock.now());
    if (from === null) return false;
    const { [from]: held } = this.#held;
    if (held !== undefined) this.#held = { ...this.#held, [from]: { ...held, count: held.count - 1 } };
    const { [circuitOf(kind)]: _used, ...probes } = this.#probes;
    this.#probes = probes;
    return true;
  }

  /** Which token a request may use that is still good at an instant; null when there is none. */
  #tokenFor(kind: RequestKind, goodAt: EpochMs): HeldFor | null {
    const now = this.#options.clock.now();
    const isProbe = (name: CircuitName): boolean => (this.#probes[name] ?? now) > now;
    if (this.#known === null || lateBar(this.#known, kind, isProbe, now) !== null) return null;
    const kinds: readonly HeldFor[] = isUrgent(kind) ? ['any', 'urgent'] : ['any'];
    return (
      kinds.find((name) => {
        const held = this.#held[name];
        return held !== undefined && held.count > 0 && held.until > goodAt;
      }) ?? null
    );
  }

  /** Sees to it that there is a token, or says why there is none. */
  async #provide(kind: RequestKind, goodAt: EpochMs): Promise<RequestBar | null> {
    if (this.#tokenFor(kind, goodAt) !== null) return null;
    const { batch = BATCH, clock } = this.#options;
    const urgent = isUrgent(kind);
    // Counted from before the write: no token is used later than the budget allows for.
    const until = addMs(clock.now(), TOKEN_MS_MAX);
    const permit = await this.#swap((state, now, untold) =>
      permitRequests(noteUntold(state, untold, now), { kind, count: urgent ? 1 : batch }, now),
    );
    if (!permit.ok) return permit.error;
    const { tokens, probes } = permit.value;
    this.#held = { ...this.#held, [urgent ? 'urgent' : 'any']: { count: tokens, until } };
    for (const name of probes) this.#probes = { ...this.#probes, [name]: until };
    return null;
  }

  /** Changes the item until the write wins, or until `change` has a bar on the item as it is. */
  async #swap<T extends { readonly state: RequestGateState }>(
    change: (state: RequestGateState, now: EpochMs, untold: Untold) => Result<T, RequestBar>,
  ): Promise<Result<T, RequestBar>> {
    const { tables, clock } = this.#options;
    const untold = this.#untold;
    this.#untold = {};
    let fresh = false;
    for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
      const now = clock.now();
      const seen = this.#known ?? openGate(now);
      const changed = change(seen, now, untold);
      if (!changed.ok) {
        if (fresh) return changed;
        // What this process remembers may be over: a bar counts when the item says so.
        const found = await tables.get('safety', this.#key);
        this.#known = found === null ? null : readRequestGate(found);
        fresh = true;
        continue;
      }
      const next = { ...changed.value.state, version: seen.version + 1 };
      const conditions = [seen.version === 0 ? absent : versionIs(seen.version)];
      const set = requestGateAttributes(next);
      const outcome = await tables.write({ kind: 'update', table: 'safety', key: this.#key, set, conditions });
      if (outcome.ok) {
        this.#known = next;
        return changed;
      }
      const found = outcome.failures[0]?.item ?? null;
      this.#known = found === null ? null : readRequestGate(found);
      fresh = true;
    }
    throw new Fault('transient', 'request-gate-contended', 'other functions changed the request gate in every round');
  }
}

/** One for each service of a process: what it holds is lost with it, and never used twice. */
export const storedRequestGate = (options: RequestGateOptions): RequestGate & RequestPermits =>
  new StoredRequestGate(options);

/**
 * The gate in front of a broker as one value that all functions share: the budget of requests and two circuits, one of
 * the requests that read and one of those that change orders. A broker may well answer the ones and fail the others.
 */
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { admit, type Answers, type Circuit, closedCircuit, noteAnswers, noteFailure } from './broker-circuit.ts';
import { isUrgent, type RequestKind } from './broker-request.ts';
import { type BudgetNews, fullBudget, heedAnswer, type RequestBudget, takeTokens } from './request-budget.ts';
import { counted, type RequestTally } from './request-tally.ts';

export const CIRCUIT_NAMES = ['reads', 'orders'] as const;
export type CircuitName = (typeof CIRCUIT_NAMES)[number];

export interface RequestGateState {
  readonly budget: RequestBudget;
  readonly circuits: Readonly<Record<CircuitName, Circuit>>;
  /** Of all requests: unlike a circuit's own count it is kept when the circuit opens. */
  readonly tally: RequestTally;
  /** Counts writes, from 1. */
  readonly version: number;
}

/** The gate of an account whose broker nobody has asked yet. */
export const openGate = (now: EpochMs): RequestGateState => ({
  budget: fullBudget(now),
  circuits: { reads: closedCircuit(now), orders: closedCircuit(now) },
  tally: [],
  version: 0,
});

/** The circuit that a request's outcome counts in. */
export const circuitOf = (kind: RequestKind): CircuitName =>
  kind === 'read' || kind === 'lookup' ? 'reads' : 'orders';

/** A circuit that waits for somebody else's probe is looked at again so much later. */
const PROBE_BY_OTHERS_MS = 1_000;

/** Why a request may not be sent now, and when to ask again. */
export interface RequestBar {
  readonly refusal: Refusal;
  readonly retryAt: EpochMs;
}

export interface Permit {
  readonly state: RequestGateState;
  /** Requests that may be sent; never more than were asked for. */
  readonly tokens: number;
  /** The circuits that the one request is a probe of; none as a rule. */
  readonly probes: readonly CircuitName[];
}

/**
 * Asks for requests of one kind. Urgent ones pass an open circuit and may use the reserve of the budget; an entry needs
 * both circuits, since what becomes of it is found out by reading.
 */
export function permitRequests(
  state: RequestGateState,
  ask: { readonly kind: RequestKind; readonly count: number },
  now: EpochMs,
): Result<Permit, RequestBar> {
  const urgent = isUrgent(ask.kind);
  let { circuits } = state;
  const probes: CircuitName[] = [];
  for (const name of urgent ? [] : circuitsFor(ask.kind)) {
    const admission = admit(circuits[name], now);
    if (admission.kind === 'wait') return fail(circuitBar(name, circuits[name], admission.until));
    // An entry is no way to find out whether the broker can be read: the order would be what it costs.
    if (admission.kind === 'probe' && name !== circuitOf(ask.kind)) {
      return fail(circuitBar(name, circuits[name], addMs(now, PROBE_BY_OTHERS_MS)));
    }
    if (admission.kind === 'probe') {
      circuits = { ...circuits, [name]: admission.circuit };
      probes.push(name);
    }
  }
  const taking = takeTokens(state.budget, { count: probes.length > 0 ? 1 : ask.count, urgent }, now);
  if (taking.kind === 'none') return fail(budgetBar(state.budget, taking.because, taking.readyAt));
  return succeed({ state: { ...state, circuits, budget: taking.budget }, tokens: taking.tokens, probes });
}

const circuitsFor = (kind: RequestKind): readonly CircuitName[] => (kind === 'entry' ? CIRCUIT_NAMES : ['reads']);

function circuitBar(name: CircuitName, circuit: Circuit, until: EpochMs): RequestBar {
  const what = name === 'reads' ? 'reading' : 'orders';
  return {
    refusal: refusal('broker-circuit-open', `the broker failed too often, and its circuit for ${what} is not closed`, {
      circuit: name,
      phase: circuit.phase,
      until: String(until),
    }),
    retryAt: until,
  };
}

function budgetBar(budget: RequestBudget, because: 'empty' | 'throttled', readyAt: EpochMs): RequestBar {
  const message =
    because === 'throttled'
      ? 'the broker throttles the account, and nothing is sent before it says'
      : 'the budget of requests to the broker is used up; the rest is kept for exits, cancels and look-ups';
  const context = { because, limit: String(budget.limit), readyAt: String(readyAt) };
  return { refusal: refusal('request-budget-exhausted', message, context), retryAt: readyAt };
}

/**
 * Why a request may not be sent although a token for it is at hand: what became known since it was taken. Null when it
 * may.
 */
export function lateBar(
  state: RequestGateState,
  kind: RequestKind,
  isProbe: (name: CircuitName) => boolean,
  now: EpochMs,
): RequestBar | null {
  const { stoppedUntil } = state.budget;
  if (now < stoppedUntil) return budgetBar(state.budget, 'throttled', stoppedUntil);
  if (isUrgent(kind)) return null;
  for (const name of circuitsFor(kind)) {
    const circuit = state.circuits[name];
    if (circuit.phase !== 'closed' && !isProbe(name)) return circuitBar(name, circuit, circuit.waitUntil ?? now);
  }
  return null;
}

/** What became of one request. */
export interface RequestNews extends BudgetNews {
  readonly kind: RequestKind;
  readonly sentAt: EpochMs;
}

/** Answers that were counted in a process and not told yet. */
export type Untold = Readonly<Partial<Record<CircuitName, Answers>>>;

const isFailure = (news: RequestNews): boolean =>
  news.result === 'failing' || news.result === 'lost' || news.result === 'not-sent';

/** The gate after one request, before which the untold answers came. */
export function noteRequest(
  state: RequestGateState,
  untold: Untold,
  news: RequestNews,
  now: EpochMs,
): RequestGateState {
  const told = noteUntold(state, untold, now);
  const name = circuitOf(news.kind);
  const before = told.circuits[name];
  const after = isFailure(news)
    ? noteFailure(before, now)
    : news.result === 'answered'
      ? noteAnswers(before, { count: 1, sentAt: news.sentAt }, now)
      : before;
  const tally = isFailure(news)
    ? counted(told.tally, { failed: 1 }, now)
    : news.result === 'answered'
      ? counted(told.tally, { answered: 1 }, now)
      : told.tally;
  return { ...told, budget: heedAnswer(told.budget, news, now), circuits: { ...told.circuits, [name]: after }, tally };
}

/** The gate with the untold answers counted. */
export function noteUntold(state: RequestGateState, untold: Untold, now: EpochMs): RequestGateState {
  let { circuits, tally } = state;
  for (const name of CIRCUIT_NAMES) {
    const answers = untold[name];
    if (answers === undefined) continue;
    circuits = { ...circuits, [name]: noteAnswers(circuits[name], answers, now) };
    tally = counted(tally, { answered: answers.count }, now);
  }
  return { ...state, circuits, tally };
}

/**
 * Whether the others have to know of it at once: what the broker says of the budget, every failure, and what closes a circuit.
 * All else may wait until this process takes its next tokens.
 */
export function mustTell(state: RequestGateState, news: RequestNews, now: EpochMs): boolean {
  if (heedAnswer(state.budget, news, now) !== state.budget) return true;
  // Each failure is told: few requests pass an open circuit, and what becomes of them is what the monitor counts.
  return isFailure(news) || (news.result === 'answered' && state.circuits[circuitOf(news.kind)].phase !== 'closed');
}

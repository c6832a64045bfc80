/**
 * The circuit in front of a broker that fails: closed it lets everything through, open nothing but what is urgent, and
 * half open one probe at a time. It opens after failures in a row or when half of a minute's requests fail. Evidence is
 * counted by when a request was sent, so that an answer to an old one does not close what newer ones opened.
 */
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';

/** So many failures in a row open it. */
const FAILURES_IN_ROW_MAX = 3;
/** Of a minute's requests at least so many failed, and they are half of them or more. */
const FAILURES_A_WINDOW_MIN = 5;
const WINDOW_MS = 60_000;
/** The first time that it opens; doubles while it keeps opening. */
export const COOL_OFF_MS_BASE = 15_000;
const COOL_OFF_MS_MAX = 120_000;
/** A circuit that opens so long after it last did begins with the shortest cool-off again. */
const OPENINGS_FORGOTTEN_MS = 10 * 60_000;
/** A probe that is not heard of for so long is given up: its function may have died. */
export const PROBE_MS_MAX = 15_000;

export const CIRCUIT_PHASES = ['closed', 'open', 'half-open'] as const;
export type CircuitPhase = (typeof CIRCUIT_PHASES)[number];

export interface Circuit {
  readonly phase: CircuitPhase;
  readonly failuresInRow: number;
  readonly lastFailureAt: EpochMs | null;
  /** The minute that is being counted. */
  readonly windowFrom: EpochMs;
  readonly windowAnswered: number;
  readonly windowFailed: number;
  /** Times that it opened, one soon after another. */
  readonly openings: number;
  readonly openedAt: EpochMs | null;
  /** Open: the end of the cool-off. Half open: until when the probe is awaited. Null while closed. */
  readonly waitUntil: EpochMs | null;
}

export const closedCircuit = (now: EpochMs): Circuit => ({
  phase: 'closed',
  failuresInRow: 0,
  lastFailureAt: null,
  windowFrom: now,
  windowAnswered: 0,
  windowFailed: 0,
  openings: 0,
  openedAt: null,
  waitUntil: null,
});

export type Admission =
  | { readonly kind: 'pass' }
  /** One request may be sent to see; the circuit is to be kept as given, so that no second one is. */
  | { readonly kind: 'probe'; readonly circuit: Circuit }
  | { readonly kind: 'wait'; readonly until: EpochMs };

/** Whether a request that is not urgent may be sent; urgent ones are not asked about. */
export function admit(circuit: Circuit, now: EpochMs): Admission {
  if (circuit.phase === 'closed') return { kind: 'pass' };
  const until = circuit.waitUntil ?? now;
  if (now < until) return { kind: 'wait', until };
  return { kind: 'probe', circuit: { ...circuit, phase: 'half-open', waitUntil: addMs(now, PROBE_MS_MAX) } };
}

/** Requests that the broker answered, told together. */
export interface Answers {
  readonly count: number;
  /** When the latest of them was sent. */
  readonly sentAt: EpochMs;
}

/** The circuit after answers. */
export function noteAnswers(circuit: Circuit, answers: Answers, now: EpochMs): Circuit {
  const window = windowAt(circuit, now);
  const counted = { ...circuit, ...window, windowAnswered: window.windowAnswered + answers.count };
  const since = circuit.lastFailureAt;
  if (since !== null && answers.sentAt < since) return counted;
  const calm = { ...counted, failuresInRow: 0 };
  return circuit.phase === 'closed' ? calm : { ...calm, phase: 'closed', waitUntil: null };
}

/** The circuit after a request that failed. */
export function noteFailure(circuit: Circuit, now: EpochMs): Circuit {
  const window = windowAt(circuit, now);
  const recent = circuit.lastFailureAt !== null && now - circuit.lastFailureAt < WINDOW_MS;
  const next: Circuit = {
    ...circuit,
    ...window,
    windowFailed: window.windowFailed + 1,
    failuresInRow: recent ? circuit.failuresInRow + 1 : 1,
    lastFailureAt: now,
  };
  if (circuit.phase === 'open') return next;
  return circuit.phase === 'half-open' || mustOpen(next) ? opened(next, now) : next;
}

const mustOpen = ({ failuresInRow, windowFailed, windowAnswered }: Circuit): boolean =>
  failuresInRow >= FAILURES_IN_ROW_MAX || (windowFailed >= FAILURES_A_WINDOW_MIN && windowFailed >= windowAnswered);

function opened(circuit: Circuit, now: EpochMs): Circuit {
  const soon = circuit.openedAt !== null && now - circuit.openedAt < OPENINGS_FORGOTTEN_MS;
  const openings = soon ? circuit.openings + 1 : 1;
  const coolOffMs = Math.min(COOL_OFF_MS_MAX, COOL_OFF_MS_BASE * 2 ** Math.min(openings - 1, 10));
  return {
    ...circuit,
    phase: 'open',
    openings,
    openedAt: now,
    waitUntil: addMs(now, coolOffMs),
    // What led to it is not counted against it once more when it closes.
    windowFrom: now,
    windowAnswered: 0,
    windowFailed: 0,
  };
}

type Window = Pick<Circuit, 'windowFrom' | 'windowAnswered' | 'windowFailed'>;

const windowAt = ({ windowFrom, windowAnswered, windowFailed }: Circuit, now: EpochMs): Window =>
  now - windowFrom < WINDOW_MS
    ? { windowFrom, windowAnswered, windowFailed }
    : { windowFrom: now, windowAnswered: 0, windowFailed: 0 };

import { describe, expect, it } from 'vitest';
import { addMs, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import { REQUEST_KINDS, type RequestKind, type RequestResult } from './broker-request.ts';
import { paceOf, REQUESTS_A_WINDOW } from './request-budget.ts';
import {
  lateBar,
  mustTell,
  noteRequest,
  openGate,
  permitRequests,
  type RequestGateState,
  type RequestNews,
} from './request-gate.ts';

const NOW = epochMs(1_770_000_000_000);
const after = (ms: number): EpochMs => addMs(NOW, ms);
const open = openGate(NOW);

const newsOf = (kind: RequestKind, result: RequestResult, sentAt = NOW): RequestNews => ({
  kind,
  result,
  sentAt,
  retryAfterMs: null,
  rateLimit: null,
});
const note = (state: RequestGateState, kind: RequestKind, result: RequestResult, ms = 0): RequestGateState =>
  noteRequest(state, {}, newsOf(kind, result, after(ms)), after(ms));
const failing = (kind: RequestKind): RequestGateState =>
  [0, 1, 2].reduce((state, ms) => note(state, kind, 'failing', ms), open);

const outcomes = (state: RequestGateState, now: EpochMs): Record<string, string> =>
  Object.fromEntries(
    REQUEST_KINDS.map((kind) => {
      const permit = permitRequests(state, { kind, count: 1 }, now);
      return [kind, permit.ok ? (permit.value.probes.length > 0 ? 'probe' : 'pass') : permit.error.refusal.code];
    }),
  );

describe('a gate whose broker fails', () => {
  it('holds reads and entries back when reading fails, and lets the urgent ones pass', () => {
    const shut = 'broker-circuit-open';
    const urgent = { lookup: 'pass', exit: 'pass', cancel: 'pass' };
    expect(outcomes(failing('read'), after(10))).toEqual({ ...urgent, read: shut, entry: shut });
    expect(outcomes(failing('lookup'), after(10))).toEqual({ ...urgent, read: shut, entry: shut });
  });

  it('holds only entries back when orders fail: the broker can still be read', () => {
    const expected = { read: 'pass', lookup: 'pass', entry: 'broker-circuit-open', exit: 'pass', cancel: 'pass' };
    for (const kind of ['entry', 'exit', 'cancel'] as const)
      expect(outcomes(failing(kind), after(10))).toEqual(expected);
  });

  it('makes the probe of a circuit with a request of its own, never with an entry where reading failed', () => {
    const cooled = after(60_000);
    expect(outcomes(failing('read'), cooled)).toMatchObject({ read: 'probe', entry: 'broker-circuit-open' });
    expect(outcomes(failing('exit'), cooled)).toMatchObject({ read: 'pass', entry: 'probe' });
    const probe = permitRequests(failing('exit'), { kind: 'entry', count: 4 }, cooled);
    expect(probe).toMatchObject({ ok: true, value: { tokens: 1, probes: ['orders'] } });
  });

  it('does not take an answered read for a sign that orders are taken', () => {
    expect(outcomes(note(failing('entry'), 'read', 'answered', 20), after(30))).toMatchObject({
      entry: 'broker-circuit-open',
    });
    expect(outcomes(note(failing('entry'), 'cancel', 'answered', 20), after(30))).toMatchObject({ entry: 'pass' });
  });

  it('counts answers that were not told yet before the failure that follows them', () => {
    const twice = [0, 1].reduce((state, ms) => note(state, 'read', 'lost', ms), open);
    const untold = { reads: { count: 5, sentAt: after(2) } };
    const third = newsOf('read', 'lost', after(3));
    expect(noteRequest(twice, untold, third, after(3)).circuits.reads.phase).toBe('closed');
    expect(noteRequest(twice, {}, third, after(3)).circuits.reads.phase).toBe('open');
  });

  it('takes a throttled request for no failure, and a request that never left for one', () => {
    const results = ['throttled', 'throttled', 'throttled'] as const;
    expect(results.reduce((state, result) => note(state, 'read', result), open).circuits.reads.phase).toBe('closed');
    const unsent = ['not-sent', 'not-sent', 'not-sent'] as const;
    expect(unsent.reduce((state, result) => note(state, 'read', result), open).circuits.reads.phase).toBe('open');
  });
});

describe('a gate whose budget is used up', () => {
  it('refuses reads and entries, and keeps the reserve for exits, cancels and look-ups', () => {
    const { burst, reserve } = paceOf(REQUESTS_A_WINDOW);
    const taken = permitRequests(open, { kind: 'read', count: burst }, NOW);
    if (!taken.ok) throw new Error(taken.error.refusal.message);
    expect(taken.value.tokens).toBe(burst - reserve);
    const used = 'request-budget-exhausted';
    expect(outcomes(taken.value.state, NOW)).toEqual({
      read: used,
      entry: used,
      lookup: 'pass',
      exit: 'pass',
      cancel: 'pass',
    });
  });

  it('stops a request at the last moment, token or not, when the broker has throttled since', () => {
    const told = noteRequest(open, {}, { ...newsOf('read', 'throttled'), retryAfterMs: 5_000 }, NOW);
    const none = (): boolean => false;
    for (const kind of REQUEST_KINDS) {
      expect(lateBar(told, kind, none, after(1))?.retryAt).toBe(after(5_000));
      expect(lateBar(told, kind, none, after(5_000))).toBeNull();
    }
    expect(lateBar(failing('read'), 'entry', none, after(10))?.refusal.code).toBe('broker-circuit-open');
    expect(lateBar(failing('read'), 'exit', none, after(10))).toBeNull();
    expect(lateBar(failing('entry'), 'entry', (name) => name === 'orders', after(10))).toBeNull();
  });
});

describe('telling the others', () => {
  it('tells what fails, closes or stops, and keeps the rest for the next write', () => {
    expect(mustTell(open, newsOf('read', 'answered'), NOW)).toBe(false);
    expect(mustTell(open, newsOf('read', 'failing'), NOW)).toBe(true);
    expect(mustTell(open, newsOf('entry', 'throttled'), NOW)).toBe(true);
    expect(mustTell(note(open, 'read', 'lost'), newsOf('read', 'answered'), NOW)).toBe(false);
    expect(mustTell(failing('read'), newsOf('lookup', 'answered'), NOW)).toBe(true);
    // The monitor counts what fails behind an open circuit.
    expect(mustTell(failing('read'), newsOf('lookup', 'failing'), NOW)).toBe(true);
    expect(mustTell(failing('read'), newsOf('exit', 'failing'), NOW)).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { addMs, type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import {
  admit,
  type Circuit,
  closedCircuit,
  COOL_OFF_MS_BASE,
  noteAnswers,
  noteFailure,
  PROBE_MS_MAX,
} from './broker-circuit.ts';

const NOW = epochMs(1_770_000_000_000);
const after = (ms: number): EpochMs => addMs(NOW, ms);
const closed = closedCircuit(NOW);

const answer = (circuit: Circuit, ms: number, count = 1): Circuit =>
  noteAnswers(circuit, { count, sentAt: after(ms) }, after(ms));
const fail = (circuit: Circuit, ms: number, times = 1): Circuit =>
  Array.from({ length: times }).reduce<Circuit>((current) => noteFailure(current, after(ms)), circuit);
const opened = fail(closed, 0, 3);

describe('opening', () => {
  it('opens after three failures in a row, and not after two', () => {
    expect(fail(closed, 0, 2).phase).toBe('closed');
    expect(opened.phase).toBe('open');
    expect(admit(closed, NOW)).toEqual({ kind: 'pass' });
  });

  it('counts no failures in a row over an answer, nor over a minute', () => {
    expect(fail(answer(fail(closed, 0, 2), 1), 2, 2).phase).toBe('closed');
    expect(fail(fail(closed, 0, 2), 60_000, 2).phase).toBe('closed');
  });

  it('does not take the answer to an older request for an end of the failures', () => {
    const failed = fail(closed, 1_000, 2);
    const late = noteAnswers(failed, { count: 1, sentAt: after(500) }, after(1_500));
    expect(noteFailure(late, after(2_000)).phase).toBe('open');
  });

  it('opens when half of a minute failed, however the failures lie', () => {
    let circuit = closed;
    for (let round = 0; round < 4; round += 1) circuit = answer(fail(circuit, round * 10), round * 10 + 5);
    expect(circuit.phase).toBe('closed');
    expect(fail(circuit, 100).phase).toBe('open');
    expect(fail(answer(circuit, 90, 9), 100).phase).toBe('closed');
    expect(fail(circuit, 60_000).phase).toBe('closed');
  });
});

describe('while it is open', () => {
  it('lets nothing through before the cool-off is over, and then one probe', () => {
    const end = after(COOL_OFF_MS_BASE);
    expect(admit(opened, addMs(end, -1))).toEqual({ kind: 'wait', until: end });
    const probe = admit(opened, end);
    if (probe.kind !== 'probe') throw new Error('no probe');
    expect(probe.circuit.phase).toBe('half-open');
    expect(admit(probe.circuit, addMs(end, 1))).toEqual({ kind: 'wait', until: addMs(end, PROBE_MS_MAX) });
    // The function that sent it has died.
    expect(admit(probe.circuit, addMs(end, PROBE_MS_MAX)).kind).toBe('probe');
  });

  it('closes with the first answer to a request that is newer than the last failure', () => {
    const old = noteAnswers(opened, { count: 1, sentAt: after(-1) }, after(5));
    expect(old.phase).toBe('open');
    const answered = answer(opened, 5);
    expect([answered.phase, answered.failuresInRow, answered.waitUntil]).toEqual(['closed', 0, null]);
    expect(fail(answered, 6, 2).phase).toBe('closed');
  });

  it('opens for longer when its probe fails, up to a limit, and forgets that after a quiet time', () => {
    let circuit = opened;
    const coolOffsMs: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const at = circuit.waitUntil ?? NOW;
      const probe = admit(circuit, at);
      if (probe.kind !== 'probe') throw new Error('no probe');
      circuit = noteFailure(probe.circuit, at);
      coolOffsMs.push((circuit.waitUntil ?? at) - at);
    }
    expect(coolOffsMs).toEqual([30_000, 60_000, 120_000, 120_000, 120_000, 120_000]);
    const later = (circuit.waitUntil ?? NOW) + 600_000 - NOW;
    const again = fail(answer(circuit, later - 1), later, 3);
    expect((again.waitUntil ?? 0) - after(later)).toBe(COOL_OFF_MS_BASE);
  });

  it('is not held open longer by the failures of urgent requests', () => {
    expect(fail(opened, 5_000, 4).waitUntil).toBe(opened.waitUntil);
  });
});

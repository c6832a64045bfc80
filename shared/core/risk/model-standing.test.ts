import { describe, expect, it } from 'vitest';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import type { ModelStanding } from './check.ts';
import { modelRefusal } from './model-standing.ts';

const ID = strategyId('ml-momentum');
const active = (trainedThrough: string, pinned = false): ModelStanding => ({
  kind: 'active',
  version: 'v-1',
  trainedThrough: calendarDate(trainedThrough),
  pinned,
});
const codeOn = (session: string, model: ModelStanding): string | null =>
  modelRefusal(ID, model, calendarDate(session))?.code ?? null;

describe('modelRefusal', () => {
  it('asks for a model that may be used, and says why there is none', () => {
    const none: ModelStanding = { kind: 'none', reason: 'version v-1 did not converge' };
    expect(modelRefusal(ID, none, calendarDate('2026-03-09'))).toMatchObject({
      code: 'model-unusable',
      message: 'the model of ml-momentum cannot be used: version v-1 did not converge',
    });
  });

  it('asks for the one that was due when the last session was over', () => {
    expect(codeOn('2026-03-09', active('2025-12-31'))).toBeNull();
    expect(codeOn('2026-03-09', active('2025-09-30'))).toBe('model-not-fresh');
    // The first session of a quarter trades on signals of the quarter before, by its model.
    expect(codeOn('2026-04-01', active('2025-12-31'))).toBeNull();
    expect(codeOn('2026-04-02', active('2025-12-31'))).toBe('model-not-fresh');
    expect(codeOn('2026-04-02', active('2026-03-31'))).toBeNull();
  });

  it('takes an older one that a person has pinned, and none that has seen the session', () => {
    expect(codeOn('2026-03-09', active('2025-09-30', true))).toBeNull();
    expect(codeOn('2026-03-09', active('2026-03-09', true))).toBe('model-not-fresh');
  });
});

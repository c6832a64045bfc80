import { describe, expect, it } from 'vitest';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import {
  activateModel,
  activeModel,
  emptyRegistry,
  type ModelMetadata,
  modelVersion,
  registerModel,
} from './model-registry.ts';

const ID = strategyId('ml-momentum');
const metadata: ModelMetadata = {
  strategyId: ID,
  features: ['a'],
  trainedFrom: calendarDate('2022-01-03'),
  trainedThrough: calendarDate('2022-12-30'),
  horizonSessions: 5,
  samples: 1000,
  positiveShare: 0.55,
  l2: 10,
  iterations: 6,
  converged: true,
  logLoss: 0.68,
};
const model = { means: [0], scales: [1], intercept: 0.1, weights: [0.2] };
const first = modelVersion(model, metadata);
const second = modelVersion({ ...model, intercept: 0.1000000000000001 }, metadata);

describe('modelVersion', () => {
  it('is the same for the same training, and another for the last bit of a weight', () => {
    expect(modelVersion({ ...model }, { ...metadata }).version).toBe(first.version);
    expect(second.version).not.toBe(first.version);
    expect(modelVersion(model, { ...metadata, samples: 999 }).version).not.toBe(first.version);
  });
});

describe('the registry', () => {
  const both = registerModel(registerModel(emptyRegistry(ID), first), second);

  it('keeps every version once, and activates none by itself', () => {
    expect(both.versions).toEqual([first, second]);
    expect(registerModel(both, first)).toBe(both);
    expect(activeModel(both)).toBeNull();
  });

  it('points its alias forward and back', () => {
    const forward = activateModel(both, second.version);
    expect(forward.ok && activeModel(forward.value)).toEqual(second);
    const back = forward.ok ? activateModel(forward.value, first.version) : forward;
    expect(back.ok && activeModel(back.value)).toEqual(first);
  });

  it('refuses a version that is unknown, did not converge or is of another strategy', () => {
    expect(activateModel(both, 'nonsense')).toEqual({ ok: false, error: 'version-unknown' });
    const unfit = modelVersion(model, { ...metadata, converged: false });
    expect(activateModel(registerModel(both, unfit), unfit.version)).toEqual({ ok: false, error: 'not-converged' });
    const foreign = modelVersion(model, { ...metadata, strategyId: strategyId('momentum') });
    expect(activateModel(registerModel(both, foreign), foreign.version)).toEqual({
      ok: false,
      error: 'other-strategy',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate } from '#shared/core/kernel/instant.ts';
import type { ModelTrainer, Training } from '../strategy.ts';
import { type ModelVersion, modelVersion } from './model-version.ts';
import { nextModelStep, trainedThroughFor, useOf, WalkForwardModels, withoutTraining } from './walk-forward.ts';

const ID = strategyId('by-model');
const score = { samples: 1, positiveShare: 1, logLoss: 0, accuracy: 1 };

function versionOf(through: CalendarDate, intercept = 0): ModelVersion {
  return modelVersion(
    { means: [], scales: [], intercept, weights: [] },
    {
      strategyId: ID,
      featureSet: { name: 'none', hash: 'none' },
      features: [],
      trainedFrom: through,
      trainedThrough: through,
      horizonSessions: 5,
      symbols: [ticker('KO')],
      planId: 'plan',
      l2: 1,
      iterations: 1,
      converged: true,
      rowsHash: '',
      inSample: score,
      outOfSample: null,
    },
  );
}

/** Trains what it is told to, and counts. */
class CountingTrainer implements ModelTrainer {
  readonly planId = 'plan';
  readonly trainings: CalendarDate[] = [];
  unfitBecause: string | null = null;
  readonly #made: (through: CalendarDate) => Training;
  constructor(made: (through: CalendarDate) => Training) {
    this.#made = made;
  }
  train(_: unknown, through: CalendarDate): Training {
    this.trainings.push(through);
    return this.#made(through);
  }
  unfit(): string | null {
    return this.unfitBecause;
  }
}
const trains = () => new CountingTrainer((through) => ({ kind: 'trained', version: versionOf(through) }));
const date = calendarDate;
const nobody = () => [];

describe('nextModelStep', () => {
  it('trains while the training that is due has no version, then puts it to use, then uses it', () => {
    expect(nextModelStep(null, null)).toEqual({ kind: 'train' });
    expect(nextModelStep({ version: 'old', pinned: false }, null)).toEqual({ kind: 'train' });
    expect(nextModelStep(null, 'due')).toEqual({ kind: 'activate', version: 'due' });
    expect(nextModelStep({ version: 'old', pinned: false }, 'due')).toEqual({ kind: 'activate', version: 'due' });
    const active = { version: 'due', pinned: false };
    expect(nextModelStep(active, 'due')).toEqual({ kind: 'use', active });
  });

  it('leaves a pinned version where it is, and trains beside it', () => {
    const active = { version: 'old', pinned: true };
    expect(nextModelStep(active, null)).toEqual({ kind: 'train' });
    expect(nextModelStep(active, 'due')).toEqual({ kind: 'use', active });
  });
});

describe('withoutTraining', () => {
  it('goes on with what is pinned, and falls back to nothing else', () => {
    const pinned = { version: 'old', pinned: true };
    expect(withoutTraining(pinned, 'why')).toEqual({ kind: 'use', active: pinned });
    expect(withoutTraining({ version: 'old', pinned: false }, 'why')).toEqual({ kind: 'none', reason: 'why' });
    expect(withoutTraining(null, 'why')).toEqual({ kind: 'none', reason: 'why' });
  });
});

describe('useOf', () => {
  const session = date('2023-08-15');
  const version = versionOf(date('2023-06-30'));
  const active = { version: version.version, pinned: false };

  it('uses what is whole, and says why it does not', () => {
    const trainer = trains();
    expect(useOf(trainer, active, version, session)).toEqual({ kind: 'active', model: version, pinned: false });
    expect(useOf(trainer, active, null, session)).toMatchObject({
      kind: 'none',
      reason: expect.stringMatching(/is active and not there/),
    });
    const late = versionOf(date('2023-09-29'));
    expect(useOf(trainer, { version: late.version, pinned: true }, late, session)).toMatchObject({ kind: 'none' });
    trainer.unfitBecause = 'did not converge';
    expect(useOf(trainer, active, version, session)).toMatchObject({ kind: 'none' });
  });
});

describe('WalkForwardModels', () => {
  it('trains once a quarter, whichever of its sessions comes first', () => {
    const trainer = trains();
    const models = new WalkForwardModels();
    const days = ['2023-05-15', '2023-06-30', '2023-07-03', '2023-08-15', '2023-09-29'].map(date);
    const used = days.map((day) => models.modelFor(ID, trainer, day, nobody));
    expect(trainer.trainings).toEqual(['2023-03-31', '2023-06-30']);
    expect(used.map((use) => (use.kind === 'active' ? use.model.metadata.trainedThrough : use.reason))).toEqual(
      days.map(trainedThroughFor),
    );
    expect(models.versions).toHaveLength(2);
    expect(new WalkForwardModels().modelFor(ID, trains(), date('2023-09-29'), nobody)).toEqual(used.at(-1));
  });

  it('gives no older model where the one that is due cannot be had, or is not fit', () => {
    let reason: string | null = null;
    const trainer = new CountingTrainer((through) =>
      reason === null ? { kind: 'trained', version: versionOf(through) } : { kind: 'not-trained', reason },
    );
    const models = new WalkForwardModels();
    expect(models.modelFor(ID, trainer, date('2023-05-15'), nobody).kind).toBe('active');
    reason = 'too few rows';
    expect(models.modelFor(ID, trainer, date('2023-07-03'), nobody)).toEqual({ kind: 'none', reason });
    reason = null;
    trainer.unfitBecause = 'did not converge';
    expect(models.modelFor(ID, trainer, date('2023-07-05'), nobody)).toMatchObject({ kind: 'none' });
  });
});

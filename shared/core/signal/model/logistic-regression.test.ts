import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLogistic, type LogisticModel, predict, type TrainingSet } from './logistic-regression.ts';

const setOf = (rows: readonly (readonly number[])[], labels: readonly number[]): TrainingSet => ({
  features: rows[0]?.length ?? 0,
  rows: Float64Array.from(rows.flat()),
  labels: Uint8Array.from(labels),
});

/** Gradient of the penalised loss in standardised features, straight from the definition. */
function gradientOf(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  model: LogisticModel,
  l2: number,
): number[] {
  const standard = rows.map((row) =>
    row.map((value, i) => Math.max(-5, Math.min(5, (value - (model.means[i] ?? 0)) / (model.scales[i] ?? 1)))),
  );
  const off = standard.map((row, r) => {
    const score = row.reduce((sum, value, i) => sum + value * (model.weights[i] ?? 0), model.intercept);
    return 1 / (1 + Math.exp(-score)) - (labels[r] ?? 0);
  });
  const byIntercept = off.reduce((sum, value) => sum + value, 0);
  const byWeight = model.weights.map(
    (weight, i) => l2 * weight + off.reduce((sum, value, r) => sum + value * (standard[r]?.[i] ?? 0), 0),
  );
  return [byIntercept, ...byWeight];
}

const cases = fc.array(
  fc.tuple(
    fc.double({ min: -3, max: 3, noNaN: true }),
    fc.double({ min: -100, max: 100, noNaN: true }),
    fc.integer({ min: 0, max: 1 }),
  ),
  { minLength: 5, maxLength: 80, size: 'max' },
);

describe('fitLogistic', () => {
  it('ends where the penalised loss has no slope, for any rows and labels', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0.1, 1, 10), (data, l2) => {
        const [rows, labels] = [data.map(([a, b]) => [a, b]), data.map(([, , label]) => label)];
        fc.pre(labels.includes(0) && labels.includes(1));
        const { model, converged } = fitLogistic(setOf(rows, labels), { l2 });
        expect(converged).toBe(true);
        for (const slope of gradientOf(rows, labels, model, l2)) expect(Math.abs(slope)).toBeLessThan(1e-6);
      }),
      { seed: 41, numRuns: 120 },
    );
  });

  it('finds the coefficients that plain gradient descent finds', () => {
    const rows = Array.from({ length: 200 }, (_, i) => [Math.sin(i * 1.3), Math.cos(i * 0.7) * 4 + 10]);
    const labels = rows.map(([a = 0, b = 0], i) => (a + (b - 10) / 8 + Math.sin(i * 12.9898) * 0.8 > 0 ? 1 : 0));
    const { model, logLoss } = fitLogistic(setOf(rows, labels), { l2: 2 });
    let descended: LogisticModel = { ...model, intercept: 0, weights: [0, 0] };
    for (let step = 0; step < 5000; step += 1) {
      const [byIntercept = 0, ...byWeight] = gradientOf(rows, labels, descended, 2);
      const weights = descended.weights.map((weight, i) => weight - 0.01 * (byWeight[i] ?? 0));
      descended = { ...descended, intercept: descended.intercept - 0.01 * byIntercept, weights };
    }
    expect(model.intercept).toBeCloseTo(descended.intercept, 6);
    for (const [i, weight] of model.weights.entries()) expect(weight).toBeCloseTo(descended.weights[i] ?? 0, 6);
    expect(logLoss).toBeLessThan(Math.LN2);
  });

  it('converges on separable data, because of the penalty', () => {
    const rows = Array.from({ length: 40 }, (_, i) => [i]);
    const { model, converged } = fitLogistic(
      setOf(
        rows,
        rows.map(([i = 0]) => (i >= 20 ? 1 : 0)),
      ),
      { l2: 1 },
    );
    expect(converged).toBe(true);
    expect(predict(model, [0])).toBeLessThan(0.05);
    expect(predict(model, [39])).toBeGreaterThan(0.95);
  });

  it('gives a feature that does not move no weight, and the base rate without features', () => {
    const labels = [1, 1, 1, 0];
    const { model } = fitLogistic(setOf([[7], [7], [7], [7]], labels), { l2: 1 });
    expect(model.weights[0]).toBeCloseTo(0, 12);
    expect(predict(model, [7])).toBeCloseTo(0.75, 9);
    expect(
      predict(
        fitLogistic({ features: 0, rows: new Float64Array(0), labels: Uint8Array.from(labels) }, { l2: 1 }).model,
        [],
      ),
    ).toBeCloseTo(0.75, 9);
  });

  it('lets no outlier speak louder than five deviations', () => {
    const rows = Array.from({ length: 100 }, (_, i) => [i % 2 === 0 ? 1 : -1]);
    const { model } = fitLogistic(
      setOf(
        rows,
        rows.map(([value = 0], i) => (value > 0 === i % 10 < 8 ? 1 : 0)),
      ),
      { l2: 1 },
    );
    expect(predict(model, [1e9])).toBe(predict(model, [5.1]));
  });

  it('refuses rows that do not fit, and numbers that are none', () => {
    expect(() => fitLogistic({ features: 2, rows: new Float64Array(3), labels: new Uint8Array(2) }, { l2: 1 })).toThrow(
      /rows of features/,
    );
    expect(() => fitLogistic(setOf([], []), { l2: 1 })).toThrow(/rows of features/);
    expect(() => fitLogistic(setOf([[Number.NaN]], [1]), { l2: 1 })).toThrow(/finite/);
  });

  it('does not know what it was not told', () => {
    const { model } = fitLogistic(setOf([[1], [2], [3]], [0, 1, 1]), { l2: 1 });
    expect(predict(model, [Number.NaN])).toBeNaN();
  });
});

/**
 * Logistic regression with an L2 penalty, fitted by iteratively reweighted least squares (Newton's method on the
 * penalised likelihood; Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 4.4). Features are
 * standardised first, the intercept is not penalised.
 */
import { invariant } from '#shared/core/kernel/fault.ts';

/** Rows of features, one after the other, and what came of each: 1 or 0. */
export interface TrainingSet {
  readonly features: number;
  /** rows * features numbers. */
  readonly rows: Float64Array;
  readonly labels: Uint8Array;
}

export interface LogisticModel {
  /** Mean and scale of each feature in the training set. */
  readonly means: readonly number[];
  readonly scales: readonly number[];
  readonly intercept: number;
  readonly weights: readonly number[];
}

export interface FittedModel {
  readonly model: LogisticModel;
  readonly iterations: number;
  readonly converged: boolean;
  /** Mean log loss on the training set. */
  readonly logLoss: number;
}

export interface FitOptions {
  /** Strength of the penalty, against the sum of log losses. */
  readonly l2: number;
  readonly iterationsMax?: number;
  /** Largest step of a coefficient at which the fit has converged. */
  readonly tolerance?: number;
}

/** A standardised feature beyond this says no more than this: one outlier is not to decide alone. */
const STANDARDISED_MAX = 5;

/** For columns of doubles alone: asked for other arrays as well, each number it answers would be boxed. */
const at = (values: Float64Array, index: number): number => values[index] ?? Number.NaN;
const clip = (value: number): number => Math.min(STANDARDISED_MAX, Math.max(-STANDARDISED_MAX, value));
const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score));

/** Means and scales (sample standard deviation; 1 for a feature that does not move) of the columns. */
function standardisation(
  { features, rows }: TrainingSet,
  count: number,
): { means: Float64Array; scales: Float64Array } {
  const means = new Float64Array(features);
  const scales = new Float64Array(features);
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < features; column += 1)
      means[column] = at(means, column) + at(rows, row * features + column);
  }
  for (let column = 0; column < features; column += 1) means[column] = at(means, column) / count;
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < features; column += 1) {
      const off = at(rows, row * features + column) - at(means, column);
      scales[column] = at(scales, column) + off * off;
    }
  }
  for (let column = 0; column < features; column += 1) {
    const scale = Math.sqrt(at(scales, column) / Math.max(1, count - 1));
    scales[column] = scale > 1e-12 ? scale : 1;
  }
  return { means, scales };
}

/** Standardised rows with a leading 1 for the intercept. */
function design(set: TrainingSet, count: number, means: Float64Array, scales: Float64Array): Float64Array {
  const width = set.features + 1;
  const rows = new Float64Array(count * width);
  for (let row = 0; row < count; row += 1) {
    rows[row * width] = 1;
    for (let column = 0; column < set.features; column += 1) {
      rows[row * width + column + 1] = clip(
        (at(set.rows, row * set.features + column) - at(means, column)) / at(scales, column),
      );
    }
  }
  return rows;
}

interface Newton {
  readonly width: number;
  readonly gradient: Float64Array;
  /** Lower triangle, row by row. */
  readonly hessian: Float64Array;
  loss: number;
}

/** Penalised loss with its gradient and Hessian at the coefficients. */
function evaluate(rows: Float64Array, labels: Uint8Array, coefficients: Float64Array, l2: number, into: Newton): void {
  const { width, gradient, hessian } = into;
  gradient.fill(0);
  hessian.fill(0);
  let loss = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const start = row * width;
    let score = 0;
    for (let i = 0; i < width; i += 1) score += at(rows, start + i) * at(coefficients, i);
    const label = labels[row] ?? Number.NaN;
    const probability = sigmoid(score);
    // log(1 + e^-s) written so that it neither overflows nor loses digits.
    loss += Math.max(score, 0) - score * label + Math.log1p(Math.exp(-Math.abs(score)));
    const off = probability - label;
    const weight = probability * (1 - probability);
    for (let i = 0; i < width; i += 1) {
      const value = at(rows, start + i);
      gradient[i] = at(gradient, i) + off * value;
      const weighted = weight * value;
      const line = i * width;
      for (let j = 0; j <= i; j += 1) hessian[line + j] = at(hessian, line + j) + weighted * at(rows, start + j);
    }
  }
  for (let i = 1; i < width; i += 1) {
    const coefficient = at(coefficients, i);
    loss += 0.5 * l2 * coefficient * coefficient;
    gradient[i] = at(gradient, i) + l2 * coefficient;
    hessian[i * width + i] = at(hessian, i * width + i) + l2;
  }
  into.loss = loss;
}

/** Solves hessian * step = gradient by Cholesky's decomposition, in place; false when it is not positive definite. */
function solve({ width, gradient, hessian }: Newton, step: Float64Array): boolean {
  for (let i = 0; i < width; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = at(hessian, i * width + j);
      for (let k = 0; k < j; k += 1) sum -= at(hessian, i * width + k) * at(hessian, j * width + k);
      if (i !== j) hessian[i * width + j] = sum / at(hessian, j * width + j);
      else if (sum > 1e-12) hessian[i * width + i] = Math.sqrt(sum);
      else return false;
    }
  }
  for (let i = 0; i < width; i += 1) {
    let sum = at(gradient, i);
    for (let k = 0; k < i; k += 1) sum -= at(hessian, i * width + k) * at(step, k);
    step[i] = sum / at(hessian, i * width + i);
  }
  for (let i = width - 1; i >= 0; i -= 1) {
    let sum = at(step, i);
    for (let k = i + 1; k < width; k += 1) sum -= at(hessian, k * width + i) * at(step, k);
    step[i] = sum / at(hessian, i * width + i);
  }
  return true;
}

/** Takes the step, or as much of it as does not raise the loss; leaves loss, gradient and Hessian of where it arrived. */
function descend(
  rows: Float64Array,
  labels: Uint8Array,
  from: Float64Array,
  step: Float64Array,
  l2: number,
  state: Newton,
): Float64Array<ArrayBuffer> {
  const allowed = state.loss + 1e-12 * Math.abs(state.loss);
  const next = new Float64Array(from.length);
  let share = 1;
  for (let halving = 0; halving < 20; halving += 1) {
    for (let i = 0; i < from.length; i += 1) next[i] = at(from, i) - share * at(step, i);
    evaluate(rows, labels, next, l2, state);
    if (state.loss <= allowed) break;
    share /= 2;
  }
  return next;
}

function largestChange(before: Float64Array, after: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < before.length; i += 1) largest = Math.max(largest, Math.abs(at(after, i) - at(before, i)));
  return largest;
}

/**
 * Fits the model. Steps that raise the loss are halved, so that the fit never gets worse.
 * @throws Bug for a set without rows, with lengths that do not fit or with a value that is no finite number.
 */
export function fitLogistic(set: TrainingSet, options: FitOptions): FittedModel {
  const { l2, iterationsMax = 50, tolerance = 1e-9 } = options;
  const count = set.labels.length;
  invariant(
    count > 0 && set.rows.length === count * set.features,
    'a training set has rows of features and a label for each',
  );
  invariant(set.rows.every(Number.isFinite), 'every feature of a training set is a finite number');
  const { means, scales } = standardisation(set, count);
  const rows = design(set, count, means, scales);
  const width = set.features + 1;
  const state: Newton = { width, gradient: new Float64Array(width), hessian: new Float64Array(width * width), loss: 0 };
  const step = new Float64Array(width);
  let coefficients = new Float64Array(width);
  let iterations = 0;
  let converged = false;
  evaluate(rows, set.labels, coefficients, l2, state);
  while (!converged && iterations < iterationsMax && solve(state, step)) {
    const next = descend(rows, set.labels, coefficients, step, l2, state);
    converged = largestChange(coefficients, next) <= tolerance;
    coefficients = next;
    iterations += 1;
  }
  return {
    model: {
      means: [...means],
      scales: [...scales],
      intercept: at(coefficients, 0),
      weights: [...coefficients.subarray(1)],
    },
    iterations,
    converged,
    logLoss: meanLogLoss(rows, set.labels, coefficients),
  };
}

function meanLogLoss(rows: Float64Array, labels: Uint8Array, coefficients: Float64Array): number {
  const width = coefficients.length;
  let loss = 0;
  for (let row = 0; row < labels.length; row += 1) {
    let score = 0;
    for (let i = 0; i < width; i += 1) score += at(rows, row * width + i) * at(coefficients, i);
    loss += Math.max(score, 0) - score * (labels[row] ?? Number.NaN) + Math.log1p(Math.exp(-Math.abs(score)));
  }
  return loss / labels.length;
}

/** Probability of a 1; NaN when a feature is. */
export function predict(model: LogisticModel, features: ArrayLike<number>): number {
  const { means, scales, weights } = model;
  let score = model.intercept;
  for (let index = 0; index < weights.length; index += 1) {
    score +=
      (weights[index] ?? Number.NaN) *
      clip(((features[index] ?? Number.NaN) - (means[index] ?? Number.NaN)) / (scales[index] ?? Number.NaN));
  }
  return sigmoid(score);
}

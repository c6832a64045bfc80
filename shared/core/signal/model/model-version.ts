/** One trained model that never changes: its numbers, what it was trained on, and a name that is a hash of both. */
import { contentId } from '#shared/core/kernel/hash.ts';
import type { StrategyId, Ticker } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { LogisticModel } from './logistic-regression.ts';

/** What a model looks at, by name, with a hash of the features and of how each of them is made. */
export interface FeatureSet {
  readonly name: string;
  readonly hash: string;
}

/** How well probabilities met what came of them. */
export interface ModelScore {
  readonly samples: number;
  /** Share of labels that are 1. */
  readonly positiveShare: number;
  /** Mean log loss; below ln 2 the model says more than a coin. */
  readonly logLoss: number;
  /** Share of rows where the more probable outcome was the one that came. */
  readonly accuracy: number;
}

/**
 * Walk-forward, out of sample: a model of the same kind, trained on what was known a quarter earlier, scored on the rows
 * of the quarter that it had not seen.
 */
export interface OutOfSampleScore extends ModelScore {
  readonly trainedThrough: CalendarDate;
  readonly through: CalendarDate;
}

export interface ModelMetadata {
  readonly strategyId: StrategyId;
  readonly featureSet: FeatureSet;
  /** Names of the features, in the order of the weights. */
  readonly features: readonly string[];
  /** First and last session whose bars the training saw. */
  readonly trainedFrom: CalendarDate;
  readonly trainedThrough: CalendarDate;
  /** Sessions ahead that the label looks. */
  readonly horizonSessions: number;
  /** The symbols that gave rows, in the order of their rows. */
  readonly symbols: readonly Ticker[];
  /** Hash of all that decides the outcome beside the bars. */
  readonly planId: string;
  readonly l2: number;
  readonly iterations: number;
  readonly converged: boolean;
  /** SHA-256 of all rows and labels, in their order. */
  readonly rowsHash: string;
  readonly inSample: ModelScore;
  /** Null where a quarter earlier there were too few rows to train on, or none to score since. */
  readonly outOfSample: OutOfSampleScore | null;
}

export interface ModelVersion {
  /** The session that it was trained through, and a hash of the model and its metadata. */
  readonly version: string;
  readonly model: LogisticModel;
  readonly metadata: ModelMetadata;
}

const PATTERN = /^\d{4}-\d{2}-\d{2}-[0-9a-hjkmnp-tv-z]{26}$/;

/** Whether a text has the form of a version's name. */
export const isModelVersionName = (text: string): boolean => PATTERN.test(text);

/** Shortest texts that read back as the same numbers; zero has no sign. */
const texts = (values: readonly number[]): string => values.map((value) => String(value + 0)).join(' ');

/** Hash of the numbers that a model predicts by. */
export const weightsHashOf = (model: LogisticModel): string =>
  contentId([texts([model.intercept]), texts(model.means), texts(model.scales), texts(model.weights)], 26);

/** The same training gives the same version, whoever trains and whenever. */
export function modelVersion(model: LogisticModel, metadata: ModelMetadata): ModelVersion {
  const content = {
    ...metadata,
    featureSet: { ...metadata.featureSet },
    inSample: { ...metadata.inSample },
    outOfSample: metadata.outOfSample === null ? null : { ...metadata.outOfSample },
    weights: weightsHashOf(model),
  };
  return { version: `${metadata.trainedThrough}-${contentId(content, 26)}`, model, metadata };
}

/** Whether a version still is what its name says: not a bit of its numbers or its metadata has changed. */
export const isWhole = ({ version, model, metadata }: ModelVersion): boolean =>
  modelVersion(model, metadata).version === version;

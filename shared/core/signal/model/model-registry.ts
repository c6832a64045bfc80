/** Trained models as versions that never change, with what is known of each, and one alias for the version in use. */
import { contentId } from '#shared/core/kernel/hash.ts';
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import type { LogisticModel } from './logistic-regression.ts';

export interface ModelMetadata {
  readonly strategyId: StrategyId;
  /** Names of the features, in the order of the weights. */
  readonly features: readonly string[];
  /** First and last session whose bars the training saw. */
  readonly trainedFrom: CalendarDate;
  readonly trainedThrough: CalendarDate;
  /** Sessions ahead that the label looks. */
  readonly horizonSessions: number;
  readonly samples: number;
  /** Share of labels that are 1. */
  readonly positiveShare: number;
  readonly l2: number;
  readonly iterations: number;
  readonly converged: boolean;
  /** Mean log loss on the training set; below ln 2 the model says more than a coin. */
  readonly logLoss: number;
}

export interface ModelVersion {
  /** Hash of the model and its metadata: the same training gives the same version. */
  readonly version: string;
  readonly model: LogisticModel;
  readonly metadata: ModelMetadata;
}

export function modelVersion(model: LogisticModel, metadata: ModelMetadata): ModelVersion {
  const numbers = (values: readonly number[]): string => values.map(String).join(' ');
  const content = {
    ...metadata,
    intercept: String(model.intercept),
    means: numbers(model.means),
    scales: numbers(model.scales),
    weights: numbers(model.weights),
  };
  return { version: contentId(content, 26), model, metadata };
}

/** All versions of one strategy's model, oldest first, and the one in use. */
export interface ModelRegistry {
  readonly strategyId: StrategyId;
  readonly versions: readonly ModelVersion[];
  /** The active alias; null until a version is activated. */
  readonly active: string | null;
}

export const emptyRegistry = (strategyId: StrategyId): ModelRegistry => ({ strategyId, versions: [], active: null });

/** Adds a version; the same one a second time changes nothing. It is not active by that. */
export function registerModel(registry: ModelRegistry, version: ModelVersion): ModelRegistry {
  if (registry.versions.some((known) => known.version === version.version)) return registry;
  return { ...registry, versions: [...registry.versions, version] };
}

/** Why a version cannot be put to use. */
export type ActivationRefusal = 'version-unknown' | 'not-converged' | 'other-strategy';

/** Points the alias to a version, older ones included: that is how a model is rolled back. */
export function activateModel(registry: ModelRegistry, version: string): Result<ModelRegistry, ActivationRefusal> {
  const found = registry.versions.find((known) => known.version === version);
  if (found === undefined) return fail('version-unknown');
  if (!found.metadata.converged) return fail('not-converged');
  if (found.metadata.strategyId !== registry.strategyId) return fail('other-strategy');
  return succeed({ ...registry, active: version });
}

export const activeModel = (registry: ModelRegistry): ModelVersion | null =>
  registry.versions.find(({ version }) => version === registry.active) ?? null;

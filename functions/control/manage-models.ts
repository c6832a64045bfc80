/** Trained models: listed, looked at, pinned and let go. Nothing here trains, and nothing here changes a version. */
import { reachesStrategy } from '#shared/core/access/permissions.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type StrategyId, strategyId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { lastCompletedSession } from '#shared/core/market/session-calendar.ts';
import { type ModelScore, weightsHashOf } from '#shared/core/signal/model/model-version.ts';
import { useOf } from '#shared/core/signal/model/walk-forward.ts';
import { makeStrategy, tradesByModel } from '#shared/core/signal/strategies/catalogue.ts';
import { type ModelTrainer, ParameterError } from '#shared/core/signal/strategy.ts';
import type { KeptModel, ModelAlias } from '#shared/ports/models.ts';
import { MODEL_SCHEMAS } from './model-schemas.ts';
import { type Call, type ControlDependencies, done, notFound, operation, outOfScope, refused } from './operation.ts';
import { cursorOf, placeOf } from './page-cursor.ts';

const LISTED_DEFAULT = 20;

const withoutModel = (name: string) => notFound('strategy-without-model', `${name} trades by no model`);
const noSuchVersion = (name: string, version: string) =>
  notFound('model-version-not-found', `there is no version ${version} of the model of ${name}`);
const unusable = (message: string): Refusal => refusal('model-unusable', message);

const scoreView = ({ samples, positiveShare, logLoss, accuracy }: ModelScore) => ({
  samples,
  positive_share: positiveShare,
  log_loss: logLoss,
  accuracy,
});

function summaryView({ version, metadata, policyVersion, createdAt }: KeptModel, active: string | null) {
  const { outOfSample } = metadata;
  return {
    version,
    active: version === active,
    created_at: formatEpochMs(createdAt),
    policy_version: policyVersion,
    feature_set: { ...metadata.featureSet },
    trained_from: metadata.trainedFrom,
    trained_through: metadata.trainedThrough,
    horizon_sessions: metadata.horizonSessions,
    symbols: metadata.symbols.length,
    l2: metadata.l2,
    converged: metadata.converged,
    in_sample: scoreView(metadata.inSample),
    out_of_sample:
      outOfSample === null
        ? null
        : {
            ...scoreView(outOfSample),
            trained_through: outOfSample.trainedThrough,
            through: outOfSample.through,
          },
  };
}

const aliasView = (alias: ModelAlias) => ({
  version: alias.version,
  pinned: alias.pinned,
  revision: alias.revision,
  previous_version: alias.previous,
  by: alias.by,
  reason: alias.reason,
  at: formatEpochMs(alias.at),
});

/** The alias, or null where it cannot be read: a list is shown without it. */
async function readableAlias({ models }: ControlDependencies, id: StrategyId): Promise<ModelAlias | null> {
  try {
    return await models.alias(id);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'item-corrupt') return null;
    throw thrown;
  }
}

export const getModels = operation(MODEL_SCHEMAS.getModels, async (dependencies, _call, { params, query }) => {
  const id = strategyId(params.strategy_id);
  if (!tradesByModel(id)) return withoutModel(id);
  const limit = query.limit ?? LISTED_DEFAULT;
  const page = query.cursor === undefined ? { limit } : { limit, before: placeOf(query.cursor) };
  const [found, alias] = await Promise.all([dependencies.models.versions(id, page), readableAlias(dependencies, id)]);
  const listed = found.map((one) =>
    one.kind === 'kept'
      ? { version: one.model.version, unreadable: null, model: summaryView(one.model, alias?.version ?? null) }
      : { version: one.version, unreadable: one.because, model: null },
  );
  const last = listed.at(-1);
  const cursor = last === undefined || listed.length < limit ? null : cursorOf(last.version);
  return done({ strategy_id: id, models: listed, cursor });
});

/** A version, or why it cannot be used: what is stored and damaged is a refusal to a person, not a failure. */
async function readVersion(
  { models }: ControlDependencies,
  id: StrategyId,
  version: string,
): Promise<KeptModel | Refusal | null> {
  try {
    return await models.version(id, version);
  } catch (thrown) {
    const damaged = thrown instanceof Fault && (thrown.code === 'model-corrupt' || thrown.code === 'item-corrupt');
    if (damaged) return unusable(thrown.message);
    throw thrown;
  }
}

export const getModel = operation(MODEL_SCHEMAS.getModel, async (dependencies, _call, { params }) => {
  const id = strategyId(params.strategy_id);
  if (!tradesByModel(id)) return withoutModel(id);
  const [kept, alias] = await Promise.all([
    readVersion(dependencies, id, params.version),
    readableAlias(dependencies, id),
  ]);
  if (kept === null) return noSuchVersion(id, params.version);
  if ('code' in kept) return refused(kept);
  const { model, metadata } = kept;
  const exact = (values: readonly number[], index: number): string => String(values[index] ?? Number.NaN);
  return done({
    ...summaryView(kept, alias?.version ?? null),
    trained_on: [...metadata.symbols],
    plan_id: metadata.planId,
    iterations: metadata.iterations,
    rows_hash: metadata.rowsHash,
    weights_hash: weightsHashOf(model),
    intercept: String(model.intercept),
    features: metadata.features.map((name, index) => ({
      name,
      weight: exact(model.weights, index),
      mean: exact(model.means, index),
      scale: exact(model.scales, index),
    })),
  });
});

const revisionOf = (cursor: string): { readonly before?: number } => {
  const revision = Number(placeOf(cursor));
  return Number.isSafeInteger(revision) && revision >= 1 && revision <= 999_999_999 ? { before: revision } : {};
};

async function activeView(
  dependencies: ControlDependencies,
  id: StrategyId,
  now: EpochMs,
  page: { readonly limit: number; readonly before?: number },
) {
  const { models } = dependencies;
  const session = lastCompletedSession(now).date;
  const [alias, standing, history, use] = await Promise.all([
    readableAlias(dependencies, id),
    models.standing(id),
    models.moves(id, page),
    models.useOf(id, session),
  ]);
  const last = history.at(-1);
  return {
    strategy_id: id,
    active: alias === null ? null : aliasView(alias),
    usable: standing.kind === 'active',
    unusable_because: standing.kind === 'none' ? standing.reason : null,
    trained_through: standing.kind === 'active' ? standing.trainedThrough : null,
    last_use:
      use === null
        ? null
        : {
            session,
            version: use.kind === 'active' ? use.version : null,
            reason: use.kind === 'none' ? use.reason : null,
          },
    history: history.map(aliasView),
    cursor: last === undefined || last.revision === 1 ? null : cursorOf(String(last.revision)),
  };
}

export const getActiveModel = operation(MODEL_SCHEMAS.getActiveModel, async (dependencies, call, { params, query }) => {
  const id = strategyId(params.strategy_id);
  if (!tradesByModel(id)) return withoutModel(id);
  const before = query.cursor === undefined ? {} : revisionOf(query.cursor);
  return done(await activeView(dependencies, id, call.now, { limit: query.limit ?? LISTED_DEFAULT, ...before }));
});

/** How the strategy's models are made under the policy in force. */
async function trainerOf(
  { policies, accountId }: ControlDependencies,
  id: StrategyId,
): Promise<ModelTrainer | Refusal> {
  const policy = await policies.active(accountId);
  const entry = policy?.strategies.find((candidate) => candidate.strategyId === id);
  try {
    const { trainer } = makeStrategy(id, entry?.parameters ?? {});
    return trainer ?? unusable(`${id} trades by no model`);
  } catch (thrown) {
    if (thrown instanceof ParameterError) return unusable(`the policy's ${id} cannot be made: ${thrown.message}`);
    throw thrown;
  }
}

/** Why a version may not be pinned; null where it may. */
async function refusalToPin(
  dependencies: ControlDependencies,
  id: StrategyId,
  version: string,
  now: EpochMs,
): Promise<Refusal | 'not-there' | null> {
  const [kept, trainer] = await Promise.all([readVersion(dependencies, id, version), trainerOf(dependencies, id)]);
  if (kept === null) return 'not-there';
  if ('code' in kept) return kept;
  if ('code' in trainer) return trainer;
  const use = useOf(trainer, { version, pinned: true }, kept, lastCompletedSession(now).date);
  return use.kind === 'none' ? unusable(use.reason) : null;
}

interface Change {
  readonly pinned: boolean;
  readonly version?: string | undefined;
  readonly expected_revision?: number | undefined;
  readonly reason: string;
}

async function change(dependencies: ControlDependencies, call: Call, id: StrategyId, asked: Change) {
  const { models, telemetry } = dependencies;
  const alias = await readableAlias(dependencies, id);
  // A damaged alias is set right from its moves.
  const last = alias ?? (await models.moves(id, { limit: 1 }))[0];
  const version = asked.version ?? last?.version;
  if (version === undefined) return notFound('model-not-active', `no version of the model of ${id} is active`);
  // Asked again, it is so already.
  if (alias?.version === version && alias.pinned === asked.pinned) return null;
  const no = asked.pinned ? await refusalToPin(dependencies, id, version, call.now) : null;
  if (no === 'not-there') return noSuchVersion(id, version);
  if (no !== null) return refused(no);
  const moved = await models.move(id, {
    expected: asked.expected_revision ?? last?.revision ?? 0,
    version,
    pinned: asked.pinned,
    by: call.subject,
    reason: asked.reason,
    now: call.now,
    correlationId: call.requestId,
  });
  if (!moved.ok) return refused(moved.error);
  telemetry.warn('the active model was set', { strategyId: id, version, pinned: asked.pinned, by: call.subject });
  return null;
}

export const setActiveModel = operation(MODEL_SCHEMAS.setActiveModel, async (dependencies, call, { params, body }) => {
  const id = strategyId(params.strategy_id);
  if (!reachesStrategy(call.grant, id)) return outOfScope(id);
  if (!tradesByModel(id)) return withoutModel(id);
  const no = await change(dependencies, call, id, body);
  return no ?? done(await activeView(dependencies, id, call.now, { limit: LISTED_DEFAULT }));
});

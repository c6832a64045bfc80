/** Trained models over the tables: a version is written once, the alias is swapped by its revision. */
import type { Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { flag, ItemReader, text, textOrNull, whole } from '#shared/adapters/stores/attributes.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import {
  MODEL_VERSION_PREFIX,
  modelAliasKey,
  modelAliasPartition,
  modelMoveKey,
  modelsPartition,
  modelTrainingKey,
  modelUseKey,
  modelVersionKey,
} from '#shared/adapters/stores/keys.ts';
import { readModel, writeModel } from '#shared/adapters/stores/model-document.ts';
import { Fault, invariant } from '#shared/core/kernel/fault.ts';
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import { addMs, type CalendarDate } from '#shared/core/kernel/instant.ts';
import type { Condition, Item, ItemKey, ItemTest } from '#shared/core/kernel/item.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import type { ModelStanding } from '#shared/core/risk/check.ts';
import { isWhole } from '#shared/core/signal/model/model-version.ts';
import type { TrainingKey } from '#shared/core/signal/model/walk-forward.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type {
  KeptModel,
  ListedModel,
  ModelAlias,
  ModelMove,
  Models,
  ModelUseNote,
  Page,
} from '#shared/ports/models.ts';
import type { Tables } from '#shared/ports/tables.ts';

/** As long as the signals that were made by it. */
const USE_LIFE_MS = 400 * 86_400_000;
/** As many as the key has digits for. */
const REVISION_MAX = 999_999_999;

const absent = (name: string): Condition => ({ name, test: { op: 'absent' } });
const keyed = ({ pk, sk }: ItemKey, attributes: Item): Item => ({ pk: text(pk), sk: text(sk), ...attributes });

/** What is wrong with what is stored; anything else is thrown on. */
function corruption(thrown: unknown): string {
  const known = thrown instanceof Fault && thrown.kind === 'permanent';
  if (known && (thrown.code === 'model-corrupt' || thrown.code === 'item-corrupt')) return thrown.message;
  throw thrown;
}

function readKept(item: Item): KeptModel {
  const reader = new ItemReader(item, 'model version');
  const version = reader.text('version');
  return {
    ...readModel(version, reader.text('document')),
    policyVersion: reader.whole('policyVersion'),
    createdAt: reader.instant('createdAt'),
  };
}

function readAlias(item: Item): ModelAlias {
  const reader = new ItemReader(item, 'active model');
  return {
    version: reader.text('version'),
    pinned: reader.flag('pinned'),
    revision: reader.whole('revision'),
    previous: reader.orNull('previous', (name) => reader.text(name)),
    by: reader.text('by'),
    reason: reader.text('reason'),
    at: reader.instant('at'),
  };
}

const aliasAttributes = (alias: ModelAlias): Item => ({
  version: text(alias.version),
  pinned: flag(alias.pinned),
  revision: whole(alias.revision),
  previous: textOrNull(alias.previous),
  by: text(alias.by),
  reason: text(alias.reason),
  at: whole(alias.at),
});

class ModelsStore implements Models {
  readonly #tables: Tables;
  readonly #room: Room;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(tables: Tables, room: Room, clock: Pick<Clock, 'now'>) {
    this.#tables = tables;
    this.#room = room;
    this.#clock = clock;
  }

  async alias(strategyId: StrategyId): Promise<ModelAlias | null> {
    const item = await this.#tables.get('market', modelAliasKey(strategyId));
    return item === null ? null : readAlias(item);
  }

  async moves(strategyId: StrategyId, { limit, before }: Page<number>): Promise<readonly ModelAlias[]> {
    const page = await this.#tables.query({
      table: 'market',
      partition: modelAliasPartition(strategyId),
      from: modelMoveKey(strategyId, 1).sk,
      to: modelMoveKey(strategyId, (before ?? REVISION_MAX + 1) - 1).sk,
      newestFirst: true,
      limit,
    });
    return page.items.map(readAlias);
  }

  async version(strategyId: StrategyId, version: string): Promise<KeptModel | null> {
    const item = await this.#tables.get('market', modelVersionKey(strategyId, version));
    if (item === null) return null;
    const kept = readKept(item);
    if (kept.version === version) return kept;
    throw new Fault('permanent', 'model-corrupt', `the model version ${version} is stored as ${kept.version}`);
  }

  async versions(strategyId: StrategyId, { limit, before }: Page<string>): Promise<readonly ListedModel[]> {
    const page = await this.#tables.query({
      table: 'market',
      partition: modelsPartition(strategyId),
      from: MODEL_VERSION_PREFIX,
      // A version's name begins with a digit; what is listed lies below the one before.
      to: `${MODEL_VERSION_PREFIX}${before ?? '~'}`,
      newestFirst: true,
      limit: limit + 1,
    });
    const below = page.items.filter(
      (item) => new ItemReader(item, 'model version').text('sk') !== `${MODEL_VERSION_PREFIX}${before ?? ''}`,
    );
    return below.slice(0, limit).map((item): ListedModel => {
      try {
        return { kind: 'kept', model: readKept(item) };
      } catch (thrown) {
        const name = new ItemReader(item, 'model version').text('sk').slice(MODEL_VERSION_PREFIX.length);
        return { kind: 'unreadable', version: name, because: corruption(thrown) };
      }
    });
  }

  async trained(strategyId: StrategyId, { trainedThrough, planId }: TrainingKey): Promise<string | null> {
    const item = await this.#tables.get('market', modelTrainingKey(strategyId, trainedThrough, planId));
    return item === null ? null : new ItemReader(item, `training of ${strategyId}`).text('version');
  }

  async keep(model: KeptModel): Promise<string> {
    invariant(isWhole(model), `the model version ${model.version} is not what its name says`);
    const { version, policyVersion, createdAt, metadata } = model;
    const { strategyId, trainedThrough, planId, inSample, featureSet, trainedFrom, symbols } = metadata;
    const document = writeModel(model);
    const place = {
      room: this.#room,
      aggregateId: aggregateOf.modelVersion(strategyId, version),
      sequence: 1,
      occurredAt: createdAt,
      correlationId: `model:${version}`,
      causationId: null,
    };
    const fact = makeFact('model.trained.v1', place, {
      strategyId,
      version,
      featureSet: featureSet.name,
      trainedFrom,
      trainedThrough,
      samples: inSample.samples,
      symbols: symbols.length,
      policyVersion,
    });
    const attributes = {
      version: text(version),
      document: text(document),
      policyVersion: whole(policyVersion),
      createdAt: whole(createdAt),
    };
    const outcome = await this.#tables.transact([
      {
        kind: 'put',
        table: 'market',
        item: keyed(modelTrainingKey(strategyId, trainedThrough, planId), { version: text(version) }),
        conditions: [absent('training-absent')],
      },
      {
        kind: 'put',
        table: 'market',
        item: keyed(modelVersionKey(strategyId, version), attributes),
        conditions: [absent('model-version-absent')],
      },
      journalPut(fact),
    ]);
    return outcome.ok ? version : await this.#stands(model, document);
  }

  /** The version that was kept for the same training before; ours only with the very content that it has. */
  async #stands({ version, metadata }: KeptModel, document: string): Promise<string> {
    const { strategyId } = metadata;
    const [first, item] = await Promise.all([
      this.trained(strategyId, metadata),
      this.#tables.get('market', modelVersionKey(strategyId, version)),
    ]);
    if (item !== null && new ItemReader(item, `model version ${version}`).text('document') !== document) {
      const message = `the model version ${version} of ${strategyId} is there with another content`;
      throw new Fault('permanent', 'model-version-conflict', message);
    }
    if (first !== null) return first;
    const message = `the model version ${version} of ${strategyId} is there without its training`;
    throw new Fault('permanent', 'model-version-conflict', message);
  }

  async move(strategyId: StrategyId, move: ModelMove): Promise<Result<ModelAlias, Refusal>> {
    const { seen, whole: readable } = await this.#lastMove(strategyId);
    if ((seen?.revision ?? 0) !== move.expected) return fail(aliasChanged(strategyId, move.expected, seen));
    const { version, pinned, by, reason, now } = move;
    const revision = move.expected + 1;
    const alias: ModelAlias = { version, pinned, revision, previous: seen?.version ?? null, by, reason, at: now };
    const place = {
      room: this.#room,
      aggregateId: aggregateOf.activeModel(strategyId),
      sequence: revision,
      occurredAt: now,
      correlationId: move.correlationId,
      causationId: null,
    };
    const fact = makeFact('model.activated.v1', place, {
      strategyId,
      version,
      previousVersion: alias.previous,
      pinned,
      revision,
      by,
      reason: { code: pinned ? 'pinned' : 'follows-training', message: reason, context: {} },
    });
    const asSeen: ItemTest =
      seen === null ? { op: 'absent' } : { op: 'equals', attribute: 'revision', value: whole(move.expected) };
    const outcome = await this.#tables.transact([
      {
        kind: 'put',
        table: 'market',
        item: keyed(modelAliasKey(strategyId), aliasAttributes(alias)),
        // Of a damaged alias nothing can be asked; that the next move is free holds the revision then.
        conditions: readable ? [{ name: 'model-alias-as-seen', test: asSeen }] : [],
      },
      {
        kind: 'put',
        table: 'market',
        item: keyed(modelMoveKey(strategyId, revision), aliasAttributes(alias)),
        conditions: [absent('model-move-absent')],
      },
      journalPut(fact),
    ]);
    if (outcome.ok) return succeed(alias);
    return fail(aliasChanged(strategyId, move.expected, (await this.#lastMove(strategyId)).seen));
  }

  /** The alias; one that is damaged is known from its last move. */
  async #lastMove(strategyId: StrategyId): Promise<{ readonly seen: ModelAlias | null; readonly whole: boolean }> {
    try {
      return { seen: await this.alias(strategyId), whole: true };
    } catch (thrown) {
      corruption(thrown);
      const [last = null] = await this.moves(strategyId, { limit: 1 });
      return { seen: last, whole: false };
    }
  }

  async standing(strategyId: StrategyId): Promise<ModelStanding> {
    try {
      const alias = await this.alias(strategyId);
      if (alias === null) return { kind: 'none', reason: 'none was ever put to use' };
      const { version, pinned } = alias;
      const kept = await this.version(strategyId, version);
      if (kept === null) return { kind: 'none', reason: `version ${version} is active and not there` };
      return { kind: 'active', version, pinned, trainedThrough: kept.metadata.trainedThrough };
    } catch (thrown) {
      return { kind: 'none', reason: corruption(thrown) };
    }
  }

  async noteUse(strategyId: StrategyId, session: CalendarDate, use: ModelUseNote): Promise<void> {
    const expiresAt = Math.floor(addMs(this.#clock.now(), USE_LIFE_MS) / 1000);
    const item = keyed(modelUseKey(strategyId, session), {
      version: textOrNull(use.kind === 'active' ? use.version : null),
      reason: textOrNull(use.kind === 'none' ? use.reason : null),
      expiresAt: whole(expiresAt),
    });
    await this.#tables.write({ kind: 'put', table: 'market', item, conditions: [] });
  }

  async useOf(strategyId: StrategyId, session: CalendarDate): Promise<ModelUseNote | null> {
    const item = await this.#tables.get('market', modelUseKey(strategyId, session));
    if (item === null) return null;
    const reader = new ItemReader(item, `use of the model of ${strategyId}`);
    const version = reader.orNull('version', (name) => reader.text(name));
    return version === null ? { kind: 'none', reason: reader.text('reason') } : { kind: 'active', version };
  }
}

const aliasChanged = (strategyId: StrategyId, expected: number, found: ModelAlias | null): Refusal =>
  refusal('model-alias-changed', `the active model of ${strategyId} is not the one of revision ${expected} any more`, {
    revision: String(found?.revision ?? 0),
    version: found?.version ?? '',
  });

/** @param room names who speaks in the facts. */
export const modelsStore = (tables: Tables, room: Room, clock: Pick<Clock, 'now'>): Models =>
  new ModelsStore(tables, room, clock);

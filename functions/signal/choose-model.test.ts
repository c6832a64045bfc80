import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { text } from '#shared/adapters/stores/attributes.ts';
import { modelAliasKey, modelVersionKey } from '#shared/adapters/stores/keys.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { type CalendarDate, calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { ItemKey } from '#shared/core/kernel/item.ts';
import type { ModelUse } from '#shared/core/signal/model/walk-forward.ts';
import type { ModelTrainer, Training } from '#shared/core/signal/strategy.ts';
import type { Tables, TransactWrite, WriteOutcome } from '#shared/ports/tables.ts';
import { sampleModel } from '#tests/contract/sample-model.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { chooseModel } from './choose-model.ts';

const ID = strategyId('ml-momentum');
const clock = new ManualClock(parseEpochMs('2026-03-09T21:00:00Z'));
const [SESSION, NEXT_QUARTER] = [calendarDate('2026-03-09'), calendarDate('2026-04-02')];

class Trainer implements ModelTrainer {
  readonly planId = 'plan-1';
  readonly trainings: CalendarDate[] = [];
  /** What the bars of this room say; another room may have others. */
  intercept = 0.5;
  reason: string | null = null;
  unfitBecause: string | null = null;
  train(_: unknown, trainedThrough: CalendarDate): Training {
    this.trainings.push(trainedThrough);
    const version = sampleModel({ trainedThrough, intercept: this.intercept });
    return this.reason === null ? { kind: 'trained', version } : { kind: 'not-trained', reason: this.reason };
  }
  unfit(version: unknown): string | null {
    return version === null ? 'is not there' : this.unfitBecause;
  }
}

/** Dies at the n-th transaction: before it, or after it took place and before its answer. */
class DyingTables implements Tables {
  readonly #inner: Tables;
  #left: number;
  readonly #when: 'before' | 'after';
  readonly get: Tables['get'];
  readonly getTogether: Tables['getTogether'];
  readonly query: Tables['query'];
  readonly write: Tables['write'];
  readonly putEach: Tables['putEach'];

  constructor(inner: Tables, at: number, when: 'before' | 'after') {
    this.#inner = inner;
    this.#left = at;
    this.#when = when;
    this.get = (table, key, options) => inner.get(table, key, options);
    this.getTogether = (keys) => inner.getTogether(keys);
    this.query = (request) => inner.query(request);
    this.write = (write) => inner.write(write);
    this.putEach = (table, items) => inner.putEach(table, items);
  }

  async transact(writes: readonly TransactWrite[]): Promise<WriteOutcome> {
    this.#left -= 1;
    if (this.#left === 0 && this.#when === 'before') throw new Fault('transient', 'died', 'before');
    const outcome = await this.#inner.transact(writes);
    if (this.#left === 0) throw new Fault('uncertain', 'died', 'after');
    return outcome;
  }
}

describe('chooseModel', () => {
  let tables: MemoryTables;
  let trainer: Trainer;
  beforeEach(() => {
    tables = new MemoryTables({ clock });
    trainer = new Trainer();
  });

  const models = () => modelsStore(tables, 'signal', clock);
  const choose = (over: Tables = tables, by: Trainer = trainer, session = SESSION): Promise<ModelUse> =>
    chooseModel(
      { models: modelsStore(over, 'signal', clock), clock, telemetry: recordedTelemetry() },
      { strategyId: ID, trainer: by, session, policyVersion: 2, trainable: () => [] },
    );
  const nameOf = (use: ModelUse): string => (use.kind === 'active' ? use.model.version : use.reason);
  const trainedVersion = (trainedThrough: string, intercept = 0.5): string =>
    sampleModel({ trainedThrough: calendarDate(trainedThrough), intercept }).version;
  const pin = async (version: string, pinned = true) => {
    const expected = (await models().alias(ID))?.revision ?? 0;
    const by = { by: 'ann', reason: 'a test', now: clock.now(), correlationId: 'c-1' };
    expect(await models().move(ID, { expected, version, pinned, ...by })).toMatchObject({ ok: true });
  };
  async function damage(key: ItemKey, attribute: string): Promise<void> {
    const item = await tables.get('market', key);
    await tables.write({
      kind: 'put',
      table: 'market',
      item: { ...item, [attribute]: text('nonsense') },
      conditions: [],
    });
  }

  it('trains once, puts the version to use, and uses it from then on', async () => {
    const due = trainedVersion('2025-12-31');
    expect(nameOf(await choose())).toBe(due);
    expect(nameOf(await choose())).toBe(due);
    expect(trainer.trainings).toEqual(['2025-12-31']);
    expect(await models().alias(ID)).toMatchObject({ version: due, revision: 1, pinned: false, by: 'signal' });
    expect(await models().version(ID, due)).toMatchObject({ policyVersion: 2, createdAt: clock.now() });
    expect(nameOf(await choose(tables, trainer, NEXT_QUARTER))).toBe(trainedVersion('2026-03-31'));
    expect(await models().alias(ID)).toMatchObject({ revision: 2, previous: due });
  });

  it.each([
    [1, 'before'],
    [1, 'after'],
    [2, 'before'],
    [2, 'after'],
  ] as const)('comes to the same version after a death at transaction %i, %s it', async (at, when) => {
    await expect(choose(new DyingTables(tables, at, when))).rejects.toBeInstanceOf(Fault);
    const due = trainedVersion('2025-12-31');
    expect(nameOf(await choose())).toBe(due);
    expect(await models().alias(ID)).toMatchObject({ version: due, revision: 1 });
    expect(await models().versions(ID, { limit: 9 })).toHaveLength(1);
  });

  it('has many rooms that start at once agree, also where their bars differ', async () => {
    const rooms = Array.from({ length: 5 }, (_, rank) => Object.assign(new Trainer(), { intercept: rank }));
    const used = (await Promise.all(rooms.map((room) => choose(tables, room)))).map(nameOf);
    expect(new Set(used).size).toBe(1);
    expect(await models().versions(ID, { limit: 9 })).toHaveLength(1);
    expect(await models().alias(ID)).toMatchObject({ version: used[0], revision: 1 });
  });

  it('leaves what is pinned where it is, and trains what is due beside it', async () => {
    await choose();
    const old = trainedVersion('2025-12-31');
    await pin(old);
    expect(nameOf(await choose(tables, trainer, NEXT_QUARTER))).toBe(old);
    expect(trainer.trainings).toEqual(['2025-12-31', '2026-03-31']);
    expect(await models().alias(ID)).toMatchObject({ version: old, pinned: true, revision: 2 });
    await pin(old, false);
    expect(nameOf(await choose(tables, trainer, NEXT_QUARTER))).toBe(trainedVersion('2026-03-31'));
  });

  it('has no model where none can be trained, whatever was in use before; what is pinned goes on', async () => {
    await choose();
    const old = trainedVersion('2025-12-31');
    trainer.reason = 'there are 3 rows';
    expect(await choose(tables, trainer, NEXT_QUARTER)).toEqual({ kind: 'none', reason: 'there are 3 rows' });
    expect(await models().alias(ID)).toMatchObject({ version: old, revision: 1 });
    await pin(old);
    expect(nameOf(await choose(tables, trainer, NEXT_QUARTER))).toBe(old);
  });

  it('does not put to use what may not speak for the strategy', async () => {
    trainer.unfitBecause = 'did not converge';
    expect(nameOf(await choose())).toMatch(/did not converge/);
    expect(await models().alias(ID)).toBeNull();
    expect(await models().versions(ID, { limit: 9 })).toHaveLength(1);
  });

  it.each([
    ['the version is damaged', () => modelVersionKey(ID, trainedVersion('2025-12-31')), 'document'],
    ['the alias is damaged', () => modelAliasKey(ID), 'pinned'],
  ] as const)('has no model while %s, and trains none in its place', async (_, key, attribute) => {
    await choose();
    await damage(key(), attribute);
    expect((await choose()).kind).toBe('none');
    expect(trainer.trainings).toHaveLength(1);
  });

  it('has no model while the version that is pinned is not there', async () => {
    await choose();
    await pin(trainedVersion('2025-09-30'));
    expect(nameOf(await choose())).toMatch(/is active and not there/);
  });

  it('throws while the registry does not answer, so that the run comes again', async () => {
    const silent = new DyingTables(tables, 9, 'before');
    Object.assign(silent, { get: () => Promise.reject(new Fault('transient', 'tables-unreachable', 'no')) });
    await expect(choose(silent)).rejects.toMatchObject({ code: 'tables-unreachable' });
  });
});

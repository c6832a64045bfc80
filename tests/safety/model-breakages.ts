/** Every way in which the model that a strategy trades by is broken for the truth table. */
import { text } from '#shared/adapters/stores/attributes.ts';
import { modelAliasKey, modelVersionKey } from '#shared/adapters/stores/keys.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { strategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { sessionBefore, sessionToReconcile } from '#shared/core/market/session-calendar.ts';
import { trainedThroughFor } from '#shared/core/signal/model/walk-forward.ts';
import { sampleModel } from '#tests/contract/sample-model.ts';
import type { TableFault } from './broken-tables.ts';
import type { Breakage, Broken } from './truth-world.ts';

const BY_MODEL = strategyId('ml-momentum');

const todayOf = ({ world }: Broken): CalendarDate => sessionToReconcile(world.journey.clock.now()).date;
const dueOf = (broken: Broken): CalendarDate => trainedThroughFor(sessionBefore(todayOf(broken)).date);

/** Keeps a version that was trained through a session and puts it to use. @returns its name */
async function activate(broken: Broken, trainedThrough: CalendarDate, pinned: boolean): Promise<string> {
  const { journey } = broken.world;
  const models = modelsStore(broken.tables, 'signal', journey.clock);
  const model = sampleModel({ strategyId: BY_MODEL, trainedThrough });
  const now = journey.clock.now();
  await models.keep({ ...model, policyVersion: 1, createdAt: now });
  const by = { by: 'tests', reason: 'a test', now, correlationId: 'c-model' };
  const moved = await models.move(BY_MODEL, { expected: 0, version: model.version, pinned, ...by });
  if (!moved.ok) throw new Error(moved.error.message);
  return model.version;
}

/** The entry is one of a strategy that trades by a model; whatever closes a position asks for none. */
const byModel =
  (prepare: (broken: Broken) => Promise<void>): Breakage =>
  async (broken) => {
    await prepare(broken);
    await broken.tradeAs(BY_MODEL);
  };

/** The one that is due is active, and then something happens to it. */
const due = (happens: (broken: Broken, version: string) => Promise<void> | void): Breakage =>
  byModel(async (broken) => {
    const version = await activate(broken, dueOf(broken), false);
    await happens(broken, version);
  });

const failing = (fault: TableFault): Breakage =>
  due(({ tables }) => tables.fail({ table: 'market', key: modelAliasKey(BY_MODEL) }, fault));

const rewritten = (change: (document: string) => string): Breakage =>
  due(async ({ tables }, version) => {
    const key = modelVersionKey(BY_MODEL, version);
    const { document } = (await tables.get('market', key)) ?? {};
    if (document === undefined || !('S' in document)) throw new Error('the version has no document');
    const next = change(document.S);
    if (next === document.S) throw new Error('the document was not changed');
    await tables.edit('market', key, { document: text(next) });
  });

export const soundModel: Breakage = due(() => undefined);

export const MODEL_BREAKAGES = {
  'model never active': byModel(() => Promise.resolve()),
  'model deleted': due(({ tables }, version) => tables.remove('market', modelVersionKey(BY_MODEL, version))),
  'model unreadable': failing('unreadable'),
  'model slow': failing('slow'),
  'model of the quarter before': byModel(async (broken) => {
    await activate(broken, trainedThroughFor(dueOf(broken)), false);
  }),
  'model pinned and old': byModel(async (broken) => {
    await activate(broken, trainedThroughFor(trainedThroughFor(dueOf(broken))), true);
  }),
  'model weight changed': rewritten((document) => document.replace('"0.1"', '"0.10000000000000002"')),
  'model torn': rewritten((document) => document.slice(0, 40)),
  'model alias nonsense': due(({ tables }) =>
    tables.edit('market', modelAliasKey(BY_MODEL), { pinned: text('nonsense') }),
  ),
  'model ahead': byModel(async (broken) => {
    await activate(broken, todayOf(broken), true);
  }),
} as const satisfies Readonly<Record<string, Breakage>>;

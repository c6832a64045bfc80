/**
 * What a pass has read of one order, as news for it. Activities name neither our order nor the executions as the stream
 * does: a fill meets its twin in the tile, a bust or a correction in the execution that it undoes.
 */
import { absoluteQuantity, type Price, type Quantity } from '#shared/core/kernel/decimal.ts';
import { type ExecutionId, executionId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, msOf } from '#shared/core/kernel/instant.ts';
import { newsOfActivity } from '#shared/core/order/activity-news.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import type { Evidence, OrderUpdate, RevisionReport } from '#shared/core/order/order.ts';
import type { ActivityNews, OrderNews } from '#shared/core/reconcile/news-by-order.ts';

/** Between two executions that look the same only the stream can choose; it is given so long to speak first. */
export const REVISION_SETTLE_MS = 60_000;

const ACTIVITY = 'activity:';

/** The broker's own name of the execution, or the activity's, marked as such. */
export const nameOfActivity = (activity: ActivityNews): ExecutionId =>
  activity.executionId ?? executionId(`${ACTIVITY}${activity.activityId}`);

const isActivityName = (id: ExecutionId): boolean => id.startsWith(ACTIVITY);

/** An execution of the order by one of its names, and what it was. */
interface KnownExecution {
  readonly names: readonly ExecutionId[];
  readonly quantity: Quantity;
  readonly price: Price;
}

/** An execution undone or restated, as the activities tell it. */
interface ToldRevision {
  readonly kind: RevisionReport['kind'];
  readonly activity: ActivityNews;
  /** What the execution was before. */
  readonly undone: { readonly quantity: Quantity; readonly price: Price } | null;
}

const alike = (a: { readonly quantity: Quantity; readonly price: Price }, b: typeof a): boolean =>
  a.quantity === b.quantity && a.price === b.price;

/** A correction is told as a bust and what stands in for it, at one instant. */
function revisionsOf(activities: readonly ActivityNews[]): readonly ToldRevision[] {
  const busts = activities.filter(({ kind }) => kind === 'bust');
  const taken = new Set<ActivityNews>();
  const corrections = activities
    .filter(({ kind }) => kind === 'correct')
    .map((activity): ToldRevision => {
      const bust = busts.find((other) => other.at === activity.at && !taken.has(other));
      if (bust !== undefined) taken.add(bust);
      const undone = bust === undefined ? null : { quantity: absoluteQuantity(bust.quantity), price: bust.price };
      return { kind: 'correct', activity, undone };
    });
  const alone = busts.filter((bust) => !taken.has(bust));
  return [
    ...corrections,
    ...alone.map((activity): ToldRevision => {
      const undone = { quantity: absoluteQuantity(activity.quantity), price: activity.price };
      return { kind: 'bust', activity, undone };
    }),
  ];
}

/** Executions that are known by name, those of this very news included; tellings of one tile are one execution. */
function executionsOf(evidence: Evidence, fills: readonly ActivityNews[]): readonly KnownExecution[] {
  const tiles = new Map<
    string,
    { readonly names: ExecutionId[]; readonly quantity: Quantity; readonly price: Price }
  >();
  const add = (name: ExecutionId | null, cumulative: Quantity | null, quantity: Quantity, price: Price): void => {
    const key = cumulative === null ? `name ${String(name)}` : `tile ${cumulative} ${quantity} ${price}`;
    const tile = tiles.get(key) ?? { names: [], quantity, price };
    tiles.set(key, tile);
    if (name !== null && !tile.names.includes(name)) tile.names.push(name);
  };
  for (const line of evidence) {
    for (const report of line.reports) add(report.id, report.cumulative, report.quantity, report.price);
    for (const revision of line.revisions) {
      if (revision.kind === 'correct') add(revision.ids[0] ?? null, null, revision.quantity, revision.price);
    }
  }
  for (const fill of fills) add(nameOfActivity(fill), fill.cumulativeQuantity, fill.quantity, fill.price);
  return [...tiles.values()];
}

/** The stream's name where there is one: it is what the stream itself will point at. */
const bestName = ({ names }: KnownExecution): ExecutionId | null =>
  names.find((name) => !isActivityName(name)) ?? names[0] ?? null;

const updateOf = (
  told: ToldRevision,
  at: RevisionReport['at'],
  previous: ExecutionId | null,
  now: EpochMs,
): OrderUpdate => {
  const { activity, kind } = told;
  const quantity = absoluteQuantity(activity.quantity);
  return {
    ...newsOfActivity(activity, now),
    // How much is filled after it follows from the revision itself, and from the order object.
    cumulativeQuantity: null,
    execution: {
      id: nameOfActivity(activity),
      quantity,
      price: activity.price,
      at,
      kind,
      previousExecutionId: previous,
    },
  };
};

/** The telling of the same revision by another source, which the activities have not met yet. */
function sameTelling(told: ToldRevision, revisions: readonly RevisionReport[]): RevisionReport | undefined {
  const quantity = absoluteQuantity(told.activity.quantity);
  return revisions.find(
    (revision) =>
      revision.kind === told.kind &&
      alike(revision, { quantity, price: told.activity.price }) &&
      !revision.ids.some(isActivityName),
  );
}

function revisionUpdates(
  evidence: Evidence,
  fills: readonly ActivityNews[],
  told: readonly ToldRevision[],
  now: EpochMs,
): readonly OrderUpdate[] {
  let revisions = evidence.flatMap((line) => line.revisions);
  const known = new Set(revisions.flatMap((revision) => revision.ids));
  const restated = new Set(revisions.flatMap(({ previousId }) => previousId ?? []));
  const executions = executionsOf(evidence, fills);
  return told.flatMap((one) => {
    if (known.has(nameOfActivity(one.activity))) return [];
    const same = sameTelling(one, revisions);
    if (same !== undefined) {
      revisions = revisions.filter((revision) => revision !== same);
      return [updateOf(one, same.at, same.previousId, now)];
    }
    const candidates = executions.filter(
      (execution) =>
        one.undone !== null && alike(execution, one.undone) && !execution.names.some((name) => restated.has(name)),
    );
    const [first] = candidates;
    const isFresh = now - msOf(one.activity.at) < REVISION_SETTLE_MS;
    if (candidates.length > 1 && isFresh) return [];
    const previous = first === undefined ? null : bestName(first);
    if (previous !== null) restated.add(previous);
    return [updateOf(one, one.activity.at, previous, now)];
  });
}

/**
 * All that was read of the order as updates, in no particular order: they are taken in together.
 * @param evidence what the order knows so far
 */
export function newsOfOrder(evidence: Evidence, news: OrderNews, now: EpochMs): readonly OrderUpdate[] {
  const fills = news.activities.filter(({ kind }) => kind === 'fill');
  return [
    ...news.snapshots.map((found) => updateFromSnapshot(found, 'reconciliation', now)),
    ...fills.map((fill) => newsOfActivity({ ...fill, executionId: nameOfActivity(fill) }, now)),
    ...revisionUpdates(evidence, fills, revisionsOf(news.activities), now),
  ];
}

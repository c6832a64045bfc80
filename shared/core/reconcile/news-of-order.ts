/**
 * What a pass has read of one order, as news for it. Activities name neither our order nor the executions as the stream
 * does: a fill meets its twin in the tile, a bust or a correction in the execution that it undoes.
 */
import {
  absoluteQuantity,
  addQuantity,
  maxQuantity,
  type Price,
  type Quantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import { type ExecutionId, executionId } from '#shared/core/kernel/identity.ts';
import { type EpochMs, type EpochNs, msOf } from '#shared/core/kernel/instant.ts';
import { newsOfActivity } from '#shared/core/order/activity-news.ts';
import { updateFromSnapshot } from '#shared/core/order/broker-snapshot.ts';
import { compareParts, largestSighting } from '#shared/core/order/evidence.ts';
import type {
  Evidence,
  ExecutionReport,
  OrderUpdate,
  RevisionReport,
  UpdateExecution,
} from '#shared/core/order/order.ts';
import { standingRevisions } from '#shared/core/order/tiles.ts';
import type { ActivityNews, OrderNews } from '#shared/core/reconcile/news-by-order.ts';

/** Between two executions that look the same only the stream can choose; it is given so long to speak first. */
const REVISION_SETTLE_MS = 60_000;
/** What was chosen without it is held against what it says for so long: it may be late, and tells nothing twice. */
const REVISION_DOUBT_MS = 3_600_000;

const ACTIVITY = 'activity:';

/** The broker's own name of the execution, or the activity's, marked as such. */
const nameOfActivity = (activity: ActivityNews): ExecutionId =>
  activity.executionId ?? executionId(`${ACTIVITY}${activity.activityId}`);

const isActivityName = (id: ExecutionId): boolean => id.startsWith(ACTIVITY);

/** An execution of the order by its names, and what it was. */
interface KnownExecution {
  readonly names: readonly ExecutionId[];
  readonly quantity: Quantity;
  readonly price: Price;
  readonly at: EpochNs;
  /** Where it lies; null for one that a correction made. */
  readonly cumulative: Quantity | null;
  /** What the correction restated. */
  readonly previousId: ExecutionId | null;
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

/** Executions that are known, those of this very news included; tellings of one tile are one execution. */
function executionsOf(evidence: Evidence, fills: readonly ActivityNews[]): readonly KnownExecution[] {
  const tiles = new Map<string, KnownExecution>();
  const add = ({ id, quantity, price, cumulative, at }: Omit<ExecutionReport, 'source'>): void => {
    const key = cumulative === null ? `name ${String(id)}` : `tile ${cumulative} ${quantity} ${price}`;
    const names = [...(tiles.get(key)?.names ?? []), ...(id === null ? [] : [id])];
    tiles.set(key, { names, quantity, price, at: tiles.get(key)?.at ?? at, cumulative, previousId: null });
  };
  for (const line of evidence) for (const report of line.reports) add(report);
  for (const fill of fills) add({ ...fill, id: nameOfActivity(fill), cumulative: fill.cumulativeQuantity });
  const corrected = evidence
    .flatMap((line) => line.revisions)
    .filter(({ kind }) => kind === 'correct')
    .map(({ ids, quantity, price, at, previousId }) => ({
      names: ids,
      quantity,
      price,
      at,
      previousId,
      cumulative: null,
    }));
  return [...tiles.values(), ...corrected];
}

/** No source but the activities has named it. */
const isNameless = ({ names }: KnownExecution): boolean => names.every(isActivityName);

/** The stream's name where there is one: it is what the stream itself will point at. */
const bestName = ({ names }: KnownExecution): ExecutionId | null =>
  names.find((name) => !isActivityName(name)) ?? names[0] ?? null;

const updateOf = (
  activity: ActivityNews,
  now: EpochMs,
  execution: UpdateExecution,
  cumulativeQuantity: Quantity | null,
): OrderUpdate => ({ ...newsOfActivity(activity, now), cumulativeQuantity, execution });

/** The execution once more, under the name by which another source points at it. */
const alsoKnownAs = (
  name: ExecutionId,
  { activity }: ToldRevision,
  { quantity, price, at, cumulative, previousId }: KnownExecution,
  now: EpochMs,
): OrderUpdate =>
  updateOf(
    activity,
    now,
    { id: name, quantity, price, at, kind: cumulative === null ? 'correct' : 'fill', previousExecutionId: previousId },
    cumulative,
  );

/** What the order knows, while one revision after the other is read. */
class KnownPast {
  #executions: readonly KnownExecution[];
  readonly #revisions: readonly RevisionReport[];
  /** The most that was ever filled. */
  readonly #largest: Quantity;
  /** Tellings by other sources that no activity has met yet. */
  #unmet: readonly RevisionReport[];
  /** Activities that have met the telling of another source. */
  readonly #met: ReadonlySet<ExecutionId>;
  readonly #told: ReadonlySet<ExecutionId>;
  /** Every name of an execution. */
  readonly #names: Set<ExecutionId>;
  /** Names of executions that count no longer. */
  readonly #restated: Set<ExecutionId>;

  constructor(evidence: Evidence, fills: readonly ActivityNews[]) {
    const revisions = evidence.flatMap((line) => standingRevisions(line.revisions));
    this.#revisions = revisions;
    this.#largest = [...evidence.map(largestSighting), ...fills.map((fill) => fill.cumulativeQuantity)].reduce(
      maxQuantity,
      ZERO_QUANTITY,
    );
    this.#executions = executionsOf(evidence, fills);
    this.#unmet = revisions.filter(({ ids }) => !ids.some(isActivityName));
    this.#met = new Set(revisions.flatMap(({ ids }) => (ids.every(isActivityName) ? [] : ids.filter(isActivityName))));
    this.#told = new Set(revisions.flatMap(({ ids }) => ids));
    this.#names = new Set(this.#executions.flatMap(({ names }) => names));
    this.#restated = new Set(revisions.flatMap(({ previousId }) => previousId ?? []));
  }

  isTold(name: ExecutionId): boolean {
    return this.#told.has(name);
  }

  /** Told, and nobody has said yet what it restates. */
  isUnplaced(name: ExecutionId): boolean {
    return this.#revisions.every(({ ids, previousId }) => previousId === null || !ids.includes(name));
  }

  /**
   * How much is filled after a bust, where the activity counts it so; a broker that tells what was filled before it is not
   * believed. It mends what a bust told twice, under two names, would take off twice.
   */
  filledAfter({ activity, kind }: ToldRevision): Quantity | null {
    const left = addQuantity(this.#largest, activity.quantity);
    return kind === 'bust' && activity.cumulativeQuantity <= left ? activity.cumulativeQuantity : null;
  }

  /** The revision of this name, by whomever it was told. */
  telling(name: ExecutionId): RevisionReport | null {
    return this.#revisions.find(({ ids }) => ids.includes(name)) ?? null;
  }

  /** What the revision of this name restated. */
  restatedBy(name: ExecutionId): KnownExecution | null {
    return this.named(this.telling(name));
  }

  /** The telling of the same revision by another source: each is met once, and whoever has met his meets no other. */
  meet(told: ToldRevision): RevisionReport | null {
    if (this.#met.has(nameOfActivity(told.activity))) return null;
    const quantity = absoluteQuantity(told.activity.quantity);
    const asTold = { quantity, price: told.activity.price };
    const alikes = this.#unmet.filter((other) => other.kind === told.kind && alike(other, asTold));
    const same = alikes.find(({ at }) => at === told.activity.at) ?? alikes[0] ?? null;
    this.#unmet = this.#unmet.filter((other) => other !== same);
    return same;
  }

  /** Executions that it may undo: they look as it says, were there before it, and still count. */
  candidates({ activity, undone }: ToldRevision): readonly KnownExecution[] {
    if (undone === null) return [];
    const itself = nameOfActivity(activity);
    const stands = ({ names }: KnownExecution): boolean =>
      !names.some((name) => name === itself || this.#restated.has(name));
    return this.#executions.filter((one) => one.at <= activity.at && alike(one, undone) && stands(one));
  }

  /**
   * What this name was said to restate, where the telling of another source points at another execution that looks the
   * same.
   */
  wrongGuess(name: ExecutionId, same: RevisionReport | null): KnownExecution | null {
    const [guessed, named] = [this.restatedBy(name), this.named(same)];
    const isOther = guessed !== null && named !== null && guessed !== named && alike(guessed, named);
    return isOther ? guessed : null;
  }

  /** The one counts again, and the other no longer. */
  chooseAnew(wrong: KnownExecution, { names }: KnownExecution): void {
    for (const name of wrong.names) this.#restated.delete(name);
    for (const name of names) this.#restated.add(name);
  }

  /** The execution that another source's telling points at by a name that is known. */
  named(same: RevisionReport | null): KnownExecution | null {
    const previous = same?.previousId ?? null;
    return previous === null ? null : (this.#executions.find(({ names }) => names.includes(previous)) ?? null);
  }

  /** The name by which another source points at the execution, where nobody else calls it so. */
  strangeName(same: RevisionReport | null): ExecutionId | null {
    const previous = same?.previousId ?? null;
    return previous === null || this.#names.has(previous) ? null : previous;
  }

  /** From here on the execution counts no longer, and what a correction made of it does. */
  takeIn(told: ToldRevision, undone: readonly ExecutionId[], names: readonly ExecutionId[]): void {
    for (const name of undone) this.#restated.add(name);
    if (told.kind === 'bust') return;
    for (const name of names) this.#names.add(name);
    const { quantity, price, at } = told.activity;
    const made = { names, quantity, price, at, cumulative: null, previousId: undone[0] ?? null };
    const others = this.#executions.filter((one) => !one.names.some((name) => names.includes(name)));
    this.#executions = [...others, made];
  }
}

const revisionOf = (
  { activity, kind }: ToldRevision,
  at: EpochNs,
  previousExecutionId: ExecutionId | null,
): UpdateExecution => ({
  id: nameOfActivity(activity),
  quantity: absoluteQuantity(activity.quantity),
  price: activity.price,
  at,
  kind,
  previousExecutionId,
});

function revisionUpdates(
  evidence: Evidence,
  fills: readonly ActivityNews[],
  told: readonly ToldRevision[],
  now: EpochMs,
): readonly OrderUpdate[] {
  const past = new KnownPast(evidence, fills);
  const updates: OrderUpdate[] = [];
  for (const one of [...told].sort((a, b) => compareParts([a.activity.at], [b.activity.at]))) {
    const name = nameOfActivity(one.activity);
    const same = past.meet(one);
    if (past.isTold(name)) {
      const wrong = past.wrongGuess(name, same);
      const right = past.named(same);
      if (wrong !== null && right !== null && same !== null) {
        past.chooseAnew(wrong, right);
        updates.push(updateOf(one.activity, now, revisionOf(one, same.at, same.previousId), past.filledAfter(one)));
        continue;
      }
      const strange = past.strangeName(same ?? past.telling(name));
      // Pointed at by a name that nobody else gave it, it may have been told only now, by an activity.
      const restated = past.restatedBy(name) ?? past.candidates(one).find(isNameless) ?? null;
      if (strange !== null && restated !== null) updates.push(alsoKnownAs(strange, one, restated, now));
      // What it restates may have come to be known since: executions are told late, and out of order.
      if (!past.isUnplaced(name) || past.candidates(one).length === 0) continue;
    }
    const candidates = past.candidates(one);
    const isFresh = now - msOf(one.activity.at) < REVISION_SETTLE_MS;
    // What comes after it may build on it: it waits as well.
    if (same === null && candidates.length > 1 && isFresh) return updates;
    const strange = past.strangeName(same);
    // Another source that calls it by a name of its own has not named it otherwise.
    const nameless = candidates.find(isNameless);
    const first = past.named(same) ?? (strange === null ? null : nameless) ?? candidates[0];
    if (strange !== null && first !== undefined) updates.push(alsoKnownAs(strange, one, first, now));
    const previous = same === null ? (first === undefined ? null : bestName(first)) : same.previousId;
    past.takeIn(one, [...(previous === null ? [] : [previous]), ...(first?.names ?? [])], [...(same?.ids ?? []), name]);
    const revision = revisionOf(one, same?.at ?? one.activity.at, previous);
    updates.push(updateOf(one.activity, now, revision, past.filledAfter(one)));
  }
  return updates;
}

/** True while some of the news may be left for a later pass: then it must be read again though it says the same. */
export const mayWait = ({ activities }: OrderNews, now: EpochMs): boolean =>
  activities.some(({ kind, at }) => kind !== 'fill' && now - msOf(at) < REVISION_DOUBT_MS);

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

/**
 * Which executions an order is made of. A fill covers (cumulative - quantity, cumulative], so the fills of an order tile
 * it without overlap; sources that name one execution differently meet in the tile. Busts and corrections restate the
 * past: what was told before one is read against the quantities of that time.
 *
 * Everything here is a function of what was told and not of when it was heard.
 */
import type { Price, Quantity } from '#shared/core/kernel/decimal.ts';
import {
  addQuantity,
  maxQuantity,
  minQuantity,
  negateQuantity,
  subtractQuantity,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { ExecutionId } from '#shared/core/kernel/identity.ts';
import type { EpochNs } from '#shared/core/kernel/instant.ts';
import { compareParts, compareReports, unionOfIds } from '#shared/core/order/evidence.ts';
import type { BrokerLine, Evidence, Execution, ExecutionReport, RevisionReport } from '#shared/core/order/order.ts';

/** What a line of evidence amounts to. */
export interface Layout {
  /** In order, never overlapping, together at most `filled`. */
  readonly executions: readonly Execution[];
  /** Units filled in all, as far as anybody told. */
  readonly filled: Quantity;
  /**
   * Whether the sources contradict each other, so that only what the account's activities tell makes tiles, or even the
   * activities do.
   */
  readonly contradiction: 'none' | 'sources' | 'activities';
  /** Something told has no place yet: a revision without its execution, or executions that exclude each other. */
  readonly unsettled: boolean;
}

/** One execution while the past is being read: `era` counts the revisions before it, `start` is as told in its era. */
interface Piece {
  readonly ids: readonly ExecutionId[];
  readonly era: number;
  readonly start: Quantity;
  readonly quantity: Quantity;
  readonly price: Price;
  readonly at: EpochNs;
}

const endOf = (piece: Pick<Piece, 'start' | 'quantity'>): Quantity => addQuantity(piece.start, piece.quantity);
const comparePieces = (a: Piece, b: Piece): number =>
  compareParts(
    [a.era, a.start, a.quantity, a.price, a.at, a.ids.join(' ')],
    [b.era, b.start, b.quantity, b.price, b.at, b.ids.join(' ')],
  );

const revisionParts = (revision: RevisionReport): Parameters<typeof compareParts>[0] => [
  revision.kind,
  revision.previousId,
  revision.quantity,
  revision.price,
  revision.previousId === null ? revision.ids.join(' ') : null,
];

/** A revision that was told before the execution that it restates was known, and again once it was. */
const isPlacedElsewhere = ({ kind, ids, previousId }: RevisionReport, told: readonly RevisionReport[]): boolean =>
  previousId === null &&
  told.some((other) => other.previousId !== null && other.kind === kind && ids.some((id) => other.ids.includes(id)));

/**
 * A guess at what was restated, where a telling that has its name and a further one says otherwise: of two executions
 * that are alike, the source that names them knows which.
 */
const isGuessedOtherwise = ({ kind, ids, previousId }: RevisionReport, told: readonly RevisionReport[]): boolean =>
  told.some(
    (other) =>
      other.kind === kind &&
      other.previousId !== null &&
      other.previousId !== previousId &&
      other.ids.length > ids.length &&
      ids.length > 0 &&
      ids.every((id) => other.ids.includes(id)),
  );

/** Revisions without those that a better telling of the same has replaced. */
export const standingRevisions = (told: readonly RevisionReport[]): readonly RevisionReport[] =>
  told.filter((one) => !isPlacedElsewhere(one, told) && !isGuessedOtherwise(one, told));

/**
 * Each revision once, oldest first. A bust of one named execution is one bust, whoever tells it, whenever its source
 * says that it was: the earliest time counts.
 */
function distinctRevisions(told: readonly RevisionReport[]): readonly RevisionReport[] {
  const distinct: RevisionReport[] = [];
  for (const revision of standingRevisions(told)) {
    const index = distinct.findIndex((other) => compareParts(revisionParts(other), revisionParts(revision)) === 0);
    const known = distinct[index];
    if (known === undefined) distinct.push(revision);
    else {
      const at = known.at <= revision.at ? known.at : revision.at;
      distinct[index] = { ...known, ids: unionOfIds(known.ids, revision.ids), at };
    }
  }
  return distinct.sort((a, b) => compareParts([a.at, ...revisionParts(a)], [b.at, ...revisionParts(b)]));
}

const eraAt = (revisions: readonly RevisionReport[], at: EpochNs): number =>
  revisions.filter((revision) => revision.at <= at).length;

/** Reports that tell of one execution: they share a name, or the tile of one era. */
function groupReports(
  reports: readonly ExecutionReport[],
  revisions: readonly RevisionReport[],
): readonly (readonly ExecutionReport[])[] {
  let groups: { readonly keys: ReadonlySet<string>; readonly reports: readonly ExecutionReport[] }[] = [];
  for (const report of reports) {
    const own = new Set<string>();
    if (report.id !== null) own.add(`id ${report.id}`);
    if (report.cumulative !== null) {
      own.add(`tile ${eraAt(revisions, report.at)} ${report.cumulative} ${report.quantity}`);
    }
    const met = groups.filter((group) => [...own].some((key) => group.keys.has(key)));
    groups = groups.filter((group) => !met.includes(group));
    groups.push({
      keys: new Set([...own, ...met.flatMap((group) => [...group.keys])]),
      reports: [...met.flatMap((group) => group.reports), report],
    });
  }
  return groups.map((group) => [...group.reports].sort(compareReports));
}

const namesOf = (reports: readonly ExecutionReport[]): readonly ExecutionId[] =>
  [...new Set(reports.flatMap((report) => (report.id === null ? [] : [report.id])))].sort();

/** Every name that anybody used for an execution or a revision. */
const allNamesOf = (line: BrokerLine): readonly ExecutionId[] => [
  ...namesOf(line.reports),
  ...line.revisions.flatMap((revision) => revision.ids),
];

/** The execution that a group of reports tells of, or null while none of them says where it lies. */
function pieceOf(group: readonly ExecutionReport[], revisions: readonly RevisionReport[]): Piece | null {
  const placed = group.find((report) => report.cumulative !== null);
  if (placed?.cumulative === undefined || placed.cumulative === null) return null;
  return {
    ids: namesOf(group),
    era: eraAt(revisions, placed.at),
    start: subtractQuantity(placed.cumulative, placed.quantity),
    quantity: placed.quantity,
    price: placed.price,
    at: placed.at,
  };
}

/** True when reports of one execution differ in what it was. */
const disagrees = (group: readonly ExecutionReport[]): boolean => {
  const [first] = group;
  const places = new Set(group.flatMap((report) => (report.cumulative === null ? [] : [report.cumulative])));
  return places.size > 1 || group.some((report) => report.quantity !== first?.quantity || report.price !== first.price);
};

/** Sorted pieces without those that overlap one before them in their era. */
function withoutOverlap(pieces: readonly Piece[]): readonly Piece[] {
  const kept: Piece[] = [];
  for (const piece of [...pieces].sort(comparePieces)) {
    const last = kept.at(-1);
    if (last === undefined || last.era !== piece.era || endOf(last) <= piece.start) kept.push(piece);
  }
  return kept;
}

interface Reading {
  readonly pieces: readonly Piece[];
  readonly consistent: boolean;
}

function read(reports: readonly ExecutionReport[], revisions: readonly RevisionReport[]): Reading {
  const groups = groupReports(reports, revisions);
  const told = groups.flatMap((group) => pieceOf(group, revisions) ?? []);
  const pieces = withoutOverlap(told);
  return { pieces, consistent: pieces.length === told.length && !groups.some(disagrees) };
}

const inTile = (piece: Piece, report: ExecutionReport): boolean => endOf(piece) === report.cumulative;
const alike = (piece: Piece, report: ExecutionReport): boolean =>
  piece.quantity === report.quantity && piece.price === report.price;

/** What makes an activity and another source's report one execution, the surest first. */
const LIKENESSES: readonly ((piece: Piece, report: ExecutionReport) => boolean)[] = [
  (piece, report) => inTile(piece, report) && alike(piece, report),
  alike,
  (piece, report) => inTile(piece, report) && piece.quantity === report.quantity,
];

/**
 * Gives the pieces that the activities tell the names by which other sources call them, so that a bust, which carries
 * such a name, finds its execution. Each piece takes one name; of two that are alike, which is which makes no difference.
 */
function withOtherNames(
  pieces: readonly Piece[],
  others: readonly ExecutionReport[],
  revisions: readonly RevisionReport[],
): readonly Piece[] {
  let named = pieces;
  const given = new Set<Piece>();
  const known = new Set(pieces.flatMap((piece) => piece.ids));
  for (const likeness of LIKENESSES) {
    for (const report of others) {
      const id = report.id;
      if (id === null || known.has(id)) continue;
      const era = eraAt(revisions, report.at);
      const piece = named.find((free) => !given.has(free) && free.era === era && likeness(free, report));
      if (piece === undefined) continue;
      const renamed = { ...piece, ids: unionOfIds(piece.ids, [id]) };
      known.add(id);
      given.add(renamed);
      named = named.map((other) => (other === piece ? renamed : other));
    }
  }
  return named;
}

interface Revised {
  readonly pieces: readonly Piece[];
  /** Revisions whose execution is not known. */
  readonly unplaced: number;
}

/** Which piece a revision restates: by name; a bust whose name nobody knows, by what it says of the execution. */
function targetOf(item: Dated, pieces: readonly Piece[], known: ReadonlySet<string>): Piece | undefined {
  const { revision, era } = item;
  const previous = revision.previousId;
  if (previous !== null && (known.has(previous) || revision.kind === 'correct')) {
    return pieces.find((piece) => piece.ids.includes(previous));
  }
  if (revision.kind === 'correct') return undefined;
  return pieces.find(
    (piece) => piece.era < era && piece.quantity === revision.quantity && piece.price === revision.price,
  );
}

/** A revision and the era that it begins. */
interface Dated {
  readonly revision: RevisionReport;
  readonly era: number;
}

/** The piece as a correction restates it, or nothing of it after a bust. */
function restated(target: Piece, { revision, era }: Dated): readonly Piece[] {
  if (revision.kind === 'bust' || revision.quantity === 0n) return [];
  const ids = unionOfIds(target.ids, revision.ids);
  const { quantity, price } = revision;
  return [{ ...target, ids, era: Math.min(target.era, era - 1), quantity, price }];
}

/** Applies revisions in the order of their times; one that restates another waits until that one has been applied. */
function revise(line: BrokerLine, told: readonly Piece[], revisions: readonly RevisionReport[]): Revised {
  const known = new Set<string>(allNamesOf(line));
  const undone = new Set<string>();
  let pieces = [...told].sort(comparePieces);
  let waiting: readonly Dated[] = revisions.map((revision, index) => ({ revision, era: index + 1 }));
  for (let before = -1; before !== waiting.length; ) {
    before = waiting.length;
    const still: Dated[] = [];
    for (const item of waiting) {
      const target = targetOf(item, pieces, known);
      const previous = item.revision.previousId;
      if (target !== undefined) {
        const successors = restated(target, item);
        pieces = [...pieces.filter((piece) => piece !== target), ...successors].sort(comparePieces);
        if (successors.length === 0) for (const id of target.ids) undone.add(id);
      } else if (item.revision.kind === 'correct' || previous === null || !undone.has(previous)) {
        still.push(item);
      }
    }
    waiting = still;
  }
  return { pieces, unplaced: waiting.length };
}

/** By how much a revision lowers the filled quantity; never by how much it raises it, which only a sighting may. */
function loweringOf(line: BrokerLine, revision: RevisionReport): Quantity {
  if (revision.kind === 'bust') return negateQuantity(revision.quantity);
  const previous = revision.previousId;
  const [first, ...others] = [
    ...line.reports.filter((report) => report.id !== null && report.id === previous),
    ...line.revisions.filter((other) => previous !== null && other.ids.includes(previous)),
  ].map((told) => told.quantity);
  if (first === undefined) return ZERO_QUANTITY;
  return minQuantity(ZERO_QUANTITY, subtractQuantity(revision.quantity, others.reduce(minQuantity, first)));
}

/** The largest quantity sighted, each sighting lowered by the revisions that came after it. */
function filledOf(line: BrokerLine, revisions: readonly RevisionReport[]): Quantity {
  const lowerings = revisions.map((revision) => ({ at: revision.at, by: loweringOf(line, revision) }));
  return line.sightings.reduce((filled, sighting) => {
    const after = lowerings.filter((lowering) => sighting.at === null || lowering.at > sighting.at);
    const left = after.reduce((units, lowering) => addQuantity(units, lowering.by), sighting.cumulative);
    return maxQuantity(filled, left);
  }, ZERO_QUANTITY);
}

const fits = (laid: readonly Execution[], piece: Piece, start: Quantity, limit: Quantity): boolean =>
  addQuantity(start, piece.quantity) <= limit && laid.every((tile) => endOf(tile) <= start);

/**
 * Lays the pieces of the last era as told, and those that a revision may have moved end to end before them. Pieces that
 * do not fit in there, or into what is filled, stay out.
 */
function lay(pieces: readonly Piece[], lastEra: number, filled: Quantity): readonly Execution[] {
  const current = pieces.filter((piece) => piece.era === lastEra);
  const limit = minQuantity(filled, current[0]?.start ?? filled);
  const laid: Execution[] = [];
  let end = ZERO_QUANTITY;
  for (const piece of pieces) {
    const start = piece.era === lastEra ? piece.start : end;
    if (!fits(laid, piece, start, piece.era === lastEra ? filled : limit)) continue;
    laid.push({ ids: piece.ids, start, quantity: piece.quantity, price: piece.price, at: piece.at });
    end = addQuantity(start, piece.quantity);
  }
  return laid;
}

/**
 * A number that grows whenever what is told restates the past of the order: with each telling of a revision, with each
 * way in which its execution comes to be known by name, with contradictions, and with a second broker order. It follows
 * from the evidence alone; within one epoch the filled quantity only grows.
 *
 * The weights are such that news which explains a contradiction away weighs more than the contradiction did.
 */
export function epochOf(evidence: Evidence, layouts: readonly Layout[]): number {
  const tellings = evidence.flatMap((line) => line.revisions);
  const names = evidence.flatMap((line) => [...new Set<string>(allNamesOf(line))]);
  const placed = tellings.reduce((sum, { previousId }) => sum + names.filter((name) => name === previousId).length, 0);
  const contradictions = layouts.reduce((sum, layout) => sum + CONTRADICTION_WEIGHT[layout.contradiction], 0);
  return 3 * tellings.length + 3 * Math.max(0, layouts.length - 1) + placed + contradictions;
}

const CONTRADICTION_WEIGHT = { none: 0, sources: 1, activities: 2 } as const;

/**
 * What one broker order amounts to by all that was told of it.
 *
 * Where sources contradict each other (one name for two fills, two prices for one tile, tiles that overlap), only what
 * reconciliation read from the account's activities makes tiles, until nothing is missing.
 */
export function layoutOf(line: BrokerLine): Layout {
  const revisions = distinctRevisions(line.revisions);
  const all = read(line.reports, revisions);
  const others = line.reports.filter((report) => report.source !== 'reconciliation');
  const activities = line.reports.filter((report) => report.source === 'reconciliation');
  const reading = all.consistent ? all : read(activities, revisions);
  const pieces = all.consistent ? all.pieces : withOtherNames(reading.pieces, others, revisions);
  const revised = revise(line, pieces, revisions);
  const filled = filledOf(line, revisions);
  const executions = lay(revised.pieces, revisions.length, filled);
  return {
    executions,
    filled,
    contradiction: all.consistent ? 'none' : reading.consistent ? 'sources' : 'activities',
    unsettled: !reading.consistent || revised.unplaced > 0 || executions.length < revised.pieces.length,
  };
}

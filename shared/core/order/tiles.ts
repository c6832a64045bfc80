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
import { compareParts, compareReports } from '#shared/core/order/evidence.ts';
import type { BrokerLine, Execution, ExecutionReport, RevisionReport } from '#shared/core/order/order.ts';

/** What a line of evidence amounts to. */
export interface Layout {
  /** In order, never overlapping, together at most `filled`. */
  readonly executions: readonly Execution[];
  /** Units filled in all, as far as anybody told. */
  readonly filled: Quantity;
  readonly epoch: number;
  /** Sources contradict each other; only what the account's activities tell makes tiles. */
  readonly contradicted: boolean;
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

/**
 * Gives the pieces that the activities tell the names by which other sources call them, so that a bust, which carries
 * such a name, finds its execution.
 */
function withOtherNames(
  pieces: readonly Piece[],
  others: readonly ExecutionReport[],
  revisions: readonly RevisionReport[],
): readonly Piece[] {
  const named = [...pieces];
  for (const report of others) {
    const id = report.id;
    if (id === null || named.some((piece) => piece.ids.includes(id))) continue;
    const era = eraAt(revisions, report.at);
    const alike = (piece: Piece): boolean => piece.quantity === report.quantity && piece.price === report.price;
    const there = (piece: Piece): boolean =>
      piece.era === era && report.cumulative !== null && endOf(piece) === report.cumulative;
    const unnamed = (piece: Piece): boolean =>
      !others.some((other) => other.id !== null && piece.ids.includes(other.id));
    const tests = [
      (piece: Piece) => there(piece) && alike(piece),
      (piece: Piece) => there(piece) && piece.quantity === report.quantity && unnamed(piece),
      (piece: Piece) => piece.era === era && alike(piece) && unnamed(piece),
    ];
    const index = tests.map((test) => named.findIndex(test)).find((found) => found >= 0) ?? -1;
    const piece = named[index];
    if (piece !== undefined) named[index] = { ...piece, ids: [...piece.ids, id].sort() };
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
  const ids = [...new Set([...target.ids, ...revision.ids])].sort();
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

/**
 * Lays the pieces end to end where a revision has moved them, and as told where none has. Pieces that do not fit into
 * what is filled stay out.
 */
function lay(pieces: readonly Piece[], lastEra: number, filled: Quantity): readonly Execution[] {
  const laid: Execution[] = [];
  let end = ZERO_QUANTITY;
  for (const piece of pieces) {
    const start = piece.era < lastEra ? end : maxQuantity(end, piece.start);
    if (addQuantity(start, piece.quantity) > filled) continue;
    laid.push({ ids: piece.ids, start, quantity: piece.quantity, price: piece.price, at: piece.at });
    end = addQuantity(start, piece.quantity);
  }
  return laid;
}

/**
 * How often the past of the line was restated: a revision counts when it is told and again when its execution is known
 * by name, and a contradiction among the sources counts once. Grows with the evidence.
 */
function epochOf(line: BrokerLine, contradicted: boolean): number {
  const names = new Set<string>(allNamesOf(line));
  const placed = line.revisions.filter(({ previousId }) => previousId !== null && names.has(previousId)).length;
  return 2 * line.revisions.length + placed + (contradicted ? 1 : 0);
}

/**
 * What one broker order amounts to by all that was told of it.
 *
 * Where sources contradict each other (one name for two fills, two prices for one tile, tiles that overlap), only what
 * reconciliation read from the account's activities makes tiles, until nothing is missing.
 */
export function layoutOf(line: BrokerLine): Layout {
  const revisions = [...line.revisions].sort((a, b) =>
    compareParts([a.at, a.kind, a.previousId, a.ids.join(' ')], [b.at, b.kind, b.previousId, b.ids.join(' ')]),
  );
  const all = read(line.reports, revisions);
  const contradicted = !all.consistent;
  const others = line.reports.filter((report) => report.source !== 'reconciliation');
  const activities = line.reports.filter((report) => report.source === 'reconciliation');
  const reading = contradicted ? read(activities, revisions) : all;
  const pieces = contradicted ? withOtherNames(reading.pieces, others, revisions) : reading.pieces;
  const revised = revise(line, pieces, revisions);
  const filled = filledOf(line, revisions);
  const executions = lay(revised.pieces, revisions.length, filled);
  return {
    executions,
    filled,
    epoch: epochOf(line, contradicted),
    contradicted,
    unsettled: !reading.consistent || revised.unplaced > 0 || executions.length < revised.pieces.length,
  };
}

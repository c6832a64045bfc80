/**
 * What was told of an order, as sets that only grow. Joining is commutative, associative and idempotent, so news may
 * come in any order and any number of times; everything that an order says of itself is computed from the joined whole
 * and never from the way it came about.
 */
import type { Quantity } from '#shared/core/kernel/decimal.ts';
import { absoluteQuantity, maxQuantity, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import type { ExecutionId } from '#shared/core/kernel/identity.ts';
import type { EpochNs } from '#shared/core/kernel/instant.ts';
import type { BrokerStatus } from '#shared/core/order/broker-order.ts';
import type {
  BrokerEnd,
  BrokerLine,
  EndClaim,
  Evidence,
  ExecutionReport,
  OpenClaim,
  OrderUpdate,
  RevisionReport,
  Sighting,
} from '#shared/core/order/order.ts';
import { BROKER_ENDS, UPDATE_SOURCES } from '#shared/core/order/order.ts';

type Rankable = bigint | number | string | null;

/** Orders by the first part that differs; null comes before everything. */
export function compareParts(a: readonly Rankable[], b: readonly Rankable[]): number {
  for (let index = 0; index < a.length; index += 1) {
    const [left, right] = [a[index] ?? null, b[index] ?? null];
    if (left === right) continue;
    if (left === null) return -1;
    if (right === null) return 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

const earlierKnown = (a: EpochNs | null, b: EpochNs | null): EpochNs | null =>
  a === null ? b : b === null || a <= b ? a : b;
const firstKnown = (a: string | null, b: string | null): string | null =>
  a === null ? b : b === null || a <= b ? a : b;
const sourceRank = (source: ExecutionReport['source']): number => UPDATE_SOURCES.indexOf(source);
const moreTrusted = (a: ExecutionReport['source'], b: ExecutionReport['source']): ExecutionReport['source'] =>
  sourceRank(a) >= sourceRank(b) ? a : b;

const reportParts = (report: ExecutionReport): readonly Rankable[] => [
  report.at,
  report.cumulative,
  report.id,
  report.quantity,
  report.price,
];
export const compareReports = (a: ExecutionReport, b: ExecutionReport): number =>
  compareParts(reportParts(a), reportParts(b));

/** Equal parts are one telling; what names no execution is known by its own name. */
const revisionParts = (revision: RevisionReport): readonly Rankable[] => [
  revision.at,
  revision.kind,
  revision.previousId,
  revision.quantity,
  revision.price,
  revision.previousId === null ? revision.ids.join(' ') : null,
];

/** Joins two lists that are sorted by `parts` and free of repeats; items with equal parts are merged. */
function union<T>(
  a: readonly T[],
  b: readonly T[],
  parts: (item: T) => readonly Rankable[],
  merge: (a: T, b: T) => T,
): readonly T[] {
  const joined: T[] = [];
  for (const item of [...a, ...b].sort((left, right) => compareParts(parts(left), parts(right)))) {
    const last = joined.at(-1);
    if (last !== undefined && compareParts(parts(last), parts(item)) === 0)
      joined[joined.length - 1] = merge(last, item);
    else joined.push(item);
  }
  return joined;
}

export const unionOfIds = (a: readonly ExecutionId[], b: readonly ExecutionId[]): readonly ExecutionId[] =>
  [...new Set([...a, ...b])].sort();

/** Keeps what no other item dominates, oldest first. Items must be comparable as `dominates` is a partial order. */
function frontier<T>(items: readonly T[], parts: (item: T) => readonly Rankable[], dominates: (a: T, b: T) => boolean) {
  const sorted = union(items, [], parts, (first) => first);
  return sorted.filter((item) => !sorted.some((other) => other !== item && dominates(other, item)));
}

/**
 * A sighting tells nothing beside one that is as late and as large: since a bust can only take units away, the later
 * and larger one is never worth less, whatever busts lie between.
 */
const sightingDominates = (a: Sighting, b: Sighting): boolean =>
  a.cumulative >= b.cumulative && compareParts([a.at], [b.at]) >= 0;

/**
 * The rank of an open state among those told for the same filled quantity and the same instant. Every status has its
 * own, so that no two different claims are equal.
 */
const OPEN_RANK: Readonly<Record<BrokerStatus, number>> = {
  'open-unrecognised': 0,
  pending: 1,
  accepted: 2,
  new: 3,
  suspended: 4,
  done_for_day: 5,
  partially_filled: 6,
  pending_replace: 7,
  pending_cancel: 8,
  filled: 9,
  canceled: 10,
  expired: 11,
  rejected: 12,
  replaced: 13,
};

/** (filled, broker time, rank): the greatest is the order's open sub-state, whichever source told it. */
const claimParts = (claim: OpenClaim): readonly Rankable[] => [claim.cumulative, claim.at, OPEN_RANK[claim.status]];
export const compareClaims = (a: OpenClaim, b: OpenClaim): number => compareParts(claimParts(a), claimParts(b));

const claimDominates = (a: OpenClaim, b: OpenClaim): boolean =>
  compareParts([a.at], [b.at]) >= 0 && compareClaims(a, b) >= 0;

export const endRank = (end: BrokerEnd): number => BROKER_ENDS.indexOf(end);

function joinEndClaims(a: EndClaim | null, b: EndClaim | null): EndClaim | null {
  if (a === null || b === null) return a ?? b;
  if (a.end !== b.end) return endRank(a.end) > endRank(b.end) ? a : b;
  return {
    end: a.end,
    at: earlierKnown(a.at, b.at),
    detail: firstKnown(a.detail, b.detail),
  };
}

/** All that two lines tell of one broker order. The id is the one that is known. */
function joinLines(a: BrokerLine, b: BrokerLine): BrokerLine {
  return {
    brokerOrderId: a.brokerOrderId ?? b.brokerOrderId,
    reports: union(a.reports, b.reports, reportParts, (left, right) => ({
      ...left,
      source: moreTrusted(left.source, right.source),
    })),
    revisions: union(a.revisions, b.revisions, revisionParts, (left, right) => ({
      ...left,
      ids: unionOfIds(left.ids, right.ids),
    })),
    sightings: frontier([...a.sightings, ...b.sightings], (item) => [item.at, item.cumulative], sightingDominates),
    openClaims: frontier([...a.openClaims, ...b.openClaims], (item) => [item.at, ...claimParts(item)], claimDominates),
    endClaim: joinEndClaims(a.endClaim, b.endClaim),
  };
}

/** Adds what one line tells to all that is known. */
export function joinEvidence(evidence: Evidence, told: BrokerLine): Evidence {
  const same = evidence.find((line) => line.brokerOrderId === told.brokerOrderId);
  const others = evidence.filter((line) => line !== same);
  const joined = same === undefined ? told : joinLines(same, told);
  return [...others, joined].sort((a, b) => compareParts([a.brokerOrderId], [b.brokerOrderId]));
}

const asBrokerEnd = (status: BrokerStatus): BrokerEnd | null => BROKER_ENDS.find((end) => end === status) ?? null;

function reportOf(update: OrderUpdate): ExecutionReport | null {
  const execution = update.execution;
  if (execution === null || execution.kind !== 'fill' || execution.quantity <= 0n) return null;
  const cumulative = update.cumulativeQuantity;
  const placed = cumulative !== null && cumulative >= execution.quantity;
  // Without a name and without a place nobody could tell it from its own repetition.
  if (execution.id === null && !placed) return null;
  return {
    id: execution.id,
    quantity: execution.quantity,
    price: execution.price,
    at: execution.at,
    cumulative: placed ? cumulative : null,
    source: update.source,
  };
}

function revisionOf(update: OrderUpdate): RevisionReport | null {
  const execution = update.execution;
  if (execution === null || execution.kind === 'fill') return null;
  return {
    kind: execution.kind,
    ids: execution.id === null ? [] : [execution.id],
    previousId: execution.previousExecutionId,
    quantity: absoluteQuantity(execution.quantity),
    price: execution.price,
    at: execution.at,
  };
}

/** What one update tells, as a line of its own. */
export function evidenceOf(update: OrderUpdate): BrokerLine {
  const at = update.brokerTime ?? update.execution?.at ?? null;
  const cumulative = update.cumulativeQuantity;
  const report = reportOf(update);
  const revision = revisionOf(update);
  const end = update.status === null ? null : asBrokerEnd(update.status);
  const open = update.status !== null && end === null ? update.status : null;
  return {
    brokerOrderId: update.brokerOrderId,
    reports: report === null ? [] : [report],
    revisions: revision === null ? [] : [revision],
    sightings: cumulative === null || cumulative <= 0n ? [] : [{ at: update.execution?.at ?? at, cumulative }],
    openClaims: open === null ? [] : [{ status: open, cumulative: cumulative ?? ZERO_QUANTITY, at }],
    endClaim: end === null ? null : { end, at, detail: update.detail },
  };
}

/** The largest filled quantity that was ever told of the line, busts or not. */
export const largestSighting = (line: BrokerLine): Quantity =>
  line.sightings.reduce((largest, sighting) => maxQuantity(largest, sighting.cumulative), ZERO_QUANTITY);

/** One line for each broker order; what named no broker order belongs to the first. */
export function linesOf(evidence: Evidence): readonly BrokerLine[] {
  const [first, second, ...rest] = evidence;
  if (first === undefined) return [];
  if (first.brokerOrderId !== null || second === undefined) return evidence;
  return [joinLines(second, first), ...rest];
}

/**
 * How an order stands: everything of it that follows from the broker's news and from what the house did, computed
 * afresh each time. Because it is a function, nothing here can be counted twice.
 */
import type { Money, Quantity } from '#shared/core/kernel/decimal.ts';
import {
  addMoney,
  addQuantity,
  maxMoney,
  maxQuantity,
  notionalOf,
  subtractMoney,
  subtractQuantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '#shared/core/kernel/decimal.ts';
import type { EpochNs } from '#shared/core/kernel/instant.ts';
import { compareClaims, compareParts, endRank, largestSighting, linesOf } from '#shared/core/order/evidence.ts';
import type {
  BrokerEnd,
  BrokerLine,
  Execution,
  OpenClaim,
  Order,
  OrderState,
  Reason,
  Reserved,
} from '#shared/core/order/order.ts';
import { isEnd, orderedQuantity } from '#shared/core/order/order.ts';
import type { Layout } from '#shared/core/order/tiles.ts';
import { epochOf, layoutOf } from '#shared/core/order/tiles.ts';

/** The fields of an order that follow from the others. */
export type Standing = Pick<
  Order,
  | 'state'
  | 'brokerOrderId'
  | 'brokerStatus'
  | 'executions'
  | 'epoch'
  | 'filledQuantity'
  | 'filledCost'
  | 'gapQuantity'
  | 'gapCost'
  | 'provisional'
  | 'contradicted'
  | 'reserved'
  | 'ended'
  | 'resurrected'
>;

/** What an order is besides how it stands. */
export type OrderRecord = Omit<Order, keyof Standing>;

/**
 * The order that a record and its standing make. Field by field: an object that is spread out of two takes longer to make
 * than its row takes to read, and orders that were made in different ways are looked at more slowly.
 */
export const orderOf = (record: OrderRecord, standing: Standing): Order => ({
  intent: record.intent,
  clientOrderId: record.clientOrderId,
  payloadHash: record.payloadHash,
  state: standing.state,
  version: record.version,
  journalSequence: record.journalSequence,
  lease: record.lease,
  attempt: record.attempt,
  cancelRequested: record.cancelRequested,
  ambiguity: record.ambiguity,
  reservation: record.reservation,
  refusal: record.refusal,
  houseEnded: record.houseEnded,
  evidence: record.evidence,
  brokerOrderId: standing.brokerOrderId,
  brokerStatus: standing.brokerStatus,
  executions: standing.executions,
  epoch: standing.epoch,
  filledQuantity: standing.filledQuantity,
  filledCost: standing.filledCost,
  gapQuantity: standing.gapQuantity,
  gapCost: standing.gapCost,
  provisional: standing.provisional,
  contradicted: standing.contradicted,
  reserved: standing.reserved,
  ended: standing.ended,
  resurrected: standing.resurrected,
  claimedAt: record.claimedAt,
  sentAt: record.sentAt,
  acknowledgedAt: record.acknowledgedAt,
  endedAt: record.endedAt,
  updatedAt: record.updatedAt,
});

/** What the standing follows from. `state` counts only while the broker has said nothing. */
export type Grounds = Pick<Order, 'intent' | 'state' | 'reservation' | 'houseEnded' | 'cancelRequested' | 'evidence'>;

interface LineEnd {
  readonly end: BrokerEnd;
  readonly at: EpochNs | null;
  readonly detail: string | null;
}

/** How the line ended: as the broker said, or filled because all units were seen filled once; null while it is open. */
function endOfLine(line: BrokerLine, ordered: Quantity | null, layout: Layout): LineEnd | null {
  const claim = line.endClaim;
  if (claim?.end === 'filled') return claim;
  if (ordered !== null && largestSighting(line) >= ordered) {
    const last = layout.executions.at(-1);
    return { end: 'filled', at: last?.at ?? null, detail: null };
  }
  return claim;
}

/** The claim that tells the open sub-state: of those since the last revision, the greatest. */
function openClaimOf(line: BrokerLine): OpenClaim | null {
  const revisedAt =
    line.revisions
      .map((revision) => revision.at)
      .sort((a, b) => compareParts([a], [b]))
      .at(-1) ?? null;
  const sorted = [...line.openClaims].sort(compareClaims);
  const since = sorted.filter((claim) => compareParts([claim.at], [revisedAt]) >= 0);
  return since.at(-1) ?? sorted.at(-1) ?? null;
}

function reasonOf(end: LineEnd, grounds: Grounds): Reason | null {
  if (end.detail !== null) return { code: `broker-${end.end}`, message: end.detail, context: {} };
  if (end.end === 'canceled') return grounds.cancelRequested?.reason ?? null;
  return end.end === grounds.houseEnded?.end ? grounds.houseEnded.reason : null;
}

/** Tiles of all lines, each line's laid behind those before it. */
function tilesOf(layouts: readonly Layout[]): readonly Execution[] {
  let offset = ZERO_QUANTITY;
  return layouts.flatMap((layout) => {
    const from = offset;
    offset = addQuantity(offset, layout.filled);
    return layout.executions.map((tile) => ({ ...tile, start: addQuantity(tile.start, from) }));
  });
}

const costOf = (executions: readonly Execution[]): Money =>
  executions.reduce((sum, { price, quantity }) => addMoney(sum, notionalOf(price, quantity)), ZERO_MONEY);

const sumQuantities = (quantities: readonly Quantity[]): Quantity => quantities.reduce(addQuantity, ZERO_QUANTITY);

type Counts = Pick<Standing, 'filledQuantity' | 'filledCost' | 'gapCost'>;

/**
 * What is set aside: an order in units sets aside its price for each unit that remains, a notional order the money that
 * its fills have not used up, and an order that has ended nothing.
 */
function reservedOf(grounds: Pick<Grounds, 'intent' | 'reservation'>, state: OrderState, counts: Counts): Reserved {
  if (isEnd(state)) return { quantity: ZERO_QUANTITY, money: ZERO_MONEY };
  const { reservation, intent } = grounds;
  const quantity = maxQuantity(ZERO_QUANTITY, subtractQuantity(reservation.quantity, counts.filledQuantity));
  if (reservation.money === ZERO_MONEY) return { quantity, money: ZERO_MONEY };
  if (intent.terms.size.kind === 'quantity') return { quantity, money: notionalOf(reservation.price, quantity) };
  const used = addMoney(counts.filledCost, counts.gapCost);
  return { quantity, money: maxMoney(ZERO_MONEY, subtractMoney(reservation.money, used)) };
}

/** Of two ends of two broker orders under one id, the one that ranks higher; ties by time and words. */
const compareEnds = (a: LineEnd, b: LineEnd): number =>
  compareParts([endRank(a.end), a.at, a.detail], [endRank(b.end), b.at, b.detail]);

function stateOf(grounds: Grounds, filled: Quantity, end: LineEnd | null, claim: OpenClaim | null): OrderState {
  if (end !== null) return end.end;
  if (grounds.cancelRequested !== null || claim?.status === 'pending_cancel') return 'pending_cancel';
  return filled > 0n ? 'partially_filled' : 'acknowledged';
}

/** How an order stands that the broker has said nothing of. */
function unheard(grounds: Grounds): Standing {
  const counts = { filledQuantity: ZERO_QUANTITY, filledCost: ZERO_MONEY, gapCost: ZERO_MONEY };
  const house = grounds.houseEnded;
  const state = house?.end ?? grounds.state;
  return {
    ...counts,
    state,
    brokerOrderId: null,
    brokerStatus: null,
    executions: [],
    epoch: 0,
    gapQuantity: ZERO_QUANTITY,
    provisional: false,
    contradicted: false,
    reserved: reservedOf(grounds, state, counts),
    ended: house === null ? null : { end: house.end, at: null, reason: house.reason },
    resurrected: false,
  };
}

/** How the order stands by all that is known of it. */
export function standingOf(grounds: Grounds): Standing {
  const ordered = orderedQuantity(grounds.intent.terms);
  const lines = linesOf(grounds.evidence).map((line) => {
    const layout = layoutOf(line);
    return { line, layout, end: endOfLine(line, ordered, layout) };
  });
  const [first] = lines;
  if (first === undefined) return unheard(grounds);
  const layouts = lines.map(({ layout }) => layout);
  const executions = tilesOf(layouts);
  const filledQuantity = sumQuantities(layouts.map((layout) => layout.filled));
  const gapQuantity = subtractQuantity(filledQuantity, sumQuantities(executions.map((tile) => tile.quantity)));
  const gapCost = notionalOf(grounds.reservation.price, gapQuantity);
  const counts = { filledQuantity, filledCost: costOf(executions), gapCost };
  const ends = lines.flatMap(({ end }) => end ?? []);
  const end = ends.length < lines.length ? null : ([...ends].sort(compareEnds).at(-1) ?? null);
  const claims = lines.flatMap(({ line, end: ended }) => (ended === null ? (openClaimOf(line) ?? []) : []));
  const claim = [...claims].sort(compareClaims).at(-1) ?? null;
  const state = stateOf(grounds, filledQuantity, end, claim);
  return {
    ...counts,
    state,
    brokerOrderId: first.line.brokerOrderId,
    brokerStatus: end?.end ?? claim?.status ?? null,
    executions,
    epoch: epochOf(grounds.evidence, layouts),
    gapQuantity,
    provisional: gapQuantity > 0n || layouts.some((layout) => layout.unsettled),
    contradicted: layouts.some((layout) => layout.contradiction !== 'none'),
    reserved: reservedOf(grounds, state, counts),
    ended: end === null ? null : { end: end.end, at: end.at, reason: reasonOf(end, grounds) },
    resurrected: grounds.houseEnded !== null && grounds.houseEnded.end !== end?.end,
  };
}

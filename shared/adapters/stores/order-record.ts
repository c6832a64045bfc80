/**
 * An order as text: what was decided, what the house did, and all that the broker told. How the order stands follows
 * from these and is computed when the row is read, so that it cannot contradict them.
 */
import * as z from 'zod';
import {
  formatMoney,
  formatPrice,
  formatQuantity,
  type Money,
  type Price,
  parseMoney,
  parsePrice,
  parseQuantity,
  type Quantity,
} from '#shared/core/kernel/decimal.ts';
import {
  accountId,
  brokerOrderId,
  clientOrderIdOf,
  correlationId,
  decisionId,
  executionId,
  runId,
  strategyId,
  ticker,
} from '#shared/core/kernel/identity.ts';
import { epochMs, epochNs } from '#shared/core/kernel/instant.ts';
import { isRefusalCode } from '#shared/core/kernel/refusal.ts';
import { BROKER_STATUSES } from '#shared/core/order/broker-order.ts';
import {
  BROKER_ENDS,
  type Evidence,
  HOUSE_ENDS,
  ORDER_PURPOSES,
  ORDER_STATES,
  type Order,
  type OrderIntent,
  type OrderTerms,
  UPDATE_SOURCES,
} from '#shared/core/order/order.ts';
import { orderOf, standingOf } from '#shared/core/order/standing.ts';
import { ORDER_TYPES, POSITION_INTENTS, SIDES, TIMES_IN_FORCE } from '#shared/core/order/terms.ts';

/** A text that a parser of the kernel turns into a value. */
const read = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (cause) {
      context.addIssue({ code: 'custom', message: cause instanceof Error ? cause.message : 'not readable' });
      return z.NEVER;
    }
  });

const price = read(parsePrice);
const quantity = read(parseQuantity);
const money = read(parseMoney);
const instant = z.number().transform((value) => epochMs(value));
const instantNs = read((text) => epochNs(BigInt(text)));
const execution = read(executionId);
const reason = z.strictObject({ code: z.string(), message: z.string(), context: z.record(z.string(), z.string()) });
const refusal = z.strictObject({
  code: z.string().refine(isRefusalCode, 'expected a refusal code'),
  message: z.string(),
  context: z.record(z.string(), z.string()),
});

const terms = z.strictObject({
  accountId: read(accountId),
  strategyId: read(strategyId),
  ticker: read(ticker),
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  timeInForce: z.enum(TIMES_IN_FORCE),
  positionIntent: z.enum(POSITION_INTENTS),
  size: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('quantity'), quantity }),
    z.strictObject({ kind: z.literal('notional'), notional: money }),
  ]),
  limitPrice: price.nullable(),
  stopPrice: price.nullable(),
});

const intent = z.strictObject({
  terms,
  decision: z.strictObject({ decisionId: read(decisionId), generation: z.int(), slice: z.int() }),
  purpose: z.enum(ORDER_PURPOSES),
  correlationId: read(correlationId),
  runId: read(runId).nullable(),
  decidedAt: instant,
  validUntil: instant,
  arrivalPrice: price,
  policyVersion: z.int(),
  basis: z.strictObject({ position: quantity, openQuantity: quantity }),
});

/** What other rows hold of orders. */
export const ORDER_PARTS = { terms, intent, reason, price, quantity, instant, text: read } as const;

const source = z.enum(UPDATE_SOURCES);

const line = z.strictObject({
  brokerOrderId: read(brokerOrderId).nullable(),
  reports: z.array(
    z.strictObject({
      id: execution.nullable(),
      quantity,
      price,
      at: instantNs,
      cumulative: quantity.nullable(),
      source,
    }),
  ),
  revisions: z.array(
    z.strictObject({
      kind: z.enum(['bust', 'correct']),
      ids: z.array(execution),
      previousId: execution.nullable(),
      quantity,
      price,
      at: instantNs,
    }),
  ),
  sightings: z.array(z.strictObject({ at: instantNs.nullable(), cumulative: quantity })),
  openClaims: z.array(
    z.strictObject({ status: z.enum(BROKER_STATUSES), cumulative: quantity, at: instantNs.nullable() }),
  ),
  endClaim: z
    .strictObject({ end: z.enum(BROKER_ENDS), at: instantNs.nullable(), detail: z.string().nullable() })
    .nullable(),
});

const evidence = z.array(line);

const record = z.strictObject({
  intent,
  clientOrderId: read(clientOrderIdOf),
  payloadHash: z.string(),
  state: z.enum(ORDER_STATES),
  version: z.int(),
  journalSequence: z.int(),
  lease: z.strictObject({ holder: z.string(), until: instant }).nullable(),
  attempt: z.int(),
  cancelRequested: z.strictObject({ by: z.string(), reason, at: instant }).nullable(),
  ambiguity: z.strictObject({ reason, firstAt: instant, lastAt: instant, answer: refusal.nullable() }).nullable(),
  reservation: z.strictObject({ quantity, price, money }),
  refusal: refusal.nullable(),
  houseEnded: z.strictObject({ end: z.enum(HOUSE_ENDS), at: instant, reason }).nullable(),
  evidence,
  claimedAt: instant,
  sentAt: instant.nullable(),
  acknowledgedAt: instant.nullable(),
  endedAt: instant.nullable(),
  updatedAt: instant,
});

const orNull = <T, U>(value: T | null, write: (value: T) => U): U | null => (value === null ? null : write(value));
const written = {
  price: (v: Price) => formatPrice(v),
  quantity: (v: Quantity) => formatQuantity(v),
  money: (v: Money) => formatMoney(v),
};

const writtenTerms = (asked: OrderTerms): z.input<typeof terms> => ({
  ...asked,
  size:
    asked.size.kind === 'quantity'
      ? { kind: 'quantity', quantity: written.quantity(asked.size.quantity) }
      : { kind: 'notional', notional: written.money(asked.size.notional) },
  limitPrice: orNull(asked.limitPrice, written.price),
  stopPrice: orNull(asked.stopPrice, written.price),
});

function writtenIntent(from: OrderIntent): z.input<typeof intent> {
  return {
    ...from,
    terms: writtenTerms(from.terms),
    arrivalPrice: written.price(from.arrivalPrice),
    basis: {
      position: written.quantity(from.basis.position),
      openQuantity: written.quantity(from.basis.openQuantity),
    },
  };
}

export const WRITTEN_PARTS = { terms: writtenTerms, intent: writtenIntent } as const;

const writtenEvidence = (lines: Evidence): z.input<typeof evidence> =>
  lines.map((told) => ({
    brokerOrderId: told.brokerOrderId,
    reports: told.reports.map((report) => ({
      ...report,
      quantity: written.quantity(report.quantity),
      price: written.price(report.price),
      at: report.at.toString(),
      cumulative: orNull(report.cumulative, written.quantity),
    })),
    revisions: told.revisions.map((revision) => ({
      ...revision,
      ids: [...revision.ids],
      quantity: written.quantity(revision.quantity),
      price: written.price(revision.price),
      at: revision.at.toString(),
    })),
    sightings: told.sightings.map((sighting) => ({
      at: orNull(sighting.at, String),
      cumulative: written.quantity(sighting.cumulative),
    })),
    openClaims: told.openClaims.map((claim) => ({
      ...claim,
      cumulative: written.quantity(claim.cumulative),
      at: orNull(claim.at, String),
    })),
    endClaim: orNull(told.endClaim, (claim) => ({ ...claim, at: orNull(claim.at, String) })),
  }));

/** The text that reads back as this very evidence. */
export const writeEvidence = (lines: Evidence): string => JSON.stringify(writtenEvidence(lines));

/** @throws ZodError when the text is no evidence. */
export const readEvidence = (text: string): Evidence => evidence.parse(JSON.parse(text));

/** The text that reads back as this very order. */
export function writeOrder(order: Order): string {
  const body: z.input<typeof record> = {
    intent: writtenIntent(order.intent),
    clientOrderId: order.clientOrderId,
    payloadHash: order.payloadHash,
    state: order.state,
    version: order.version,
    journalSequence: order.journalSequence,
    lease: order.lease,
    attempt: order.attempt,
    cancelRequested: orNull(order.cancelRequested, (asked) => ({
      ...asked,
      reason: { ...asked.reason, context: { ...asked.reason.context } },
    })),
    ambiguity: orNull(order.ambiguity, (doubt) => ({
      ...doubt,
      reason: { ...doubt.reason, context: { ...doubt.reason.context } },
      answer: orNull(doubt.answer, (said) => ({ ...said, context: { ...said.context } })),
    })),
    reservation: {
      quantity: written.quantity(order.reservation.quantity),
      price: written.price(order.reservation.price),
      money: written.money(order.reservation.money),
    },
    refusal: orNull(order.refusal, (refused) => ({ ...refused, context: { ...refused.context } })),
    houseEnded: orNull(order.houseEnded, (end) => ({
      ...end,
      reason: { ...end.reason, context: { ...end.reason.context } },
    })),
    evidence: writtenEvidence(order.evidence),
    claimedAt: order.claimedAt,
    sentAt: order.sentAt,
    acknowledgedAt: order.acknowledgedAt,
    endedAt: order.endedAt,
    updatedAt: order.updatedAt,
  };
  return JSON.stringify(body);
}

/** @throws ZodError when the text is no order. */
export function readOrder(text: string): Order {
  const grounds = record.parse(JSON.parse(text));
  return orderOf(grounds, standingOf(grounds));
}

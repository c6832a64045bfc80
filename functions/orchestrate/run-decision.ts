/** What a run decided, as the commands and facts that are written under its row. */
import type { AnyCommand, FactData } from '#events/catalogue.ts';
import { makeCommand } from '#events/command.ts';
import type { Fact } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { formatQuantity } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { orderedQuantity, type OrderIntent } from '#shared/core/order/order.ts';
import type { FunnelEntry } from '#shared/core/portfolio/snapshot.ts';
import type { RunDecision, RunSlot } from '#shared/ports/runs.ts';
import type { PlannedDecision, RestingCancel } from './plan-orders.ts';

const placeOf = (slot: RunSlot, sequence: number, now: EpochMs) =>
  ({
    room: 'orchestrate',
    aggregateId: aggregateOf.run(slot.runId),
    sequence,
    occurredAt: now,
    correlationId: slot.runId,
    causationId: null,
  }) as const;

function rejectedData(
  slot: RunSlot,
  entry: Extract<FunnelEntry, { outcome: 'refused' }>,
): FactData<'signal.rejected.v1'> {
  const { signal, refusal, stage } = entry;
  return {
    accountId: slot.accountId,
    runId: slot.runId,
    strategyId: signal.strategyId,
    symbol: signal.ticker,
    kind: signal.kind,
    asOf: signal.asOf,
    stage,
    reason: { code: refusal.code, message: refusal.message, context: { ...refusal.context } },
  };
}

function createdData(slot: RunSlot, intent: OrderIntent, asOf: string): FactData<'intent.created.v1'> {
  const quantity = orderedQuantity(intent.terms);
  return {
    clientOrderId: clientOrderIdFor(intent.terms, intent.decision),
    accountId: slot.accountId,
    strategyId: intent.terms.strategyId,
    symbol: intent.terms.ticker,
    side: intent.terms.side,
    runId: slot.runId,
    decisionId: intent.decision.decisionId,
    quantity: quantity === null ? '0' : formatQuantity(quantity),
    purpose: intent.purpose,
    asOf,
  };
}

const commandOf = (intent: OrderIntent, slot: RunSlot): AnyCommand => {
  const id = clientOrderIdFor(intent.terms, intent.decision);
  const meta = {
    commandId: id,
    attempt: 1,
    issuedAt: formatEpochMs(intent.decidedAt),
    correlationId: intent.correlationId,
    causationId: aggregateOf.run(slot.runId),
  };
  return makeCommand('submit-order.v1', meta, submitOrderOf(intent, id));
};

/** A cancel of an entry that rests, named for the run: a later one is another. */
function cancelCommand({ order, reason }: RestingCancel, slot: RunSlot, now: EpochMs): AnyCommand {
  const { accountId, ticker } = order.intent.terms;
  const meta = {
    commandId: `cancel-${contentId([slot.runId, order.clientOrderId], 26)}`,
    attempt: 1,
    issuedAt: formatEpochMs(now),
    correlationId: slot.runId,
    causationId: aggregateOf.run(slot.runId),
  };
  const { code, message, context } = reason;
  return makeCommand('cancel-order.v1', meta, {
    clientOrderId: order.clientOrderId,
    accountId,
    symbol: ticker,
    by: 'orchestrate',
    reason: { code, message, context: { ...context } },
  });
}

/** Sequence 1 is the commit, then one fact for each signal; the completion takes the number after the last. */
export function runDecisionOf(
  slot: RunSlot,
  decision: Pick<PlannedDecision, 'cancels' | 'intents' | 'funnel'>,
  policyVersion: number,
  now: EpochMs,
): RunDecision {
  const refused = decision.funnel.filter((entry) => entry.outcome === 'refused').length;
  const committed = makeFact('run.committed.v1', placeOf(slot, 1, now), {
    accountId: slot.accountId,
    runId: slot.runId,
    slot: formatEpochMs(slot.slot),
    session: slot.session,
    policyVersion,
    signals: decision.funnel.length,
    commands: decision.intents.length,
    refused,
  });
  const ends = decision.funnel.map((entry, index): Fact => {
    const place = placeOf(slot, index + 2, now);
    if (entry.outcome === 'refused') return makeFact('signal.rejected.v1', place, rejectedData(slot, entry));
    const intent = decision.intents.find(
      (candidate) => clientOrderIdFor(candidate.terms, candidate.decision) === entry.clientOrderId,
    );
    if (intent === undefined) throw new RangeError(`no intent bears the id ${entry.clientOrderId}`);
    return makeFact('intent.created.v1', place, createdData(slot, intent, entry.signal.asOf));
  });
  const cancels = decision.cancels.map((cancel) => cancelCommand(cancel, slot, now));
  return {
    commands: [...cancels, ...decision.intents.map((intent) => commandOf(intent, slot))],
    facts: [committed, ...ends],
  };
}

export const completedFact = (slot: RunSlot, decision: RunDecision, now: EpochMs): Fact =>
  makeFact('run.completed.v1', placeOf(slot, decision.facts.length + 1, now), {
    accountId: slot.accountId,
    runId: slot.runId,
    sent: decision.commands.length,
  });

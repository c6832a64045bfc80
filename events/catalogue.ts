/** Every fact and command that exists. Documentation, bus rules and types are made from this list. */
import type * as z from 'zod';
import { submitOrder } from '#events/commands/submit-order.v1.ts';
import { cancelOrder } from '#events/commands/cancel-order.v1.ts';
import { driveExit } from '#events/commands/drive-exit.v1.ts';
import { accountInitialized } from '#events/facts/account-initialized.v1.ts';
import { breakerArmed } from '#events/facts/breaker-armed.v1.ts';
import { breakerReset } from '#events/facts/breaker-reset.v1.ts';
import { breakerTripped } from '#events/facts/breaker-tripped.v1.ts';
import { errorRaised } from '#events/facts/error-raised.v1.ts';
import { exitCompleted } from '#events/facts/exit-completed.v1.ts';
import { exitOpened } from '#events/facts/exit-opened.v1.ts';
import { flattenRequested } from '#events/facts/flatten-requested.v1.ts';
import { intentCreated } from '#events/facts/intent-created.v1.ts';
import { killSwitchDisengaged } from '#events/facts/kill-switch-disengaged.v1.ts';
import { killSwitchEngaged } from '#events/facts/kill-switch-engaged.v1.ts';
import { killSwitchSettled } from '#events/facts/kill-switch-settled.v1.ts';
import { limitHit } from '#events/facts/limit-hit.v1.ts';
import { modelActivated } from '#events/facts/model-activated.v1.ts';
import { modelTrained } from '#events/facts/model-trained.v1.ts';
import { orderAbandoned } from '#events/facts/order-abandoned.v1.ts';
import { orderAcknowledged } from '#events/facts/order-acknowledged.v1.ts';
import { orderAdopted } from '#events/facts/order-adopted.v1.ts';
import { orderCancelRequested } from '#events/facts/order-cancel-requested.v1.ts';
import { orderCanceled } from '#events/facts/order-canceled.v1.ts';
import { orderClaimed } from '#events/facts/order-claimed.v1.ts';
import { orderDryRunEnded } from '#events/facts/order-dry-run-ended.v1.ts';
import { orderExecutionRecorded } from '#events/facts/order-execution-recorded.v1.ts';
import { orderExecutionRevised } from '#events/facts/order-execution-revised.v1.ts';
import { orderExpired } from '#events/facts/order-expired.v1.ts';
import { orderGiveUpAsked } from '#events/facts/order-give-up-asked.v1.ts';
import { orderFailed } from '#events/facts/order-failed.v1.ts';
import { orderFilled } from '#events/facts/order-filled.v1.ts';
import { orderPartiallyFilled } from '#events/facts/order-partially-filled.v1.ts';
import { orderRefused } from '#events/facts/order-refused.v1.ts';
import { orderRejected } from '#events/facts/order-rejected.v1.ts';
import { orderReplaced } from '#events/facts/order-replaced.v1.ts';
import { orderResurrected } from '#events/facts/order-resurrected.v1.ts';
import { orderSubmitted } from '#events/facts/order-submitted.v1.ts';
import { orderUnknown } from '#events/facts/order-unknown.v1.ts';
import { orphanDecided } from '#events/facts/orphan-decided.v1.ts';
import { exitBlocked } from '#events/facts/exit-blocked.v1.ts';
import { liveArmed } from '#events/facts/live-armed.v1.ts';
import { liveDisarmed } from '#events/facts/live-disarmed.v1.ts';
import { stopSet } from '#events/facts/stop-set.v1.ts';
import { tradingStateChanged } from '#events/facts/trading-state-changed.v1.ts';
import { externalFillBooked } from '#events/facts/external-fill-booked.v1.ts';
import { orderWithdrawn } from '#events/facts/order-withdrawn.v1.ts';
import { policyChanged } from '#events/facts/policy-changed.v1.ts';
import { positionAdjusted } from '#events/facts/position-adjusted.v1.ts';
import { positionBooked } from '#events/facts/position-booked.v1.ts';
import { positionClosed } from '#events/facts/position-closed.v1.ts';
import { positionOpened } from '#events/facts/position-opened.v1.ts';
import { positionUnprotected } from '#events/facts/position-unprotected.v1.ts';
import { priceUpdated } from '#events/facts/price-updated.v1.ts';
import { quarantineLifted } from '#events/facts/quarantine-lifted.v1.ts';
import { quarantineSet } from '#events/facts/quarantine-set.v1.ts';
import { reconciliationChecked } from '#events/facts/reconciliation-checked.v1.ts';
import { reconciliationForced } from '#events/facts/reconciliation-forced.v1.ts';
import { reconciliationRequested } from '#events/facts/reconciliation-requested.v1.ts';
import { runCommitted } from '#events/facts/run-committed.v1.ts';
import { runCompleted } from '#events/facts/run-completed.v1.ts';
import { sessionClosed } from '#events/facts/session-closed.v1.ts';
import { sessionReported } from '#events/facts/session-reported.v1.ts';
import { signalGenerated } from '#events/facts/signal-generated.v1.ts';
import { signalRejected } from '#events/facts/signal-rejected.v1.ts';
import { signalsRequested } from '#events/facts/signals-requested.v1.ts';
import { slicePlanCancelRequested } from '#events/facts/slice-plan-cancel-requested.v1.ts';
import { slicePlanCreated } from '#events/facts/slice-plan-created.v1.ts';
import { slicePlanEnded } from '#events/facts/slice-plan-ended.v1.ts';
import { slicePlanSliceEnded } from '#events/facts/slice-plan-slice-ended.v1.ts';
import { slicePlanSliceSent } from '#events/facts/slice-plan-slice-sent.v1.ts';
import { stopTriggered } from '#events/facts/stop-triggered.v1.ts';
import { strategyDisabled } from '#events/facts/strategy-disabled.v1.ts';
import { strategyEnabled } from '#events/facts/strategy-enabled.v1.ts';
import type { Command, Fact } from '#events/envelope.ts';

export const FACTS = [
  signalGenerated,
  signalRejected,
  signalsRequested,
  modelTrained,
  modelActivated,
  intentCreated,
  runCommitted,
  runCompleted,
  orderClaimed,
  orderRefused,
  orderSubmitted,
  orderAcknowledged,
  orderPartiallyFilled,
  orderFilled,
  orderExecutionRecorded,
  orderExecutionRevised,
  orderCancelRequested,
  orderCanceled,
  orderExpired,
  orderRejected,
  orderReplaced,
  orderWithdrawn,
  orderFailed,
  orderAbandoned,
  orderDryRunEnded,
  orderUnknown,
  orderResurrected,
  orderAdopted,
  slicePlanCreated,
  slicePlanSliceSent,
  slicePlanSliceEnded,
  slicePlanCancelRequested,
  slicePlanEnded,
  positionOpened,
  positionClosed,
  positionAdjusted,
  positionBooked,
  externalFillBooked,
  stopSet,
  stopTriggered,
  positionUnprotected,
  exitOpened,
  exitBlocked,
  exitCompleted,
  flattenRequested,
  quarantineSet,
  quarantineLifted,
  reconciliationChecked,
  reconciliationForced,
  reconciliationRequested,
  orphanDecided,
  orderGiveUpAsked,
  breakerTripped,
  breakerReset,
  breakerArmed,
  killSwitchEngaged,
  killSwitchSettled,
  killSwitchDisengaged,
  tradingStateChanged,
  liveArmed,
  liveDisarmed,
  policyChanged,
  strategyEnabled,
  strategyDisabled,
  limitHit,
  accountInitialized,
  priceUpdated,
  sessionClosed,
  sessionReported,
  errorRaised,
] as const;

export const COMMANDS = [submitOrder, cancelOrder, driveExit] as const;

export type FactDefinitions = (typeof FACTS)[number];
export type FactType = FactDefinitions['type'];

const BY_TYPE: ReadonlyMap<string, FactDefinitions> = new Map(FACTS.map((definition) => [definition.type, definition]));

/** The definition of a fact by its type; undefined where the catalogue does not know it. */
export const factDefinition = (type: string): FactDefinitions | undefined => BY_TYPE.get(type);

type DefinitionOf<T extends FactType> = Extract<FactDefinitions, { readonly type: T }>;
/** What a fact of one type carries. */
export type FactData<T extends FactType> = z.infer<DefinitionOf<T>['data']>;
/** A fact whose data fits its type. */
export type AnyFact = { [T in FactType]: Fact<T, FactData<T>> }[FactType];

export type CommandDefinitions = (typeof COMMANDS)[number];
export type CommandType = CommandDefinitions['type'];
export type CommandData<T extends CommandType> = z.infer<Extract<CommandDefinitions, { readonly type: T }>['data']>;
export type AnyCommand = { [T in CommandType]: Command<T, CommandData<T>> }[CommandType];

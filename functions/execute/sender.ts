/** One run of this sender: who it is in a lease, and how long it may go on. */
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { ClientOrderId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { Fault } from '#shared/core/kernel/fault.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { Exits } from '#shared/ports/exits.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { RequestPermits } from '#shared/ports/request-gate.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { FactSources } from './gather-facts.ts';

export interface ExecuteDependencies extends FactSources {
  readonly orders: Orders;
  readonly exits: Exits;
  readonly broker: Broker;
  /** The gate in front of the broker's trading service, asked before the last look instead of after it. */
  readonly permits: RequestPermits;
  readonly telemetry: Telemetry;
  readonly dryRun: boolean;
}

export interface Sender {
  /** Names this run in the lease. */
  readonly holder: string;
  /** The function is cut off then. */
  readonly until: EpochMs;
}

/** A call to the broker at its longest, and time to write down what it came to. */
const CALL_MS_MAX = 15_000;

/** Whether this run can wait until an instant and still make a whole call. */
export const mayWaitUntil = (sender: Sender, at: EpochMs): boolean => addMs(at, CALL_MS_MAX) <= sender.until;

/** How a command ended. */
export type Submission =
  | { readonly kind: 'acknowledged' | 'unknown' | 'done' | 'dry-run'; readonly clientOrderId: ClientOrderId }
  | { readonly kind: 'refused'; readonly clientOrderId: ClientOrderId; readonly refusal: Refusal };

/** What one turn at a command came to: its end, or when to take the next turn, and what to throw where that is too late. */
export type Turn =
  | { readonly kind: 'ended'; readonly submission: Submission }
  | { readonly kind: 'again'; readonly at: EpochMs; readonly fault: Fault };

export const ended = (submission: Submission): Turn => ({ kind: 'ended', submission });
export const again = (at: EpochMs, fault: Fault): Turn => ({ kind: 'again', at, fault });

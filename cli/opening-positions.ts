/** Reads what the account holds, together with the instant from which on every execution is booked. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { openingOf, type OpeningPosition, sameOpening } from '#shared/core/reconcile/opening.ts';
import type { Broker } from '#shared/ports/broker.ts';
import type { Clock } from '#shared/ports/clock.ts';

const ROUNDS_MAX = 5;

export interface Opening {
  /** Executions up to here are in the positions; those after are none of them. */
  readonly at: EpochMs;
  readonly positions: readonly OpeningPosition[];
}

/**
 * Reads the positions before and after the instant: where both readings show the same, nothing was executed between them
 * that an opening would count twice or not at all.
 * @throws Fault `transient` when the broker does not answer, or the account is being traded all the while
 */
export async function readOpening(broker: Pick<Broker, 'positions'>, clock: Pick<Clock, 'now'>): Promise<Opening> {
  let before = openingOf(await broker.positions());
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const at = clock.now();
    const after = openingOf(await broker.positions());
    if (sameOpening(before, after)) return { at, positions: after };
    before = after;
  }
  throw new Fault(
    'transient',
    'account-is-traded',
    'the positions change while they are read; let nobody trade the account and run `belay init` again',
  );
}

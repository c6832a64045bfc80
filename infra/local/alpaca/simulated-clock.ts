/** A clock that runs from a given instant at a given speed, for a simulator that stands alone. */
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { BrokerClock } from './embedding.ts';

/** `wallMs` tells the wall's milliseconds; any origin does. */
export function simulatedClock(startAt: EpochMs, speed: number, wallMs: () => number): BrokerClock {
  const origin = wallMs();
  return { speed, now: () => epochMs(startAt + Math.floor((wallMs() - origin) * speed)) };
}

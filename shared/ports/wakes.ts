/** One-off wakes of a function at a time. They may come late, twice or never: whoever is woken looks at its own rows. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export interface Wake {
  /** 1 to 64 characters of `[0-9A-Za-z._-]`; the same name is the same wake. */
  readonly name: string;
  /** Whole seconds count; a wake comes within the minute after. */
  readonly at: EpochMs;
  /** ARN of the function. */
  readonly target: string;
}

export interface Wakes {
  /** Makes the wakes; one that is there already stays as it is. @throws Fault where the scheduler does not answer */
  make(wakes: readonly Wake[]): Promise<void>;
  /** Takes wakes back; one that is not there is no error. @throws Fault where the scheduler does not answer */
  drop(names: readonly string[]): Promise<void>;
}

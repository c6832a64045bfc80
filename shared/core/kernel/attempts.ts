/** Attempts at one outside call, with full jitter between them. The call, the chance and the waiting are given. */
import { Fault } from './fault.ts';

export interface AttemptLimits {
  readonly attemptsMax: number;
  /** The wait before attempt n + 1 is drawn from 0 to base * 2^(n-1), at most `waitMsMax`. */
  readonly waitMsBase: number;
  readonly waitMsMax: number;
}

/** The port `Pacing`, as this file sees it. */
interface Pacing {
  fraction(): number;
  sleepMs(durationMs: number): Promise<void>;
}

/**
 * Calls until it answers, a fault is not worth repeating, or the attempts are used up.
 *
 * Once an attempt may have had its effect, a later fault cannot take that back: the whole then ends `uncertain`.
 * @param sameEffect a repeat has the same effect as one call, so an uncertain outcome may be tried again too.
 */
export async function attempt<T>(
  pacing: Pacing,
  limits: AttemptLimits,
  sameEffect: boolean,
  call: () => Promise<T>,
): Promise<T> {
  let uncertain: Fault | null = null;
  for (let count = 1; ; count += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.kind === 'uncertain') uncertain = error;
      const worthIt = error.kind === 'transient' || (error.kind === 'uncertain' && sameEffect);
      if (!worthIt || count >= limits.attemptsMax) throw uncertain ?? error;
      const ceiling = Math.min(limits.waitMsMax, limits.waitMsBase * 2 ** (count - 1));
      await pacing.sleepMs(Math.floor(pacing.fraction() * ceiling));
    }
  }
}

/** Which symbols an entry may be for in a session. */
import type { Ticker } from '#shared/core/kernel/identity.ts';
import type { SessionUniverse } from '#shared/core/market/universe.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';

/** Whether the symbols of a policy change from session to session, so that the record of the last one is needed. */
export const changesDaily = ({ universeSource }: Pick<Policy, 'universeSource'>): boolean =>
  universeSource.kind === 'dynamic';

/**
 * @param recorded the universe as of the last completed session
 * @returns what was recorded, as far as the policy in force still names it; null where it was not recorded
 */
export function enterableSymbols(
  policy: Pick<Policy, 'universe' | 'universeSource'>,
  recorded: SessionUniverse | null,
): readonly Ticker[] | null {
  if (!changesDaily(policy)) return policy.universe;
  if (recorded === null) return null;
  const candidates = new Set(policy.universe);
  return recorded.symbols.filter((symbol) => candidates.has(symbol));
}

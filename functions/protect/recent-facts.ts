/** Facts of the journal from an instant on. */
import type { AnyFact } from '#events/catalogue.ts';
import { addMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Journal } from '#shared/ports/journal.ts';

const FACTS_A_PAGE = 400;
const DAY_MS = 86_400_000;

const dayOf = (at: EpochMs): string => formatEpochMs(at).slice(0, 10);

/** The days of UTC, which part the journal, that lie between two instants. */
function daysBetween(from: EpochMs, to: EpochMs): readonly string[] {
  const days = new Set([dayOf(from)]);
  for (let at = from; at < to; at = addMs(at, DAY_MS)) days.add(dayOf(at));
  return [...days.add(dayOf(to))];
}

/** Oldest first. The journal's index lags: what was written just now may be missing, and the next look finds it. */
export async function factsSince(journal: Journal, from: EpochMs, now: EpochMs): Promise<readonly AnyFact[]> {
  const facts: AnyFact[] = [];
  for (const day of daysBetween(from, now)) {
    let after: string | null = formatEpochMs(from);
    while (after !== null) {
      const page: Awaited<ReturnType<Journal['page']>> = await journal.page({
        by: 'day',
        value: day,
        after,
        limit: FACTS_A_PAGE,
      });
      facts.push(...page.facts);
      after = page.end;
    }
  }
  return facts;
}

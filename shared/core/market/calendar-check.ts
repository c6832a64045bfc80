/** Holds the house's session calendar against the broker's: a difference means that somebody trades on a wrong day. */
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import type { Session } from './types.ts';

export interface CalendarDifference {
  readonly date: CalendarDate;
  /** unexpected: only the broker has a session. missing: only the house has one. The others differ in their hours. */
  readonly kind: 'unexpected' | 'missing' | 'open-differs' | 'close-differs';
}

/** Differences by date, the house's sessions against the broker's, both of the same span of days. */
export function calendarDifferences(
  ours: readonly Session[],
  theirs: readonly Session[],
): readonly CalendarDifference[] {
  const own = new Map(ours.map((session) => [session.date, session]));
  const found: CalendarDifference[] = [];
  for (const session of theirs) {
    const expected = own.get(session.date);
    own.delete(session.date);
    if (expected === undefined) found.push({ date: session.date, kind: 'unexpected' });
    else if (expected.openAt !== session.openAt) found.push({ date: session.date, kind: 'open-differs' });
    else if (expected.closeAt !== session.closeAt) found.push({ date: session.date, kind: 'close-differs' });
  }
  for (const date of own.keys()) found.push({ date, kind: 'missing' });
  return found.sort((a, b) => (a.date < b.date ? -1 : 1));
}

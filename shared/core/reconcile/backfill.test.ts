import { describe, expect, it } from 'vitest';
import { addMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { BACKFILL_DAYS_MAX, backfillSpan } from './backfill.ts';

const NOW = parseEpochMs('2026-01-06T15:00:00Z');
const DAY_MS = 86_400_000;
const hourAgo = addMs(NOW, -3_600_000);

describe('a backfill', () => {
  it('takes a span of the past, up to now where no end is given', () => {
    expect(backfillSpan({ after: hourAgo, until: null, dryRun: false, now: NOW })).toEqual({
      ok: true,
      value: { after: hourAgo, until: NOW },
    });
    const longest = addMs(NOW, -BACKFILL_DAYS_MAX * DAY_MS);
    expect(backfillSpan({ after: longest, until: NOW, dryRun: false, now: NOW }).ok).toBe(true);
  });

  it.each([
    ['in a dry run', { after: hourAgo, until: null, dryRun: true }, 'backfill-in-dry-run'],
    ['of the future', { after: hourAgo, until: addMs(NOW, 1), dryRun: false }, 'backfill-span'],
    ['of no time', { after: hourAgo, until: hourAgo, dryRun: false }, 'backfill-span'],
    [
      'longer than a month',
      { after: addMs(NOW, -BACKFILL_DAYS_MAX * DAY_MS - 1), until: NOW, dryRun: false },
      'backfill-span',
    ],
  ] as const)('refuses one %s', (_, wish, code) => {
    const span = backfillSpan({ ...wish, now: NOW });
    expect(span.ok ? null : span.error.code).toBe(code);
  });
});

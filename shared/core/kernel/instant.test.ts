import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMs,
  calendarDate,
  epochMs,
  epochNs,
  formatEpochMs,
  formatEpochNs,
  InstantError,
  msOf,
  nsOf,
  parseEpochMs,
  parseEpochNs,
} from './instant.ts';

const MS_MAX = 253_402_300_799_999;
function assertProperty(property: fc.IRawProperty<unknown, false>): void {
  fc.assert(property, { seed: 20_260_309, numRuns: 2_000 });
}

describe('an RFC 3339 timestamp', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00.000000001Z', 1n],
    ['2026-03-09T13:30:00.123456789Z', 1_773_063_000_123_456_789n],
    ['2026-03-09T13:30:00.1Z', 1_773_063_000_100_000_000n],
    ['2026-03-09t13:30:00z', 1_773_063_000_000_000_000n],
    ['2026-03-09 13:30:00Z', 1_773_063_000_000_000_000n],
    ['2026-03-09T09:30:00-04:00', 1_773_063_000_000_000_000n],
    ['2026-03-09T19:15:00+05:45', 1_773_063_000_000_000_000n],
    ['2026-03-10T13:29:00+23:59', 1_773_063_000_000_000_000n],
    ['1969-12-31T23:59:59-00:01', 59_000_000_000n],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
    ['9999-12-31T23:59:59.999999999Z', 253_402_300_799_999_999_999n],
  ])('is read to the nanosecond: %s', (text, ns) => {
    expect(parseEpochNs(text)).toBe(ns);
  });

  it.each([
    ['a leap second', '2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000000000Z'],
    ['one elsewhere on earth', '2016-12-31T18:59:60.5-05:00', '2017-01-01T00:00:00.500000000Z'],
  ])('counts %s as the second after it', (_name, text, same) => {
    expect(formatEpochNs(parseEpochNs(text))).toBe(same);
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '0070-01-01T00:00:00Z',
    '2026-03-09T24:00:00Z',
    '2026-03-09T13:60:00Z',
    '2026-03-09T13:30:60Z',
    '2026-03-09T23:59:60-04:00',
    '2026-03-09T23:59:61Z',
    '2026-03-09T13:30:00+24:00',
    '2026-03-09T13:30:00-04:60',
  ])('is refused when it names a time that does not exist: %s', (text) => {
    expect(() => parseEpochNs(text)).toThrow(`${JSON.stringify(text)} names a time that does not exist`);
  });

  it.each([
    '',
    '2026-03-09',
    '2026-03-09T13:30Z',
    '2026-03-09T13:30:00',
    '2026-03-09T13:30:00.Z',
    '2026-03-09T13:30:00.1234567890Z',
    '2026-03-09T13:30:00+0400',
    '26-03-09T13:30:00Z',
    ' 2026-03-09T13:30:00Z',
    '2026-03-09T13:30:00Z\n',
    '1773063000',
  ])('is refused when it is none: %j', (text) => {
    expect(() => parseEpochNs(text)).toThrow(/is not an RFC 3339 timestamp/);
  });

  it('is refused before 1970 and after 9999', () => {
    expect(() => parseEpochNs('1969-12-31T23:59:59Z')).toThrow(InstantError);
    expect(() => parseEpochNs('9999-12-31T23:59:59-00:01')).toThrow(InstantError);
  });

  it('is read back from what is written, and agrees with the platform on milliseconds', () => {
    assertProperty(
      fc.property(fc.bigInt({ min: 0n, max: 253_402_300_799_999_999_999n }), (ns) => {
        const text = formatEpochNs(epochNs(ns));
        expect(parseEpochNs(text)).toBe(ns);
        expect(parseEpochMs(text)).toBe(Date.parse(`${text.slice(0, 23)}Z`));
      }),
    );
  });

  it('means the same instant at any offset', () => {
    const minutes = fc.integer({ min: -1439, max: 1439 });
    assertProperty(
      fc.property(fc.integer({ min: 86_400_000, max: MS_MAX - 86_400_000 }), minutes, (ms, offsetMin) => {
        const size = Math.abs(offsetMin);
        const two = (value: number): string => String(value).padStart(2, '0');
        const zone = `${offsetMin < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
        const local = new Date(ms + offsetMin * 60_000).toISOString().slice(0, -1);
        expect(parseEpochMs(local + zone)).toBe(ms);
      }),
    );
  });
});

describe('milliseconds and nanoseconds', () => {
  it('turn into each other, the rest of a millisecond cut off', () => {
    expect(nsOf(epochMs(1_773_063_000_123))).toBe(1_773_063_000_123_000_000n);
    expect(msOf(epochNs(1_773_063_000_123_999_999n))).toBe(1_773_063_000_123);
    expect(msOf(epochNs(253_402_300_799_999_999_999n))).toBe(MS_MAX);
  });

  it('are written in UTC', () => {
    expect(formatEpochMs(epochMs(1_773_063_000_005))).toBe('2026-03-09T13:30:00.005Z');
    expect(formatEpochNs(epochNs(1_773_063_000_000_000_005n))).toBe('2026-03-09T13:30:00.000000005Z');
  });

  it('add, and never leave the years 1970 to 9999', () => {
    expect(addMs(epochMs(1_000), -1_000)).toBe(0);
    expect(() => addMs(epochMs(0), -1)).toThrow(InstantError);
    expect(() => addMs(epochMs(MS_MAX), 1)).toThrow(InstantError);
    expect(() => addMs(epochMs(0), 0.5)).toThrow(InstantError);
  });

  it.each([-1, 0.5, Number.NaN, Infinity, MS_MAX + 1])('refuse %s as milliseconds', (value) => {
    expect(() => epochMs(value)).toThrow(`${value} is not a number of milliseconds since 1970`);
  });

  it('refuse nanoseconds outside the years 1970 to 9999', () => {
    expect(() => epochNs(-1n)).toThrow(/is not a number of nanoseconds/);
    expect(() => epochNs(253_402_300_800_000_000_000n)).toThrow(/is not a number of nanoseconds/);
  });
});

describe('a calendar date', () => {
  it.each(['2026-03-09', '2024-02-29', '1970-01-01'])('takes %s', (text) => {
    expect(calendarDate(text)).toBe(text);
  });

  it.each([
    '2026-02-29',
    '2026-13-01',
    '2026-3-9',
    '2026-03-09T00:00:00Z',
    '0050-01-01',
    '',
    ' 2026-03-09',
    '2026/03/09',
  ])('refuses %j', (text) => {
    expect(() => calendarDate(text)).toThrow(`${JSON.stringify(text)} is not a date such as 2026-03-09`);
  });
});

import { describe, expect, it } from 'vitest';
import { CONTESTS, differenceOf, plainSeries, requireEqualValues } from './indicator-libraries.ts';
import { longSeries } from './indicators.ts';

const series = longSeries(3_000);
const plain = plainSeries(series);

describe('indicators of npm libraries', () => {
  it.each(CONTESTS)('have the same values where they follow the same definition: $indicator', (contest) => {
    expect(() => requireEqualValues(contest, series, plain)).not.toThrow();
    const own = contest.own(series);
    const compared = contest.rivals.filter((rival) => differenceOf(own, rival, rival.compute(plain)) !== null);
    expect(compared.length).toBeGreaterThanOrEqual(3);
  });

  it('are told apart where they do not: a simple mean of true ranges is no average of Wilder', () => {
    const contest = CONTESTS.find(({ indicator }) => indicator === 'ATR 14');
    const rival = contest?.rivals.find(({ library }) => library === 'indicatorts');
    if (contest === undefined || rival === undefined) throw new Error('the contest is there');
    const strict = { ...contest, rivals: [{ ...rival, tolerance: 0.001 }] };
    expect(() => requireEqualValues(strict, series, plain)).toThrow(/ATR 14: indicatorts is off by 0\.\d+/);
  });
});

/** The deciding section of the policy document. */
import * as z from 'zod';
import { basisPoints, count } from '#shared/adapters/stores/policy-fields.ts';
import { type DecisionPolicy, FIRST_DECISION } from '#shared/core/portfolio/decision-policy.ts';
import type { RegimeTerms } from '#shared/core/portfolio/regime.ts';

const terms = z.strictObject({ heatBpsMax: basisPoints, sizeBps: basisPoints, breakouts: z.boolean() });
/** Annualised percent. */
const volatility = z.number().positive('expected above zero').max(1000);
const correlation = z.number().min(-1).max(1);
const sessions = count.min(5, 'expected 5 sessions or more').max(250);

/** At most 500 places on each side: what a run may hold at all. */
const places = z.int('expected a whole number').min(0).max(500);

const targets = z
  .strictObject({
    topN: places,
    bottomN: places,
    grossBps: basisPoints.refine((value) => value > 0n && value <= 10_000n, 'expected above 0, at most 10000'),
  })
  .refine(({ topN, bottomN }) => topN + bottomN > 0, { message: 'expected topN or bottomN above 0' });

const section = z.strictObject({
  regime: z
    .strictObject({
      lowBelow: volatility,
      highAbove: volatility,
      crisisFrom: volatility,
      low: terms,
      normal: terms,
      high: terms,
    })
    .refine((rules) => rules.lowBelow <= rules.highAbove && rules.highAbove < rules.crisisFrom, {
      message: 'expected lowBelow <= highAbove < crisisFrom',
    }),
  correlation: z
    .strictObject({
      longSessions: sessions,
      shortSessions: sessions,
      fullUpTo: correlation,
      refusedAbove: correlation,
      leastBps: z.int('expected whole basis points').min(0).max(10_000),
    })
    .refine((rules) => rules.fullUpTo < rules.refusedAbove, { message: 'expected fullUpTo < refusedAbove' })
    .refine((rules) => rules.shortSessions <= rules.longSessions, {
      message: 'expected shortSessions <= longSessions',
    }),
  sizing: z.strictObject({
    riskBps: basisPoints,
    weightBpsMax: basisPoints.refine((value) => value > 0n && value <= 10_000n, 'expected above 0, at most 10000'),
  }),
  // Off in a document that was written before it could be chosen.
  targets: targets.nullable().default(null),
});

const writtenTerms = ({ heatBpsMax, sizeBps, breakouts }: RegimeTerms) => ({
  heatBpsMax: Number(heatBpsMax),
  sizeBps: Number(sizeBps),
  breakouts,
});

export const writeDecision = ({
  regime,
  correlation: pairs,
  sizing,
  targets: rules,
}: DecisionPolicy): z.input<typeof section> => ({
  regime: {
    ...regime,
    low: writtenTerms(regime.low),
    normal: writtenTerms(regime.normal),
    high: writtenTerms(regime.high),
  },
  correlation: { ...pairs },
  sizing: { riskBps: Number(sizing.riskBps), weightBpsMax: Number(sizing.weightBpsMax) },
  targets: rules === null ? null : { ...rules, grossBps: Number(rules.grossBps) },
});

/** A document that was written before these could be chosen has what a new account begins with. */
export const decision = section.prefault(() => writeDecision(FIRST_DECISION));

/** The policy as a document: checked when it is written and again when it is read. */
import * as z from 'zod';
import {
  amount,
  basisPoints,
  count,
  decimal,
  durationMs,
  identity,
  units,
} from '#shared/adapters/stores/policy-fields.ts';
import { decision, writeDecision } from '#shared/adapters/stores/policy-decision.ts';
import { breaker, checks, monitor, stops, writeSafety } from '#shared/adapters/stores/policy-safety.ts';
import { frozen, TextMemory } from '#shared/adapters/stores/text-memory.ts';
import { formatMoney, formatPrice, formatQuantity, parsePrice } from '#shared/core/kernel/decimal.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { STATIC_UNIVERSE, type UniverseSource } from '#shared/core/market/universe.ts';
import type { Policy, PolicyLimits } from '#shared/core/portfolio/policy.ts';

const limits = z.strictObject({
  grossExposureMax: amount,
  symbolExposureMax: amount,
  positionsMax: count,
  ordersOpenMax: count,
  ordersPerDayMax: count,
  ordersPerCycleMax: count,
  notionalPerCycleMax: amount,
  fatFingerNotionalMax: amount,
  fatFingerQuantityMax: units,
  fatFingerVolumeShareBpsMax: basisPoints,
  priceMin: decimal.transform((text) => parsePrice(text)),
  orderNotionalMin: amount,
  collarBps: basisPoints,
  spreadBpsMax: basisPoints,
  quoteAgeMsMax: durationMs,
  // Below three minutes one late pass would shut the gate.
  reconciliationAgeMsMax: durationMs.min(180_000, 'expected 180000 or more'),
  decisionAgeMsMax: durationMs,
  dailyLossBpsMax: basisPoints,
  drawdownBpsMax: basisPoints,
});

const strategy = z.strictObject({
  strategyId: identity(strategyId),
  enabled: z.boolean(),
  cash: amount,
  parameters: z.record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,39}$/), z.number()),
});

/** A document that was written before these could be chosen has what a new account begins with. */
const reconciliation = z
  .strictObject({
    foreignOrders: z.enum(['ignore', 'claim', 'quarantine']),
    cashToleranceBps: basisPoints,
    quarantinesMax: count,
    unknownAgeMsMax: durationMs,
  })
  .default({ foreignOrders: 'quarantine', cashToleranceBps: 100n, quarantinesMax: 3, unknownAgeMsMax: 300_000 });

/** A document that was written before a source could be named lists its symbols. */
const universeSource = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('list') }),
      z.strictObject({ kind: z.literal('static') }),
      z.strictObject({ kind: z.literal('csv'), file: z.string().min(1, 'expected the name of a file').max(200) }),
      z.strictObject({
        kind: z.literal('dynamic'),
        count: z.int('expected a whole number of symbols').min(1, 'expected at least 1 symbol').max(1000),
        sessions: z
          .int('expected a whole number of sessions')
          .min(5, 'expected 5 to 250')
          .max(250, 'expected 5 to 250'),
      }),
    ],
    { error: 'expected a kind: "list", "static", "csv" or "dynamic"' },
  )
  .default({ kind: 'list' });

const STATIC: ReadonlySet<string> = new Set(STATIC_UNIVERSE);

/** What is wrong between the source and the symbols, with the field that it is wrong in. */
function sourceFault(
  source: UniverseSource,
  universe: readonly string[],
): { readonly path: string[]; readonly message: string } | null {
  switch (source.kind) {
    case 'list':
    case 'csv':
      return null;
    case 'static': {
      const foreign = universe.find((symbol) => !STATIC.has(symbol));
      if (foreign === undefined) return null;
      return { path: ['universe'], message: `${foreign} is not of the static universe; expected the source "list"` };
    }
    case 'dynamic':
      return source.count <= universe.length
        ? null
        : {
            path: ['universeSource', 'count'],
            message: `expected at most ${universe.length}, the number of candidates in universe`,
          };
  }
}

/** The document without its version, which the store gives. */
export const policyDocument = z
  .strictObject({
    universe: z.array(identity(ticker)).min(1, 'expected at least one symbol').max(1000),
    universeSource,
    strategies: z.array(strategy).max(50),
    limits,
    decision,
    checks,
    breaker,
    monitor,
    stops,
    reconciliation,
  })
  .superRefine((document, context) => {
    const { targets } = document.decision;
    if (targets !== null && targets.bottomN > 0 && !document.checks.shortSelling) {
      context.addIssue({
        code: 'custom',
        path: ['decision', 'targets', 'bottomN'],
        message: 'expected 0 while checks.shortSelling is false',
      });
    }
    if (new Set(document.universe).size !== document.universe.length) {
      context.addIssue({ code: 'custom', path: ['universe'], message: 'expected each symbol once' });
    }
    const fault = sourceFault(document.universeSource, document.universe);
    if (fault !== null) context.addIssue({ code: 'custom', ...fault });
    const ids = document.strategies.map((entry) => entry.strategyId);
    if (new Set(ids).size !== ids.length) {
      context.addIssue({ code: 'custom', path: ['strategies'], message: 'expected each strategy once' });
    }
  });

export type PolicyDocument = z.input<typeof policyDocument>;

/** @throws ZodError that names every field at fault. */
export const readPolicy = (document: unknown, version: number): Policy => ({
  version,
  ...policyDocument.parse(document),
});

const lately = new TextMemory<Omit<Policy, 'version'>>(32);

/**
 * The policy that the text of a stored version says. A version never changes: the same text is read once.
 * @throws SyntaxError for a text that is no JSON, ZodError that names every field at fault.
 */
export const readPolicyText = (text: string, version: number): Policy => ({
  version,
  ...lately.read(text, () => frozen(policyDocument.parse(JSON.parse(text)))),
});

const writtenLimits = (from: PolicyLimits): PolicyDocument['limits'] => ({
  grossExposureMax: formatMoney(from.grossExposureMax),
  symbolExposureMax: formatMoney(from.symbolExposureMax),
  positionsMax: from.positionsMax,
  ordersOpenMax: from.ordersOpenMax,
  ordersPerDayMax: from.ordersPerDayMax,
  ordersPerCycleMax: from.ordersPerCycleMax,
  notionalPerCycleMax: formatMoney(from.notionalPerCycleMax),
  fatFingerNotionalMax: formatMoney(from.fatFingerNotionalMax),
  fatFingerQuantityMax: formatQuantity(from.fatFingerQuantityMax),
  fatFingerVolumeShareBpsMax: Number(from.fatFingerVolumeShareBpsMax),
  priceMin: formatPrice(from.priceMin),
  orderNotionalMin: formatMoney(from.orderNotionalMin),
  collarBps: Number(from.collarBps),
  spreadBpsMax: Number(from.spreadBpsMax),
  quoteAgeMsMax: from.quoteAgeMsMax,
  reconciliationAgeMsMax: from.reconciliationAgeMsMax,
  decisionAgeMsMax: from.decisionAgeMsMax,
  dailyLossBpsMax: Number(from.dailyLossBpsMax),
  drawdownBpsMax: Number(from.drawdownBpsMax),
});

/** The document that reads back as this policy. */
export const writePolicy = (policy: Policy): PolicyDocument => ({
  universe: [...policy.universe],
  universeSource: { ...policy.universeSource },
  strategies: policy.strategies.map((entry) => ({
    strategyId: entry.strategyId,
    enabled: entry.enabled,
    cash: formatMoney(entry.cash),
    parameters: { ...entry.parameters },
  })),
  limits: writtenLimits(policy.limits),
  decision: writeDecision(policy.decision),
  ...writeSafety(policy),
  reconciliation: {
    ...policy.reconciliation,
    cashToleranceBps: Number(policy.reconciliation.cashToleranceBps),
  },
});

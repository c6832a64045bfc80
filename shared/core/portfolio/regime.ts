/** What the market's nervousness allows: how much risk in all, how large each position, and which kinds of entry. */
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import type { VolatilityReading } from '#shared/core/market/volatility.ts';
import type { EntryClass } from '#shared/core/signal/strategy.ts';

export const REGIMES = ['low', 'normal', 'high', 'crisis'] as const;
export type RegimeName = (typeof REGIMES)[number];

/** What one regime allows. */
export interface RegimeTerms {
  /** Risk of all positions to their stops, in basis points of equity. */
  readonly heatBpsMax: bigint;
  /** Size of a new position against the normal one, in basis points. */
  readonly sizeBps: bigint;
  readonly breakouts: boolean;
}

/** Where regimes begin, in annualised percent of volatility, and what each allows. A crisis allows no entries. */
export interface RegimeRules {
  readonly lowBelow: number;
  readonly highAbove: number;
  readonly crisisFrom: number;
  readonly low: RegimeTerms;
  readonly normal: RegimeTerms;
  readonly high: RegimeTerms;
}

export const DEFAULT_REGIME_RULES: RegimeRules = {
  lowBelow: 15,
  highAbove: 25,
  crisisFrom: 40,
  low: { heatBpsMax: 4000n, sizeBps: 12_000n, breakouts: true },
  normal: { heatBpsMax: 3000n, sizeBps: 10_000n, breakouts: true },
  high: { heatBpsMax: 2000n, sizeBps: 8000n, breakouts: false },
};

/** The regime of a session. A crisis keeps the terms of a high one for what is held. */
export interface Regime {
  readonly name: RegimeName;
  readonly reading: VolatilityReading;
  readonly terms: RegimeTerms;
}

export function regimeOf(reading: VolatilityReading, rules: RegimeRules): Regime {
  const { value } = reading;
  if (value >= rules.crisisFrom) return { name: 'crisis', reading, terms: rules.high };
  if (value > rules.highAbove) return { name: 'high', reading, terms: rules.high };
  if (value < rules.lowBelow) return { name: 'low', reading, terms: rules.low };
  return { name: 'normal', reading, terms: rules.normal };
}

/** Why the regime allows no such entry, or null when it does. Without a reading nothing is entered. */
export function regimeRefusal(regime: Regime | null, entryClass: EntryClass, rules: RegimeRules): Refusal | null {
  if (regime === null) {
    return refusal('volatility-missing', 'the volatility of the last session is not known', {});
  }
  const { name, reading } = regime;
  const context = { source: reading.source, volatility: String(reading.value), asOf: reading.asOf };
  if (name === 'crisis') {
    return refusal(
      'regime-crisis',
      `volatility of ${reading.value} is a crisis: no entries from ${rules.crisisFrom} on`,
      {
        ...context,
        actual: String(reading.value),
        limit: String(rules.crisisFrom),
        wouldPassAt: `above ${reading.value}`,
      },
    );
  }
  if (entryClass === 'breakout' && !regime.terms.breakouts) {
    return refusal(
      'regime-breakouts-off',
      `volatility of ${reading.value} is high: no breakouts above ${rules.highAbove}`,
      {
        ...context,
        actual: String(reading.value),
        limit: String(rules.highAbove),
        wouldPassAt: String(reading.value),
      },
    );
  }
  return null;
}

/** Is the order so large that somebody must have mistyped it, or that the market cannot take it? */
import {
  formatMoney,
  formatQuantity,
  type Money,
  minMoney,
  minQuantity,
  prorateMoney,
  prorateQuantity,
  type Quantity,
  unitsFor,
} from '#shared/core/kernel/decimal.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import {
  type ClearingFacts,
  ENTRIES_ONLY,
  type Finding,
  holdTo,
  type PreTradeCheck,
  reject,
} from '#shared/core/risk/check.ts';
import { worthOf } from '#shared/core/risk/valuation.ts';

const FULL_BPS = 10_000n;

/** A market order meets any price, so that it may use only a part of each cap. */
const capShare = ({ intent, policy }: ClearingFacts): bigint =>
  intent.terms.type === 'market' ? policy.checks.marketOrderShareBps : FULL_BPS;

const lower = <T>(ofPolicy: T, deployed: T | null, min: (a: T, b: T) => T): T =>
  deployed === null ? ofPolicy : min(ofPolicy, deployed);

export const fatFingerNotional: PreTradeCheck = {
  id: 'fat-finger-notional',
  asks: 'an entry is worth no more than a fat finger would type',
  codes: ['fat-finger-notional'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.fatFingerNotionalMax', 'checks.marketOrderShareBps'],
  warns: true,
  run: (facts) => {
    const worth = worthOf(facts);
    if (worth === null) return null;
    const cap = lower(facts.policy.limits.fatFingerNotionalMax, facts.deployed.fatFingerNotionalMax, minMoney);
    return holdTo<Money>(facts.policy, {
      code: 'fat-finger-notional',
      what: `the worth of the order of ${facts.intent.terms.ticker}`,
      actual: worth,
      limit: prorateMoney(cap, capShare(facts), FULL_BPS, 'floor'),
      format: formatMoney,
    });
  },
};

export const fatFingerQuantity: PreTradeCheck = {
  id: 'fat-finger-quantity',
  asks: 'an entry is for no more units than a fat finger would type',
  codes: ['fat-finger-quantity'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.fatFingerQuantityMax', 'checks.marketOrderShareBps'],
  warns: true,
  run: (facts) => {
    const { size, ticker } = facts.intent.terms;
    if (size.kind === 'notional') return null;
    const cap = lower(facts.policy.limits.fatFingerQuantityMax, facts.deployed.fatFingerQuantityMax, minQuantity);
    return holdTo<Quantity>(facts.policy, {
      code: 'fat-finger-quantity',
      what: `the units of the order of ${ticker}`,
      actual: size.quantity,
      limit: prorateQuantity(cap, capShare(facts), FULL_BPS, 'floor'),
      format: formatQuantity,
    });
  },
};

/** The session whose bar must be there: the last one before the session that is open. */
const barDueOf = ({ session }: ClearingFacts): CalendarDate | null =>
  session === null ? null : sessionBefore(session.date).date;

export const dataFresh: PreTradeCheck = {
  id: 'data-fresh',
  asks: 'the bar of the last completed session is there',
  codes: ['data-not-fresh'],
  applies: ENTRIES_ONLY,
  numbers: [],
  warns: false,
  run: (facts) => {
    const due = barDueOf(facts);
    const asOf = facts.bars?.asOf ?? null;
    if (due === null || (asOf !== null && asOf >= due)) return null;
    return reject('data-not-fresh', `the last bar of ${facts.intent.terms.ticker} is not of the last session`, {
      asOf: asOf ?? 'none',
      session: due,
    });
  },
};

/** Units of the order; of a notional one, those that it would buy at the quote. */
function unitsOf(facts: ClearingFacts): Quantity | null {
  const { size } = facts.intent.terms;
  if (size.kind === 'quantity') return size.quantity;
  const price = facts.quote?.ask ?? null;
  return price === null || price <= 0n ? null : unitsFor(size.notional, price, 'ceiling');
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const bpsOf = ({ policy, deployed }: ClearingFacts, which: 'fatFinger' | 'slice'): bigint =>
  which === 'fatFinger'
    ? lower(policy.limits.fatFingerVolumeShareBpsMax, deployed.fatFingerVolumeShareBpsMax, smaller)
    : lower(policy.checks.sliceVolumeShareBpsMax, deployed.sliceVolumeShareBpsMax, smaller);

function heldToVolume(
  facts: ClearingFacts,
  share: { readonly code: 'fat-finger-adv-share' | 'slice-exceeds-liquidity'; readonly bps: bigint },
): Finding | null {
  const units = unitsOf(facts);
  if (units === null || facts.bars === null) return null;
  return holdTo<Quantity>(facts.policy, {
    code: share.code,
    what: `the part that the order has of a day's volume of ${facts.intent.terms.ticker}`,
    actual: units,
    limit: prorateQuantity(facts.bars.averageVolume, share.bps, FULL_BPS, 'floor'),
    format: formatQuantity,
  });
}

export const fatFingerVolume: PreTradeCheck = {
  id: 'fat-finger-volume',
  asks: 'an entry is no large part of what trades in a day',
  codes: ['fat-finger-adv-share'],
  applies: ENTRIES_ONLY,
  numbers: ['limits.fatFingerVolumeShareBpsMax', 'checks.marketOrderShareBps'],
  warns: true,
  run: (facts) =>
    heldToVolume(facts, {
      code: 'fat-finger-adv-share',
      bps: (bpsOf(facts, 'fatFinger') * capShare(facts)) / FULL_BPS,
    }),
};

export const sliceLiquid: PreTradeCheck = {
  id: 'slice-liquid',
  asks: 'one slice is so small that the market takes it without noticing',
  codes: ['slice-exceeds-liquidity'],
  applies: ENTRIES_ONLY,
  numbers: ['checks.sliceVolumeShareBpsMax'],
  warns: true,
  run: (facts) => {
    if (!facts.deployed.liquidityCheck) return null;
    return heldToVolume(facts, { code: 'slice-exceeds-liquidity', bps: bpsOf(facts, 'slice') });
  },
};

/** Why the venue does not take something: a closed set of codes with the facts; what it says on the wire is not known here. */

export const VENUE_REFUSALS = [
  // the form of an order
  'client-order-id-taken',
  'client-order-id-too-long',
  'quantity-missing',
  'quantity-ambiguous',
  'quantity-not-positive',
  'quantity-malformed',
  'notional-not-positive',
  'notional-malformed',
  'symbol-missing',
  'side-invalid',
  'type-invalid',
  'time-in-force-invalid',
  'limit-price-missing',
  'stop-price-missing',
  'stop-limit-prices-missing',
  'limit-price-not-positive',
  'stop-price-not-positive',
  'price-malformed',
  'trailing-distance-missing',
  'position-intent-invalid',
  // rules of order types
  'price-below-increment',
  'fractional-not-day',
  'fractional-not-simple',
  'fractional-type-invalid',
  'fractional-short',
  'extended-hours-invalid',
  'bracket-legs-missing',
  'bracket-legs-crossed',
  'position-intent-mismatch',
  'not-simulated',
  // the asset
  'asset-unknown',
  'asset-not-tradable',
  'asset-not-fractionable',
  'asset-not-shortable',
  'asset-hard-to-borrow',
  // the account
  'account-not-authorized',
  'account-without-equities',
  'account-not-allowed-to-short',
  'account-without-fractions',
  'buying-power-insufficient',
  'quantity-insufficient',
  'notional-below-minimum',
  'wash-trade',
  'long-buy-against-short-sell',
  'short-sell-against-long-buy',
  'notional-against-closing',
  // what is asked of an order or a position
  'order-unknown',
  'order-ended',
  'order-not-cancelable',
  'position-unknown',
  'close-quantity-invalid',
] as const;

export type VenueRefusalCode = (typeof VENUE_REFUSALS)[number];

export interface VenueRefusal {
  readonly code: VenueRefusalCode;
  readonly facts: Readonly<Record<string, string>>;
}

export const venueRefusal = (code: VenueRefusalCode, facts: Readonly<Record<string, string>> = {}): VenueRefusal => ({
  code,
  facts,
});

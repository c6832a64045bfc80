/**
 * Refusals: why something did not happen, as values. The union is closed and its codes are stable: they are recorded
 * in the journal, shown to people and asserted in tests. A refusal is acknowledged and never retried.
 */

/** Where on its way a signal or an order was refused. */
export type RefusalStage = 'regime' | 'correlation' | 'risk' | 'safety' | 'claim' | 'send' | 'broker';

/** Every refusal with the stage it belongs to. */
export const REFUSALS = {
  // decisions
  'regime-crisis': 'regime',
  'regime-breakouts-off': 'regime',
  'volatility-missing': 'regime',
  'correlation-too-high': 'correlation',
  'data-not-fresh': 'risk',
  'already-positioned': 'risk',
  'no-position-to-close': 'risk',
  'size-below-minimum': 'risk',
  'target-reached': 'risk',
  'portfolio-heat': 'risk',
  'daily-loss': 'risk',
  'strategy-cash': 'risk',
  'top-n-cutoff': 'risk',
  'pending-expired': 'risk',
  'model-changed': 'risk',
  'quote-missing': 'risk',
  // pre-trade checks
  'instrument-unknown': 'risk',
  'instrument-not-tradable': 'risk',
  'instrument-not-fractionable': 'risk',
  'instrument-not-shortable': 'risk',
  'session-closed': 'risk',
  'price-off-tick': 'risk',
  'quantity-off-step': 'risk',
  'quantity-below-minimum': 'risk',
  'quantity-above-maximum': 'risk',
  'notional-below-minimum': 'risk',
  'price-below-minimum': 'risk',
  'price-outside-collar': 'risk',
  'spread-too-wide': 'risk',
  'quote-stale': 'risk',
  'fat-finger-notional': 'risk',
  'fat-finger-quantity': 'risk',
  'fat-finger-adv-share': 'risk',
  'slice-exceeds-liquidity': 'risk',
  'model-unusable': 'risk',
  'model-not-fresh': 'risk',
  'position-limit': 'risk',
  'gross-exposure': 'risk',
  'net-exposure': 'risk',
  'single-name-exposure': 'risk',
  'cash-insufficient': 'risk',
  'cash-target': 'risk',
  'buying-power-insufficient': 'risk',
  'quantity-not-available': 'risk',
  'flip-through-zero': 'risk',
  'symbol-blacklisted': 'risk',
  'symbol-not-whitelisted': 'risk',
  'wash-trade': 'risk',
  'twin-order': 'risk',
  'replaced-order-open': 'risk',
  'opposing-order': 'risk',
  'symbol-cooldown': 'risk',
  'orders-open-limit': 'risk',
  'orders-per-cycle-limit': 'risk',
  'orders-per-day-limit': 'risk',
  'notional-per-cycle-limit': 'risk',
  'submit-rate-limit': 'risk',
  'profit-below-minimum': 'risk',
  'order-malformed': 'risk',
  // safety facts
  'safety-item-missing': 'safety',
  'kill-switch-engaged': 'safety',
  'breaker-tripped': 'safety',
  'quiet-period': 'safety',
  'not-armed': 'safety',
  'trading-disabled': 'safety',
  'safe-mode': 'safety',
  'reducing-only': 'safety',
  'reconciliation-stale': 'safety',
  'reconciliation-other-session': 'safety',
  'reconciliation-other-build': 'safety',
  'strategy-missing': 'safety',
  'strategy-disabled': 'safety',
  'policy-missing': 'safety',
  'policy-version-changed': 'safety',
  'calendar-differs': 'safety',
  'broker-account-restricted': 'safety',
  'broker-position-unread': 'safety',
  'broker-circuit-open': 'safety',
  'request-budget-exhausted': 'safety',
  'book-missing': 'safety',
  'exposure-missing': 'safety',
  'symbol-quarantined': 'safety',
  'symbol-has-unknown-order': 'safety',
  'exit-in-progress': 'safety',
  // the claim and the last look
  'decision-stale': 'claim',
  'basis-changed': 'claim',
  'book-version-changed': 'claim',
  'headroom-exceeded': 'claim',
  'idempotency-conflict': 'claim',
  'generation-not-ended': 'claim',
  'already-refused': 'claim',
  'command-failed': 'claim',
  'lease-lost': 'send',
  'cancel-requested': 'send',
  'run-slot-stale': 'claim',
  // the broker's own answer
  'broker-refused': 'broker',
  'broker-insufficient-buying-power': 'broker',
  'broker-insufficient-quantity': 'broker',
  'broker-wash-trade': 'broker',
  'broker-not-shortable': 'broker',
  'broker-not-tradable': 'broker',
  'broker-not-fractionable': 'broker',
  'broker-fractional-rule': 'broker',
  'broker-instrument-unknown': 'broker',
  'broker-price-increment': 'broker',
  'broker-notional-minimum': 'broker',
  'broker-order-malformed': 'broker',
  'broker-time-in-force': 'broker',
  'broker-time-window': 'broker',
  'broker-position-intent': 'broker',
  'broker-opposing-order': 'broker',
  'broker-day-trading': 'broker',
  'broker-replace-refused': 'broker',
  'broker-endpoint-unknown': 'broker',
  'broker-account-permission': 'broker',
  'broker-account-blocked': 'broker',
  'broker-credentials': 'broker',
  'broker-duplicate': 'broker',
  'broker-duplicate-mismatch': 'broker',
  'broker-throttled': 'broker',
  // what a person asked for
  'breaker-not-tripped': 'risk',
  'breaker-cause-holds': 'risk',
  'arming-too-long': 'risk',
  'order-not-found': 'risk',
  'order-already-ended': 'risk',
  'model-alias-changed': 'risk',
  'backfill-in-dry-run': 'risk',
  'backfill-span': 'risk',
} as const satisfies Readonly<Record<string, RefusalStage>>;

export type RefusalCode = keyof typeof REFUSALS;

/** One refusal: its code and the facts that led to it, as texts fit for a log, a journal and a person. */
export interface Refusal {
  readonly code: RefusalCode;
  /** One sentence for a person: what was found and what would have been right. */
  readonly message: string;
  /** The numbers: limit, actual, and where it is known the smallest change that would have let it pass. */
  readonly context: Readonly<Record<string, string>>;
}

export const refusal = (
  code: RefusalCode,
  message: string,
  context: Readonly<Record<string, string>> = {},
): Refusal => ({ code, message, context });

export const refusalStage = (code: RefusalCode): RefusalStage => REFUSALS[code];

/** Narrows a text from a table or a wire to a refusal code. */
export const isRefusalCode = (text: string): text is RefusalCode => Object.hasOwn(REFUSALS, text);

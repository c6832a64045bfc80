/** Which functions make a brand that carries a promise, and who may call them besides unit tests. */
import type { BrandMaker } from './house-law.ts';

export const BRAND_MAKERS: readonly BrandMaker[] = [
  {
    // Cleared: the risk checks have passed, on facts that they read themselves.
    module: 'shared/core/risk/cleared.ts',
    name: 'markCleared',
    importers: ['shared/core/risk/clear-order.ts'],
  },
  {
    // Claimed: the row is durable and the last look has committed. Only the store that ran it knows.
    module: 'shared/core/order/claimed.ts',
    name: 'markClaimed',
    importers: ['shared/adapters/stores/order-steps.ts'],
  },
];

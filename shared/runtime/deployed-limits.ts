/** What a deployment allows an order beside the policy, and the settings that say so: one list for whoever clears orders. */
import type { Configuration } from '#shared/runtime/settings.ts';

export const DEPLOYED_LIMIT_NAMES = [
  'TRADING_DISABLED',
  'SAFE_MODE',
  'STRATEGY_DISABLED_LIST',
  'LIQUIDITY_CHECK_ENABLED',
  'FAT_FINGER_NOTIONAL_MAX',
  'FAT_FINGER_QUANTITY_MAX',
  'FAT_FINGER_PCT_OF_ADV_MAX',
  'MAX_SLICE_PCT_OF_ADV',
] as const;

/** Switches and caps; of a cap and the policy's own limit, the narrower one holds. */
export const deployedLimitsOf = (settings: Configuration<(typeof DEPLOYED_LIMIT_NAMES)[number]>) => ({
  switches: {
    tradingDisabled: settings.TRADING_DISABLED,
    safeMode: settings.SAFE_MODE,
    strategiesDisabled: settings.STRATEGY_DISABLED_LIST,
  },
  liquidityCheck: settings.LIQUIDITY_CHECK_ENABLED,
  fatFingerNotionalMax: settings.FAT_FINGER_NOTIONAL_MAX,
  fatFingerQuantityMax: settings.FAT_FINGER_QUANTITY_MAX,
  fatFingerVolumeShareBpsMax: settings.FAT_FINGER_PCT_OF_ADV_MAX,
  sliceVolumeShareBpsMax: settings.MAX_SLICE_PCT_OF_ADV,
});

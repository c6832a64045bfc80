/** The house itself: its greeting and its settings. */
import { BODY_BYTES_MAX } from './limits.ts';
import { done, operation } from './operation.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';

export const getRoot = operation(READING_SCHEMAS.getRoot, ({ build }) =>
  Promise.resolve(done({ name: 'belay' as const, build })),
);

export const getConfig = operation(READING_SCHEMAS.getConfig, async (dependencies) => {
  const { account } = await dependencies.safety.read(dependencies.accountId);
  return done({
    environment: dependencies.environment,
    account_id: dependencies.accountId,
    dry_run: dependencies.dryRun,
    build: dependencies.build,
    live: account?.live ?? null,
    policy_version: account?.policyVersion ?? null,
    rate_limits_per_minute: { ...dependencies.rateLimits },
    performance_days_max: dependencies.performance.daysMax,
    trading_disabled: dependencies.deployed.switches.tradingDisabled,
    safe_mode: dependencies.deployed.switches.safeMode,
    strategies_disabled: [...dependencies.deployed.switches.strategiesDisabled],
    body_bytes_max: BODY_BYTES_MAX,
  });
});

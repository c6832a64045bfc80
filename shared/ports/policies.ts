/** Versions of the policy. */
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';

export interface PolicyChange {
  /** The version that the writer saw in force. */
  readonly expected: number;
  readonly by: string;
  readonly reason: string;
  readonly now: EpochMs;
}

/** What is kept of a version beside its document. */
export interface PolicyVersion {
  readonly version: number;
  readonly by: string;
  readonly reason: string;
  readonly at: EpochMs;
}

export interface Policies {
  /** Newest first. @param before lists the versions below it; absent for the newest */
  history(
    accountId: AccountId,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<readonly PolicyVersion[]>;
  /** The version in force; null where the account was never initialised. @throws Fault `permanent` when it is not readable. */
  active(accountId: AccountId): Promise<Policy | null>;
  version(accountId: AccountId, version: number): Promise<Policy | null>;
  /**
   * What closing orders are cleared under: the version, or, where it is not there or not readable, the limits of a new
   * account under its number. A damaged policy stops entries and keeps nobody from taking risk off.
   * @throws Fault `transient` when the table does not answer
   */
  forClosing(accountId: AccountId, version: number): Promise<Policy>;
  /**
   * Writes the next version and puts it in force, if `expected` is the version in force now.
   * @throws ZodError that names every field at fault; the version in force stays.
   */
  publish(accountId: AccountId, document: unknown, change: PolicyChange): Promise<Result<Policy, Refusal>>;
}

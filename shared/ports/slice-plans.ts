/** Plans that work a parent order in slices: the row is the truth, whatever wakes whom. */
import type { AccountId, DecisionId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { SlicePlan } from '#shared/core/order/slice-plan.ts';
import type { PlanChange } from '#shared/core/order/slice-step.ts';

export interface SlicePlans {
  /** Writes the plan down unless its decision has one: then that one is answered. */
  make(plan: SlicePlan, now: EpochMs): Promise<{ readonly made: boolean; readonly plan: SlicePlan }>;
  get(accountId: AccountId, parentId: DecisionId): Promise<SlicePlan | null>;
  /** Plans that have not ended. */
  open(accountId: AccountId): Promise<readonly SlicePlan[]>;
  /**
   * Writes the change with its facts, if the plan is still as it was read.
   * @returns the plan as it stands now, or null when somebody else changed it: read it again
   */
  save(before: SlicePlan, change: PlanChange, now: EpochMs): Promise<SlicePlan | null>;
}

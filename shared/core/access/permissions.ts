/**
 * Who may do what. A person's groups are role names and strategy scopes; a role brings permissions, a scope narrows
 * orders to its strategies. What is not granted here is refused.
 */
import type { StrategyId } from '#shared/core/kernel/identity.ts';

/** Weakest first; each may all that the one before may. */
export const ROLES = ['viewer', 'trader', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const PERMISSIONS = [
  'VIEW_POSITIONS',
  'VIEW_PNL',
  'SUBMIT_ORDER',
  'CANCEL_ORDER',
  'MANAGE_STRATEGIES',
  'MANAGE_RECONCILIATION',
  'MANAGE_SAFETY',
  'MANAGE_POLICY',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const VIEWER: readonly Permission[] = ['VIEW_POSITIONS', 'VIEW_PNL'];
const TRADER: readonly Permission[] = [...VIEWER, 'SUBMIT_ORDER', 'CANCEL_ORDER'];
const OPERATOR: readonly Permission[] = [...TRADER, 'MANAGE_STRATEGIES', 'MANAGE_RECONCILIATION', 'MANAGE_SAFETY'];
const ADMIN: readonly Permission[] = [...OPERATOR, 'MANAGE_POLICY'];

export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: VIEWER,
  trader: TRADER,
  operator: OPERATOR,
  admin: ADMIN,
};

/** A group of this form is a strategy scope: "strategy:ma-crossover". */
export const STRATEGY_SCOPE_PREFIX = 'strategy:';

/** What a caller may do. */
export interface Grant {
  readonly roles: readonly Role[];
  /** The only strategies that the caller may trade and manage; null for all. */
  readonly strategies: readonly string[] | null;
}

export const NO_GRANT: Grant = { roles: [], strategies: [] };

/**
 * The groups of a token's claim: a list, or the one text that the gateway makes of a list, such as "[trader viewer]" or
 * "[trader, viewer]". Anything else is no group.
 */
export function groupsOf(claim: unknown): readonly string[] {
  if (Array.isArray(claim)) return claim.filter((group): group is string => typeof group === 'string');
  if (typeof claim !== 'string') return [];
  const inner = /^\[(.*)\]$/s.exec(claim.trim())?.[1] ?? claim;
  return inner.split(/[\s,]+/).filter((group) => group !== '');
}

/** A group that is neither a role nor a scope grants nothing. */
export function grantOf(groups: readonly string[]): Grant {
  const scopes = groups
    .filter((group) => group.startsWith(STRATEGY_SCOPE_PREFIX))
    .map((group) => group.slice(STRATEGY_SCOPE_PREFIX.length));
  return { roles: ROLES.filter((role) => groups.includes(role)), strategies: scopes.length === 0 ? null : scopes };
}

export const mayUse = (grant: Grant, permission: Permission): boolean =>
  grant.roles.some((role) => ROLE_PERMISSIONS[role].includes(permission));

/** Whether the caller's scopes reach the strategy; what a role allows is another question. */
export const reachesStrategy = (grant: Grant, strategyId: StrategyId): boolean =>
  grant.strategies === null || grant.strategies.includes(strategyId);

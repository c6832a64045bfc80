/** `belay token`: a token for the API of the local house. */
import { STRATEGY_SCOPE_PREFIX } from '#shared/core/access/permissions.ts';
import { issueToken, readIssuer } from '#infra/local/http/local-issuer.ts';
import { LOCAL_ISSUER_FILE } from './settings.ts';

export interface TokenOptions {
  readonly subject: string;
  readonly role: string;
  /** The only strategies in reach; none means all. */
  readonly scope: readonly string[];
  readonly hours: number;
}

/** @throws IssuerError when no house has made this machine's key. */
export function tokenFor({ subject, role, scope, hours }: TokenOptions): Promise<string> {
  const lifetimeSeconds = Math.round(hours * 3600);
  const groups = [role, ...scope.map((strategy) => `${STRATEGY_SCOPE_PREFIX}${strategy}`)];
  return issueToken(readIssuer(LOCAL_ISSUER_FILE), { subject, groups, scope: '', lifetimeSeconds });
}

/** Where the operator's command finds the API of a house, and what it shows there. */
import { userInfo } from 'node:os';
import type { ApiOptions } from '#console/api-client.ts';
import { issueToken, readIssuer } from '#infra/local/http/local-issuer.ts';
import { LOCAL_ISSUER_FILE, readLocalHouse, SettingsError } from './settings.ts';

const LIFETIME_S = 300;

/**
 * `BELAY_API_URL` and `BELAY_TOKEN` where they are set; else the local house that runs on this machine, as an operator.
 * @throws SettingsError where there is neither
 */
export async function apiAccess(environment: NodeJS.ProcessEnv): Promise<ApiOptions> {
  const { BELAY_API_URL: baseUrl, BELAY_TOKEN: token } = environment;
  if (baseUrl !== undefined && token !== undefined) return { baseUrl, token };
  if (baseUrl !== undefined || token !== undefined) {
    throw new SettingsError('BELAY_API_URL and BELAY_TOKEN: expected both, or neither for the local house');
  }
  const house = readLocalHouse();
  const claims = { subject: userInfo().username, groups: ['operator'], scope: '', lifetimeSeconds: LIFETIME_S };
  return { baseUrl: house.apiUrl, token: await issueToken(readIssuer(LOCAL_ISSUER_FILE), claims) };
}

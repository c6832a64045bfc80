/**
 * The issuer of tokens at home: a key of this machine's own, and the issuer and audience that the template's authorizer
 * asks for. In the cloud this is Cognito.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import type { AuthorizerPlan } from '#infra/local/template/house-plan.ts';
import { machineNowMs } from '#infra/local/time/house-clock.ts';

const ALGORITHM = 'ES256';

const stored = z.object({
  privateKey: z.looseObject({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string(), d: z.string() }),
  issuer: z.string(),
  audience: z.string(),
});
export type StoredIssuer = z.output<typeof stored>;

export class IssuerError extends Error {
  override readonly name = 'IssuerError';
}

/** Reads the issuer of this machine. @throws IssuerError when no house has made it yet. */
export function readIssuer(file: string): StoredIssuer {
  if (!existsSync(file))
    throw new IssuerError(`${file} is missing: start the house once (npm start), it makes the key`);
  const read = stored.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!read.success) throw new IssuerError(`${file} is not readable, remove it: ${z.prettifyError(read.error)}`);
  return read.data;
}

/** Makes the issuer of this machine, or keeps its key with the issuer and audience of now. Only its owner may read it. */
export async function keepIssuer(file: string, authorizer: AuthorizerPlan): Promise<StoredIssuer> {
  const [audience] = authorizer.audience;
  if (audience === undefined) throw new IssuerError('the authorizer of the template names no audience');
  const privateKey = existsSync(file) ? readIssuer(file).privateKey : await makeKey();
  const kept = stored.parse({ privateKey, issuer: authorizer.issuer, audience });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(kept), { mode: 0o600 });
  return kept;
}

async function makeKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return exportJWK(privateKey);
}

export interface TokenRequest {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly scope: string;
  readonly lifetimeSeconds: number;
}

/** A token as the user pool issues it. */
export async function issueToken(issuer: StoredIssuer, request: TokenRequest): Promise<string> {
  const issuedAt = Math.floor(machineNowMs() / 1000);
  const key = await importJWK(issuer.privateKey, ALGORITHM);
  return new SignJWT({
    'cognito:groups': [...request.groups],
    scope: request.scope,
    client_id: issuer.audience,
    token_use: 'access',
  })
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(issuer.issuer)
    .setAudience(issuer.audience)
    .setSubject(request.subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + request.lifetimeSeconds)
    .sign(key);
}

export interface VerifiedToken {
  readonly claims: Readonly<Record<string, string>>;
  readonly scopes: readonly string[];
}

export type TokenVerifier = (token: string, authorizer: AuthorizerPlan) => Promise<VerifiedToken | null>;

/** Verifies tokens of the issuer by the machine's time: people's tokens live in it, whatever day the house trades. */
export async function makeVerifier(issuer: StoredIssuer): Promise<TokenVerifier> {
  const { d: _, ...publicKey } = issuer.privateKey;
  const key: CryptoKey | Uint8Array = await importJWK(publicKey, ALGORITHM);
  return async (token, authorizer) => {
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer: authorizer.issuer,
        audience: [...authorizer.audience],
        algorithms: [ALGORITHM],
        currentDate: new Date(machineNowMs()),
        requiredClaims: ['exp', 'iss', 'aud'],
      });
      const { scope } = payload;
      const claims = Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, claimText(value)]));
      return { claims, scopes: typeof scope === 'string' ? scope.split(' ') : [] };
    } catch {
      // Whatever is wrong with a token, its bearer is told no more than that.
      return null;
    }
  };
}

/** The gateway hands every claim on as text, and lists in square brackets. */
const claimText = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(String).join(' ')}]` : typeof value === 'string' ? value : JSON.stringify(value);

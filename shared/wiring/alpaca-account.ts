/** The account at Alpaca that a room's settings name: its checked addresses, and the gate that all rooms share. */
import { credentialsOf } from '#shared/adapters/alpaca/credentials.ts';
import { type AlpacaEndpoints, alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { openSecretsManager } from '#shared/adapters/secrets/secrets.ts';
import { storedRequestGate } from '#shared/adapters/stores/request-gate-store.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { RequestGate, RequestPermits } from '#shared/ports/request-gate.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import type { Tables } from '#shared/ports/tables.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

/** What a room that speaks to Alpaca reads, all of it: the addresses and the flag are held against one another. */
export const ALPACA_SETTING_NAMES = [
  'ALPACA_PAPER',
  'ALPACA_BASE_URL',
  'ALPACA_DATA_URL',
  'ALPACA_STREAM_URL',
  'SECRET_BROKER_ID',
] as const;

export interface AlpacaSettings {
  readonly ALPACA_PAPER: boolean;
  readonly ALPACA_BASE_URL: string;
  readonly ALPACA_DATA_URL: string;
  readonly ALPACA_STREAM_URL: string;
  readonly SECRET_BROKER_ID: string;
}

export interface AlpacaAccountSettings extends AlpacaSettings {
  readonly BELAY_ACCOUNT: AccountId;
}

/** What an adapter of Alpaca's needs. */
export interface AlpacaConnection {
  readonly endpoints: AlpacaEndpoints;
  readonly telemetry: Telemetry;
  readonly gate: RequestGate & RequestPermits;
}

export interface AlpacaAccount {
  /** The broker counts requests for trading and for market data apart, and so does the gate. */
  readonly to: (service: 'trading' | 'data') => AlpacaConnection;
}

/** The secrets as functions read them. */
export const systemSecrets = (): Secrets => openSecretsManager({ clock: systemClock, pacing: systemPacing });

/** @throws Fault when the secret cannot be read, or a setting does not fit the others. */
export async function alpacaEndpointsOf(settings: AlpacaSettings, secrets: Secrets): Promise<AlpacaEndpoints> {
  return alpacaEndpoints({
    paper: settings.ALPACA_PAPER,
    baseUrl: settings.ALPACA_BASE_URL,
    dataUrl: settings.ALPACA_DATA_URL,
    streamUrl: settings.ALPACA_STREAM_URL,
    ...credentialsOf(await secrets.read(settings.SECRET_BROKER_ID)),
  });
}

/** @throws Fault as `alpacaEndpointsOf` does. */
export async function openAlpacaAccount(
  settings: AlpacaAccountSettings,
  room: { readonly tables: Tables; readonly telemetry: Telemetry; readonly secrets?: Secrets },
): Promise<AlpacaAccount> {
  const { tables, telemetry, secrets = systemSecrets() } = room;
  const endpoints = await alpacaEndpointsOf(settings, secrets);
  return {
    to: (service) => ({
      endpoints,
      telemetry,
      gate: storedRequestGate({ tables, accountId: settings.BELAY_ACCOUNT, service, clock: systemClock }),
    }),
  };
}

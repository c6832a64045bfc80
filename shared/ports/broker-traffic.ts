/** How the house's requests to its broker fare, as the gate in front of it keeps it. */
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { RequestGateState } from '#shared/core/safety/request-gate.ts';

export const BROKER_SERVICES = ['trading', 'data'] as const;
export type BrokerService = (typeof BROKER_SERVICES)[number];

export interface BrokerTraffic {
  /** Null for a service that nobody has asked yet. */
  read(accountId: AccountId): Promise<Readonly<Record<BrokerService, RequestGateState | null>>>;
}

/** The gates in front of the broker, read. */
import { requestGateKey } from '#shared/adapters/stores/keys.ts';
import { readRequestGate } from '#shared/adapters/stores/request-gate-item.ts';
import type { BrokerTraffic } from '#shared/ports/broker-traffic.ts';
import type { Tables } from '#shared/ports/tables.ts';

export function brokerTrafficStore(tables: Pick<Tables, 'get'>): BrokerTraffic {
  return {
    async read(accountId) {
      const [trading, data] = await Promise.all([
        tables.get('safety', requestGateKey(accountId, 'trading'), { consistency: 'eventual' }),
        tables.get('safety', requestGateKey(accountId, 'data'), { consistency: 'eventual' }),
      ]);
      return {
        trading: trading === null ? null : readRequestGate(trading),
        data: data === null ? null : readRequestGate(data),
      };
    },
  };
}

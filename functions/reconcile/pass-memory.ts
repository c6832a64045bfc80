/**
 * What this process has settled already, so that a list that says the same each minute costs nothing. Only a saving:
 * news that was forgotten is settled once more, and changes nothing.
 */
export interface PassMemory {
  knows(brokerOrderId: string, fingerprint: string): boolean;
  learn(brokerOrderId: string, fingerprint: string): void;
}

/** Beyond so many orders the oldest are forgotten. */
const ORDERS_MAX = 5_000;

export function passMemory(): PassMemory {
  const known = new Map<string, string>();
  return {
    knows: (brokerOrderId, fingerprint) => known.get(brokerOrderId) === fingerprint,
    learn: (brokerOrderId, fingerprint) => {
      known.delete(brokerOrderId);
      known.set(brokerOrderId, fingerprint);
      for (const oldest of known.keys()) {
        if (known.size <= ORDERS_MAX) break;
        known.delete(oldest);
      }
    },
  };
}

/** The broker's stream, heard and kept: a test settles of it what it likes, when it likes. */
import type { BrokerSimulator } from '#infra/local/alpaca/embedding.ts';
import { alpacaEndpoints } from '#shared/adapters/alpaca/endpoints.ts';
import { alpacaOrderStream } from '#shared/adapters/alpaca/order-stream.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface HeardStream {
  /** All that the broker has sent so far. */
  heard(): Promise<readonly OrderUpdate[]>;
  close(): Promise<void>;
}

/** The answers to log-in and subscription. */
const GREETINGS = 2;

export async function hearStream(
  simulator: BrokerSimulator,
  telemetry: Telemetry,
  now: () => EpochMs,
): Promise<HeardStream> {
  const { url, key, secret } = simulator;
  const updates: OrderUpdate[] = [];
  const waiting: (() => void)[] = [];
  const nextUpdate = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
    });
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: url, key, secret });
  const connection = await alpacaOrderStream({ endpoints, telemetry, now }).open({
    onUpdate: async (update) => {
      updates.push(update);
      for (const look of waiting.splice(0)) look();
    },
    onUnreadable: ({ cause }) => Promise.reject(new Error(cause)),
  });
  const sent = (): number => (simulator.streams().find(({ open }) => open)?.framesSent ?? GREETINGS) - GREETINGS;
  return {
    async heard() {
      while (updates.length < sent()) await nextUpdate();
      return [...updates];
    },
    async close() {
      await connection.close();
      await connection.ended;
    },
  };
}

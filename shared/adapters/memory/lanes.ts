/** The lanes over queues in memory. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Lane, LaneMessage, Lanes } from '#shared/ports/lanes.ts';
import type { MemoryFifoQueue } from './fifo-queue.ts';

const MESSAGE_BYTES_MAX = 256 * 1024;

export interface MemoryLanesOptions {
  readonly queues: Readonly<Record<Lane, MemoryFifoQueue>>;
  /** Loses the answer of a message: before the queue had it, or after. */
  readonly lose?: (message: LaneMessage) => 'before' | 'after' | null;
}

export function memoryLanes({ queues, lose }: MemoryLanesOptions): Lanes {
  return {
    async send(messages) {
      refuseLarge(messages);
      for (const message of messages) {
        const lost = lose?.(message) ?? null;
        if (lost !== 'before') queues[message.lane].send(message);
        if (lost !== null) throw new Fault('uncertain', 'lanes-answer-lost', `message ${message.dedupId}: no answer`);
      }
    },
    waiting(lane) {
      const { waiting, inFlight } = queues[lane].counts();
      return Promise.resolve(waiting + inFlight);
    },
  };
}

function refuseLarge(messages: readonly LaneMessage[]): void {
  const large = messages.find((message) => Buffer.byteLength(message.body, 'utf8') > MESSAGE_BYTES_MAX);
  if (large === undefined) return;
  const limit = `a message has at most ${MESSAGE_BYTES_MAX} bytes`;
  throw new Fault('permanent', 'lanes-refused', `message ${large.dedupId}: ${limit}`);
}

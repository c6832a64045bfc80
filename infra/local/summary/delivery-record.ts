/** What became of the messages of the lanes: how long submits took, and what was returned or given up. */
import * as z from 'zod';
import type { LaneDelivery } from '#infra/local/queues/lane.ts';

const submitCommand = z.object({ type: z.literal('submit-order.v1'), data: z.object({ clientOrderId: z.string() }) });

export class DeliveryRecord {
  readonly #submitMs = new Map<string, number>();
  readonly #handled: LaneDelivery[] = [];
  #returned = 0;
  #deadLetters = 0;

  /** @param isDeadLetters whether the queue is one that others move their messages to. */
  add(delivery: LaneDelivery, isDeadLetters: boolean): void {
    if (!delivery.handled) {
      this.#returned += 1;
      return;
    }
    if (isDeadLetters) {
      this.#deadLetters += 1;
      return;
    }
    this.#handled.push(delivery);
    const command = submitCommand.safeParse(JSON.parse(delivery.body));
    if (command.success) this.#submitMs.set(command.data.data.clientOrderId, delivery.tookMs);
  }

  /** Messages that were handled, in the order in which they were handed on. */
  get handled(): readonly string[] {
    return this.#handled.toSorted((a, b) => a.ordinal - b.ordinal).map(({ body }) => body);
  }

  /** Deliveries that failed and returned to their queue. */
  get returned(): number {
    return this.#returned;
  }

  /** Messages that were given up. */
  get deadLetters(): number {
    return this.#deadLetters;
  }

  /** Milliseconds of the orders named, of those that were timed. */
  submitMs(clientOrderIds: readonly string[]): readonly number[] {
    return clientOrderIds.flatMap((id) => this.#submitMs.get(id) ?? []);
  }
}

/** How long commands took from the lane's hand-over to their end, by the order that they asked for. */
import * as z from 'zod';

const submitCommand = z.object({ type: z.literal('submit-order.v1'), data: z.object({ clientOrderId: z.string() }) });

export class SubmitTimer {
  readonly #tookMs = new Map<string, number>();

  handled(body: string, tookMs: number): void {
    const command = submitCommand.safeParse(JSON.parse(body));
    if (command.success) this.#tookMs.set(command.data.data.clientOrderId, tookMs);
  }

  /** Of the orders named, those that were timed. */
  samples(clientOrderIds: readonly string[]): readonly number[] {
    return clientOrderIds.flatMap((id) => this.#tookMs.get(id) ?? []);
  }
}

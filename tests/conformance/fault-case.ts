/** What the adapter makes of one fault of the broker: in words for the documentation, and as a proof. */
import type { AdapterDesk } from './adapter-desk.ts';

export interface FaultCase {
  /** How the adapter answers, as docs/concepts/alpaca-adapter.md says it. */
  readonly answers: string;
  /** Switches the fault on at a desk of its own, and expects the answer. */
  readonly prove: (desk: AdapterDesk) => Promise<void>;
}

/** Waits for something that happens at the broker in its own time, without a clock. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

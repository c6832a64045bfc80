/**
 * Waits until the functions have handled every frame that the venue sent them. The stream's adapter says when a frame
 * is handled; the venue counts what it sent.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Venue } from './venue.ts';

const FRAME_CHANNEL = 'belay.stream.frame';
/** A connection that was closed may have lost its last frames: nobody will ever receive them. */
const LOST_AFTER_MS = 1_000;
const HANDLED_WITHIN_MS = 15_000;

export class FramesUnhandledError extends Error {
  override readonly name = 'FramesUnhandledError';
}

const phaseOf = (message: unknown): unknown =>
  typeof message === 'object' && message !== null && 'phase' in message ? message.phase : null;

export class FrameWatch {
  readonly #venue: Venue;
  #received = 0;
  #handled = 0;
  /** Frames of closed connections that nobody will receive. */
  #lost = 0;

  constructor(venue: Venue) {
    this.#venue = venue;
    subscribe(FRAME_CHANNEL, this.#hear);
  }

  stop(): void {
    unsubscribe(FRAME_CHANNEL, this.#hear);
  }

  /**
   * Resolves when nothing that was sent waits to be handled.
   * @returns whether there was anything to wait for.
   * @throws FramesUnhandledError when an open connection's frames stay unhandled.
   */
  async settled(): Promise<boolean> {
    if (this.#unhandled() <= 0) return false;
    const startedMs = performance.now();
    while (this.#unhandled() > 0) {
      const waitedMs = performance.now() - startedMs;
      if (waitedMs > LOST_AFTER_MS && this.#venue.streams().some(({ open }) => !open)) this.#writeOffClosed();
      if (waitedMs > HANDLED_WITHIN_MS) {
        throw new FramesUnhandledError(
          `${this.#unhandled()} frames of the broker's stream were not handled within ${HANDLED_WITHIN_MS} ms`,
        );
      }
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    return true;
  }

  readonly #hear = (message: unknown): void => {
    const phase = phaseOf(message);
    if (phase === 'received') this.#received += 1;
    if (phase === 'handled') this.#handled += 1;
  };

  #sent(): number {
    return this.#venue.streams().reduce((total, { framesSent }) => total + framesSent, 0);
  }

  #unhandled(): number {
    const sent = this.#sent();
    // What was written off and came after all is lost no more: it must not stand for a frame that is still to come.
    this.#lost = Math.max(0, Math.min(this.#lost, sent - this.#handled));
    return sent - this.#handled - this.#lost;
  }

  /**
   * At most what closed connections were sent can be lost, and nothing that was received: however long a frame takes to
   * be handled, it is waited for.
   */
  #writeOffClosed(): void {
    const closed = this.#venue.streams().filter(({ open }) => !open);
    const sentToClosed = closed.reduce((total, { framesSent }) => total + framesSent, 0);
    const unreceived = Math.max(0, this.#sent() - this.#received - this.#lost);
    this.#lost += Math.min(unreceived, Math.max(0, sentToClosed - this.#lost));
  }
}

/**
 * A FIFO queue in memory, as strict as the real one: it remembers deduplication ids for five minutes, keeps the order
 * within a group, locks a group while one of its messages is in flight, takes no receipt that has run out, and moves a
 * message that was received too often to its dead letters. Time is the clock that it is given.
 */
import { invariant } from '#shared/core/kernel/fault.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { Clock } from '#shared/ports/clock.ts';

export interface FifoMessage {
  readonly group: string;
  readonly dedupId: string;
  readonly body: string;
}

export interface ReceivedFifoMessage extends FifoMessage {
  readonly messageId: string;
  /** Good for this one receipt, until the message may be seen again. */
  readonly receiptHandle: string;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
}

export interface FifoQueueOptions {
  readonly name: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly visibilityTimeoutMs: number;
  /** A message received this often is moved instead of being received once more. */
  readonly deadLetter?: { readonly queue: MemoryFifoQueue; readonly receivesMax: number };
}

interface Held {
  readonly messageId: string;
  readonly message: FifoMessage;
  readonly receiveCount: number;
  /** Null while it can be received. */
  readonly inFlight: { readonly receiptHandle: string; readonly until: EpochMs } | null;
}

/** expired: the receipt has run out, or the message was received again since; nothing was done. */
export type ReceiptOutcome = 'done' | 'expired';

const DEDUP_MS = 5 * 60_000;
const RECEIVE_MAX = 10;

export class MemoryFifoQueue {
  readonly #options: FifoQueueOptions;
  /** Messages of each group in the order in which they were sent; groups in the order of their first message. */
  readonly #groups = new Map<string, readonly Held[]>();
  readonly #dedup = new Map<string, { readonly messageId: string; readonly until: EpochMs }>();
  #sent = 0;

  constructor(options: FifoQueueOptions) {
    this.#options = options;
  }

  /** @returns the message's id; that of the first one when its deduplication id was seen within five minutes. */
  send(message: FifoMessage): string {
    const now = this.#options.clock.now();
    const known = this.#dedup.get(message.dedupId);
    if (known !== undefined && known.until > now) return known.messageId;
    this.#sent += 1;
    const messageId = `${this.#options.name}-${this.#sent}`;
    this.#dedup.set(message.dedupId, { messageId, until: addMs(now, DEDUP_MS) });
    this.#append(messageId, message);
    return messageId;
  }

  /** At most `count` messages, 1 unless told, never more than 10; several of one group come in their order. */
  receive(
    options: { readonly count?: number; readonly visibilityTimeoutMs?: number } = {},
  ): readonly ReceivedFifoMessage[] {
    const count = options.count ?? 1;
    invariant(Number.isInteger(count) && count >= 1 && count <= RECEIVE_MAX, `count: expected 1 to 10, not ${count}`);
    const until = addMs(this.#options.clock.now(), options.visibilityTimeoutMs ?? this.#options.visibilityTimeoutMs);
    const received: ReceivedFifoMessage[] = [];
    for (const group of this.#groups.keys()) {
      this.#returnExpired(group);
      this.#moveDeadLetters(group);
      const held = this.#groups.get(group) ?? [];
      if (held.some((one) => one.inFlight !== null)) continue;
      const taken = held.slice(0, count - received.length).map((one) => take(one, until));
      this.#keep(group, [...taken, ...held.slice(taken.length)]);
      received.push(...taken.map(receivedOf));
    }
    return received;
  }

  delete(receiptHandle: string): ReceiptOutcome {
    return this.#onReceipt(receiptHandle, () => null);
  }

  /** Counts the visibility timeout anew from now; 0 lets the message be received at once. */
  changeVisibility(receiptHandle: string, visibilityTimeoutMs: number): ReceiptOutcome {
    const until = addMs(this.#options.clock.now(), visibilityTimeoutMs);
    return this.#onReceipt(receiptHandle, (held) => ({
      ...held,
      inFlight: visibilityTimeoutMs === 0 ? null : { receiptHandle, until },
    }));
  }

  /** How many messages wait, locked groups included, and how many are in flight. */
  counts(): { readonly waiting: number; readonly inFlight: number } {
    for (const group of this.#groups.keys()) this.#returnExpired(group);
    const all = [...this.#groups.values()].flat();
    const inFlight = all.filter((held) => held.inFlight !== null).length;
    return { waiting: all.length - inFlight, inFlight };
  }

  #append(messageId: string, message: FifoMessage): void {
    const held = { messageId, message, receiveCount: 0, inFlight: null };
    this.#groups.set(message.group, [...(this.#groups.get(message.group) ?? []), held]);
  }

  #keep(group: string, held: readonly Held[]): void {
    if (held.length === 0) this.#groups.delete(group);
    else this.#groups.set(group, held);
  }

  #returnExpired(group: string): void {
    const now = this.#options.clock.now();
    const held = this.#groups.get(group) ?? [];
    this.#keep(
      group,
      held.map((one) => (one.inFlight !== null && one.inFlight.until <= now ? { ...one, inFlight: null } : one)),
    );
  }

  /** A message is moved when it would be received once too often, which lets the next of its group overtake it. */
  #moveDeadLetters(group: string): void {
    const { deadLetter } = this.#options;
    const held = this.#groups.get(group) ?? [];
    if (deadLetter === undefined || held.some((one) => one.inFlight !== null)) return;
    const isDead = (one: Held): boolean => one.receiveCount >= deadLetter.receivesMax;
    for (const one of held.filter(isDead)) deadLetter.queue.#append(one.messageId, one.message);
    this.#keep(
      group,
      held.filter((one) => !isDead(one)),
    );
  }

  #onReceipt(receiptHandle: string, change: (held: Held) => Held | null): ReceiptOutcome {
    for (const group of this.#groups.keys()) {
      this.#returnExpired(group);
      const held = this.#groups.get(group) ?? [];
      if (!held.some((one) => one.inFlight?.receiptHandle === receiptHandle)) continue;
      this.#keep(
        group,
        held.flatMap((one) => (one.inFlight?.receiptHandle === receiptHandle ? (change(one) ?? []) : one)),
      );
      return 'done';
    }
    return 'expired';
  }
}

function take(held: Held, until: EpochMs): Held & { readonly inFlight: NonNullable<Held['inFlight']> } {
  const receiveCount = held.receiveCount + 1;
  return { ...held, receiveCount, inFlight: { receiptHandle: `${held.messageId}/${receiveCount}`, until } };
}

function receivedOf(held: ReturnType<typeof take>): ReceivedFifoMessage {
  const { messageId, message, receiveCount, inFlight } = held;
  return { ...message, messageId, receiveCount, receiptHandle: inFlight.receiptHandle };
}

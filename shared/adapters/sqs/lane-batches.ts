/** Which messages travel together. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { LaneMessage } from '#shared/ports/lanes.ts';

const BATCH_MESSAGES_MAX = 10;
const BATCH_BYTES_MAX = 256 * 1024;

/**
 * Cuts the messages, in their order, into batches of one lane, at most ten and 256 KiB each. A batch holds one message
 * of a group: if the queue takes a part of it, nothing has overtaken anything.
 * @throws Fault `permanent` for a message that no batch can hold.
 */
export function batchesOf(messages: readonly LaneMessage[]): readonly (readonly LaneMessage[])[] {
  const batches: LaneMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.body, 'utf8');
    if (size > BATCH_BYTES_MAX) {
      const limits = `a message has at most ${BATCH_BYTES_MAX} bytes, not ${size}`;
      throw new Fault('permanent', 'lanes-refused', `message ${message.dedupId}: ${limits}`);
    }
    const batch = batches.at(-1);
    const fits =
      batch !== undefined &&
      batch.length < BATCH_MESSAGES_MAX &&
      bytes + size <= BATCH_BYTES_MAX &&
      batch.every((other) => other.lane === message.lane && other.group !== message.group);
    if (fits) batch.push(message);
    else batches.push([message]);
    bytes = fits ? bytes + size : size;
  }
  return batches;
}

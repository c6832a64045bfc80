// Keeps the SQS emulator's messages over a restart, as the real service keeps them over anybody's: every message is in
// a file before its sender is answered, and out of it when it is deleted. Messages come back when their queue is made.
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * @typedef {{ id: string, queue: string, message: Record<string, unknown> }} Kept a message that was sent
 */

const queueName = (url) => url.split('/').at(-1);

/** @returns {Map<string, Kept>} messages that were sent and not deleted, in the order of their sending. */
function readKept(file) {
  const kept = new Map();
  if (!existsSync(file)) return kept;
  const lines = readFileSync(file, 'utf8').split('\n');
  // A line without its end was being written when the process died: nobody was answered.
  lines.pop();
  for (const line of lines) {
    const entry = JSON.parse(line);
    if (entry.sent !== undefined) kept.set(entry.sent.id, entry.sent);
    else kept.delete(entry.deleted);
  }
  return kept;
}

/** Messages of a request with the ids that the answer gives them. */
function sentMessages(action, request, answer) {
  if (action === 'SendMessage') {
    const { QueueUrl, ...message } = request;
    return [{ id: answer.MessageId, queue: queueName(QueueUrl), message }];
  }
  const entries = new Map(request.Entries.map(({ Id, ...message }) => [Id, message]));
  return (answer.Successful ?? []).map(({ Id, MessageId }) => ({
    id: MessageId,
    queue: queueName(request.QueueUrl),
    message: entries.get(Id),
  }));
}

/**
 * Makes an app of the emulator keep its messages in a file.
 * @param app the emulator's server, before it listens
 * @param {string} file made when it is missing
 */
export function keepMessages(app, file) {
  const kept = readKept(file);
  const fresh = `${file}.new`;
  writeFileSync(fresh, [...kept.values()].map((sent) => `${JSON.stringify({ sent })}\n`).join(''));
  renameSync(fresh, file);
  const append = (entry) => appendFileSync(file, `${JSON.stringify(entry)}\n`);
  /** Ids in the file by the emulator's ids of now: a message that came back has a new one. */
  const fileIds = new Map();
  const receipts = new Map();

  const keep = (sent, replayOf) => {
    // A repeat within the time of deduplication is answered with the first one's id.
    if (fileIds.has(sent.id)) return;
    fileIds.set(sent.id, replayOf ?? sent.id);
    if (replayOf === undefined) append({ sent });
  };
  const drop = (receipt) => {
    const id = fileIds.get(receipts.get(receipt));
    if (id !== undefined) append({ deleted: id });
    receipts.delete(receipt);
  };
  const bringBack = async (queue, host) => {
    for (const { id, message } of [...kept.values()].filter((sent) => sent.queue === queue)) {
      kept.delete(id);
      const answer = await app.inject({
        method: 'POST',
        url: '/',
        headers: {
          host,
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AmazonSQS.SendMessage',
          'x-belay-replay-of': id,
        },
        payload: JSON.stringify({ QueueUrl: `http://${host}/000000000000/${queue}`, ...message }),
      });
      if (answer.statusCode !== 200) throw new Error(`${queue}: a kept message does not come back: ${answer.body}`);
    }
  };

  app.addHook('onSend', async (request, reply, payload) => {
    const action = String(request.headers['x-amz-target'] ?? '').replace('AmazonSQS.', '');
    if (reply.statusCode !== 200) return payload;
    if (action === 'SendMessage' || action === 'SendMessageBatch') {
      for (const sent of sentMessages(action, request.body, JSON.parse(payload))) {
        keep(sent, request.headers['x-belay-replay-of']);
      }
    } else if (action === 'ReceiveMessage') {
      for (const { ReceiptHandle, MessageId } of JSON.parse(payload).Messages ?? []) {
        receipts.set(ReceiptHandle, MessageId);
      }
    } else if (action === 'DeleteMessage') {
      drop(request.body.ReceiptHandle);
    } else if (action === 'DeleteMessageBatch') {
      for (const { ReceiptHandle } of request.body.Entries) drop(ReceiptHandle);
    } else if (action === 'CreateQueue') {
      await bringBack(request.body.QueueName, request.headers.host);
    }
    return payload;
  });
}

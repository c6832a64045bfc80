/** How a world's broker tells its news: by the stream that listen holds, and by webhooks. */
import { parseExactJson } from '#shared/adapters/alpaca/exact-json.ts';
import { IncompleteExecution, orderUpdateOf, tradeUpdate } from '#shared/adapters/alpaca/stream-event.ts';
import { isRecord } from '#infra/local/alpaca/stream-frames.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderStream, OrderStreamConnection, OrderStreamListener } from '#shared/ports/broker.ts';
import type { BrokerSide, InnerSocket } from './broker-side.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export interface NewsParts {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly chance: Chance;
  readonly side: BrokerSide;
}

const NEWS_MS = 40;
const LATE_MS = [500, 60_000] as const;

/** What a frame tells, or null for a frame that is no news. */
function newsOf(text: string): unknown {
  const frame = parseExactJson(text);
  return isRecord(frame) && frame['stream'] === 'trade_updates' ? frame['data'] : null;
}

async function tell(listener: OrderStreamListener, data: unknown, receivedAt: EpochMs): Promise<void> {
  const read = tradeUpdate.safeParse(data);
  if (!read.success) {
    await listener.onUnreadable({ cause: 'the frame cannot be read', excerpt: '' });
    return;
  }
  try {
    await listener.onUpdate(orderUpdateOf(read.data, receivedAt));
  } catch (error) {
    if (!(error instanceof IncompleteExecution)) throw error;
    await listener.onUnreadable({ cause: error.message, excerpt: '' });
  }
}

/** One connection: frames in the order of the broker, one after another, until it is closed or cut. */
class Connection implements OrderStreamConnection {
  readonly ended: Promise<{ readonly reason: string }>;
  readonly #parts: NewsParts;
  readonly #process: SimulatedProcess;
  readonly #listener: OrderStreamListener;
  readonly #socket: InnerSocket | null;
  #line: Promise<void> = Promise.resolve();
  #lastAt: EpochMs;
  #reason: string | null = null;
  #finish: (end: { readonly reason: string }) => void = () => undefined;

  constructor(parts: NewsParts, process: SimulatedProcess, listener: OrderStreamListener) {
    this.#parts = parts;
    this.#process = process;
    this.#listener = listener;
    this.#lastAt = parts.scheduler.now;
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#socket = parts.side.listen((text) => this.#receive(text));
    this.#socket?.on('close', () => this.#end('the broker closed the connection'));
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  async close(): Promise<void> {
    this.#end('closed by its owner');
    await this.ended;
  }

  #end(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#socket?.close();
    const finish = (): void => this.#finish({ reason });
    this.#line.then(finish, finish);
  }

  #receive(text: string): void {
    const data = newsOf(text);
    if (data === null) return;
    const { scheduler, faults, chance } = this.#parts;
    if (faults.strikes('stream-gap', 'stream')) {
      // The broker does not know: what it sends from now on goes nowhere.
      scheduler.after(0, () => this.#end('the connection was lost'));
      return;
    }
    if (this.#reason !== null) return;
    const delay = faults.strikes('late-news', 'stream')
      ? faults.amount('late-news', ...LATE_MS)
      : chance.between(0, NEWS_MS);
    const times = faults.strikes('doubled-news', 'stream') ? 2 : 1;
    const at = addMs(scheduler.now, delay);
    this.#lastAt = at > this.#lastAt ? at : this.#lastAt;
    for (let time = 0; time < times; time += 1) scheduler.at(this.#lastAt, () => this.#handle(data));
  }

  #handle(data: unknown): void {
    if (this.#process.isDead) {
      this.#socket?.close();
      return;
    }
    const receivedAt = this.#process.clock.now();
    this.#line = this.#line.then(() => tell(this.#listener, data, receivedAt));
    this.#line.catch(() => this.#end('the listener failed'));
  }
}

/** The stream as one process of listen opens it. */
export const orderStreamOf = (parts: NewsParts, process: SimulatedProcess): OrderStream => ({
  open: (listener) =>
    process.call(
      {
        name: 'broker: open stream',
        latencyMsMax: 200,
        patienceMs: 10_000,
        unreachable: () => new Fault('transient', 'broker-stream-failed', 'the stream cannot be reached'),
        lost: () => new Fault('transient', 'broker-stream-timeout', 'the stream did not open'),
      },
      async () => {
        const connection = new Connection(parts, process, listener);
        if (!connection.isOpen) throw new Fault('transient', 'broker-stream-failed', 'the stream is down');
        return connection;
      },
    ),
});

/** Sends what the broker tells as webhooks, which may be late, doubled, lost, and overtake each other. */
export function sendWebhooks(parts: NewsParts, post: (body: Uint8Array) => void): void {
  const { scheduler, faults, chance, side } = parts;
  side.listen((text) => {
    const frame: unknown = JSON.parse(text);
    if (!isRecord(frame) || frame['stream'] !== 'trade_updates') return;
    if (faults.strikes('lost-webhook', 'webhook')) return;
    const body = Buffer.from(JSON.stringify(frame['data']));
    const times = faults.strikes('doubled-news', 'webhook') ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      const late = faults.strikes('late-news', 'webhook') ? faults.amount('late-news', ...LATE_MS) : 0;
      const overtaken = faults.strikes('reordered-news', 'webhook') ? faults.amount('reordered-news', 0, 3_000) : 0;
      scheduler.after(chance.between(5, 5 + NEWS_MS) + late + overtaken, () => post(body));
    }
  });
}

/**
 * Alpaca's stream of trade updates. Frames are handled strictly one after another, in the order of arrival: each waits
 * until the listener has done with the one before. Each is announced on the diagnostics channel `belay.stream.frame`,
 * when it arrives and when it is handled, so that an observer can tell when nothing is pending.
 */
import { channel } from 'node:diagnostics_channel';
import { type RawData, WebSocket } from 'ws';
import * as z from 'zod';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { OrderStream, OrderStreamConnection, OrderStreamListener } from '#shared/ports/broker.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { AlpacaEndpoints } from './endpoints.ts';
import { parseExactJson } from './exact-json.ts';
import { excerptOf, type Redact, redactor } from './redaction.ts';
import { IncompleteExecution, orderUpdateOf, tradeUpdate } from './stream-event.ts';
import { issuesOf } from './wire-fields.ts';

export interface AlpacaOrderStreamOptions {
  readonly endpoints: AlpacaEndpoints;
  readonly telemetry: Telemetry;
  /** Stamps the arrival of each update. */
  readonly now: () => EpochMs;
  /** From the connect to the echo of the subscription. Default 10 s. */
  readonly openMs?: number;
  /** A ping so often; without any frame or answer until the next, the connection is dead. Default 10 s. */
  readonly heartbeatMs?: number;
  /** How long a close waits for the broker to agree before it cuts the connection. Default 2 s. */
  readonly closeMs?: number;
}

const OPEN_MS = 10_000;
const HEARTBEAT_MS = 10_000;
const CLOSE_MS = 2_000;
const FRAME_BYTES_MAX = 1024 * 1024;
/** Frames that wait to be handled; with more, the listener is too slow to be told the truth in time. */
const WAITING_MAX = 10_000;
const STREAM = 'trade_updates';

const frames = channel('belay.stream.frame');

const envelope = z.object({ stream: z.string().nullish(), action: z.string().nullish(), data: z.unknown() });
const authorization = z.object({ status: z.string() });
const listening = z.object({ streams: z.array(z.string()) });
const errorFrame = z.object({ error_message: z.string().nullish() });

const textOf = (data: RawData): string => {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)).toString('utf8');
};

/** A frame that says something else than it must. */
class UnreadableFrame extends Error {
  override readonly name = 'UnreadableFrame';
}

function readFrame<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new UnreadableFrame(`${what}: ${issuesOf(result.error)}`);
  return result.data;
}

function parseFrame(text: string): z.output<typeof envelope> {
  try {
    return readFrame(envelope, parseExactJson(text), 'frame');
  } catch (error) {
    if (error instanceof SyntaxError) throw new UnreadableFrame('the frame is no JSON', { cause: error });
    throw error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** One connection from its log-in to its end. */
class Connection implements OrderStreamConnection {
  /** Resolves with the echo of the subscription; rejects when the connection ends before it. */
  readonly opened: Promise<void>;
  readonly ended: Promise<{ readonly reason: string }>;
  readonly #socket: WebSocket;
  readonly #options: AlpacaOrderStreamOptions;
  readonly #listener: OrderStreamListener;
  readonly #redact: Redact;
  /** The one thing waited for by time: the opening, then the next heartbeat, then the end of the closing. */
  #timer: NodeJS.Timeout | null = null;
  #resolveOpened: () => void = () => undefined;
  #rejectOpened: (fault: Fault) => void = () => undefined;
  #open = false;
  /** The end of the line of frames. */
  #line: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Why the connection ends: set once, by whatever ends it first. */
  #reason: string | null = null;
  /** A listener has failed: what follows would be handled out of its order. */
  #halted = false;
  /** Heartbeats without any sign of the other side. */
  #silentBeats = 0;

  constructor(options: AlpacaOrderStreamOptions, listener: OrderStreamListener) {
    this.#options = options;
    this.#listener = listener;
    this.#redact = redactor(options.endpoints.credentials);
    this.opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve;
      this.#rejectOpened = reject;
    });
    const openMs = options.openMs ?? OPEN_MS;
    const socket = new WebSocket(options.endpoints.streamUrl, {
      maxPayload: FRAME_BYTES_MAX,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on('close', (code) => {
        this.#end(`the broker closed the connection (code ${code})`);
        const finish = (): void => resolve({ reason: this.#reason ?? '' });
        this.#line.then(finish, finish);
      });
    });
    socket.on('open', () => this.#logIn());
    socket.on('message', (data) => this.#receive(data));
    socket.on('pong', () => {
      this.#silentBeats = 0;
    });
    socket.on('error', (error) => this.#end(`the connection failed: ${error.message}`));
    socket.on('unexpected-response', (_request, response) => this.#refusedUpgrade(response.statusCode ?? 0));
    this.#await(openMs, () =>
      this.#end(
        `not open within ${openMs} ms`,
        new Fault('transient', 'broker-stream-timeout', `the order stream did not open within ${openMs} ms`),
      ),
    );
  }

  /** Not to be awaited by the listener: it resolves only after the listener has done with every frame. */
  async close(): Promise<void> {
    if (this.#reason === null) {
      this.#reason = 'closed by its owner';
      this.#stopWaiting();
      this.#socket.close(1000);
      this.#await(this.#options.closeMs ?? CLOSE_MS, () => this.#socket.terminate());
    }
    await this.ended;
    this.#stopWaiting();
  }

  #await(delayMs: number, action: () => void): void {
    this.#stopWaiting();
    this.#timer = setTimeout(action, delayMs);
  }

  #stopWaiting(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Ends the connection for a reason; the first one counts. Before the opening it is the opening's fault. */
  #end(reason: string, fault?: Fault): void {
    if (this.#reason !== null) return;
    this.#reason = this.#redact(reason);
    this.#stopWaiting();
    this.#rejectOpened(fault ?? new Fault('transient', 'broker-stream-failed', `the order stream: ${this.#reason}`));
    this.#socket.terminate();
  }

  #refuseCredentials(message: string): void {
    this.#end(message, new Fault('permanent', 'broker-credentials', message));
  }

  #refusedUpgrade(status: number): void {
    const message = `the order stream answers the connection with status ${status}`;
    if (status === 401 || status === 403) this.#refuseCredentials(message);
    else this.#end(message);
  }

  #logIn(): void {
    const { key, secret } = this.#options.endpoints.credentials;
    this.#send({ action: 'authenticate', data: { key_id: key, secret_key: secret } });
  }

  #beat(): void {
    const everyMs = this.#options.heartbeatMs ?? HEARTBEAT_MS;
    // Two, because the answer to the last ping may wait behind this very timer in a process that was busy.
    if (this.#silentBeats >= 2) {
      this.#end(`no sign of the broker for ${this.#silentBeats} heartbeats of ${everyMs} ms`);
      return;
    }
    this.#silentBeats += 1;
    this.#socket.ping();
    this.#await(everyMs, () => this.#beat());
  }

  #subscribed(): void {
    // An echo that comes again, or after the end, opens nothing.
    if (this.#open || this.#reason !== null) return;
    this.#open = true;
    this.#resolveOpened();
    this.#beat();
  }

  #send(message: unknown): void {
    this.#socket.send(JSON.stringify(message), (error) => {
      if (error instanceof Error) this.#end(`the connection failed: ${error.message}`);
    });
  }

  #receive(data: RawData): void {
    frames.publish({ phase: 'received' });
    this.#silentBeats = 0;
    this.#waiting += 1;
    if (this.#waiting > WAITING_MAX) this.#end(`more than ${WAITING_MAX} frames wait for the listener`);
    const receivedAt = this.#options.now();
    this.#line = this.#line.then(() => this.#handle(textOf(data), receivedAt));
  }

  /** Never rejects: the frames behind must have their turn. */
  async #handle(text: string, receivedAt: EpochMs): Promise<void> {
    try {
      if (!this.#halted) await this.#take(text, receivedAt);
    } catch (error) {
      this.#halted = true;
      this.#options.telemetry.error('the listener of the order stream failed', {}, error);
      this.#end(`the listener failed: ${messageOf(error)}`);
    } finally {
      this.#waiting -= 1;
      frames.publish({ phase: 'handled' });
    }
  }

  async #take(text: string, receivedAt: EpochMs): Promise<void> {
    try {
      const frame = parseFrame(text);
      if (frame.stream === STREAM) {
        const wire = readFrame(tradeUpdate, frame.data, STREAM);
        await this.#listener.onUpdate(orderUpdateOf(wire, receivedAt));
      } else this.#control(frame);
    } catch (error) {
      if (!(error instanceof UnreadableFrame || error instanceof IncompleteExecution)) throw error;
      const news = { cause: this.#redact(error.message), excerpt: excerptOf(this.#redact(text)) };
      this.#options.telemetry.warn('a frame of the order stream cannot be read', news);
      await this.#listener.onUnreadable(news);
    }
  }

  #control(frame: z.output<typeof envelope>): void {
    if (frame.stream === 'authorization') {
      const { status } = readFrame(authorization, frame.data, 'authorization');
      if (status === 'authorized') this.#send({ action: 'listen', data: { streams: [STREAM] } });
      else this.#refuseCredentials(`the order stream answers the log-in with ${this.#redact(status)}`);
    } else if (frame.stream === 'listening') {
      const { streams } = readFrame(listening, frame.data, 'listening');
      if (streams.includes(STREAM)) this.#subscribed();
      else this.#end(`${STREAM} is missing from the subscription [${streams.join(', ')}]`);
    } else if (frame.action === 'error') {
      const { error_message: message } = readFrame(errorFrame, frame.data, 'error');
      this.#end(`the broker says: ${message ?? 'an error without a message'}`);
    } else throw new UnreadableFrame(`a frame of the unknown stream ${frame.stream ?? 'without a name'}`);
  }
}

/** The port over Alpaca's stream; each `open` is a connection of its own, and nothing reconnects by itself. */
export function alpacaOrderStream(options: AlpacaOrderStreamOptions): OrderStream {
  return {
    async open(listener) {
      const connection = new Connection(options, listener);
      try {
        await connection.opened;
      } catch (error) {
        await connection.ended;
        throw error;
      }
      return connection;
    },
  };
}

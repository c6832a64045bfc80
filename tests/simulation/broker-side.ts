/** The broker of a world: the simulator's own code, its requests carried and its frames brought by the scheduler. */
import { createHmac } from 'node:crypto';
import { type InProcessBroker, openBroker } from '#infra/local/alpaca/in-process.ts';
import type { BrokerOptions } from '#infra/local/alpaca/embedding.ts';
import { contentOf, headersOf } from '#infra/local/alpaca/http-edge.ts';
import type { FrameSocket } from '#infra/local/alpaca/stream-connections.ts';
import { isRecord } from '#infra/local/alpaca/stream-frames.ts';
import type { Departure } from '#infra/local/alpaca/visit.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { Planned, Scheduler } from './scheduler.ts';

/** A connection to the order stream whose other end is in this very process. */
export class InnerSocket implements FrameSocket {
  readonly OPEN = 1;
  readyState = 1;
  readonly #onFrame: (text: string) => void;
  readonly #closed: (() => void)[] = [];
  #hear: ((frame: Buffer) => void) | null = null;

  constructor(onFrame: (text: string) => void) {
    this.#onFrame = onFrame;
  }

  send(frame: string | Uint8Array): void {
    this.#onFrame(typeof frame === 'string' ? frame : Buffer.from(frame).toString('utf8'));
  }

  close(): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = 3;
    for (const listener of this.#closed) listener();
  }

  terminate(): void {
    this.close();
  }

  on(event: 'close' | 'error' | 'message', listener: (frame: Buffer) => void): void {
    if (event === 'message') this.#hear = listener;
    if (event === 'close') this.#closed.push(() => listener(Buffer.alloc(0)));
  }

  /** Says something to the broker. */
  say(message: unknown): void {
    this.#hear?.(Buffer.from(JSON.stringify(message)));
  }
}

const cut = (): Error =>
  new TypeError('fetch failed', {
    cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
  });

/** A request as the adapter's own code hands it to the wire. */
export interface WireInit {
  readonly method?: string;
  readonly body?: string;
}

/** As much of a response as the adapter's own code reads of one. */
export interface WireResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }> } } | null;
}

export type Wire = (url: URL, init: WireInit) => Promise<WireResponse>;

function bodyOf(text: string, torn: boolean): WireResponse['body'] {
  const bytes = Buffer.from(torn ? text.slice(0, Math.floor(text.length / 2)) : text);
  let given = false;
  return {
    getReader: () => ({
      async read() {
        if (given && torn) throw cut();
        if (given) return { done: true };
        given = true;
        return { done: false, value: bytes };
      },
    }),
  };
}

function responseOf(departure: Departure): WireResponse {
  if (departure.kind === 'cut') throw cut();
  const { answer, requestId, shownMs, headers, kind } = departure;
  const named = Object.entries(headersOf(answer, requestId, shownMs, headers));
  const all = new Map(named.map(([name, value]) => [name.toLowerCase(), value]));
  return {
    status: answer.status,
    headers: { get: (name) => all.get(name.toLowerCase()) ?? null },
    body: answer.status === 204 ? null : bodyOf(contentOf(answer), kind === 'torn'),
  };
}

export const WEBHOOK_SECRET = 'a-webhook-secret-of-a-world';

export class BrokerSide {
  readonly broker: InProcessBroker;
  readonly #scheduler: Scheduler;
  #wake: Planned | null = null;
  /** Orders that the broker took and said that it had not; and those that it was asked for, has, and said that it has not. */
  readonly denied = { submits: new Set<string>(), lookUps: new Set<string>() };
  /** When each request for trading reached the broker, whatever it answered. */
  readonly requests: number[] = [];
  /** Told of each request that the broker took in, before it looks at it. */
  onSubmit: (clientOrderId: string) => void = () => undefined;

  constructor(scheduler: Scheduler, options: Omit<BrokerOptions, 'port' | 'drive' | 'persist' | 'clock'>) {
    this.#scheduler = scheduler;
    this.broker = openBroker({ ...options, clock: { now: () => scheduler.now } });
  }

  /** Carries one request there and its answer back. */
  readonly carry: Wire = async (url, { method = 'GET', body: text = '' }) => {
    const { key, secret } = this.broker;
    const request = { method, path: url.pathname, query: url.searchParams };
    if (!url.pathname.startsWith('/v2/stocks/')) this.requests.push(this.#scheduler.now);
    if (method === 'POST' && url.pathname === '/v2/orders') {
      const body: unknown = JSON.parse(text);
      if (isRecord(body)) this.onSubmit(String(body['client_order_id']));
    }
    const had = this.#ids(method, text).filter((id) => this.#has(id));
    const { departure, tell } = await this.broker.visit(
      { request, credentials: { key, secret }, text },
      (ms) =>
        new Promise((resolve) => {
          this.#scheduler.after(ms, resolve);
        }),
    );
    this.#noteDenial(
      url,
      departure,
      this.#ids(method, text).filter((id) => !had.includes(id)),
    );
    tell();
    this.attend();
    return responseOf(departure);
  };

  /** The id of the order that a request is to place. */
  #ids(method: string, text: string): readonly string[] {
    if (method !== 'POST' || text === '') return [];
    const body: unknown = JSON.parse(text);
    return isRecord(body) ? [String(body['client_order_id'])] : [];
  }

  /** @param fresh ids that the broker did not have before the request */
  #noteDenial({ searchParams }: URL, departure: Departure, fresh: readonly string[]): void {
    if (departure.kind === 'cut') return;
    const { status } = departure.answer;
    const asked = searchParams.get('client_order_id');
    if (asked !== null && status === 404 && this.#has(asked)) this.denied.lookUps.add(asked);
    if (status >= 400 && status < 500) for (const id of fresh) if (this.#has(id)) this.denied.submits.add(id);
  }

  #has(clientOrderId: string): boolean {
    return this.broker
      .ledger()
      .orders.some((order) => order.clientOrderId === clientOrderId && order.status !== 'rejected');
  }

  /** Sees to it that whatever is due at the broker happens when it is due. */
  attend(): void {
    this.#wake?.cancel();
    const due = this.broker.nextDueAt();
    this.#wake =
      due === null
        ? null
        : this.#scheduler.at(due, () => {
            this.broker.advanceTo(epochMs(this.#scheduler.now));
            this.attend();
          });
  }

  /** Opens a connection that listens to the order stream; null while that is down. */
  listen(onFrame: (text: string) => void): InnerSocket | null {
    const socket = new InnerSocket(onFrame);
    if (!this.broker.accept(socket)) return null;
    const { key, secret } = this.broker;
    socket.say({ action: 'authenticate', data: { key_id: key, secret_key: secret } });
    socket.say({ action: 'listen', data: { streams: ['trade_updates'] } });
    return socket;
  }
}

export const signatureOf = (body: Uint8Array): string =>
  createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');

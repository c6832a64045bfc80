/** A desk before the local house: HTTP to its gateway, with a person's token or a service's signature, and its time. */
import { readFileSync } from 'node:fs';
import { LOCAL_ISSUER_FILE } from '#cli/settings.ts';
import { signInternalCall } from '#functions/control/internal-caller.ts';
import { issueToken, readIssuer } from '#infra/local/http/local-issuer.ts';
import { startTradingHouse, type TradingHouse } from '#infra/local/run/trading-house.ts';
import { machineNowMs } from '#infra/local/time/house-clock.ts';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';

/** What the local house shares with its services. */
const INTERNAL_SECRET = 'local-internal-secret';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly text: string;
}

export interface Ask {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Groups of the token; null sends none. */
  readonly groups?: readonly string[] | null;
}

export class HouseDesk {
  readonly trading: TradingHouse;

  constructor(trading: TradingHouse) {
    this.trading = trading;
  }

  /** One day's house of a made-up market, up to half an hour after its open. */
  static async open(options: { readonly days: number; readonly symbols: number }): Promise<HouseDesk> {
    const desk = new HouseDesk(
      await startTradingHouse({
        ...options,
        universe: null,
        seed: 68,
        data: 'synthetic',
        strategies: [],
        port: 0,
        speed: 'max',
        exit: true,
        json: true,
        state: null,
        facts: null,
        commands: null,
        everyMinute: true,
        verbose: false,
      }),
    );
    const [session] = desk.trading.market.tradingDays;
    if (session === undefined) throw new RangeError('the run has no day');
    await desk.until(epochMs(session.openAt + 30 * 60_000));
    return desk;
  }

  get now(): EpochMs {
    return this.trading.clock.now();
  }

  until(instant: EpochMs): Promise<void> {
    return this.trading.conductor.runUntil(instant);
  }

  /** Lets the house work for so long. */
  async pass(durationMs: number): Promise<void> {
    await this.until(epochMs(this.now + durationMs));
  }

  /** Lets the house work, so long at a time, until somebody has his answer. */
  async passUntil<T>(asking: Promise<T>, stepMs: number): Promise<T> {
    const pending = Symbol('pending');
    for (;;) {
      const pause = new Promise<typeof pending>((resolve) => {
        setTimeout(() => resolve(pending), 5);
      });
      const first = await Promise.race([asking, pause]);
      if (first !== pending) return first;
      await this.pass(stepMs);
    }
  }

  async ask(method: string, path: string, ask: Ask = {}): Promise<Reply> {
    const groups = ask.groups === undefined ? ['operator'] : ask.groups;
    const token =
      groups === null
        ? {}
        : {
            authorization: `Bearer ${await issueToken(readIssuer(LOCAL_ISSUER_FILE), {
              subject: 'ada',
              groups,
              scope: '',
              lifetimeSeconds: 600,
            })}`,
          };
    return await this.send(method, path, ask.body, { ...token, ...ask.headers });
  }

  /** As the service "desk", whose token is good for this very call. */
  internalHeaders(method: string, path: string, body: unknown, nonce: string): Readonly<Record<string, string>> {
    const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body));
    const claim = { service: 'desk', timeS: Math.floor(machineNowMs() / 1000), nonce };
    return { authorization: signInternalCall({ method, path, query: '', body: bytes }, claim, INTERNAL_SECRET) };
  }

  async send(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<Reply> {
    const answer = await fetch(`${this.trading.house.apiUrl}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : text };
  }

  /** How often a function has said something in its log. */
  said(message: string): number {
    return readFileSync(this.trading.log.file, 'utf8').split(`"message":"${message}"`).length - 1;
  }

  close(): Promise<void> {
    return this.trading.stop();
  }
}

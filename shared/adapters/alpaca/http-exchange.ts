/**
 * One HTTP request and what is known of it afterwards. Nothing is repeated here, and nothing of the wire is thrown: the
 * difference between a request that never left and one whose answer was lost is the difference between none and one
 * order.
 */
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { RateLimit } from '#shared/core/safety/broker-request.ts';

export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What an answer's headers say, whatever became of its body. */
export interface AnswerHead {
  readonly status: number;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly rateLimit: RateLimit | null;
}

/**
 * `answer` arrived whole; `torn` has a status and no whole body; `lost` was sent, or may have been, and has no answer;
 * `not-sent` provably never left.
 */
export type Exchange =
  | { readonly kind: 'answer'; readonly head: AnswerHead; readonly body: string }
  | { readonly kind: 'torn'; readonly head: AnswerHead; readonly cause: string }
  | { readonly kind: 'lost'; readonly cause: string }
  | { readonly kind: 'not-sent'; readonly cause: string };

/** Twice the broker's whole list of active assets. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
const SECONDS_MAX = 86_400;

const wholeNumber = (text: string | null): number | null =>
  text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : null;

/** Seconds, or a date measured against the answer's own clock. */
function retryAfterMs(headers: Headers): number | null {
  const text = headers.get('retry-after');
  if (text === null) return null;
  const seconds = wholeNumber(text);
  if (seconds !== null) return Math.min(seconds, SECONDS_MAX) * 1000;
  const waitMs = Date.parse(text) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), SECONDS_MAX * 1000);
}

function rateLimitOf(headers: Headers): RateLimit | null {
  const limit = wholeNumber(headers.get('x-ratelimit-limit'));
  const remaining = wholeNumber(headers.get('x-ratelimit-remaining'));
  const resetS = wholeNumber(headers.get('x-ratelimit-reset'));
  if (limit === null && remaining === null && resetS === null) return null;
  return { limit, remaining, resetAt: resetS === null || resetS > 253_402_300_799 ? null : epochMs(resetS * 1000) };
}

const headOf = (response: Response): AnswerHead => ({
  status: response.status,
  requestId: response.headers.get('x-request-id'),
  retryAfterMs: retryAfterMs(response.headers),
  rateLimit: rateLimitOf(response.headers),
});

const textField = (value: unknown, field: string): string | null => {
  if (typeof value !== 'object' || value === null || !(field in value)) return null;
  const found: unknown = Reflect.get(value, field);
  return typeof found === 'string' ? found : null;
};

/** True where no connection was made: the name was not found, or the connect itself failed or ran out of time. */
function failedToConnect(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(failedToConnect);
  const call = textField(error, 'syscall');
  return call === 'connect' || call === 'getaddrinfo' || textField(error, 'code') === 'UND_ERR_CONNECT_TIMEOUT';
}

/** What went wrong, without addresses or headers. */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  const inner = error.cause ?? error;
  const code = textField(inner, 'code');
  const message = inner instanceof Error && inner.message !== '' ? inner.message : error.message;
  return code === null || message.includes(code) ? message : `${code}: ${message}`;
}

/** @throws Error when the connection ends before the body does, or the body is longer than any true answer. */
async function readBody(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream: ReadableStream<Uint8Array> = response.body;
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.byteLength;
    if (bytes > BODY_BYTES_MAX) {
      // The rest is nobody's: without this the connection would be filled with it.
      await reader.cancel();
      throw new Error(`the answer is longer than ${BODY_BYTES_MAX} bytes`);
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends one request; an abort of the signal makes it `lost`, or `torn` where the status had arrived. */
export async function exchange(request: WireRequest, signal: AbortSignal): Promise<Exchange> {
  let response: Response;
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === null ? {} : { body: request.body }),
      // Following a redirect would send the order a second time, and the credentials elsewhere.
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    const cause = causeText(error);
    const inner = error instanceof Error ? error.cause : undefined;
    return failedToConnect(inner) ? { kind: 'not-sent', cause } : { kind: 'lost', cause };
  }
  const head = headOf(response);
  try {
    return { kind: 'answer', head, body: await readBody(response) };
  } catch (error) {
    return { kind: 'torn', head, cause: `the answer broke off: ${causeText(error)}` };
  }
}

/** The edge of the REST interface: bodies, credentials, request budget, request ids, and the writing of answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hexOf } from '#shared/core/venue/fingerprint.ts';
import { type Answer, type ApiRequest, refuse } from './answer.ts';
import type { Desk, Exchange } from './desk.ts';
import { type BudgetAnswer, takeRequest } from './request-budget.ts';
import { isDataPath } from './router.ts';

const BODY_BYTES_MAX = 1_048_576;

/** The body's text; null when it is longer than a megabyte. */
export async function readBody(message: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk), 'utf8');
    length += bytes.length;
    if (length > BODY_BYTES_MAX) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Null when the text is no JSON. */
export function parseBody(text: string): { readonly value: unknown } | null {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The two headers that open an account, as they came. */
export interface Credentials {
  readonly key: string | readonly string[] | undefined;
  readonly secret: string | readonly string[] | undefined;
}

/** The account that the credentials open, or the answer to those that open none. */
export function authenticate(exchange: Exchange, { key, secret }: Credentials): Desk | Answer {
  if (typeof key !== 'string' || typeof secret !== 'string' || key === '' || secret === '') {
    return refuse('credentials-missing');
  }
  const desk = exchange.desks.get(key);
  return desk === undefined || desk.credentials.secret !== secret ? refuse('credentials-wrong') : desk;
}

/** Takes the request out of its budget. */
export function chargeRequest(exchange: Exchange, desk: Desk, path: string): BudgetAnswer {
  return takeRequest(isDataPath(path) ? desk.budgets.data : desk.budgets.trading, exchange.now());
}

export const budgetHeaders = (desk: Desk, path: string, budget: BudgetAnswer): Readonly<Record<string, string>> => ({
  'X-RateLimit-Limit': String((isDataPath(path) ? desk.budgets.data : desk.budgets.trading).limit),
  'X-RateLimit-Remaining': String(budget.remaining),
  'X-RateLimit-Reset': String(budget.resetsAtSeconds),
});

export function nextRequestId(exchange: Exchange): string {
  exchange.requestCount += 1;
  return hexOf(exchange.seed, 'request:', '', exchange.requestCount);
}

export function requestOf(message: IncomingMessage, body: unknown): ApiRequest {
  const url = new URL(message.url ?? '/', 'http://simulator');
  return { method: message.method ?? 'GET', path: url.pathname, query: url.searchParams, body };
}

/** Everything in an answer's head but its length. */
export function headersOf(
  answer: Answer,
  requestId: string,
  nowMs: number,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const json = answer.body === null ? {} : { 'Content-Type': 'application/json; charset=UTF-8' };
  return {
    ...(requestId === '' ? {} : { 'X-Request-ID': requestId }),
    Date: new Date(nowMs).toUTCString(),
    ...headers,
    ...answer.headers,
    ...(answer.text === undefined ? json : { 'Content-Type': answer.text.type }),
  };
}

function writeHead(
  response: ServerResponse,
  answer: Answer,
  requestId: string,
  nowMs: number,
  headers: Readonly<Record<string, string>>,
): void {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(headersOf(answer, requestId, nowMs, headers))) {
    response.setHeader(name, value);
  }
}

export const contentOf = (answer: Answer): string =>
  answer.text?.content ?? (answer.body === null ? '' : JSON.stringify(answer.body));

/** Writes an answer. The date is the simulator's own, as everything that it says of time is. */
export function writeAnswer(
  response: ServerResponse,
  answer: Answer,
  requestId: string,
  nowMs: number,
  headers: Readonly<Record<string, string>>,
): void {
  writeHead(response, answer, requestId, nowMs, headers);
  response.end(contentOf(answer));
}

/** Writes the first half of an answer and cuts the connection. */
export function tearAnswer(
  response: ServerResponse,
  answer: Answer,
  requestId: string,
  nowMs: number,
  headers: Readonly<Record<string, string>>,
): void {
  const content = contentOf(answer);
  writeHead(response, answer, requestId, nowMs, headers);
  response.setHeader('Content-Length', Buffer.byteLength(content));
  response.write(content.slice(0, Math.floor(content.length / 2)), () => response.destroy());
}

/** One request from its first byte to its answer, with the faults that may befall it on the way. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, refuse } from './answer.ts';
import type { Desk } from './desk.ts';
import { type House, advanceHouse, catchUp, keepNews, rearm, tellNews } from './house.ts';
import {
  authenticate,
  budgetHeaders,
  chargeRequest,
  nextRequestId,
  parseBody,
  readBody,
  requestOf,
  tearAnswer,
  writeAnswer,
} from './http-edge.ts';
import { shownNow } from './market-routes.ts';
import { type Route, dispatch, routeOf } from './router.ts';
import { answerPage, isPagePath } from './page-routes.ts';
import { isRecord } from './stream-frames.ts';

const PROXY_PAGE =
  '<html>\n<head><title>{status}</title></head>\n<body><center><h1>{status}</h1></center></body>\n</html>\n';

/** A 5xx of the broker's own, or of the proxy in front of it. */
const failure = (route: Route | null, status: number, html: boolean): Answer =>
  html
    ? { status, body: null, text: { type: 'text/html', content: PROXY_PAGE.replaceAll('{status}', String(status)) } }
    : { status, body: refuse(route?.name === 'cancel-orders' ? 'cancel-failed' : 'internal-error').body };

interface Visit {
  readonly house: House;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly desk: Desk;
  readonly route: Route | null;
  readonly body: { readonly value: unknown } | null;
  /** What the faults draw for: the client order id of a submit, else the number of the request. */
  readonly subject: string;
}

/** A fault that ends the request before it is looked at: an answer, or null for a cut connection. */
function faultBefore(visit: Visit): Answer | 'cut' | null {
  const { faults } = visit.house.exchange;
  const filters = { route: visit.route?.name ?? '' };
  if (faults.strikes('drop-request', visit.subject, filters) !== null) return 'cut';
  const error = faults.strikes('error-before', visit.subject, filters);
  if (error !== null) return failure(visit.route, error.number('status'), error.flag('html'));
  const throttle = faults.strikes('throttle', visit.subject, filters);
  if (throttle === null) return null;
  const seconds = throttle.number('retryAfterSeconds');
  return seconds > 0
    ? { ...refuse('rate-limited'), headers: { 'Retry-After': String(seconds) } }
    : refuse('rate-limited');
}

/** Carries the request out. What it changed has been kept when this returns. */
function carryOut(visit: Visit): { readonly answer: Answer; readonly tell: () => void } {
  const { house, route, desk, body } = visit;
  const answer =
    body === null
      ? refuse('body-malformed')
      : dispatch(house.exchange, desk, requestOf(visit.message, body.value), route);
  const accepted = route?.name === 'submit-order' && answer.status === 200;
  const news = keepNews(house);
  if (accepted && house.exchange.faults.strikes('fill-before-answer', visit.subject) !== null) {
    tellNews(house, news);
    advanceHouse(house, house.exchange.now());
    return { answer, tell: () => undefined };
  }
  return { answer, tell: () => tellNews(house, news) };
}

type Delivery = 'whole' | 'cut' | 'torn';

/** What becomes of an answer on its way back. */
function faultAfter(
  visit: Visit,
  answer: Answer,
): { readonly answer: Answer; readonly delivery: Delivery; readonly slowMs: number } {
  const { faults } = visit.house.exchange;
  const filters = { route: visit.route?.name ?? '' };
  const slowMs = faults.strikes('slow-answer', visit.subject, filters)?.number('ms') ?? 0;
  if (faults.strikes('drop-answer', visit.subject, filters) !== null) return { answer, delivery: 'cut', slowMs };
  const error = faults.strikes('error-after', visit.subject, filters);
  if (error !== null)
    return { answer: failure(visit.route, error.number('status'), error.flag('html')), delivery: 'whole', slowMs };
  const torn = faults.strikes('torn-answer', visit.subject, filters) !== null;
  return { answer, delivery: torn ? 'torn' : 'whole', slowMs };
}

async function answerVisit(visit: Visit, requestId: string): Promise<void> {
  const { house, message, response, desk } = visit;
  const { exchange } = house;
  const path = requestOf(message, undefined).path;
  const budget = chargeRequest(exchange, desk, path);
  const headers = budgetHeaders(desk, path, budget);
  const before = budget.allowed ? faultBefore(visit) : refuse('rate-limited');
  if (before === 'cut') {
    message.socket.destroy();
    return;
  }
  if (before !== null) {
    writeAnswer(response, before, requestId, shownNow(exchange), headers);
    return;
  }
  const late = exchange.faults.strikes('late-accept', visit.subject, { route: visit.route?.name ?? '' });
  if (late !== null) await sleep(late.number('ms'));
  const { answer, tell } = carryOut(visit);
  const after = faultAfter(visit, answer);
  if (after.slowMs > 0) {
    tell();
    await sleep(after.slowMs);
  }
  if (after.delivery === 'cut') message.socket.destroy();
  else if (after.delivery === 'torn') tearAnswer(response, after.answer, requestId, shownNow(exchange), headers);
  else writeAnswer(response, after.answer, requestId, shownNow(exchange), headers);
  if (after.slowMs === 0) tell();
}

export async function serve(house: House, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await readBody(message);
  const { exchange } = house;
  catchUp(house, exchange.now());
  const request = requestOf(message, undefined);
  if (isPagePath(request.path)) {
    writeAnswer(response, answerPage(house, request, message, text), '', shownNow(exchange), {});
    return;
  }
  const requestId = nextRequestId(exchange);
  const desk = authenticate(exchange, message);
  if (!('venue' in desk)) {
    writeAnswer(response, desk, requestId, shownNow(exchange), {});
    return;
  }
  const body = text === null ? null : parseBody(text);
  const clientOrderId = isRecord(body?.value) ? body.value['client_order_id'] : undefined;
  const subject = typeof clientOrderId === 'string' ? clientOrderId : String(exchange.requestCount);
  const route = routeOf(request.method, request.path);
  await answerVisit({ house, message, response, desk, route, body, subject }, requestId);
  if (house.options.drive === 'self') advanceHouse(house, exchange.now());
  rearm(house);
}

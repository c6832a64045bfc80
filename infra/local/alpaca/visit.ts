/** One request from its bytes to its answer, with the faults that may befall it on the way, whatever carries it. */
import { type Answer, type ApiRequest, refuse } from './answer.ts';
import type { Desk } from './desk.ts';
import { advanceHouse, catchUp, type House, keepNews, rearm, tellNews } from './house.ts';
import { authenticate, budgetHeaders, chargeRequest, type Credentials, nextRequestId, parseBody } from './http-edge.ts';
import { shownNow } from './market-routes.ts';
import { dispatch, type Route, routeOf } from './router.ts';
import { isRecord } from './stream-frames.ts';

const PROXY_PAGE =
  '<html>\n<head><title>{status}</title></head>\n<body><center><h1>{status}</h1></center></body>\n</html>\n';

/** A 5xx of the broker's own, or of the proxy in front of it. */
const failure = (route: Route | null, status: number, html: boolean): Answer =>
  html
    ? { status, body: null, text: { type: 'text/html', content: PROXY_PAGE.replaceAll('{status}', String(status)) } }
    : { status, body: refuse(route?.name === 'cancel-orders' ? 'cancel-failed' : 'internal-error').body };

/** A request as it came, whatever carried it. */
export interface Incoming {
  readonly request: Omit<ApiRequest, 'body'>;
  readonly credentials: Credentials;
  /** The body; null when it is longer than any that is taken. */
  readonly text: string | null;
}

/** What is put on the way back. A connection that is cut carries nothing. */
export type Departure =
  | { readonly kind: 'cut' }
  | {
      readonly kind: 'whole' | 'torn';
      readonly answer: Answer;
      readonly requestId: string;
      /** The broker's own time, as everything that it says of time. */
      readonly shownMs: number;
      readonly headers: Readonly<Record<string, string>>;
    };

export interface Visited {
  readonly departure: Departure;
  /** Tells the streams what the request brought about, once the answer is on its way. */
  readonly tell: () => void;
}

interface Visit {
  readonly house: House;
  readonly incoming: Incoming;
  readonly desk: Desk;
  readonly route: Route | null;
  readonly body: { readonly value: unknown } | null;
  /** What the faults draw for: the client order id of a submit, else the number of the request. */
  readonly subject: string;
}

/** Waits so many milliseconds of whatever time the host keeps. */
export type Sleep = (ms: number) => Promise<void>;

const nothing = (): void => undefined;

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
  const { house, route, desk, body, incoming } = visit;
  const answer =
    body === null
      ? refuse('body-malformed')
      : dispatch(house.exchange, desk, { ...incoming.request, body: body.value }, route);
  const accepted = route?.name === 'submit-order' && answer.status === 200;
  const news = keepNews(house);
  if (accepted && house.exchange.faults.strikes('fill-before-answer', visit.subject) !== null) {
    tellNews(house, news);
    advanceHouse(house, house.exchange.now());
    return { answer, tell: nothing };
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

async function answerVisit(visit: Visit, requestId: string, sleep: Sleep): Promise<Visited> {
  const { house, incoming, desk } = visit;
  const { exchange } = house;
  const { path } = incoming.request;
  const budget = chargeRequest(exchange, desk, path);
  const headers = budgetHeaders(desk, path, budget);
  const departs = (kind: 'whole' | 'torn', answer: Answer): Departure => ({
    kind,
    answer,
    requestId,
    shownMs: shownNow(exchange),
    headers,
  });
  const before = budget.allowed ? faultBefore(visit) : refuse('rate-limited');
  if (before === 'cut') return { departure: { kind: 'cut' }, tell: nothing };
  if (before !== null) return { departure: departs('whole', before), tell: nothing };
  const late = exchange.faults.strikes('late-accept', visit.subject, { route: visit.route?.name ?? '' });
  if (late !== null) await sleep(late.number('ms'));
  const { answer, tell } = carryOut(visit);
  const after = faultAfter(visit, answer);
  if (after.slowMs > 0) {
    tell();
    await sleep(after.slowMs);
  }
  const departure: Departure = after.delivery === 'cut' ? { kind: 'cut' } : departs(after.delivery, after.answer);
  return { departure, tell: after.slowMs > 0 ? nothing : tell };
}

/** Answers one request; the host puts the answer on its way, and then has the streams told. */
export async function visitBroker(house: House, incoming: Incoming, sleep: Sleep): Promise<Visited> {
  const { exchange } = house;
  catchUp(house, exchange.now());
  const requestId = nextRequestId(exchange);
  const desk = authenticate(exchange, incoming.credentials);
  if (!('venue' in desk)) {
    const shownMs = shownNow(exchange);
    return { departure: { kind: 'whole', answer: desk, requestId, shownMs, headers: {} }, tell: nothing };
  }
  const { text, request } = incoming;
  const body = text === null ? null : parseBody(text);
  const clientOrderId = isRecord(body?.value) ? body.value['client_order_id'] : undefined;
  const subject = typeof clientOrderId === 'string' ? clientOrderId : String(exchange.requestCount);
  const route = routeOf(request.method, request.path);
  const { departure, tell } = await answerVisit({ house, incoming, desk, route, body, subject }, requestId, sleep);
  return {
    departure,
    tell() {
      tell();
      if (house.options.drive === 'self') advanceHouse(house, exchange.now());
      rearm(house);
    },
  };
}

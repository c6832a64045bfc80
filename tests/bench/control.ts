/** Load on the control API: reads and submits a second with their latencies, and what becomes of ten times the limit. */
import autocannon from 'autocannon';
import { RATE_LIMITS } from '#functions/control/limits.ts';
import { type ControlApi, openControlApi } from './control-api.ts';

export interface LoadFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers by status, and "none" for requests that got none. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface ControlFigures {
  /** The gateway before a function that answers at once. */
  readonly bare: LoadFigures;
  readonly reads: LoadFigures;
  readonly submits: LoadFigures;
  readonly submitsBeyond: LoadFigures;
  readonly readsBeyond: LoadFigures;
}

interface Load {
  readonly url: string;
  readonly token: string;
  readonly amount: number;
  readonly order?: boolean;
}

const CONNECTIONS = 10;
const ORDER = JSON.stringify({ symbol: 'AAPL', side: 'buy', qty: 1, type: 'market', time_in_force: 'day' });
let orders = 0;

/** Each order is a decision of its own: a repeat would be answered from its row. */
const ordering = (authorization: string): autocannon.Request => ({
  method: 'POST',
  path: '/api/v1/orders',
  body: ORDER,
  setupRequest: (request) => {
    orders += 1;
    const own = { authorization, 'content-type': 'application/json', 'idempotency-key': `load-${orders}` };
    return { ...request, headers: own };
  },
});

async function load({ url, token, amount, order }: Load): Promise<LoadFigures> {
  const authorization = `Bearer ${token}`;
  const answers: Record<string, number> = {};
  const requests = [order === true ? ordering(authorization) : ({ method: 'GET', path: '/api/v1/positions' } as const)];
  const options = { url, connections: CONNECTIONS, amount, headers: { authorization }, requests };
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const running = autocannon(options, (error: unknown, ended) => {
      if (error instanceof Error) reject(error);
      else resolve(ended);
    });
    running.on('response', (_client, status) => {
      answers[String(status)] = (answers[String(status)] ?? 0) + 1;
    });
  });
  const unanswered = result.errors + result.timeouts;
  if (unanswered > 0) answers['none'] = unanswered;
  return {
    perSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    answers,
  };
}

/** @param scale requests of the measured runs; the runs beyond the limit always are ten times the limit */
export async function measureControl(scale: number): Promise<ControlFigures> {
  const api: ControlApi = await openControlApi();
  const { token, openUrl, limitedUrl, bareUrl } = api;
  try {
    // The first requests pay for cold code and connections.
    await load({ url: bareUrl, token, amount: 200 });
    await load({ url: openUrl, token, amount: 200 });
    await load({ url: openUrl, token, amount: 50, order: true });
    return {
      bare: await load({ url: bareUrl, token, amount: scale }),
      reads: await load({ url: openUrl, token, amount: scale }),
      submits: await load({ url: openUrl, token, amount: Math.ceil(scale / 4), order: true }),
      submitsBeyond: await load({ url: limitedUrl, token, amount: 10 * RATE_LIMITS.submit, order: true }),
      readsBeyond: await load({ url: limitedUrl, token, amount: 10 * RATE_LIMITS.read }),
    };
  } finally {
    await api.close();
  }
}

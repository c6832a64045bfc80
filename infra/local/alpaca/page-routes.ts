/** The simulator's own paths, which no broker has: its page, its fault switches and its ledger. */
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { Answer, ApiRequest } from './answer.ts';
import type { FaultSetting } from './embedding.ts';
import { isFaultName } from './fault-catalogue.ts';
import type { House } from './house.ts';
import { parseBody } from './http-edge.ts';
import { ledgerOf } from './ledger.ts';
import { renderPage } from './page.ts';
import { undoByHand } from './undo-by-hand.ts';

const FAULTS_PATH = '/simulator/faults';

export const isPagePath = (path: string): boolean => path === '/' || path.startsWith('/simulator/');

const setting: z.ZodType<FaultSetting> = z.strictObject({
  probability: z.number().exactOptional(),
  count: z.number().exactOptional(),
  fromMs: z.number().exactOptional(),
  untilMs: z.number().exactOptional(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
});

const undoing = z.strictObject({
  execution_id: z.string(),
  price: z.string().exactOptional(),
  quantity: z.string().exactOptional(),
});

const json = (status: number, body: unknown): Answer => ({ status, body });
const wrong = (message: string): Answer => json(422, { message });

/** A page elsewhere in the browser must not turn the switches. */
function isFromElsewhere(message: IncomingMessage): boolean {
  const { origin, host } = message.headers;
  return origin !== undefined && host !== undefined && new URL(origin).host !== host;
}

/** A form's fields as a setting: empty ones are left out. */
function formSetting(fields: URLSearchParams): FaultSetting {
  const number = (name: string): number | undefined => {
    const text = fields.get(name) ?? '';
    return text === '' ? undefined : Number(text);
  };
  const [probability, count] = [number('probability'), number('count')];
  return {
    ...(probability === undefined ? {} : { probability }),
    ...(count === undefined ? {} : { count }),
  };
}

/** Switches from the page: on or off, then back to the page. */
function turnSwitch(house: House, text: string): Answer {
  const fields = new URLSearchParams(text);
  const name = fields.get('fault') ?? '';
  const { faults } = house.exchange;
  if (!isFaultName(name)) return wrong(`there is no fault ${name}`);
  if (fields.get('on') === 'true') faults.set(name, formSetting(fields));
  else faults.clear(name);
  return { status: 303, body: null, headers: { Location: '/' } };
}

function setFault(house: House, name: string, text: string): Answer {
  const body = parseBody(text);
  const read = setting.safeParse(body?.value ?? {});
  if (body === null || !read.success) return wrong(read.error?.message ?? 'the body is no JSON');
  house.exchange.faults.set(name, read.data);
  return json(200, house.exchange.faults.active());
}

function undo(house: House, text: string): Answer {
  const read = undoing.safeParse(parseBody(text)?.value);
  if (!read.success) return wrong(read.error.message);
  const { execution_id, ...change } = read.data;
  undoByHand(house, execution_id, Object.keys(change).length === 0 ? null : change);
  return json(200, { message: 'undone' });
}

function route(house: House, request: ApiRequest, text: string): Answer {
  const { faults } = house.exchange;
  const { method, path } = request;
  if (path === '/' && method === 'GET') {
    return { status: 200, body: null, text: { type: 'text/html; charset=utf-8', content: renderPage(house) } };
  }
  if (path === FAULTS_PATH && method === 'GET') return json(200, faults.active());
  if (path === FAULTS_PATH && method === 'DELETE') {
    faults.clearAll();
    return json(200, []);
  }
  if (path === '/simulator/switch' && method === 'POST') return turnSwitch(house, text);
  if (path === '/simulator/undo' && method === 'POST') return undo(house, text);
  if (path === '/simulator/ledger' && method === 'GET') {
    const ledgers = [...house.exchange.desks.values()].map((desk) => [
      desk.credentials.key,
      ledgerOf(desk.venue, house.exchange.now()),
    ]);
    return json(200, Object.fromEntries(ledgers));
  }
  const name = path.startsWith(`${FAULTS_PATH}/`) ? path.slice(FAULTS_PATH.length + 1) : null;
  if (name !== null && method === 'PUT') return setFault(house, name, text);
  if (name !== null && method === 'DELETE') {
    faults.clear(name);
    return json(200, faults.active());
  }
  return json(404, { message: 'the simulator has no such path' });
}

/** Answers a request to one of the simulator's own paths. What is wrong with it is told as it is. */
export function answerPage(house: House, request: ApiRequest, message: IncomingMessage, text: string | null): Answer {
  if (text === null) return wrong('the body is longer than a megabyte');
  if (isFromElsewhere(message))
    return json(403, { message: 'switches are turned from the page of the simulator only' });
  try {
    return route(house, request, text);
  } catch (error) {
    if (error instanceof Error) return wrong(error.message);
    throw error;
  }
}

/** The HTTP edge of the simulator: one request from its first byte to the last of its answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { catchUp, type House } from './house.ts';
import { readBody, requestOf, tearAnswer, writeAnswer } from './http-edge.ts';
import { shownNow } from './market-routes.ts';
import { answerPage, isPagePath } from './page-routes.ts';
import { visitBroker } from './visit.ts';

export async function serve(house: House, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await readBody(message);
  const { exchange } = house;
  const request = requestOf(message, undefined);
  if (isPagePath(request.path)) {
    catchUp(house, exchange.now());
    writeAnswer(response, answerPage(house, request, message, text), '', shownNow(exchange), {});
    return;
  }
  const credentials = { key: message.headers['apca-api-key-id'], secret: message.headers['apca-api-secret-key'] };
  const { departure, tell } = await visitBroker(house, { request, credentials, text }, (ms) => sleep(ms));
  if (departure.kind === 'cut') message.socket.destroy();
  else {
    const { answer, requestId, shownMs, headers } = departure;
    const write = departure.kind === 'torn' ? tearAnswer : writeAnswer;
    write(response, answer, requestId, shownMs, headers);
  }
  tell();
}

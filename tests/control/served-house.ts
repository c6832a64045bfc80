/** The API of a house in memory, on a loopback port. */
import { createServer } from 'node:http';
import { CONTROL_ROUTES } from '#functions/control/openapi.ts';
import { closeServer, listenOnLoopback } from '#infra/local/http/loopback-server.ts';
import { readBody } from '#infra/local/http/request-body.ts';
import { matchRoute } from '#infra/local/http/route-match.ts';
import type { ControlHouse } from './control-house.ts';

const plans = CONTROL_ROUTES.map(([, { method, path }]) => ({
  key: `${method} ${path}`,
  functionName: 'control',
  timeoutMs: 1000,
  authorizer: null,
  scopes: [],
  throttle: null,
}));

export interface ServedHouse {
  readonly baseUrl: string;
  readonly token: string;
  close(): Promise<void>;
}

export async function serve(house: ControlHouse): Promise<ServedHouse> {
  const server = createServer((request, response) => {
    const answerIt = async (): Promise<void> => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const match = matchRoute(plans, request.method ?? '', url.pathname);
      const key = request.headers['idempotency-key'];
      const answer = await house.askRoute(match?.route.key ?? 'none', {
        params: match?.pathParameters ?? {},
        query: Object.fromEntries(url.searchParams),
        headers: typeof key === 'string' ? { 'idempotency-key': key } : {},
        rawBody: (await readBody(request, 1_000_000)).toString('utf8'),
      });
      response.writeHead(answer.status, { 'content-type': answer.mediaType });
      response.end(answer.text);
    };
    answerIt().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  const port = await listenOnLoopback(server, 0);
  return { baseUrl: `http://127.0.0.1:${port}`, token: 'a-token', close: () => closeServer(server) };
}

/** A bare HTTP server on loopback that answers as a test tells it, for what no well-behaved server does on the wire. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

export interface Heard {
  readonly method: string;
  /** Path with query, as it came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers one request, or does worse. The request has been read to its end. */
export type Behaviour = (heard: Heard, response: ServerResponse, request: IncomingMessage) => void;

export interface WireServer {
  readonly url: string;
  /** Requests in the order of arrival. */
  readonly heard: readonly Heard[];
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Behaves in turn; the last behaviour stays. */
export async function wireServer(...behaviours: readonly Behaviour[]): Promise<WireServer> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    bodyOf(request).then(
      (body) => {
        const one = { method: request.method ?? '', target: request.url ?? '', headers: request.headers, body };
        const behave = behaviours[Math.min(heard.length, behaviours.length - 1)];
        heard.push(one);
        behave?.(one, response, request);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An address on loopback at which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await wireServer();
  await server.close();
  return server.url;
}

export const answerJson =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (_heard, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req-1', ...headers });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  };

export const answerText =
  (status: number, text: string, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (_heard, response) => {
    response.writeHead(status, { 'x-request-id': 'req-1', ...headers });
    response.end(text);
  };

/** Takes the request and cuts the connection without a word. */
export const reset: Behaviour = (_heard, _response, request) => {
  request.socket.resetAndDestroy();
};

/** Takes the request and says nothing, for ever. */
export const silent: Behaviour = () => undefined;

/** Begins an answer and cuts the connection within its body. */
export const tear =
  (status: number, begun: string): Behaviour =>
  (_heard, response, request) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': '4096',
      'x-request-id': 'req-1',
    });
    response.write(begun, () => request.socket.destroy());
  };

/** Stands between a client and an emulator on the loopback and, when told to, breaks what passes through. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * pass: as if it were not there. lose-request: the connection dies and the emulator hears nothing. lose-answer: the
 * emulator has done it, the client hears nothing. hang: nothing ever comes back. Else the given answer, unasked.
 */
export type Treatment =
  | 'pass'
  | 'lose-request'
  | 'lose-answer'
  | 'hang'
  | { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** One request as it came by. */
export interface SeenRequest {
  /** Such as "DynamoDB_20120810.PutItem". */
  readonly target: string;
  readonly body: string;
}

export interface FaultyProxy {
  readonly endpoint: string;
  readonly seen: readonly SeenRequest[];
  /** What to do with the next requests, in order; afterwards everything passes. Forgets what was seen. */
  treat(...treatments: readonly Treatment[]): void;
  stop(): Promise<void>;
}

/** An answer of the service that refuses, as AWS's JSON protocols write it. */
export const refusal = (type: string, more: Readonly<Record<string, unknown>> = {}, status = 400): Treatment => ({
  status,
  body: { __type: `com.amazonaws#${type}`, message: `${type} by order`, ...more },
});

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const seen: SeenRequest[] = [];
  let plan: Treatment[] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    seen.push({ target: String(request.headers['x-amz-target']), body });
    const treatment = plan.shift() ?? 'pass';
    if (treatment === 'hang') return;
    if (treatment === 'lose-request') {
      request.socket.destroy();
      return;
    }
    if (typeof treatment === 'object') {
      response.writeHead(treatment.status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(treatment.body));
      return;
    }
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && !['host', 'connection', 'content-length'].includes(name) ? [[name, value]] : [],
    );
    const answer = await fetch(`${target}${request.url ?? '/'}`, {
      method: request.method ?? 'POST',
      headers: Object.fromEntries(headers),
      body,
    });
    const answered = await answer.text();
    if (treatment === 'lose-answer') {
      request.socket.destroy();
      return;
    }
    const named = answer.headers.get('x-amzn-errortype');
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? '',
      // Services whose API goes by path tell the kind of an error here.
      ...(named === null ? {} : { 'x-amzn-errortype': named }),
    });
    response.end(answered);
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    seen,
    treat(...treatments) {
      plan = [...treatments];
      seen.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

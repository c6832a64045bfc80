/** Answers PutEvents on the loopback: keeps what it takes, and takes what it is told to. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

const input = z.object({
  Entries: z
    .array(
      z.object({
        EventBusName: z.string(),
        Source: z.string(),
        DetailType: z.string(),
        Detail: z.string(),
        Time: z.number(),
      }),
    )
    .max(10),
});
export type PutEntry = z.output<typeof input>['Entries'][number];

export interface PutEventsServer {
  readonly endpoint: string;
  readonly taken: readonly PutEntry[];
  /** Answers with this code, and does not take, an entry whose detail holds one of the texts. Forgets what was taken. */
  refuse(code: string, ...texts: readonly string[]): void;
  stop(): Promise<void>;
}

export async function startPutEventsServer(): Promise<PutEventsServer> {
  const taken: PutEntry[] = [];
  let refusing: { readonly code: string; readonly texts: readonly string[] } = { code: '', texts: [] };
  const answerTo = (body: string): unknown => {
    const entries = input.parse(JSON.parse(body)).Entries.map((entry) => {
      if (refusing.texts.some((part) => entry.Detail.includes(part))) {
        return { ErrorCode: refusing.code, ErrorMessage: 'by order' };
      }
      taken.push(entry);
      return { EventId: String(taken.length) };
    });
    return { FailedEntryCount: entries.filter((entry) => 'ErrorCode' in entry).length, Entries: entries };
  };
  const server = createServer((request, response) => {
    text(request).then(
      (body) => response.end(JSON.stringify(answerTo(body))),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    taken,
    refuse(code, ...texts) {
      refusing = { code, texts };
      taken.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

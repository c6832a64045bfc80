/**
 * The AWS services that the house answers itself, on a loopback address: PutEvents, GetSecretValue, CreateSchedule and
 * DeleteSchedule.
 */
import { createServer, type IncomingMessage } from 'node:http';
import * as z from 'zod';
import { closeServer, listenOnLoopback } from '#infra/local/http/loopback-server.ts';
import { readBody } from '#infra/local/http/request-body.ts';
import type { EventBus } from '#infra/local/rules/event-bus.ts';
import type { OneOffSchedules, ScheduleAnswer } from '#infra/local/schedules/one-off-schedules.ts';

export interface AwsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

export interface AwsEndpointParts {
  readonly bus: Pick<EventBus, 'put'>;
  readonly buses: readonly string[];
  readonly schedules: Pick<OneOffSchedules, 'create' | 'delete'>;
  /** Text of a secret by its name or ARN; null when there is none. */
  readonly secret: (id: string) => { readonly arn: string; readonly name: string; readonly text: string } | null;
}

interface Answer {
  readonly status: number;
  /** Told in a header by services whose API goes by path. */
  readonly errorType?: string;
  readonly body: unknown;
}

const refused = (type: string, message: string): Answer => ({ status: 400, body: { __type: type, message } });

const putEvents = z.object({
  Entries: z
    .array(
      z.object({
        EventBusName: z.string().default('default'),
        Source: z.string().min(1).optional(),
        DetailType: z.string().min(1).optional(),
        Detail: z.string().optional(),
        Resources: z.array(z.string()).default([]),
      }),
    )
    .min(1)
    .max(10),
});
type Entry = z.output<typeof putEvents>['Entries'][number];

/** The service takes 1 MB a request since 2025; entries that it cannot take are told one by one. */
const REQUEST_BYTES_MAX = 1_048_576;

function putEntry(entry: Entry, parts: AwsEndpointParts): unknown {
  const bus = entry.EventBusName.split('/').at(-1) ?? entry.EventBusName;
  const failure = (code: string, message: string): unknown => ({ ErrorCode: code, ErrorMessage: message });
  if (bus !== 'default' && !parts.buses.includes(bus))
    return failure('ResourceNotFoundException', `no event bus ${bus}`);
  if (entry.Source === undefined || entry.DetailType === undefined || entry.Detail === undefined) {
    return failure('InvalidArgument', 'Source, DetailType and Detail are required');
  }
  let detail: unknown;
  try {
    detail = JSON.parse(entry.Detail);
  } catch {
    return failure('MalformedDetail', 'Detail is malformed.');
  }
  const { Source: source, DetailType: detailType, Resources: resources } = entry;
  return { EventId: parts.bus.put({ bus, source, detailType, detail, resources }) };
}

function answerPutEvents(input: unknown, parts: AwsEndpointParts): Answer {
  const read = putEvents.safeParse(input);
  if (!read.success) return refused('ValidationException', z.prettifyError(read.error));
  const entries = read.data.Entries.map((entry) => putEntry(entry, parts));
  const failed = entries.filter((entry) => typeof entry === 'object' && entry !== null && 'ErrorCode' in entry).length;
  return { status: 200, body: { FailedEntryCount: failed, Entries: entries } };
}

function answerGetSecretValue(input: unknown, parts: AwsEndpointParts): Answer {
  const read = z.object({ SecretId: z.string() }).safeParse(input);
  if (!read.success) return refused('InvalidParameterException', 'SecretId is required');
  const secret = parts.secret(read.data.SecretId);
  if (secret === null) {
    return refused('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  const { arn, name, text } = secret;
  return {
    status: 200,
    body: { ARN: arn, Name: name, SecretString: text, VersionId: 'local', VersionStages: ['AWSCURRENT'] },
  };
}

const SCHEDULE_PATH = /^\/schedules\/([0-9a-zA-Z._-]{1,64})$/;

/** The scheduler's API goes by path; null for a request to any other service. */
async function answerScheduler(request: IncomingMessage, { schedules }: AwsEndpointParts): Promise<Answer | null> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const name = SCHEDULE_PATH.exec(url.pathname)?.[1];
  if (name === undefined) return null;
  const told = (answered: ScheduleAnswer): Answer =>
    answered.ok
      ? { status: 200, body: answered.body }
      : { status: answered.status, body: { Message: answered.message }, errorType: answered.code };
  if (request.method === 'DELETE') return told(schedules.delete(name, url.searchParams.get('groupName')));
  if (request.method !== 'POST') return null;
  return told(schedules.create(name, JSON.parse((await readBody(request, REQUEST_BYTES_MAX)).toString('utf8'))));
}

async function answer(request: IncomingMessage, parts: AwsEndpointParts): Promise<Answer> {
  const scheduled = await answerScheduler(request, parts);
  if (scheduled !== null) return scheduled;
  const input: unknown = JSON.parse((await readBody(request, REQUEST_BYTES_MAX)).toString('utf8'));
  const target = request.headers['x-amz-target'];
  if (target === 'AWSEvents.PutEvents') return answerPutEvents(input, parts);
  if (target === 'secretsmanager.GetSecretValue') return answerGetSecretValue(input, parts);
  return refused('UnknownOperationException', `the local house does not answer ${String(target)}`);
}

export async function startAwsEndpoint(parts: AwsEndpointParts): Promise<AwsEndpoint> {
  const server = createServer((request, response) => {
    answer(request, parts)
      .catch((error: unknown) => refused('SerializationException', String(error)))
      .then(
        ({ status, body, errorType }) => {
          const named = errorType === undefined ? {} : { 'x-amzn-errortype': errorType };
          const headers = { 'content-type': 'application/x-amz-json-1.1', ...named };
          response.writeHead(status, headers).end(JSON.stringify(body));
        },
        () => undefined,
      );
  });
  const port = await listenOnLoopback(server, 0);
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

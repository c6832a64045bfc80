/**
 * The door of a room that people and programs reach over HTTP (payload format 2.0). The body stays raw until the work
 * asks for it: a signature is checked on the bytes as they came.
 */
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { Bug } from '#shared/core/kernel/fault.ts';
import { type Problem, problemOf, troubleOf } from '#shared/runtime/outcome.ts';
import { telemetryLayer } from '#shared/runtime/doors/invocation.ts';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';

export type HttpAnswer = APIGatewayProxyStructuredResultV2;

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

export const jsonAnswer = (
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({
  statusCode,
  headers: { ...SECURITY_HEADERS, 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** A body that is text already, of any media type. */
export const textAnswer = (
  statusCode: number,
  mediaType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({ statusCode, headers: { ...SECURITY_HEADERS, 'content-type': mediaType, ...headers }, body });

export const problemAnswer = (problem: Problem): HttpAnswer =>
  jsonAnswer(problem.status, problem, { 'content-type': 'application/problem+json' });

/** The bytes of the body as they were sent, for a signature over them. */
export const rawBody = (event: APIGatewayProxyEventV2): Buffer =>
  Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');

/** Whatever is thrown becomes a problem; nothing of it but its code and, for bad input, its message is shown. */
export const httpDoor = (
  telemetry: RoomTelemetry,
  work: (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpAnswer>,
): ((event: APIGatewayProxyEventV2, context: Context) => Promise<HttpAnswer>) => {
  const handler = middy<APIGatewayProxyEventV2, HttpAnswer>()
    .use(telemetryLayer<APIGatewayProxyEventV2, HttpAnswer>(telemetry, (event) => event.requestContext.requestId))
    .handler(async (event: APIGatewayProxyEventV2, context: Context) => {
      try {
        return await work(event, context);
      } catch (thrown) {
        const trouble = troubleOf(thrown);
        telemetry.error('request failed', { kind: trouble.kind, code: trouble.code, path: event.rawPath }, thrown);
        return problemAnswer(problemOf(trouble));
      }
    });
  return async (event, context) => {
    const answer = await handler(event, context);
    if (answer === undefined) throw new Bug('an HTTP door answered nothing');
    return answer;
  };
};
